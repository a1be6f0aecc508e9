"""Monitoring-plugins executables, run for real."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import Engine, Lane, observe
from lexops.checks.model import Finding, Metric, Note, Status
from lexops.checks.plugin import PluginProcess, as_check, metrics, parse, parse_local
from lexops.clock import SystemClock
from lexops.config import PluginSettings
from lexops.targets.model import Kind
from tests.cli.commands import lexops
from tests.servers import DatabaseServer
from tests.sites import write_site
from tests.waiting import PATIENCE


def plugin(
    folder: Path, script: str, timeout: float = 10, format: Literal["nagios", "checkmk"] = "nagios"
) -> RunnableCheck:
    path = folder / "check_something"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    settings = PluginSettings(
        command=[str(path), "--a b"], target="x", timeout=timedelta(seconds=timeout), format=format
    )
    return as_check("something", settings, Kind.HOST)


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, Status.OK), (1, Status.WARNING), (2, Status.CRITICAL), (3, Status.UNKNOWN), (77, Status.UNKNOWN)],
)
def test_the_exit_code_is_the_verdict(tmp_path: Path, code: int, status: Status) -> None:
    verdict = observe(plugin(tmp_path, f"echo 'SOMETHING - told | t=3ms;5;9'; exit {code}"), PluginProcess())
    assert (verdict.status, verdict.summary) == (status, "SOMETHING - told")
    assert verdict.metrics == (Metric("t", 0.003, "s", info=True),)


def test_a_missing_program_is_unknown_with_a_reason(tmp_path: Path) -> None:
    settings = PluginSettings(command=[str(tmp_path / "none")], target="x")
    verdict = observe(as_check("none", settings, Kind.HOST), PluginProcess())
    assert verdict.status is Status.UNKNOWN
    assert "cannot be started" in verdict.summary


def test_a_hanging_plugin_is_killed_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    hanging = plugin(tmp_path, f"(sleep 120; touch {mark}) & sleep 120", timeout=0.3)
    lane = Lane("x", "x", "x", PluginProcess, 0.0, (hanging,))
    engine = Engine([lane], SystemClock(), 1)
    engine.start(lane, [(hanging, SystemClock().now())])
    found = []
    while not engine.idle:
        found += engine.poll(0.05)
    assert "no answer within" in found[0].verdict.summary
    assert found[0].seconds < PATIENCE
    assert not mark.exists()


def test_endless_output_is_cut(tmp_path: Path) -> None:
    verdict = observe(plugin(tmp_path, "yes 'OK - x' | head -c 10000000"), PluginProcess())
    assert verdict.summary == "OK - x"


def test_a_plugin_that_talks_on_after_what_is_read_of_it_keeps_its_verdict(tmp_path: Path) -> None:
    script = "echo 'DISK - broken'; head -c 1000000 /dev/zero | tr '\\0' x || exit 3; exit 2"
    verdict = observe(plugin(tmp_path, script), PluginProcess())
    assert (verdict.status, verdict.summary) == (Status.CRITICAL, "DISK - broken")


def test_a_plugin_that_is_killed_has_not_said_that_all_is_well(tmp_path: Path) -> None:
    verdict = observe(plugin(tmp_path, "echo 'OK - fine'; kill -9 $$"), PluginProcess())
    assert verdict.status is Status.UNKNOWN
    assert verdict.summary == "ended by signal 9; before, it said: OK - fine"


def test_empty_lines_before_the_text_of_a_plugin_are_skipped() -> None:
    assert [note.text for note in parse(0, "\n\nOK - fine\n") if isinstance(note, Note)] == ["OK - fine"]


def test_performance_data_in_all_its_forms() -> None:
    found = list(metrics("'a label'=12.5%;80;90;0;100 size=3KB time=1.5s;;; bad count=7c x=U"))
    assert [(m.name, m.value, m.unit) for m in found] == [
        ("a label", 12.5, "%"),
        ("size", 3072.0, "B"),
        ("time", 1.5, "s"),
        ("count", 7.0, ""),
    ]


def test_performance_data_may_go_on_after_the_details() -> None:
    output = "OK: fine | a=1;;;0;10\nfirst\nsecond | 'b c'=2KB;;;;4\nd=.5s e=-1.5e2 f=U\n"
    found = list(parse(0, output))
    assert found[:2] == [Note("", "OK: fine"), Note("details", "first second")]
    assert found[2:] == [
        Metric("a", 1.0, limit=10.0, info=True),
        Metric("b c", 2048.0, "B", limit=4096.0, info=True),
        Metric("d", 0.5, "s", info=True),
        Metric("e", -150.0, info=True),
    ]


LOCAL = """\
<<<local:sep(0)>>>
0 "Mail queue" count=3;10;20 all delivered
2 Backup - failed at 03:10
1 Spool size=5;4;8|files=12 nearly full\\nsecond line
P "Dynamic" temp=73;80;90|humidity=20;40:60;30:70 computed
3 Gone -
"""


def test_each_line_of_a_local_check_is_a_service() -> None:
    found = list(parse_local(0, LOCAL))
    assert [seen for seen in found if isinstance(seen, Note)] == [Note("Mail queue", "all delivered")]
    assert [(seen.key, seen.status, seen.text) for seen in found if isinstance(seen, Finding)] == [
        ("Backup", Status.CRITICAL, "Backup: failed at 03:10"),
        ("Spool", Status.WARNING, "Spool: nearly full second line"),
        ("Dynamic", Status.CRITICAL, "Dynamic: computed"),
        ("Gone", Status.UNKNOWN, "Gone"),
    ]
    assert [(seen.item, seen.name, seen.value) for seen in found if isinstance(seen, Metric)] == [
        ("Mail queue", "count", 3.0),
        ("Spool", "size", 5.0),
        ("Spool", "files", 12.0),
        ("Dynamic", "temp", 73.0),
        ("Dynamic", "humidity", 20.0),
    ]


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ("a=79;80;90", Status.OK),
        ("a=80;80;90", Status.WARNING),
        ("a=90;80;90", Status.CRITICAL),
        ("a=50;40:60;30:70", Status.OK),
        ("a=35;40:60;30:70", Status.WARNING),
        ("a=29;40:60;30:70", Status.CRITICAL),
        ("a=1", Status.OK),
        ("-", Status.UNKNOWN),
    ],
)
def test_the_state_of_a_local_check_follows_from_its_thresholds(numbers: str, status: Status) -> None:
    found = [seen for seen in parse_local(0, f"P S {numbers} text\n") if isinstance(seen, Finding)]
    assert [seen.status for seen in found] == ([] if status is Status.OK else [status])


@pytest.mark.parametrize(
    ("code", "output"), [(0, ""), (1, "0 S - fine"), (0, "ok all fine"), (0, '9 "S" - x')]
)
def test_a_local_check_that_says_nothing_sensible_is_unknown(code: int, output: str) -> None:
    assert Status.UNKNOWN in [s.status for s in parse_local(code, output) if isinstance(s, Finding)]


def test_a_local_check_is_run_and_its_services_are_told(tmp_path: Path) -> None:
    services = "echo '0 A - fine'; echo '2 \"B c\" n=1 broken'"
    verdict = observe(plugin(tmp_path, services, format="checkmk"), PluginProcess())
    assert (verdict.status, verdict.summary) == (Status.CRITICAL, "B c: broken")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_local_check_quotes_a_service_either_way(quote: str) -> None:
    assert list(parse_local(0, f"0 {quote}Mail queue{quote} - fine")) == [Note("Mail queue", "fine")]


def test_the_environment_of_a_plugin_is_minimal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_DB_PASSWORD", "geheim")
    verdict = observe(plugin(tmp_path, 'echo "$(env | cut -d= -f1 | sort | tr "\\n" " ")"'), PluginProcess())
    assert set(verdict.summary.split()) <= {"LC_ALL", "OLDPWD", "PATH", "PWD", "SHLVL", "_"}


def test_a_relative_program_is_found_beside_the_site_file_wherever_the_worker_was_started(
    tmp_path: Path,
) -> None:
    firm = tmp_path / "firm"
    firm.mkdir()
    write_site(
        firm,
        """
        [targets.web]
        kind = "host"
        [plugins.raid]
        command = ["./check_raid", "disks.txt"]
        target = "web"
        """,
    )
    (firm / "disks.txt").write_text("RAID OK - two disks\n")
    (firm / "check_raid").write_text('#!/bin/sh\ncat "$1"\n')
    (firm / "check_raid").chmod(0o700)
    done = lexops(tmp_path, "check", "run", "plugin.raid", "--site", "firm", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RAID OK - two disks" in done.stdout


def test_check_postgres_is_read_with_its_numbers(postgresql: DatabaseServer) -> None:
    program = shutil.which("check_postgres")
    if program is None:
        pytest.skip("check_postgres is not installed; install it with: apt-get install check-postgres")
    where = [f"--host={postgresql.host}", f"--port={postgresql.port}", f"--dbuser={postgresql.user}"]

    def look(*arguments: str) -> tuple[Status, str, set[str]]:
        settings = PluginSettings(command=[program, *where, *arguments], target="x")
        verdict = observe(as_check("pg", settings, Kind.POSTGRESQL), PluginProcess())
        return verdict.status, verdict.summary, {metric.name for metric in verdict.metrics}

    status, summary, names = look("--action=backends")
    assert (status, "POSTGRES_BACKENDS OK" in summary) == (Status.OK, True), summary
    assert {"time", "postgres"} <= names
    status, summary, _ = look("--action=backends", "--warning=1", "--critical=1")
    assert (status, "POSTGRES_BACKENDS CRITICAL" in summary) == (Status.CRITICAL, True), summary


def test_escape_codes_of_a_plugin_do_not_reach_the_terminal(tmp_path: Path) -> None:
    verdict = observe(plugin(tmp_path, r"printf '\033]0;evil\007 CRITICAL'; exit 2"), PluginProcess())
    assert "\x1b" not in verdict.summary
