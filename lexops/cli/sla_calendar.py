"""`lexops sla calendar …`: business calendars; setting their hours, days and holidays is drawn."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, RevisionOption, SiteOption, program, say, say_json, say_table
from lexops.errors import InvalidRequest

commands = typer.Typer(cls=Area, help="Business calendars: when a service is open.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the calendar.")]


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the calendars: zone, days ahead that differ and until when they are known, revision, hours.

    Example: lexops sla calendar list --json
    """
    from lexops.calendars.store import revisions
    from lexops.cli import present_calendars as present

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = [each[-1] for each in revisions(connection).values()]
    now = opened.clock.now()
    if as_json:
        say_json({"calendars": [present.calendar_json(each, now) for each in found]})
        return
    say_table((present.calendar_row(each, now) for each in found), present.HEAD)


@commands.command()
def show(
    context: typer.Context,
    name: NameArgument,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="The month; else this one.")
    ] = None,
    revision: RevisionOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a month of a calendar: the hours of each day, what differs, where the clocks change.

    Example: lexops sla calendar show london --month 2026-12
    """
    from lexops.calendars import month as months
    from lexops.calendars.store import get
    from lexops.cli import present_calendars as present

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = get(connection, name, revision)
    first = _month(month) if month else present.today(found.value, opened.clock.now())
    days = months.month(found.value, first)
    if as_json:
        say_json(present.month_json(found, days))
        return
    for line in present.month_lines(found, days):
        say(line)


@commands.command()
def history(
    context: typer.Context, name: NameArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """List the revisions of a calendar, the newest first: what was changed by whom, when and why.

    Example: lexops sla calendar history london
    """
    from lexops.calendars.store import history as revisions
    from lexops.cli import present_calendars as present
    from lexops.cli import present_revisions as history_of

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = revisions(connection, name)
    if as_json:
        say_json({"calendar": name, "revisions": history_of.as_json(present.changes(found))})
        return
    say_table(history_of.rows(present.changes(found), opened.file.zone), history_of.HEAD)


def _month(text: str) -> date:
    """The first date of a month. Raises InvalidRequest."""
    from lexops.calendars.edit import YEARS

    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidRequest(f"month: {text!r} is no month", hint="write 2026-12") from None
    if found.year not in YEARS:
        raise InvalidRequest(f"month: {found.year} is not between {YEARS[0]} and {YEARS[-1]}")
    return found
