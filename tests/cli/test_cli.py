"""The command line as a person or a script meets it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import lexops
from tests.sites import write_site
from tests.waiting import until

FLAGS = '[targets.flags]\nkind = "sqlite"\nurl = "sqlite:///flags.db"\n'
HERE = '[checks."sqlite.placement"]\nenabled = false\n'
"""Tests keep their databases where nobody should."""
SQL = (
    "-- id: site.flags\n-- title: Flag is set\n-- severity: critical\n-- on: sqlite\nSELECT name FROM flag\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with one SQLite target and one check of its own that finds a hostile name."""
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "flags.sql").write_text(SQL)
    write_site(tmp_path, FLAGS + HERE, more='[worker]\nchecks = "checks"')
    (tmp_path / "flags.db").touch(mode=0o600)
    connection = sqlite3.connect(tmp_path / "flags.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE flag (name TEXT)")
    connection.execute("INSERT INTO flag VALUES (?)", ("[@click=app.quit()]x[/\x1b]0;evil\x07\u202e",))
    connection.commit()
    connection.close()
    return tmp_path


def test_no_site_is_one_line_with_a_hint_and_exit_2(tmp_path: Path) -> None:
    done = lexops(tmp_path, "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0].startswith("error: no lexops.toml")
    assert done.stderr.splitlines()[1].startswith("hint: ")


def test_init_writes_a_starter_once(tmp_path: Path) -> None:
    assert lexops(tmp_path, "init").returncode == 0
    again = lexops(tmp_path, "init")
    assert (again.returncode, "exists already" in again.stderr) == (4, True)
    assert lexops(tmp_path, "status").returncode == 3, "nothing was ever looked at"


def test_a_site_named_before_the_command_is_the_commands_site(tmp_path: Path) -> None:
    for name in ("here", "there"):
        assert lexops(tmp_path, "init", name).returncode == 0
        path = tmp_path / name / "lexops.toml"
        path.write_text(path.read_text().replace("My firm", f"Firm {name}"))
    here = tmp_path / "here"
    assert lexops(here, "status").stdout.startswith("Firm here ")
    assert lexops(here, "--site", "../there", "status").stdout.startswith("Firm there ")
    assert lexops(here, "--site", "../there", "status", "--site", ".").stdout.startswith("Firm here ")
    for option in ("--read-only", "--ascii", "--theme=light"):
        refused = lexops(here, option, "status")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"{option.partition('=')[0]} opens the console" in refused.stderr


def test_an_open_incident_is_a_problem_whatever_the_checks_say(tmp_path: Path) -> None:
    assert lexops(tmp_path, "init").returncode == 0
    assert lexops(tmp_path, "incident", "open", "the printer smokes").returncode == 0
    assert lexops(tmp_path, "status").returncode == 1


def test_init_with_a_database_writes_it_down_and_tries_it(site: Path) -> None:
    for name, url, code in (
        ("good", f"sqlite:///{site}/flags.db", 0),
        ("gone", "postgresql://nobody@127.0.0.1:1/x", 3),
        ("odd", "oracle://x", 2),
        ("open", "postgresql://nobody:geheim@127.0.0.1:1/x", 2),
    ):
        done = lexops(site, "init", name, "--database", url)
        assert done.returncode == code, done.stderr
        assert "geheim" not in done.stdout + done.stderr
        assert (site / name / "lexops.toml").exists() is (code in (0, 3))


def test_init_tells_which_targets_cannot_be_reached(site: Path) -> None:
    assert lexops(site, "init", "--test").returncode == 0
    (site / "flags.db").unlink()
    done = lexops(site, "init", "--test")
    assert done.returncode == 3
    assert "FAILED  flags" in done.stdout


def test_run_finds_the_fault_opens_an_incident_and_exits_1(site: Path) -> None:
    done = lexops(site, "check", "run", "site.flags", "--json")
    assert done.returncode == 1, done.stderr
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["status"], check["incident"], len(check["findings"])) == ("CRITICAL", 1, 1)
    status = lexops(site, "status")
    assert status.returncode == 1
    assert "CRITICAL  flags  site.flags" in status.stdout
    assert (
        json.loads(lexops(site, "incident", "list", "--json").stdout)["incidents"][0]["severity"]
        == "CRITICAL"
    )


