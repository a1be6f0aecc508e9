"""Commands in a pseudo-terminal of their own, as a person meets them."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

LONGEST = 60.0
"""Seconds that anything is waited for."""


class Terminal:
    """One command on a terminal: `expect` what it says, `type` what a person would."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        near, far = pty.openpty()
        self._near = near
        self.seen = ""
        self._read = 0
        variables = os.environ | {"LEXOPS_LOG": str(folder / "log"), "LEXOPS_SITE": "", "TERM": "xterm"}
        variables.pop("SSH_AUTH_SOCK", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lexops", *arguments],
            cwd=folder,
            env=variables | {"XDG_STATE_HOME": str(folder / "state")} | environment,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(far)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._near)

    def expect(self, text: str) -> str:
        """Wait until this is said, behind what was expected before; gives what came until then."""
        end = time.monotonic() + LONGEST
        while (at := self.seen.find(text, self._read)) < 0:
            assert time.monotonic() < end and self._take(), f"no {text!r} in: {self.seen[self._read :]}"
        before, self._read = self.seen[self._read : at], at + len(text)
        return before

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._near, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def ends(self) -> int:
        """Wait for the end; gives the exit code."""
        end = time.monotonic() + LONGEST
        while self._take():
            assert time.monotonic() < end, f"it does not end: {self.seen}"
        return self._process.wait(timeout=LONGEST)

    def _take(self) -> bool:
        """Read what is there, waiting a little; False at the end."""
        if not select.select([self._near], [], [], 0.2)[0]:
            return True
        try:
            part = os.read(self._near, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.seen += part.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(part)
