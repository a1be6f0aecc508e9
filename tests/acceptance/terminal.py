"""A program on a terminal, for tests that type and read as a person does."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from typing import Self

from tests.waiting import PATIENCE

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])"
)
UP = "\x1b[A"
LOOK = 0.05
"""Seconds between two looks."""


class Terminal:
    """Types into a program and waits for words that it shows.

    It reads all the time, as terminals do: a program whose words nobody reads is held up by them, and what
    it wrote before a key would be taken for what it wrote after.
    """

    def __init__(self, command: Sequence[str], columns: int = 110, lines: int = 36) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._child = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            close_fds=True,
            env=os.environ | {"PYTHONFAULTHANDLER": "1"},
        )
        os.close(slave)
        self._seen = b""
        self._seeing = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        self._child.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._master)

    def type(self, *keys: str) -> None:
        """Press keys one after the other; what was shown so far is forgotten.

        Letters come as from a quick typist; after a key that leads somewhere a person looks first.
        """
        with self._seeing:
            self._seen = b""
        for key in keys:
            os.write(self._master, key.encode())
            time.sleep(0.05 if key.isprintable() else 0.7)

    def wait(self, *words: str, seconds: float = PATIENCE) -> str:
        """Wait until words are shown, one behind the other; gives all that was shown since the last key."""
        # Looks are counted, not seconds: a machine that stood still for a while has not shown anything.
        for _ in range(round(seconds / LOOK)):
            ended = not self._reader.is_alive()
            if _follow_each_other(words, shown := self.shown):
                return shown
            if ended:
                break
            time.sleep(LOOK)
        raise AssertionError(f"{words} not shown; {self._diagnosis()}")

    @property
    def shown(self) -> str:
        with self._seeing:
            seen = self._seen
        return _ESCAPES.sub(b"", seen).decode("utf-8", "replace")

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._master, 65536)
            except OSError:  # Linux says so when the other end is closed
                return
            with self._seeing:
                self._seen += part

    def _diagnosis(self) -> str:
        """What was shown instead, and where each thread of a program that still runs stands."""
        shown, code = self.shown[-2000:], self._child.poll()
        if code is not None:
            return f"it has ended with {code}; instead:\n{shown}"
        with self._seeing:
            self._seen = b""
        self._child.send_signal(signal.SIGABRT)
        self._child.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return f"instead:\n{shown}\nits threads:\n{self.shown}"


def _follow_each_other(words: Sequence[str], shown: str) -> bool:
    at = 0
    for each in words:
        if (at := shown.find(each, at)) < 0:
            return False
        at += len(each)
    return True
