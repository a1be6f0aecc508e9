"""Each host check: recorded facts with a fault make it fire, facts without it clear it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops.errors import QueryFailed, Unreachable
from lexops.targets.host import Host
from lexops.targets.model import HostFacts, Kind, Mount, Pressure, Target
from tests.servers import SSHServer
from tests.shipped.looking import FAMILIES, Eye, shipped

GIB = 2**30
DISK = Mount(
    path="/var/lib/billing",
    device="/dev/sda1",
    kind="ext4",
    size=100 * GIB,
    free=60 * GIB,
    inodes=1_000_000,
    inodes_free=900_000,
)
SOUND = HostFacts(
    cpus=4,
    load1=1.0,
    load5=1.0,
    load15=1.0,
    memory_total=16 * GIB,
    memory_available=8 * GIB,
    swap_total=4 * GIB,
    swap_free=4 * GIB,
    uptime=86400.0,
    processes=200,
    zombies=0,
    clock=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    round_trip=0.2,
    skew=0.01,
    mounts=(DISK,),
    pressure={name: Pressure(0.0, 0.0) for name in ("cpu", "io", "memory")},
    open_files=2000,
    open_files_limit=100_000,
    failed_units=(),
)


def look(check: str, **facts: Any) -> Verdict:
    """What the check says about a sound host with these facts changed."""
    changed = replace(SOUND, **facts)
    return observe(shipped(check), Host(Target("web", Kind.HOST), lambda: changed))


def test_a_sound_host_has_no_problem() -> None:
    assert {look(check.check.id).status for check in FAMILIES["host"]} == {Status.OK}


@pytest.mark.parametrize(
    ("check", "fault", "status", "says"),
    [
        ("host.availability", {"round_trip": 12.0}, Status.WARNING, "round trip 12 s"),
        ("host.load", {"load15": 9.0}, Status.WARNING, "load over 15 min 9 of 4"),
        ("host.load", {"load15": 17.0}, Status.CRITICAL, "load over 15 min 17 of 4"),
        ("host.memory", {"memory_available": GIB}, Status.WARNING, "available 1 GiB of 16 GiB"),
        ("host.memory", {"memory_available": GIB // 2}, Status.CRITICAL, "available 512 MiB of 16 GiB"),
        ("host.swap", {"swap_free": GIB // 5}, Status.WARNING, "in use 3.8 GiB of 4 GiB"),
        ("host.swap", {"swap_free": 0}, Status.CRITICAL, "in use 4 GiB of 4 GiB"),
        ("host.zombies", {"zombies": 11}, Status.WARNING, "zombies 11"),
        ("host.zombies", {"zombies": 51}, Status.CRITICAL, "zombies 51"),
        ("host.clock", {"skew": 2.5}, Status.WARNING, "ahead 2.5 s"),
        ("host.clock", {"skew": -2.5}, Status.WARNING, "ahead -2.5 s"),
        ("host.clock", {"skew": -3600.0}, Status.CRITICAL, "ahead -"),
        ("host.open-files", {"open_files": 95_000}, Status.CRITICAL, "open files 95,000 of 100,000"),
        (
            "host.failed-units",
            {"failed_units": ("backup.service",)},
            Status.WARNING,
            "backup.service has failed",
        ),
        ("host.pressure-cpu", {"pressure": {"cpu": Pressure(45.0, 0.0)}}, Status.WARNING, "stalled 45 %"),
        ("host.pressure-io", {"pressure": {"io": Pressure(90.0, 41.0)}}, Status.CRITICAL, "stalled 41 %"),
        ("host.pressure-memory", {"pressure": {"memory": Pressure(9.0, 6.0)}}, Status.WARNING, "stalled 6 %"),
    ],
)
def test_a_fault_is_told_with_its_number(
    check: str, fault: dict[str, Any], status: Status, says: str
) -> None:
    verdict = look(check, **fault)
    assert verdict.status is status
    assert verdict.summary.startswith(says)
    assert look(check).status is Status.OK


@pytest.mark.parametrize(
    ("check", "fault", "status"),
    [
        ("host.disk-space", {"free": 15 * GIB}, Status.WARNING),
        ("host.disk-space", {"free": 5 * GIB}, Status.CRITICAL),
        ("host.disk-inodes", {"inodes_free": 90_000}, Status.WARNING),
        ("host.disk-inodes", {"inodes_free": 0}, Status.CRITICAL),
    ],
)
def test_a_full_disk_is_told_by_its_mount(check: str, fault: dict[str, Any], status: Status) -> None:
    root = replace(DISK, path="/", device="/dev/sda2")
    verdict = look(check, mounts=(root, replace(DISK, **fault)))
    assert verdict.status is status
    assert verdict.summary.startswith("/var/lib/billing: ")
    assert look(check, mounts=(root, DISK)).status is Status.OK


def test_the_free_space_of_each_disk_is_kept_for_its_trend() -> None:
    kept = {(m.name, m.item): m.value for m in look("host.disk-space").metrics}
    assert kept["free", "/var/lib/billing"] == 60 * GIB


def test_a_disk_that_nobody_can_write_is_full_by_design() -> None:
    medium = replace(DISK, path="/media/cdrom", free=0, inodes_free=0, read_only=True)
    assert look("host.disk-space", mounts=(DISK, medium)).status is Status.OK
    assert look("host.disk-inodes", mounts=(DISK, medium)).status is Status.OK


def test_no_disk_seen_is_never_fine() -> None:
    assert look("host.disk-space", mounts=()).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("check", "absent"),
    [
        ("host.swap", {"swap_total": 0, "swap_free": 0}),
        ("host.pressure-cpu", {"pressure": {}}),
        ("host.pressure-io", {"pressure": {}}),
        ("host.pressure-memory", {"pressure": {}}),
        ("host.open-files", {"open_files": None, "open_files_limit": None}),
        ("host.failed-units", {"failed_units": None}),
        ("host.disk-inodes", {"mounts": (replace(DISK, inodes=0, inodes_free=0),)}),
        ("host.clock", {"round_trip": 0.0, "skew": 0.0}),
    ],
)
def test_what_a_host_does_not_have_is_not_applicable(check: str, absent: dict[str, Any]) -> None:
    assert look(check, **absent).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["host"]])
@pytest.mark.parametrize("error", [Unreachable("web: no route to host"), QueryFailed("the answer broke off")])
def test_a_host_that_cannot_be_looked_at_is_never_fine(check: str, error: Exception) -> None:
    def fails() -> HostFacts:
        raise error

    verdict = observe(shipped(check), Host(Target("web", Kind.HOST), fails))
    down = check == "host.availability" and isinstance(error, Unreachable)
    assert verdict.status is (Status.CRITICAL if down else Status.UNKNOWN)


def test_every_check_has_an_answer_for_this_machine() -> None:
    host = Eye("host", address="local").session()
    verdicts = {check.check.id: observe(check, host) for check in FAMILIES["host"]}
    assert not [f"{name}: {v.summary}" for name, v in verdicts.items() if v.status is Status.UNKNOWN]
    assert verdicts["host.availability"].status is Status.OK
    assert verdicts["host.clock"].status is Status.NOT_APPLICABLE
    assert verdicts["host.disk-space"].judged


def test_every_check_has_an_answer_over_ssh_in_one_look(sshd: SSHServer) -> None:
    host = Eye(
        "host", address=sshd.address, identity=str(sshd.identity), known_hosts=str(sshd.known_hosts)
    ).session()
    verdicts = {check.check.id: observe(check, host) for check in FAMILIES["host"]}
    round_trips = {m.value for v in verdicts.values() for m in v.metrics if m.name == "round trip"}
    host.close()
    assert not [f"{name}: {v.summary}" for name, v in verdicts.items() if v.status is Status.UNKNOWN]
    assert verdicts["host.availability"].status is Status.OK
    assert verdicts["host.clock"].status is Status.OK
    assert len(round_trips) == 1