def test_a_mended_fault_resolves_its_incident_and_exits_0(site: Path) -> None:
    lexops(site, "check", "run", "site.flags")
    connection = sqlite3.connect(site / "flags.db")
    connection.execute("DELETE FROM flag")
    connection.commit()
    connection.close()
    done = lexops(site, "check", "run", "site.flags")
    assert done.returncode == 0, done.stderr
    assert lexops(site, "incident", "list").stderr == "no open incidents\n"


LISTS = """approval list; article list; article list --stale; check quiet; escalation list; freeze list
incident list; intake list; intake list --refused; notice actions; notice due; notice list; oncall gaps
oncall list; oncall show; outbox list; request list; schedule list; sla breach list; sla clocks
sla objectives; sla policy list; tracker list; tracker list --failing"""


def test_a_list_of_nothing_is_one_line_for_the_person_and_no_data(tmp_path: Path) -> None:
    write_site(tmp_path)
    lexops(tmp_path, "status")
    for words in LISTS.replace("\n", ";").split(";"):
        done = lexops(tmp_path, *words.split())
        said = (done.returncode, done.stdout, len(done.stderr.splitlines()))
        assert said == (0, "", 1), f"{words}: {done.stdout}{done.stderr}"


def test_a_target_that_cannot_be_seen_exits_3(site: Path) -> None:
    (site / "checks" / "flags.sql").write_text(SQL.replace("FROM flag", "FROM nothing"))
    done = lexops(site, "check", "run", "site.flags")
    assert done.returncode == 3
    assert "UNKNOWN" in done.stdout


def test_hostile_text_reaches_no_terminal(site: Path) -> None:
    lexops(site, "check", "run", "site.flags")
    for command in (
        ["status"],
        ["check", "list"],
        ["check", "show", "site.flags"],
        ["incident", "show", "1"],
    ):
        printed = lexops(site, *command).stdout
        assert "[@click=app.quit()]x[/" in printed
        assert not any(char in printed for char in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    "command", [["status"], ["check", "list"], ["incident", "list"], ["operation", "list"]]
)
def test_json_is_data_only(site: Path, command: list[str]) -> None:
    done = lexops(site, *command, "--json")
    assert json.loads(done.stdout)
    assert done.stderr == ""


def test_an_unknown_check_or_incident_is_one_line_and_exit_2(site: Path) -> None:
    for command in (["check", "run", "nonsense"], ["check", "show", "nonsense"], ["incident", "show", "99"]):
        done = lexops(site, *command)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "command",
    ["incident show", "incident explain", "incident report", "sla explain", "request show", "outbox show"],
)
def test_a_number_that_nothing_can_have_is_one_line_too(site: Path, command: str) -> None:
    done = lexops(site, *command.split(), "9" * 20)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert "less than or equal to" in done.stderr


