"""Running the console in a terminal, and ending when the terminal is gone."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import threading
from types import TracebackType
from typing import Self

from lexops.clock import Clock
from lexops.errors import Exit
from lexops.tui.app import Console
from lexops.tui.guarded import OnCrash
from lexops.tui.port import Port

PATIENCE = 5.0
"""Seconds that an ending console gets to put the terminal in order and leave."""
_RESTORE = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?1049l\x1b[?25h"
"""No mouse, no focus reports, no bracketed paste, plain keys, main screen, visible cursor."""


def run_console(
    port: Port,
    *,
    on_crash: OnCrash,
    ascii_signs: bool = False,
    theme: str = "dark",
    clock: Clock | None = None,
) -> int:
    """Show the console until it is left; gives the exit code."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        sys.stderr.write("error: the console needs a terminal\nhint: lexops status prints the same as text\n")
        return Exit.USAGE
    for name in ("COLUMNS", "LINES"):
        # They would freeze the size: the console could not follow a resized window.
        os.environ.pop(name, None)
    console = Console(port, on_crash, ascii_signs=ascii_signs, theme=theme, clock=clock)
    with Watchdog(console, sys.stdin.fileno()):
        console.run()
    if console.crash_reference is not None:
        sys.stderr.write(_last_words(console.crash_reference))
        return 1
    return console.return_code or Exit.OK


def _last_words(crash_reference: str) -> str:
    """What is said on the terminal once a console that failed has left it."""
    return f"error: the console failed; details: {crash_reference}\n"


class Watchdog:
    """Ends the console when its terminal vanishes, and the process when the console does not end.

    A terminal can go without a signal (sudo, nohup, a dropped line), and a call into a store that
    hangs would keep the process for ever.
    """

    def __init__(self, console: Console, terminal: int) -> None:
        self._console = console
        self._terminal = terminal
        self._done = threading.Event()
        self._settings = termios.tcgetattr(terminal)

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="console-watchdog", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()

    def _watch(self) -> None:
        ending = self._console.ending
        while not self._done.is_set() and not ending.wait(1.0):
            if self._is_gone():
                with contextlib.suppress(RuntimeError):
                    self._console.call_later(self._console.exit, None, 129)
                break
        if not self._done.wait(PATIENCE):
            self._leave()

    def _is_gone(self) -> bool:
        watch = select.poll()
        watch.register(self._terminal, 0)
        return any(what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, what in watch.poll(0))

    def _leave(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            os.set_blocking(sys.stdout.fileno(), False)
            os.write(sys.stdout.fileno(), _RESTORE)
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._settings)
            if (reference := self._console.crash_reference) is not None:
                os.write(sys.stdout.fileno(), _last_words(reference).encode())
        code = self._console.return_code
        os._exit(129 if code is None else code)
