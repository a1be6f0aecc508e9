"""The console on a real terminal: how it ends, and what it never writes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands import lexops
from tests.terminal import Terminal
from tests.waiting import until


def console(how: str, log: Path, *, controlling: bool = True) -> Terminal:
    """A console in a process of its own."""
    command = [sys.executable, "-m", "tests.tui.console_process", how, str(log)]
    return Terminal(command, 100, 30, controlling=controlling, COLORTERM="truecolor")


def is_silent(terminal: Terminal, seconds: float) -> bool:
    before = terminal.raw
    time.sleep(seconds)
    return terminal.raw == before


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "crash.txt"


def test_idle_sends_nothing_and_q_leaves_the_terminal_in_order(log: Path) -> None:
    with console("plain", log) as terminal:
        terminal.wait("help")
        until(lambda: is_silent(terminal, 2.5), "it goes on sending")
        terminal.type("q")
        assert terminal.ends() == 0
    assert b"\x1b[?1049l" in terminal.raw and b"\x1b[?25h" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_in_order(log: Path, number: signal.Signals) -> None:
    with console("plain", log) as terminal:
        terminal.wait("help")
        terminal.process.send_signal(number)
        assert terminal.ends() == 128 + number
    assert b"\x1b[?1049l" in terminal.raw


@pytest.mark.parametrize("controlling", [True, False], ids=["with a signal", "without a signal"])
def test_a_vanished_terminal_ends_it(log: Path, controlling: bool) -> None:
    with console("plain", log, controlling=controlling) as terminal:
        terminal.wait("help")
        terminal.hang_up()
        assert terminal.ends() == 129


def test_a_call_that_hangs_does_not_keep_it(log: Path) -> None:
    with console("slow", log) as terminal:
        terminal.wait("help")
        terminal.type("r", "q")
        assert terminal.ends() == 0  # before the call is over
    assert b"\x1b[?1049l" in terminal.raw


@pytest.mark.parametrize("how", ["broken", "stuck and broken"])
def test_a_fault_is_one_line_and_code_1_and_shows_no_values(log: Path, how: str) -> None:
    with console(how, log) as terminal:
        assert terminal.ends() == 1  # before a call that hangs is over
    after = terminal.raw.rpartition(b"\x1b[?1049l")[2]
    assert b"error: the console failed; details: REF-1" in after
    assert b"Traceback" not in terminal.raw and b"locals" not in terminal.raw
    assert "TypeError" in log.read_text()


def test_hostile_text_reaches_no_terminal(log: Path) -> None:
    with console("hostile", log) as terminal:
        terminal.wait("help")
        terminal.type("2", "3")
        terminal.wait("␛")
        terminal.type("q")
        assert terminal.ends() == 0
    assert b"\x1b]0;" not in terminal.raw and b"\x1b]52" not in terminal.raw
    assert b"\x1b[31m" not in terminal.raw and "\x9b".encode() not in terminal.raw


def test_without_a_terminal_it_refuses_politely(log: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.console_process", "plain", str(log)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "needs a terminal" in done.stderr and "lexops status" in done.stderr


def test_a_terminal_that_knows_only_ascii_is_served_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LEXOPS_LOG", str(tmp_path / "log"))
    assert lexops(tmp_path, "init").returncode == 0
    command = [sys.executable, "-m", "lexops", "--ascii", "--theme", "light", "--site", str(tmp_path)]
    with Terminal(command) as terminal:
        assert terminal.wait("Overview", "? help").isascii()
        terminal.type("q")
        assert terminal.ends() == 0
