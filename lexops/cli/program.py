"""What the command line is given by `app.py`, and what every command shares."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

import typer

from lexops.errors import Exit
from lexops.text import clean

if TYPE_CHECKING:
    from lexops.auth.identity import Session
    from lexops.auth.sshcert import Presented
    from lexops.operations import Operation
    from lexops.site import Site


class ShowConsole(Protocol):
    """Shows a site in the console until it is left; gives the exit code."""

    def __call__(self, site: Site, *, ascii_signs: bool, theme: str) -> int: ...


@dataclass(frozen=True)
class Key:
    """A key that opens sessions."""

    operator: str
    fingerprint: str
    line: str
    """Type and base64."""


@dataclass(frozen=True)
class Serving:
    """What `app.py` gives to the commands that open sessions."""

    serve: Callable[[Site, Callable[[], bool], Callable[[str], None]], None]
    """Serve until told to stop; the last argument tells the person where."""
    keys: Callable[[Site], Iterable[Key]]
    """The keys of all active operators."""
    holder: Callable[[Site, Presented], str]
    """The operator to whom a certificate belongs. Raises Refused."""
    allowed_words: Callable[[Iterable[str], str], tuple[str, ...] | None]
    """The words of a command line when it is on the list, otherwise None."""
    act_as: Callable[[Program, Session], Program]
    """The program whose sites are opened in a session. Raises Refused when they are."""


@dataclass(frozen=True)
class Program:
    """The other parts of LexOps that commands lead to; the command line itself knows none of them."""

    open_site: Callable[[Path | None], Site]
    console: ShowConsole
    work: Callable[[Site, Callable[[], bool], timedelta | None], None]
    operations: Callable[[], Sequence[Operation]] = tuple
    """Everything that can be done on a site; only asked for when a command needs it."""
    page: Callable[[Site], None] = lambda _site: None
    """Tells people what is due where no worker does."""
    serving: Serving | None = None


def on_site(program: Program, site: Path) -> Program:
    """The program with a site that holds where a command names none: `lexops --site FILE status`."""
    return replace(program, open_site=lambda named: program.open_site(named or site))


SiteOption = Annotated[
    Path | None, typer.Option("--site", metavar="FILE", help="The site's lexops.toml, or its folder.")
]
LARGEST_NUMBER = 2**63 - 1
"""Numbers beyond it fit into no database."""


def numbered(metavar: str, help_text: str) -> Any:
    """A command's argument that is the number of something; usage ends with one that nothing can have."""
    return typer.Argument(metavar=metavar, help=help_text, max=LARGEST_NUMBER)


JsonOption = Annotated[bool, typer.Option("--json", help="Data for programs on standard output.")]
RevisionOption = Annotated[
    int | None, typer.Option("--revision", metavar="NUMBER", help="As it was then; else as it is now.")
]


def program(context: typer.Context) -> Program:
    """The program behind a command."""
    found = context.find_root().obj
    assert isinstance(found, Program)
    return found


def serving(context: typer.Context) -> Serving:
    """What the program behind a command has for sessions."""
    found = program(context).serving
    assert found is not None
    return found


def say(text: str = "") -> None:
    """Write a line of data."""
    sys.stdout.write(f"{clean(text, 1_000_000)}\n")


def say_raw(text: str) -> None:
    """Write text whose lines are already safe and end themselves: what other programs read."""
    sys.stdout.write(text)


def narrate(text: str) -> None:
    """Write a line for the person, beside the data."""
    sys.stderr.write(f"{clean(text)}\n")
    sys.stderr.flush()


def say_json(document: object) -> None:
    """Write data for programs."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True, default=str) + "\n")


def table(rows: Iterable[Sequence[str]], gap: str = "  ") -> list[str]:
    """Lines with aligned columns; the last column is as long as it is, nothing is cut."""
    from rich.cells import cell_len

    cells = [[clean(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append(gap.join(padded).rstrip())
    return lines


def say_table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), nothing: str = "") -> None:
    """Write rows below their head. Where there are none, the person is told so, and there is no data."""
    if found := list(rows):
        for line in table([head, *found] if head else found):
            say(line)
    elif nothing:
        narrate(nothing)


def leave(code: Exit | int) -> NoReturn:
    """End with an exit code of the contract."""
    raise typer.Exit(int(code))
