"""How long one waits for LexOps to start.

Commands first: `lexops --help` and `lexops status` on a small site, against an empty Python, against
`import typer`, which any command line of this kind pays, and against the import of the libraries that
answering from a store needs (typer, pydantic, SQLAlchemy). Then the console in a pseudo-terminal of
120 × 40, until the Overview's titles are on the wire, against a bare Textual app with one Static in the
same terminal until its text is: the difference is ours. CPU is that of the process until then; its worker
is not counted in it, but takes its share of the cores when the console has to start one, so that this is
measured with and without. Everything runs once before it counts, so that compiled modules are there.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from benchmarks.figures import Report, Sample, report
from benchmarks.measure import LONGEST, Run, by_turns, program
from lexops.checks import presence
from lexops.site import Site
from tests.sites import open_site, work_until_quiet

ROUNDS = 7
COLUMNS, LINES = 120, 40
TARGETS = """
[targets.this-host]
kind = "host"
environment = "demo"
address = "local"

[targets.own-store]
kind = "sqlite"
environment = "demo"
url = "sqlite:///lexops.db"
"""
EMPTY = "python -c pass"
TYPER = "import typer"
LIBRARIES = "import typer, pydantic, sqlalchemy"
HELP = "lexops --help"
STATUS = "lexops status"
BARE = "bare Textual app, first text"
CONSOLE = "console, Overview in sight"
WITH_WORKER = "console that starts its worker"

BARE_APP = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("COVERAGE")

Bare().run()
"""
SIGN = b"COVERAGE"
"""A title of the Overview; the bare app shows the same word."""


def measure() -> Report:
    """Run the comparison on a site made for it, with one pass of results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = open_site(folder, TARGETS)
        work_until_quiet(site)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ},
            **{"HOME": name, "XDG_STATE_HOME": name, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        }
        python, lexops = sys.executable, lexops_command()
        where = ["--site", str(site.file.path)]
        bare = Terminal([python, "-c", BARE_APP], environment)
        console = Terminal([*lexops, *where], environment)
        runs: dict[str, Run] = {
            EMPTY: program([python, "-c", "pass"], environment),
            TYPER: program([python, "-c", "import typer"], environment),
            LIBRARIES: program([python, "-c", "import typer, pydantic, sqlalchemy"], environment),
            HELP: program([*lexops, "--help"], environment),
            STATUS: program([*lexops, "status", *where], environment, fine=(0, 1)),
            BARE: bare.first_text,
            CONSOLE: watched(site, console.first_text),
            WITH_WORKER: console.first_text,
        }
        series = by_turns(runs, ROUNDS)
        site.store.close()
    pairs = [(HELP, EMPTY), (HELP, TYPER), (STATUS, LIBRARIES), (CONSOLE, BARE), (WITH_WORKER, CONSOLE)]
    return report("startup", "one start", series, pairs)


def lexops_command() -> list[str]:
    """The installed program, or its module where there is none beside this Python."""
    program = Path(sys.executable).with_name("lexops")
    return [str(program)] if program.exists() else [sys.executable, "-m", "lexops"]


def watched(site: Site, run: Run) -> Run:
    """`run` while the store says that a worker is alive, so that the console starts none."""

    def act() -> Sample:
        ahead = datetime.now(UTC) + timedelta(hours=1)
        with site.store.begin() as connection:
            presence.claim_worker(connection, "benchmark", os.getpid(), ahead)
        try:
            return run()
        finally:
            with site.store.begin() as connection:
                presence.release_worker(connection, "benchmark")

    return act


class Terminal:
    """A program in a pseudo-terminal of its own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment

    def first_text(self) -> Sample:
        """From the start of the process until the sign is on the wire; then the program is sent away."""
        near, far = pty.openpty()
        try:
            fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            started = time.perf_counter()
            process = psutil.Popen(
                self._command,
                env=self._environment,
                stdin=far,
                stdout=far,
                stderr=far,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
            try:
                _read_until(near, lambda seen: SIGN in seen)
                wall = time.perf_counter() - started
                used = process.cpu_times()
                sample = Sample(wall, used.user + used.system)
                os.write(near, b"\x11")  # ctrl+q leaves both
                _drain_until(near, lambda: process.poll() is not None)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
        finally:
            os.close(near)
            os.close(far)
        return sample


def _read_until(terminal: int, is_enough: Callable[[bytes], bool]) -> None:
    seen = b""
    end = time.monotonic() + LONGEST
    while not is_enough(seen):
        if time.monotonic() > end:
            raise TimeoutError(f"no {SIGN.decode()} in sight; the end of what came: {seen[-300:]!r}")
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536)


def _drain_until(terminal: int, is_over: Callable[[], bool]) -> None:
    """Take what still comes, or a program that writes would never end."""
    end = time.monotonic() + 10
    with suppress(OSError):
        while not is_over() and time.monotonic() < end:
            if select.select([terminal], [], [], 0.02)[0]:
                os.read(terminal, 65536)
