"""Opening the console from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from lexops.cli.program import Program
from lexops.errors import LexOpsError


def open_console(program: Program, site: Path | None) -> None:
    """Open the console, with a worker beside it when none is alive. Raises LexOpsError without a terminal."""
    from lexops.cli.background import alongside

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "without one: lexops status, lexops demo --headless"
        raise LexOpsError("the console needs a terminal", hint=hint)
    opened = program.open_site(site)
    with alongside(opened):
        raise typer.Exit(program.console(opened))
