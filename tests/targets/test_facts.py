"""What a host prints becomes facts, whatever it prints."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.config import HostSettings
from lexops.errors import QueryFailed
from lexops.targets.facts import parse_facts
from lexops.targets.model import CPUTime, Disk, HostFacts, Interface, Mount, Pressure, TimeSync

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RECORDED = (Path(__file__).parent / "facts.txt").read_text(encoding="utf-8")


def _without(section: str) -> str:
    """The recorded answer of a host that does not have one section."""
    before, _, rest = RECORDED.partition(f"<<<{section}>>>\n")
    return before + "<<<" + rest.partition("<<<")[2]


def test_a_recorded_answer_is_read() -> None:
    facts = parse_facts(RECORDED, MOMENT, round_trip=0.2)
    assert (facts.cpus, facts.load1, facts.load5, facts.load15) == (4, 0.52, 0.58, 0.59)
    assert facts.memory_total == 16303428 * 1024
    assert facts.memory_available == 9120144 * 1024
    assert (facts.swap_total, facts.swap_free) == (2097148 * 1024, 2097148 * 1024)
    assert facts.uptime == 350735.47
    assert (facts.processes, facts.zombies) == (214, 3)
    assert facts.clock == datetime(2026, 3, 2, 9, 0, 2, 250000, tzinfo=UTC)
    assert (facts.skew, facts.round_trip) == (2.25, 0.2)
    assert facts.pressure["io"] == Pressure(some_avg60=1.5, full_avg60=0.9)
    assert facts.pressure["cpu"] == Pressure(some_avg60=0.3, full_avg60=0.0)
    assert (facts.open_files, facts.open_files_limit) == (2656, 1625834)
    assert facts.failed_units == ("nightly-invoices.service", "certbot.timer")


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_of_a_log_tells_nothing_about_the_host(end: str) -> None:
    shown = {"path": "/var/log/feed.log", "show": True, "patterns": {"bad": {"match": "error"}}}
    settings = HostSettings.model_validate({"kind": "host", "logs": {"feed": shown}})
    line = end.join(["error", "<<<memory>>>", "MemAvailable: 7 kB", "<<<restarts>>>", "NRestarts=99"])
    answer = RECORDED.replace("<<<end>>>", f"<<<log 0>>>\nfile 7 0 90 9\nmatch 0 0:{line}\n<<<end>>>")
    facts = parse_facts(answer, MOMENT, settings=settings)
    assert facts.memory_available == 9120144 * 1024
    assert facts.restarts == {"ssh.service": 0, "feed.service": 7}
    [match] = facts.logs["feed"].files[0].matches
    assert match.text.startswith("error") and "MemAvailable" in match.text


def test_counters_and_states_are_read() -> None:
    facts = parse_facts(RECORDED, MOMENT)
    assert facts.cpu_time == CPUTime(
        busy=10132153 + 290696 + 3084719 + 25195, iowait=16683, steal=175628, total=60553557
    )
    assert (facts.threads, facts.threads_limit) == (467, 127284)
    assert (facts.paged_out, facts.oom_kills) == (5120 * 4096, 2)
    assert facts.disks == {"sda": Disk(1500, 6.5), "nvme0n1": Disk(7, 0.001)}
    assert facts.connections == (1204, 262144)
    assert facts.listen_drops == 34
    assert facts.interfaces == {"eth0": Interface(15333, 7)}
    assert facts.listening == {5432, 443}
    assert facts.restart_needed == "6.1.0-22-amd64 is installed, 6.1.0-13-amd64 runs"
    assert facts.time_sync == TimeSync(True, -0.000012)
    assert facts.restarts == {"ssh.service": 0, "feed.service": 7}
    assert facts.silent_mounts == ("/srv/nas bills",)


def test_mounts_have_sizes_in_bytes_and_a_silent_one_is_left_out() -> None:
    mounts = {mount.path: mount for mount in parse_facts(RECORDED, MOMENT).mounts}
    assert mounts["/"] == Mount(
        path="/",
        device="/dev/nvme0n1p2",
        kind="ext4",
        size=102687672 * 1024,
        free=48231108 * 1024,
        inodes=6553600,
        inodes_free=6120034,
    )
    assert mounts["/srv/client files"].inodes == 0
    assert mounts["/media/archive"].read_only
    assert set(mounts) == {"/", "/srv/client files", "/media/archive"}


@pytest.mark.parametrize("section", ["cpus", "load", "memory", "uptime", "processes", "clock"])
def test_a_missing_section_that_is_needed_is_named(section: str) -> None:
    with pytest.raises(QueryFailed, match=section):
        parse_facts(_without(section), MOMENT)


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("units", "failed_units", None),
        ("files", "open_files", None),
        ("mounts", "mounts", ()),
        ("cpu time", "cpu_time", None),
        ("counters", "oom_kills", None),
        ("disks", "disks", {}),
        ("connections", "connections", None),
        ("tcp", "listen_drops", None),
        ("interfaces", "interfaces", {}),
        ("listening", "listening", None),
        ("restart", "restart_needed", None),
        ("restarts", "restarts", None),
        ("chrony", "time_sync", TimeSync(False)),
    ],
)
def test_a_missing_section_that_is_not_needed_is_empty(section: str, field: str, value: object) -> None:
    assert getattr(parse_facts(_without(section), MOMENT), field) == value


def test_no_failed_units_are_told_from_no_systemd() -> None:
    start, _, _ = RECORDED.partition("<<<units>>>")
    assert parse_facts(f"{start}<<<units>>>\n\n<<<end>>>\n", MOMENT).failed_units == ()


def test_an_answer_that_broke_off_is_no_answer() -> None:
    with pytest.raises(QueryFailed, match="broke off"):
        parse_facts(RECORDED.removesuffix("<<<end>>>\n"), MOMENT)


def test_a_greeting_before_the_answer_does_not_matter() -> None:
    assert parse_facts(f"Welcome!\n* unauthorised use *\n{RECORDED}", MOMENT).cpus == 4


def test_control_characters_of_a_host_do_not_come_through() -> None:
    facts = parse_facts(RECORDED.replace("certbot.timer", "\x1b]0;owned\x07.timer"), MOMENT)
    assert facts.failed_units is not None
    assert "\x1b" not in "".join(facts.failed_units)


@pytest.mark.parametrize("clock", ["1772442002.%N", "1772442002."])
def test_a_host_without_fractions_of_a_second_is_understood(clock: str) -> None:
    assert parse_facts(RECORDED.replace("1772442002.250000000", clock), MOMENT).skew == 2.0


LINES = st.lists(st.sampled_from(RECORDED.splitlines()) | st.text(max_size=30), max_size=80)


@given(LINES)
def test_garbage_gives_facts_or_a_named_error_and_nothing_else(lines: list[str]) -> None:
    try:
        assert isinstance(parse_facts("\n".join([*lines, "<<<end>>>"]), MOMENT), HostFacts)
    except QueryFailed:
        pass


@given(st.integers(0, len(RECORDED)), st.text(max_size=5))
def test_a_damaged_answer_gives_facts_or_a_named_error(position: int, noise: str) -> None:
    try:
        parse_facts(RECORDED[:position] + noise + RECORDED[position:], MOMENT)
    except QueryFailed:
        pass
