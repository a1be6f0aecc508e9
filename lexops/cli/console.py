"""Opening the console from the command line."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import typer

from lexops.cli.program import Program
from lexops.errors import LexOpsError, Refused


class Theme(StrEnum):
    """The colours of the console."""

    DARK = "dark"
    LIGHT = "light"


def open_console(
    program: Program,
    site: Path | None,
    *,
    read_only: bool = False,
    ascii_signs: bool = False,
    theme: Theme = Theme.DARK,
) -> None:
    """Open the console, with a worker beside it when none is alive; `read_only` for looking only.

    Raises LexOpsError without a terminal, Refused for somebody who is no operator.
    """
    from lexops.cli.background import alongside

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "without one: lexops status, lexops demo --headless"
        raise LexOpsError("the console needs a terminal", hint=hint)
    opened = program.open_site(site)
    if opened.acting() is None:
        name = opened.session.operator
        hint = f"an administrator makes you one: lexops operator add {name} ROLE"
        raise Refused(f"{name} is no active operator of this site", hint=hint)
    if read_only:
        opened = replace(opened, session=replace(opened.session, read_only=True))
    with alongside(opened):
        raise typer.Exit(program.console(opened, ascii_signs=ascii_signs, theme=theme.value))
