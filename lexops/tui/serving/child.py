"""The program of one session: on a terminal of its own or on two pipes, its environment made from scratch."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from lexops.tui.serving.limits import Size, terminal_name

_LAUNCHER = Path(__file__).with_name("launcher.py")
_KEPT = ("PATH", "HOME", "LANG", "LEXOPS_LOG", "XDG_STATE_HOME")
"""What a child gets of the server's own environment; of the client's it gets nothing.

LINES and COLUMNS would freeze the size of the console, and secrets would be seen in /proc."""


def environment(own: Mapping[str, str], terminal: str | None) -> dict[str, str]:
    """A child's environment; `terminal` is the TERM that the client asked for."""
    made = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    made |= {name: own[name] for name in _KEPT if name in own}
    return made if terminal is None else made | {"TERM": terminal_name(terminal)}


class Child:
    """A running program. Making one starts it; `bury` leaves nothing of it behind."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], size: Size | None) -> None:
        self.terminal: int | None = None
        """The master side of its terminal: what it shows is read there, what is typed written."""
        if size is None:
            self._process = self._start(command, environment, subprocess.DEVNULL, subprocess.PIPE)
            out, err = self._process.stdout, self._process.stderr
            assert out is not None and err is not None
            self.output, self.errors = out.fileno(), err.fileno()
            return
        self.terminal, slave = os.openpty()
        self.output, self.errors = self.terminal, None
        try:
            os.set_blocking(self.terminal, False)
            self.resize(size)
            self._process = self._start(command, environment, slave, slave)
        except BaseException:
            os.close(self.terminal)
            raise
        finally:
            os.close(slave)

    output: int
    errors: int | None

    @staticmethod
    def _start(
        command: Sequence[str], environment: Mapping[str, str], stdin: int, others: int
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), *command],
            stdin=stdin,
            stdout=others,
            stderr=others,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )

    def resize(self, size: Size) -> None:
        """Give its terminal another size; the kernel tells it by SIGWINCH."""
        if self.terminal is not None:
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size.height, size.width, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its process group, which has the number of its leader."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def status(self) -> int | None:
        """Its exit status, 128 and more after a signal; None while it runs."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def wait(self, seconds: float) -> None:
        """Return when it has ended, or after so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def bury(self) -> None:
        """Kill what is left of its process group and close its terminal or pipes."""
        self.signal(signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self.terminal is not None:
            os.close(self.terminal)
