"""Each host check: recorded facts with a fault make it fire, facts without it clear it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops.config import HostSettings
from lexops.errors import QueryFailed, Unreachable
from lexops.targets.host import Host
from lexops.targets.memory import Memory
from lexops.targets.model import (
    Certificate,
    CPUTime,
    Disk,
    Files,
    HostFacts,
    Interface,
    Kind,
    Log,
    LogFile,
    Mount,
    Pressure,
    Target,
    TimeSync,
)
from tests.servers import SSHServer
from tests.shipped.looking import FAMILIES, SHIPPED, Eye, shipped

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
CERTIFICATE = Certificate(
    "CN=portal", "CN=ours", ("portal",), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
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
    cpu_time=CPUTime(1000, 10, 0, 10_000),
    threads=400,
    threads_limit=30_000,
    paged_out=0,
    oom_kills=0,
    disks={"sda": Disk(1000, 5.0)},
    time_sync=TimeSync(True, 0.001),
    restarts={"feed.service": 0},
    unit_states={"feed.service": "active"},
    restart_needed="",
    listening=frozenset({22, 5432}),
    connections=(100, 60_000),
    listen_drops=0,
    interfaces={"eth0": Interface(100_000, 0)},
    running={"feed": 1},
    logs={"feed": Log("seen", (LogFile(1, 0, 0),))},
    certificates={"/etc/portal.pem": (CERTIFICATE,)},
    files={"export": Files("seen", 1, 100, 60.0, 60.0)},
)
NAMED = HostSettings.model_validate(
    {
        "kind": "host",
        "units": ["feed.service"],
        "ports": [22],
        "processes": {"feed": {"match": "feed"}},
        "certificates": ["/etc/portal.pem"],
        "files": {"export": {"path": "/srv/export/*", "newest": "1d"}},
        "logs": {"feed": {"path": "/var/log/feed.log", "patterns": {"error": {"match": "ERROR"}}}},
    }
)
LATER = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def look(check: str, **facts: Any) -> Verdict:
    """What the check says about a sound host with these facts changed."""
    changed = replace(SOUND, **facts)
    return observe(SHIPPED[check], Host(Target("web", Kind.HOST), lambda: changed, settings=NAMED))


def look_again(check: str, **facts: Any) -> Verdict:
    """What it says half an hour after a sound look, with these facts changed."""
    first = Memory(None, SOUND.clock)
    observe(SHIPPED[check], Host(Target("web", Kind.HOST), lambda: SOUND, settings=NAMED), first)
    changed = replace(SOUND, **facts)
    host = Host(Target("web", Kind.HOST), lambda: changed, settings=NAMED)
    return observe(SHIPPED[check], host, Memory(first.packed(), LATER))


def test_a_sound_host_has_no_problem() -> None:
    on = {"cpu_time": CPUTime(2000, 20, 0, 20_000)}
    verdicts = {check.check.id: look_again(check.check.id, **on) for check in FAMILIES["host"]}
    assert {id: v.summary for id, v in verdicts.items() if v.status is not Status.OK} == {}


@pytest.mark.parametrize("check", ["units", "ports", "processes", "certificates", "files", "logs"])
def test_what_the_settings_do_not_name_is_not_asked(check: str) -> None:
    plain = Host(Target("web", Kind.HOST), lambda: SOUND)
    assert observe(shipped(f"host.{check}"), plain).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("check", "fault", "status", "says"),
    [
        ("host.cpu", {"cpu_time": CPUTime(10_600, 10, 0, 20_000)}, Status.CRITICAL, "busy 96 %"),
        ("host.cpu", {"cpu_time": CPUTime(1000, 4_510, 0, 20_000)}, Status.WARNING, "waiting for disks 45 %"),
        ("host.cpu", {"cpu_time": CPUTime(1000, 10, 1_500, 20_000)}, Status.WARNING, "stolen 15 %"),
        ("host.oom", {"oom_kills": 1}, Status.WARNING, "killed 1"),
        ("host.swap", {"paged_out": 6 * GIB}, Status.WARNING, "paged out 6 GiB of 16 GiB"),
        ("host.disk-latency", {"disks": {"sda": Disk(3000, 405.0)}}, Status.WARNING, "sda: latency 200 ms"),
        ("host.disk-latency", {"disks": {"sda": Disk(1010, 405.0)}}, Status.OK, "sda: latency 0"),
        ("host.listen-drops", {"listen_drops": 120}, Status.WARNING, "dropped per minute 4"),
        (
            "host.network-errors",
            {"interfaces": {"eth0": Interface(200_000, 2_000)}},
            Status.WARNING,
            "eth0: errors 2,000 of 100,000",
        ),
        ("host.read-only", {"mounts": (replace(DISK, read_only=True),)}, Status.CRITICAL, "/var/lib/billing"),
    ],
)
def test_what_has_grown_since_the_last_look_is_told(
    check: str, fault: dict[str, Any], status: Status, says: str
) -> None:
    verdict = look_again(check, **fault)
    assert verdict.status is status
    assert verdict.summary.startswith(says)


@pytest.mark.parametrize(
    "check",
    [
        *("host.cpu", "host.oom", "host.disk-latency", "host.listen-drops"),
        *("host.network-errors", "host.read-only"),
    ],
)
def test_a_first_look_at_counters_is_pending(check: str) -> None:
    assert look(check).status is Status.PENDING


@pytest.mark.parametrize(
    ("check", "fault", "status", "says"),
    [
        ("host.availability", {"round_trip": 12.0}, Status.WARNING, "round trip 12 s"),
        ("host.load", {"load15": 9.0}, Status.WARNING, "load over 15 min 9 of 4"),
        ("host.load", {"load5": 17.0}, Status.WARNING, "load over 5 min 17 of 4"),
        ("host.threads", {"threads": 27_500}, Status.WARNING, "threads 27,500 of 30,000"),
        ("host.clock-sync", {"time_sync": TimeSync(False)}, Status.WARNING, "not synchronised 1 (warn 0)"),
        ("host.clock-sync", {"time_sync": TimeSync(True, -0.2)}, Status.WARNING, "off -"),
        ("host.connections", {"connections": (57_000, 60_000)}, Status.CRITICAL, "connections 57,000"),
        (
            "host.restart-needed",
            {"restart_needed": "6.2 is installed, 6.1 runs"},
            Status.WARNING,
            "a restart",
        ),
        ("host.units", {"unit_states": {"feed.service": "inactive"}}, Status.CRITICAL, "feed.service is in"),
        ("host.ports", {"listening": frozenset({5432})}, Status.CRITICAL, "nothing listens on port 22"),
        ("host.dead-mounts", {"silent_mounts": ("/srv",)}, Status.CRITICAL, "/srv does not answer"),
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
        ("host.disk-space", {"free": 12 * GIB}, Status.WARNING),
        ("host.disk-space", {"free": 5 * GIB}, Status.CRITICAL),
        ("host.disk-space", {"size": 8 * GIB, "free": GIB}, Status.WARNING),
        ("host.disk-space", {"size": 4000 * GIB, "free": 100 * GIB}, Status.CRITICAL),
        ("host.disk-space", {"size": 12 * GIB, "free": 2 * GIB - 1}, Status.CRITICAL),
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


def test_of_a_large_disk_a_smaller_share_has_to_be_free() -> None:
    share = {"mounts": (replace(DISK, size=4000 * GIB, free=500 * GIB),)}
    assert look("host.disk-space", **share).status is Status.OK


def test_a_disk_that_nobody_can_write_is_full_by_design() -> None:
    medium = replace(DISK, path="/media/cdrom", free=0, inodes_free=0, read_only=True)
    assert look("host.disk-space", mounts=(DISK, medium)).status is Status.OK
    assert look("host.disk-inodes", mounts=(DISK, medium)).status is Status.OK


def test_a_certificate_that_lives_long_is_judged_by_its_days() -> None:
    soon = replace(CERTIFICATE, not_after=datetime(2026, 3, 15, tzinfo=UTC))
    verdict = look("host.certificates", certificates={"/etc/portal.pem": (soon,)})
    assert verdict.status is Status.WARNING
    assert verdict.summary.startswith("/etc/portal.pem (portal): valid for 12 d")


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
        ("host.cpu", {"cpu_time": None}),
        ("host.oom", {"oom_kills": None}),
        ("host.threads", {"threads": None}),
        ("host.clock-sync", {"time_sync": None}),
        ("host.restarting-units", {"restarts": None}),
        ("host.restart-needed", {"restart_needed": None}),
        ("host.connections", {"connections": None}),
        ("host.listen-drops", {"listen_drops": None}),
        ("host.network-errors", {"interfaces": {}}),
        ("host.disk-latency", {"disks": {}}),
    ],
)
def test_what_a_host_does_not_have_is_not_applicable(check: str, absent: dict[str, Any]) -> None:
    assert look(check, **absent).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("check", "hidden"), [("host.units", {"unit_states": None}), ("host.ports", {"listening": None})]
)
def test_what_a_host_was_to_tell_and_does_not_is_never_fine(check: str, hidden: dict[str, Any]) -> None:
    assert look(check, **hidden).status is Status.UNKNOWN


def test_a_clock_has_some_minutes_after_a_start() -> None:
    assert look("host.clock-sync", uptime=60.0, time_sync=TimeSync(False)).status is Status.PENDING


def test_a_service_that_systemd_restarts_again_and_again_is_told() -> None:
    once = replace(SOUND, restarts={"feed.service": 1, "mail.service": 7})
    memory = Memory(None, SOUND.clock)
    observe(shipped("host.restarting-units"), Host(Target("web", Kind.HOST), lambda: once), memory)
    often = replace(SOUND, restarts={"feed.service": 5, "mail.service": 7})
    host = Host(Target("web", Kind.HOST), lambda: often)
    verdict = observe(shipped("host.restarting-units"), host, Memory(memory.packed(), LATER))
    assert (verdict.status, verdict.total) == (Status.WARNING, 1)
    assert verdict.summary == "feed.service was restarted 4 times within 30 min"


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["host"]])
@pytest.mark.parametrize("error", [Unreachable("web: no route to host"), QueryFailed("the answer broke off")])
def test_a_host_that_cannot_be_looked_at_is_never_fine(check: str, error: Exception) -> None:
    def fails() -> HostFacts:
        raise error

    verdict = observe(shipped(check), Host(Target("web", Kind.HOST), fails, settings=NAMED))
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
    verdicts = {id: observe(shipped(id), host) for id in (check.check.id for check in FAMILIES["host"])}
    round_trips = {m.value for v in verdicts.values() for m in v.metrics if m.name == "round trip"}
    host.close()
    assert not [f"{name}: {v.summary}" for name, v in verdicts.items() if v.status is Status.UNKNOWN]
    assert verdicts["host.availability"].status is Status.OK
    assert verdicts["host.clock"].status is Status.OK
    assert len(round_trips) == 1