@pytest.mark.parametrize("area", ["incident", "sla", "sla breach"])
def test_an_area_named_alone_is_no_mistake_but_a_question(site: Path, area: str) -> None:
    done = lexops(site, *area.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert f"lexops {area} [OPTIONS] COMMAND" in done.stderr.splitlines()[0]
    assert "Commands:" in done.stderr and "error:" not in done.stderr and "more characters" not in done.stderr


def test_a_choice_that_there_is_not_is_told_in_plain_words(site: Path) -> None:
    done = lexops(site, "check", "list", "--format", "nonsense")
    assert done.returncode == 2
    assert "'--format': 'nonsense' is not one of" in done.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("incident", "ack", ""), "an argument"),
        (("sla", "clocks", "--client", ""), "--client"),
        (("sla", "clocks", "--client="), "--client"),
        (("check", "run", "  "), "an argument"),
        (("incident", "note", "1", "why", "--key", ""), "--key"),
    ],
)
def test_a_variable_that_was_never_set_does_not_mean_everything(
    site: Path, words: tuple[str, ...], what: str
) -> None:
    done = lexops(site, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"error: {what}: it is empty"


@pytest.mark.parametrize("command", ["article show", "freeze end 1 why --key"])
def test_bytes_that_are_no_text_are_one_line_too(site: Path, command: str) -> None:
    done = lexops(site, *command.split(), "caf\udce9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: what was typed holds what is no text\nhint: UTF-8 is text\n"


def test_notes_and_downtimes_pass_the_gate(site: Path) -> None:
    assert (
        lexops(site, "incident", "open", "balance is wrong", "--severity", "critical").stdout
        == "incident #1 opened\n"
    )
    assert lexops(site, "incident", "note", "1", "called the partner").returncode == 0
    assert lexops(site, "incident", "resolve", "1", "mended").returncode == 0
    assert "mended" in lexops(site, "incident", "show", "1").stdout
    lexops(site, "check", "run")
    assert "in downtime for 30 min" in lexops(site, "check", "downtime", "flags", "30", "move").stdout
    assert "downtime" in lexops(site, "status").stdout
    for act, most in (("downtime", "20,160"), ("silence", "1,440")):
        refused = lexops(site, "check", act, "flags", str(2**63 - 1), "x")
        assert (refused.returncode, refused.stderr) == (
            2,
            f"error: minutes: {2**63 - 1} is not between 1 and {most}\n",
        )


def test_a_crash_is_one_line_with_a_reference_and_the_log_holds_no_values(site: Path) -> None:
    code = (
        "import sys\n"
        "from lexops.cli import main\n"
        "from lexops.cli.program import Program\n"
        "def crash(path):\n"
        "    password = 'geheim'\n"
        "    raise RuntimeError(password)\n"
        "sys.argv = ['lexops', 'status']\n"
        "main.run(Program(crash, None, None))\n"
    )
    environment = os.environ | {"LEXOPS_LOG": str(site / "log")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    reference = line.partition("(reference ")[2][:8]
    log = (site / "log").read_text()
    assert reference in log and "RuntimeError" in log and "in crash" in log
    assert "geheim" not in log.replace("password = 'geheim'", "") + done.stderr
    assert (site / "log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_worker_ends_cleanly_on_a_signal(site: Path, number: signal.Signals) -> None:
    environment = os.environ | {"LEXOPS_LOG": str(site / "log")}
    worker = subprocess.Popen(
        [sys.executable, "-m", "lexops", "worker", "--site", str(site)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: "CRITICAL  flags" in lexops(site, "status").stdout, "the worker did not work")
        worker.send_signal(number)
        assert worker.wait(60) == 0
    finally:
        worker.kill()
        worker.communicate()
    assert "no worker" in lexops(site, "status").stdout


def test_checks_are_answered_though_the_worker_was_killed(site: Path) -> None:
    lexops(site, "check", "run")
    worker = subprocess.Popen(
        [sys.executable, "-m", "lexops", "worker", "--site", str(site)], stderr=subprocess.DEVNULL
    )
    until(lambda: "worker alive" in lexops(site, "status").stdout, "the worker did not start")
    worker.kill()
    worker.wait()
    assert lexops(site, "check", "run", "site.flags").returncode == 1


def test_a_worker_without_its_parent_ends(site: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    worker = subprocess.Popen(
        [sys.executable, "-m", "lexops", "worker", "--site", str(site), "--parent", str(parent.pid)],
        stderr=subprocess.PIPE,
    )
    try:
        parent.communicate(b"\n", timeout=60)
        assert worker.wait(60) == 0
    finally:
        worker.kill()
        worker.communicate()


def test_the_console_without_a_terminal_says_what_to_do(site: Path) -> None:
    done = lexops(site)
    assert done.returncode == 2
    assert "terminal" in done.stderr
    assert "\x1b" not in done.stdout


def test_a_closed_pipe_is_no_crash(site: Path) -> None:
    command = f"{sys.executable} -m lexops operation list --json --site {site} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start_are_no_crash(site: Path, closed: str) -> None:
    command = f"{sys.executable} -m lexops incident list --all --json --site {site} {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["--version", "operation list --json"])
def test_output_that_cannot_be_written_is_one_line_and_no_crash(command: str) -> None:
    words = [sys.executable, "-m", "lexops", *command.split()]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    said = "error: what there is to say cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (3, said)
