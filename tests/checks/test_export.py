"""What other monitoring systems are told: true, whole, and safe against names that mean harm."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks import export
from lexops.checks.contract import RunnableCheck
from lexops.checks.export import Exported, Sample, Snapshot
from lexops.checks.model import Area, Check, Finding, Metric, Status
from lexops.checks.plugin import parse, parse_local
from lexops.checks.view import CheckRow, Flag
from lexops.config import ExportSettings
from lexops.targets.model import Kind
from lexops.web.server import LocalServer
from lexops.worker import exporter
from lexops.worker.exporter import Unwritable, metrics_server, write_pipe, write_spool
from lexops.worker.periodic import PATIENCE, Chores
from tests.clock import START, ManualClock
from tests.servers.process import free_port
from tests.sites import open_site, work_until_quiet
from tests.waiting import until

ROW = CheckRow(
    "billing-db",
    Kind.POSTGRESQL,
    "production",
    "postgresql.connections",
    "Connections run out",
    Area.HEALTH,
    Status.OK,
    "connections 12 of 97 (12.4 %)",
    checked=START,
)
SAMPLES = (Sample("connections", "", "", 12, 97), Sample("answer time", "first try", "s", 0.25))
HOSTILE = "a\"b\\c;d|e\nf\r\x00g]0{h}\u202e'=%"
hostile = st.text(max_size=60) | st.just(HOSTILE)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def now(*checks: Exported) -> Snapshot:
    return Snapshot(START, checks, START)


def told(status: Status | None, *flags: Flag, **more: object) -> Exported:
    return Exported(replace(ROW, status=status, flags=frozenset(flags), **more), SAMPLES)  # type: ignore[arg-type]


# Prometheus

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(\{{{_LABEL}(?:,{_LABEL})*\}})? (\S+)")


def families(text: str) -> dict[str, dict[str, float]]:
    """The samples of each family; fails where the text is not the exposition format 0.0.4."""
    found: dict[str, dict[str, float]] = {}
    assert text.endswith("\n")
    current, helped = "", ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            _, _, helped, told = line.split(" ", 3)
            assert told and helped not in found
        elif line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            assert (current, kind) == (helped, "gauge")
            found[current] = {}
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == current
            assert (match[2] or "") not in found[current], "the same series twice"
            found[current][match[2] or ""] = float(match[3])
    return found


def test_prometheus_gets_states_flags_and_numbers() -> None:
    found = families(export.prometheus(now(told(Status.WARNING, Flag.ACKNOWLEDGED))))
    label = '{target="billing-db",check="postgresql.connections",area="health",environment="production"}'
    assert found["lexops_check_status"] == {label: 1.0}
    assert found["lexops_check_acknowledged"] == {label: 1.0}
    assert found["lexops_check_stale"] == {label: 0.0}
    assert list(found["lexops_metric"].values()) == [12.0, 0.25]
    assert list(found["lexops_metric_limit"].values()) == [97.0]
    assert found["lexops_worker_beat_timestamp_seconds"] == {"": START.timestamp()}


def test_prometheus_gets_no_summary() -> None:
    assert "12.4" not in export.prometheus(now(told(Status.OK)))


@given(target=hostile, check=hostile, item=hostile, unit=hostile, value=FINITE)
def test_any_name_gives_the_exposition_format(
    target: str, check: str, item: str, unit: str, value: float
) -> None:
    row = replace(ROW, target=target, check=check)
    found = families(export.prometheus(now(Exported(row, (Sample("m", item, unit, value),)))))
    assert list(found["lexops_metric"].values()) == [value]


# Nagios and Checkmk

STATES = [
    (Status.OK, (), 0),
    (Status.WARNING, (), 1),
    (Status.CRITICAL, (), 2),
    (Status.UNKNOWN, (), 3),
    (Status.NOT_APPLICABLE, (), 0),
    (Status.PENDING, (), 3),
    (None, (), 3),
    (Status.OK, (Flag.STALE,), 3),
    (Status.NOT_APPLICABLE, (Flag.STALE,), 3),
    (Status.CRITICAL, (Flag.STALE,), 2),
]


@pytest.mark.parametrize(("status", "flags", "number"), STATES)
def test_what_is_not_known_to_be_good_is_not_told_as_good(
    status: Status | None, flags: tuple[Flag, ...], number: int
) -> None:
    exported = told(status, *flags)
    assert exported.number == number
    assert all(flag.value in exported.text for flag in flags)
    code, output = export.plugin_output([exported])
    assert code == number
    assert output.startswith(("OK - ", "WARNING - ", "CRITICAL - ", "UNKNOWN - ")[number])


@pytest.mark.parametrize("status", [Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN])
def test_our_own_plugin_output_read_back_is_the_same_verdict(status: Status) -> None:
    code, output = export.plugin_output([told(status)])
    read = list(parse(code, output))
    verdicts = [seen.status for seen in read if isinstance(seen, Finding)] or [Status.OK]
    assert verdicts == [status]
    assert [seen for seen in read if isinstance(seen, Metric)] == [
        Metric("connections", 12, limit=97, info=True),
        Metric("answer time first try", 0.25, "s", info=True),
    ]


def test_of_several_checks_the_worst_speaks_first() -> None:
    code, output = export.plugin_output([told(Status.OK), told(Status.UNKNOWN), told(Status.CRITICAL)])
    assert (code, [line.split()[0] for line in output.splitlines()]) == (2, ["CRITICAL", "UNKNOWN", "OK"])
    assert export.plugin_output([])[0] == 3


@given(target=hostile, check=hostile, summary=st.text(max_size=5000) | hostile, item=hostile)
def test_nothing_breaks_out_of_a_command_of_nagios(target: str, check: str, summary: str, item: str) -> None:
    row = replace(ROW, target=target, check=check, summary=summary)
    text = export.nagios(now(Exported(row, (Sample("m", item, "", 1.0),))))
    assert text.count("\n") == 1
    fields = text.split(";", 4)
    assert fields[0] == f"[{int(START.timestamp())}] PROCESS_SERVICE_CHECK_RESULT"
    assert fields[3] == "0"
    assert fields[4].count("|") <= 1
    assert len(text.encode()) <= 4096


def test_what_was_never_looked_at_is_no_result() -> None:
    assert export.nagios(now(told(None), told(Status.PENDING))) == ""


@given(target=hostile, check=hostile, summary=hostile, item=hostile)
def test_a_local_check_read_back_is_one_service_with_its_state(
    target: str, check: str, summary: str, item: str
) -> None:
    row = replace(ROW, target=target, check=check, summary=summary, status=Status.WARNING)
    text = export.checkmk(now(Exported(row, (Sample("m", item, "", 1.5),))))
    assert text.startswith("<<<local:sep(0)>>>\n")
    assert len(text.split("\n")) == 3
    found = list(parse_local(0, text))
    assert [seen.status for seen in found if isinstance(seen, Finding)] == [Status.WARNING]
    assert [seen.value for seen in found if isinstance(seen, Metric)] == [1.5]


# From a store


def test_a_snapshot_has_the_newest_numbers_and_none_of_what_is_stale(
    tmp_path: Path, clock: ManualClock
) -> None:
    values = iter([1.0, 2.0])
    check = Check("x.y", "Title", Area.HEALTH, frozenset({Kind.SQLITE}), every=timedelta(minutes=5))
    runnable = RunnableCheck(check, lambda _: [Metric("m", next(values), "s", limit=10, item="i", info=True)])
    site = open_site(
        tmp_path, '[targets.db]\nkind = "sqlite"\nurl = "sqlite:///x.db"', clock=clock, checks=[runnable]
    )
    (tmp_path / "x.db").touch()

    def samples() -> tuple[Sample, ...]:
        with site.store.read() as connection:
            found = export.snapshot(connection, clock.now())
        [own] = [each for each in found.checks if each.row.check == "x.y"]
        return own.samples

    work_until_quiet(site)
    clock.advance(minutes=5)
    work_until_quiet(site)
    assert samples() == (Sample("m", "i", "s", 2.0, 10.0),)
    clock.advance(hours=1)
    assert samples() == ()


def test_a_snapshot_has_no_numbers_of_what_is_not_there_any_more(tmp_path: Path, clock: ManualClock) -> None:
    there = ["/", "/mnt"]
    check = Check("x.y", "Title", Area.HEALTH, frozenset({Kind.SQLITE}), every=timedelta(minutes=5))
    runnable = RunnableCheck(check, lambda _: [Metric("used", 1.0, item=item, info=True) for item in there])
    site = open_site(
        tmp_path, '[targets.db]\nkind = "sqlite"\nurl = "sqlite:///x.db"', clock=clock, checks=[runnable]
    )
    (tmp_path / "x.db").touch()
    for _ in range(4):
        work_until_quiet(site)
        clock.advance(minutes=5)
        there[1:] = []
    with site.store.read() as connection:
        [own] = [each for each in export.snapshot(connection, clock.now()).checks if each.row.check == "x.y"]
    assert own.samples == (Sample("used", "/", "", 1.0),)


# Handing it over


def answered(server: LocalServer) -> Iterator[threading.Thread]:
    leaving = threading.Event()

    def work() -> None:
        while not leaving.is_set():
            server.turn(0.05)

    thread = threading.Thread(target=work, daemon=True)
    server.turn(0)
    thread.start()
    yield thread
    leaving.set()
    thread.join()
    server.close()


@pytest.fixture
def address() -> Iterator[str]:
    server = metrics_server("127.0.0.1:0", lambda: export.prometheus(now(told(Status.OK))))
    serving = answered(server)
    next(serving)
    yield f"http://127.0.0.1:{server.port}"
    for _ in serving:
        pass


def test_metrics_are_served_and_nothing_else_is(address: str) -> None:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
        assert answer.headers["Content-Type"] == export.PROMETHEUS_TYPE
        assert "lexops_check_status" in families(answer.read().decode())
    for path, method, code in (("/", "GET", 404), ("/metrics", "POST", 405), ("/metrics/../x", "GET", 404)):
        request = urllib.request.Request(address + path, method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        assert refused.value.code == code
        refused.value.close()


def test_an_address_that_is_taken_is_one_clear_line(address: str) -> None:
    second = metrics_server(address.removeprefix("http://"), str)
    with pytest.raises(Exception, match="cannot be served: Address already in use"):
        second.turn(0)


@pytest.mark.parametrize("address", ["0.0.0.0:9478", "192.0.2.1:9478", ":9478", "127.0.0.1", "127.0.0.1:0"])
def test_only_this_machine_is_served(address: str) -> None:
    with pytest.raises(ValueError, match=r"is not this machine|is no port"):
        ExportSettings(prometheus=address)


def test_nagios_reads_whole_lines_from_its_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "PATIENCE", 60.0)
    pipe = tmp_path / "nagios.cmd"
    with pytest.raises(Unwritable, match="No such file"):
        write_pipe(pipe, "x\n")
    os.mkfifo(pipe)
    with pytest.raises(Unwritable, match="is Nagios running"):
        write_pipe(pipe, "x\n")
    text = export.nagios(now(*[told(Status.OK, summary="x" * 900)] * 300))
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    while True:
        try:
            write_pipe(pipe, text)
            break
        except Unwritable as error:
            assert "is Nagios running" in str(error)
    reader.join()
    assert got == [text], "more than a pipe holds at once arrives whole and in order"


def test_a_plain_file_in_place_of_the_pipe_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "nagios.cmd"
    file.write_text("")
    with pytest.raises(Unwritable, match="no pipe"):
        write_pipe(file, "x\n")
    assert file.read_text() == ""


def test_the_spool_file_is_whole_and_says_how_long_it_is_good(tmp_path: Path) -> None:
    file = write_spool(tmp_path, timedelta(minutes=1), export.checkmk(now(told(Status.OK))))
    assert file.name == "180_lexops.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    write_spool(tmp_path, timedelta(minutes=1), "<<<local>>>\n")
    assert [found.name for found in tmp_path.iterdir()] == ["180_lexops.txt"]
    with pytest.raises(Unwritable, match="No such file"):
        write_spool(tmp_path / "none", timedelta(minutes=1), "x")


def test_a_worker_does_what_the_site_asks_for(tmp_path: Path) -> None:
    site = open_site(tmp_path, more='[export]\ncheckmk_spool = "."\nprometheus = "127.0.0.1:9478"')
    chores = {chore.name: chore for chore in exporter.chores(site)}
    assert set(chores) == {"serving metrics", "telling Checkmk"}
    chores["telling Checkmk"].act()
    assert (tmp_path / "180_lexops.txt").read_text().startswith("<<<local")
    assert exporter.chores(open_site(tmp_path)) == []


def test_a_worker_serves_metrics_and_leaves_in_time(tmp_path: Path) -> None:
    port = free_port()
    site = open_site(tmp_path, more=f'[export]\nprometheus = "127.0.0.1:{port}"')
    [chore] = exporter.chores(site)
    server: LocalServer = chore.act.__self__  # type: ignore[attr-defined]
    chores = Chores([chore])
    chores.start()
    until(lambda: server.port is not None)
    try:
        for _ in range(2):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                assert "lexops_export_timestamp_seconds" in families(answer.read().decode())
    finally:
        began = time.monotonic()
        chores.stop()
        server.close()
    assert time.monotonic() - began < PATIENCE
