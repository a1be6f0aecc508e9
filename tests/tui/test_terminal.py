"""The console on a real terminal: how it ends, and what it never writes."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.terminal import Terminal as RealTerminal
from tests.cli.commands import lexops
from tests.waiting import PATIENCE, until

LAUNCH = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "tests.tui.console_process", *sys.argv[1:]])
"""


class Terminal:
    """A pseudo-terminal with a console on it."""

    def __init__(self, how: str, log: Path, *, controlling: bool = True) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = ["-c", LAUNCH] if controlling else ["-m", "tests.tui.console_process"]
        self.process = subprocess.Popen(
            [sys.executable, *command, how, str(log)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": os.getcwd()},
        )
        os.close(slave)
        self.seen = b""

    def read(self, seconds: float) -> bytes:
        """What is written within `seconds`."""
        end = time.monotonic() + seconds
        got = b""
        while (left := end - time.monotonic()) > 0 and select.select([self.master], [], [], left)[0]:
            try:
                got += os.read(self.master, 65536)
            except OSError:
                break
        self.seen += got
        return got

    def until(self, text: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"{text!r} was not shown: {self.seen[-2000:]!r}"
            self.read(0.05)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def end(self, seconds: float = PATIENCE) -> int:
        """The exit code; reads on, so that the console is never held up by a full buffer."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if self.master >= 0:
                self.read(0.05)
            else:
                time.sleep(0.05)
        if self.master >= 0:
            self.read(0.2)
        return self.process.wait(0.1)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "crash.txt"


@pytest.fixture
def terminal(log: Path) -> Iterator[Terminal]:
    opened = Terminal("plain", log)
    yield opened
    opened.close()


def test_idle_sends_nothing_and_q_leaves_the_terminal_in_order(terminal: Terminal) -> None:
    terminal.until("help")
    until(lambda: not terminal.read(1.0))
    assert terminal.read(2.5) == b""
    terminal.type("q")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.seen and b"\x1b[?25h" in terminal.seen


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_in_order(terminal: Terminal, number: signal.Signals) -> None:
    terminal.until("help")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert b"\x1b[?1049l" in terminal.seen


@pytest.mark.parametrize("controlling", [True, False], ids=["with a signal", "without a signal"])
def test_a_vanished_terminal_ends_it(log: Path, controlling: bool) -> None:
    terminal = Terminal("plain", log, controlling=controlling)
    try:
        terminal.until("help")
        terminal.hang_up()
        assert terminal.end() == 129
    finally:
        terminal.close()


def test_a_call_that_hangs_does_not_keep_it(log: Path) -> None:
    terminal = Terminal("slow", log)
    try:
        terminal.until("help")
        terminal.type("r")
        terminal.read(0.5)
        terminal.type("q")
        assert terminal.end(45) == 0  # before the call is over
        assert b"\x1b[?1049l" in terminal.seen
    finally:
        terminal.close()


@pytest.mark.parametrize("how", ["broken", "stuck and broken"])
def test_a_fault_is_one_line_and_code_1_and_shows_no_values(log: Path, how: str) -> None:
    terminal = Terminal(how, log)
    try:
        assert terminal.end(45) == 1  # before a call that hangs is over
        after = terminal.seen.rpartition(b"\x1b[?1049l")[2]
        assert b"error: the console failed; details: REF-1" in after
        assert b"Traceback" not in terminal.seen and b"locals" not in terminal.seen
        assert "TypeError" in log.read_text()
    finally:
        terminal.close()


def test_hostile_text_reaches_no_terminal(log: Path) -> None:
    terminal = Terminal("hostile", log)
    try:
        terminal.until("help")
        terminal.type("23")
        terminal.until("␛")
        terminal.read(1.0)
        assert b"\x1b]0;" not in terminal.seen and b"\x1b]52" not in terminal.seen
        assert b"\x1b[31m" not in terminal.seen and "\x9b".encode() not in terminal.seen
        assert "␛".encode() in terminal.seen
        terminal.type("q")
        assert terminal.end() == 0
    finally:
        terminal.close()


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
    with RealTerminal(command) as console:
        assert console.wait("Overview", "? help").isascii()
        console.type("q")
