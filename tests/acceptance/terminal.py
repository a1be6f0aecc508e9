"""A program on a terminal, for tests that type and read as a person does."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import Self

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])"
)
UP = "\x1b[A"


class Terminal:
    """Types into a program and waits for words that it shows."""

    def __init__(self, command: Sequence[str], columns: int = 110, lines: int = 36) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, close_fds=True
        )
        os.close(slave)
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        self._child.wait(30)
        os.close(self._master)

    def type(self, *keys: str) -> None:
        """Press keys one after the other; what was shown so far is forgotten.

        Letters come as from a quick typist; after a key that leads somewhere a person looks first.
        """
        self._seen = b""
        for key in keys:
            os.write(self._master, key.encode())
            self._read(0.05 if key.isprintable() else 0.7)

    def wait(self, words: str, seconds: float = 60) -> str:
        """Wait until words are shown; gives all that was shown since the last key."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, f"{words!r} was not shown; instead:\n{self.shown[-3000:]}"
            self._read(0.1)
        return self.shown

    @property
    def shown(self) -> str:
        return _ESCAPES.sub(b"", self._seen).decode("utf-8", "replace")

    def _read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                try:
                    self._seen += os.read(self._master, 65536)
                except OSError:
                    return  # the program has ended
