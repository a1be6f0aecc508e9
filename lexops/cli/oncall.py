"""`lexops oncall …`: who is on call; setting layers, overrides and swaps are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import (
    JsonOption,
    SiteOption,
    leave,
    narrate,
    program,
    say,
    say_json,
    say_raw,
    say_table,
)
from lexops.errors import Exit, InvalidRequest

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from lexops.cli.present_oncall import Watch
    from lexops.oncall.model import Book
    from lexops.site import Site

commands = typer.Typer(cls=Area, help="Who is on call: now, then, and where nobody is.", no_args_is_help=True)

RotaArgument = Annotated[str, typer.Argument(metavar="ROTA", help="Name of the rota.")]
SomeRota = Annotated[
    str | None, typer.Argument(metavar="ROTA", help="Name of the rota; else every one that has layers.")
]
_NO_ROTAS = "the site has no rotas; make one: lexops oncall layer; see docs/on-call.md"


@commands.command()
def show(
    context: typer.Context,
    rota: SomeRota = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="MOMENT", help="Then: 2026-12-24T09:00, or in: 8h; else now."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who is on call, since and until when, and who is next; exit 1 where nobody is.

    Of a moment in the past it tells who was on call by what was planned then.

    Example: lexops oncall show --at 2026-12-24T09:00
    """
    from lexops.cli import present_oncall as present
    from lexops.cli.present import moment

    opened = program(context).open_site(site)
    book, able = _read(opened)
    now = opened.clock.now()
    then = _moment("at", at, opened.file.zone, now)
    names = [rota] if rota else _used(book)
    found = [_watch(book, name, then, able if then >= now else None) for name in names]
    if as_json:
        say_json({"at": moment(then), "rotas": [present.watch_json(each) for each in found]})
    else:
        say_table(map(present.watch_row, found), present.SHOW_HEAD, _NO_ROTAS)
    if any(each.is_missing for each in found):
        leave(Exit.PROBLEMS)


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the rotas: zone, revision, who is on call now, layers.

    Example: lexops oncall list --json
    """
    from lexops.cli import present_oncall as present

    opened = program(context).open_site(site)
    book, able = _read(opened)
    now = opened.clock.now()
    found = [(book.rotas[name][-1], _watch(book, name, now, able)) for name in sorted(book.rotas)]
    if as_json:
        say_json({"rotas": [present.rota_json(*each) for each in found]})
    else:
        say_table((present.rota_row(*each) for each in found), present.LIST_HEAD, _NO_ROTAS)


@commands.command()
def shifts(
    context: typer.Context,
    rota: RotaArgument,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days.")] = 14,
    since: Annotated[
        str | None, typer.Option("--since", metavar="MOMENT", help="From then on: 2026-12-01; else now.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the shifts of a rota, and its gaps, from hand-off to hand-off.

    Example: lexops oncall shifts support --days 30
    """
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from lexops.cli import present_oncall as present
    from lexops.oncall import rotation

    opened = program(context).open_site(site)
    book, able = _read(opened)
    now = opened.clock.now()
    zone = ZoneInfo(rotation.current(book, rota).zone)
    begins = _moment("since", since, zone, now)
    found = rotation.complete_shifts(book, rota, begins, begins + timedelta(days=days))
    if as_json:
        say_json({"rota": rota, "zone": zone.key, "shifts": [present.shift_json(each) for each in found]})
        return
    rows = (present.shift_row(each, zone, able if each.ends > now else None) for each in found)
    say_table(rows, present.SHIFT_HEAD)


@commands.command()
def gaps(
    context: typer.Context,
    rota: SomeRota = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days ahead.")] = 30,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List when nobody will be on call; exit 1 where somebody is missed.

    Operators who were removed or have expired are nobody. Gaps that an override wanted are shown, and are no
    problem.

    Example: lexops oncall gaps --days 90
    """
    from datetime import timedelta

    from lexops.cli import present_oncall as present
    from lexops.oncall import rotation

    opened = program(context).open_site(site)
    book, able = _read(opened)
    now = opened.clock.now()
    names = [rota] if rota else _used(book)
    found = [
        (rotation.current(book, name), gap)
        for name in names
        for gap in rotation.gaps(book, name, now, now + timedelta(days=days), able)
    ]
    if as_json:
        say_json({"gaps": [present.gap_json(*each) for each in found]})
    else:
        rows = (present.gap_row(*each) for each in found)
        say_table(rows, present.GAP_HEAD, "no gaps" if names else _NO_ROTAS)
    if any(not gap.is_wanted_gap for _, gap in found):
        leave(Exit.PROBLEMS)


@commands.command()
def ical(
    context: typer.Context,
    rota: RotaArgument,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days ahead.")] = 90,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help="Only the shifts of this operator.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the shifts of a rota as an iCalendar file, from the one under way on; exit 1 when there are none.

    A shift keeps its event in every export: calendar programs change it, and add none.

    Example: lexops oncall ical support --days 180 > support.ics
    """
    from datetime import timedelta

    from lexops.cli import present_oncall as present
    from lexops.oncall import ical as writing
    from lexops.oncall import rotation

    opened = program(context).open_site(site)
    book, _ = _read(opened)
    now = opened.clock.now()
    every = rotation.whole_shifts(book, rota, now, now + timedelta(days=days))
    found = [each for each in every if each.person and person in (None, each.person)]
    name = opened.file.settings.site.name
    if as_json:
        events = [{"uid": writing.uid(name, rota, each), **present.shift_json(each)} for each in found]
        say_json({"rota": rota, "events": events})
    elif found:
        say_raw(writing.text(name, rota, found, now))
    if not found:
        narrate(f"{person or 'nobody'} is {'not ' if person else ''}on call in {rota} in {days} days")
        leave(Exit.PROBLEMS)


@commands.command()
def history(
    context: typer.Context, rota: RotaArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """List the revisions and overrides of a rota, the newest first: what was changed by whom, when and why.

    Example: lexops oncall history support
    """
    from zoneinfo import ZoneInfo

    from lexops.cli import present_oncall as present
    from lexops.cli import present_revisions as history_of
    from lexops.oncall import store

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        revisions = store.history(connection, rota)
        overrides = store.overrides(connection, rota)
    if as_json:
        document = {"rota": rota, "revisions": history_of.as_json(present.changes(revisions))}
        say_json(document | {"overrides": [present.override_json(each) for each in overrides]})
        return
    zone = ZoneInfo(revisions[-1].value.zone)
    say_table(history_of.rows(present.changes(revisions), zone), history_of.HEAD)
    if overrides:
        say()
        say_table(present.override_rows(overrides, zone), present.OVERRIDE_HEAD)


def _read(site: Site) -> tuple[Book, dict[str, datetime | None]]:
    """All rotas, and who may act here now."""
    from lexops.oncall import store

    with site.store.read() as connection:
        return store.book(connection), store.able(connection, site.clock.now())


def _used(book: Book) -> list[str]:
    """The rotas that have not ended."""
    from lexops.oncall.rotation import current

    return [name for name in sorted(book.rotas) if current(book, name).layers]


def _watch(book: Book, rota: str, at: datetime, able: dict[str, datetime | None] | None) -> Watch:
    from lexops.cli.present_oncall import Watch
    from lexops.oncall.rotation import current, following, on_call

    return Watch(current(book, rota), on_call(book, rota, at), following(book, rota, at), able)


def _moment(name: str, text: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    """A moment as typed, else now. Raises InvalidRequest."""
    from lexops.oncall.notation import moment

    try:
        return moment(text, zone, now) if text else now
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None
