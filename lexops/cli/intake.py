"""`lexops intake …`: what arrived by itself, what could not be taken, and a mail handed in by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json, say_table
from lexops.errors import Exit, InvalidRequest

commands = typer.Typer(cls=Area, help="What arrived by itself: e-mail, alerts.", no_args_is_help=True)


@commands.command("list")
def list_(
    context: typer.Context,
    refused: Annotated[bool, typer.Option("--refused", help="Only what became no ticket.")] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="From when on: a day, a time, or a span like 30d.")
    ] = "7d",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what arrived lately, the newest first; refused mails lie in .refused beside the maildir's folders.

    Exit code 1 when something was refused within the time that is shown.

    Example: lexops intake list --refused --since 30d
    """
    from lexops.cli import present_intake as present
    from lexops.clock import parse_moment
    from lexops.intake import store

    opened = program(context).open_site(site)
    try:
        start = parse_moment(since, opened.file.zone, lambda ago: opened.clock.now() - ago)
    except ValueError as error:
        raise InvalidRequest(f"since: {error}") from None
    with opened.store.read() as connection:
        found = store.arrivals(connection, start, refused_only=refused)
    if as_json:
        say_json({"arrivals": [present.arrival_json(each) for each in found]})
    else:
        rows = (present.arrival_row(each, opened.file.zone) for each in found)
        none = "nothing was refused in that time" if refused else "nothing came in that time"
        say_table(rows, present.HEAD, none)
    if present.any_refused(found):
        leave(Exit.PROBLEMS)


@commands.command()
def show(
    context: typer.Context,
    arrival: Annotated[int, numbered("ID", "Number of the arrival.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what became of one arrival.

    Example: lexops intake show 12
    """
    from lexops.cli import present_intake as present
    from lexops.intake import store

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = store.get(connection, arrival)
    if as_json:
        say_json(present.arrival_json(found))
        return
    say_table(present.arrival_lines(found, opened.file.zone))


@commands.command()
def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The mail; - for standard input.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand a mail in, as a mail server would: it is put into the maildir, from where the worker takes it.

    Exit code 0 when it lies there safely, whatever becomes of it; else a mail server has to keep it.

    Example, in a .forward file: "|lexops intake take - --site /etc/lexops/lexops.toml || exit 75"
    """
    from lexops import config
    from lexops.cli import present_intake as present
    from lexops.clock import SystemClock
    from lexops.intake.mail import MOST
    from lexops.intake.maildir import deliver

    try:
        raw = sys.stdin.buffer.read(MOST + 1) if str(file) == "-" else _read(file, MOST + 1)
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}") from None
    if len(raw) > MOST:
        raise InvalidRequest(f"{file}: more than {MOST:,} bytes")
    found = deliver(config.load(config.find(site)), raw, SystemClock())
    if as_json:
        say_json(present.handed_in_json(found))
    else:
        say(present.handed_in(found))


def _read(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(most)
