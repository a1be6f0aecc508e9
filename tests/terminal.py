"""A program on a terminal, for tests that type and read as a person does."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.waiting import PATIENCE, until

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])"
)
_LAUNCH = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)  # which tests in the background were started without
os.execvp(sys.argv[1], sys.argv[1:])
"""
UP = "\x1b[A"
LOOK = 0.05
"""Seconds between two looks."""


class Terminal:
    """Types into a program and waits for words that it shows.

    It reads all the time, as terminals do: a program whose words nobody reads is held up by them, and what
    it wrote before a key would be taken for what it wrote after.
    """

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 110,
        lines: int = 36,
        *,
        folder: Path | None = None,
        controlling: bool = True,
        **environment: str,
    ) -> None:
        """`controlling`: whether the kernel tells the program of Ctrl-C, of a new size and of its end."""
        self.raw = b""
        """All that the program wrote, to the byte."""
        self._typed = 0  # where in it the last key was pressed
        self._master, slave = os.openpty()
        self.resize(columns, lines)
        variables = os.environ | {"TERM": "xterm-256color", "PYTHONFAULTHANDLER": "1"}
        variables.pop("SSH_AUTH_SOCK", None)  # the keys of whoever runs the tests sign nothing
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCH] if controlling else []
        self.process = subprocess.Popen(
            [*launcher, *command],
            cwd=folder,
            env=variables | environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._gone = threading.Event()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()

    def type(self, *keys: str) -> None:
        """Press keys one after the other; what was shown so far is forgotten.

        Letters come as from a quick typist; after a key that leads somewhere a person looks first.
        """
        self._typed = len(self.raw)
        for number, key in enumerate(keys, 1):
            os.write(self._master, key.encode())
            if number < len(keys):
                time.sleep(LOOK if key.isprintable() else 0.7)

    def enter(self, line: str) -> None:
        """Type a line."""
        self.type(f"{line}\r")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.type("\x03")

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Be gone, and leave the program alone."""
        self._gone.set()
        self._reader.join()  # a terminal that somebody reads is not gone
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def wait(self, *words: str) -> str:
        """Wait until words are shown, one behind the other; gives all that was shown since the last key."""
        with suppress(AssertionError):  # it is told below, with more
            until(lambda: not self._reader.is_alive() or _follow_each_other(words, self.shown), pause=LOOK)
        if _follow_each_other(words, shown := self.shown):
            return shown
        raise AssertionError(f"{words} not shown; {self._diagnosis()}")

    def ends(self) -> int:
        """Wait for its end; gives the exit code."""
        until(lambda: not self._reader.is_alive(), "it goes on")
        return self.process.wait(PATIENCE)

    @property
    def shown(self) -> str:
        """What it showed since the last key."""
        return _text(self.raw[self._typed :])

    @property
    def text(self) -> str:
        """All that it showed."""
        return _text(self.raw)

    def _read(self) -> None:
        while not self._gone.is_set():
            if select.select([self._master], [], [], LOOK)[0]:
                try:
                    self.raw += os.read(self._master, 65536)
                except OSError:  # Linux says so when the other end is closed
                    return

    def _diagnosis(self) -> str:
        """What was shown instead, and where each thread of a program that still runs stands."""
        shown, code = self.shown[-2000:], self.process.poll()
        if code is not None:
            return f"it has ended with {code}; instead:\n{shown}"
        self._typed = len(self.raw)
        self.process.send_signal(signal.SIGABRT)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return f"instead:\n{shown}\nits threads:\n{self.shown}"


def _text(raw: bytes) -> str:
    return _ESCAPES.sub(b"", raw).decode("utf-8", "replace").replace("\r\n", "\n")


def _follow_each_other(words: Sequence[str], shown: str) -> bool:
    at = 0
    for each in words:
        if (at := shown.find(each, at)) < 0:
            return False
        at += len(each)
    return True
