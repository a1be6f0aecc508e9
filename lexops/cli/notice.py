"""`lexops notice …`: what people outside were told and are promised; telling them is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import (
    JsonOption,
    SiteOption,
    leave,
    narrate,
    numbered,
    program,
    say,
    say_json,
    say_raw,
    say_table,
)
from lexops.errors import Exit, InvalidRequest

if TYPE_CHECKING:
    from lexops.communication.model import NoticeKind
    from lexops.communication.rendering_status import Format
    from lexops.site import Site

commands = typer.Typer(
    cls=Area, help="Notices: updates, maintenance, how things stand.", no_args_is_help=True
)

NoticeArgument = Annotated[int, numbered("NOTICE", "Number of the notice.")]
NumberArgument = Annotated[int, numbered("NUMBER", "Number of the incident.")]
AudienceOption = Annotated[
    str | None, typer.Option("--audience", metavar="NAME", help="Only what this audience was told.")
]


@commands.command("list")
def list_(
    context: typer.Context,
    incident: Annotated[
        int | None, typer.Option("--incident", metavar="NUMBER", help="Only about this incident.")
    ] = None,
    audience: AudienceOption = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only update, maintenance or status.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people outside were told, the newest first.

    Example: lexops notice list --incident 41
    """
    from lexops.cli import present_notices as present
    from lexops.communication.store import Wanted, notices

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = notices(connection, Wanted(_kind(kind), audience, incident))
    if as_json:
        say_json({"notices": [present.notice_json(each) for each in found]})
        return
    rows = (present.notice_row(each, opened.file.zone) for each in found)
    say_table(rows, present.HEAD, "nobody was told anything")


def _kind(text: str | None) -> NoticeKind | None:
    from lexops.communication.model import NoticeKind

    if text is not None and text not in list(NoticeKind):
        raise InvalidRequest(f"--kind: there is no {text!r}", hint=f"there are: {', '.join(NoticeKind)}")
    return NoticeKind(text) if text is not None else None


@commands.command()
def show(
    context: typer.Context, notice: NoticeArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show a notice: its words, and what became of its messages.

    Example: lexops notice show 12
    """
    from lexops.cli import present_notices as present
    from lexops.communication import store
    from lexops.outbox.store import messages

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = store.get(connection, notice)
        sent = messages(connection, subject=found.subject)
    if as_json:
        say_json(present.notice_json(found, sent))
        return
    for line in present.notice_lines(found, sent, opened.file.zone):
        say(line)


@commands.command()
def due(
    context: typer.Context,
    incident: Annotated[
        int | None, typer.Option("--incident", metavar="NUMBER", help="Only of this incident.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the updates that are promised, the next due first; exit 1 when one is overdue.

    Example: lexops notice due
    """
    from lexops.cli import present_notices as present
    from lexops.communication.model import Due
    from lexops.communication.store import promises

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        found = promises(connection, now, incident)
    if as_json:
        say_json({"promises": [present.promise_json(each) for each in found]})
    else:
        rows = (present.promise_row(each, now, opened.file.zone) for each in found)
        say_table(rows, present.DUE_HEAD, "no update is promised")
    leave(Exit.PROBLEMS if any(each.due is Due.OVERDUE for each in found) else Exit.OK)


@commands.command()
def status(
    context: typer.Context,
    format: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
    audience: AudienceOption = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="MOMENT", help="As it was then; else now.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how things stand, in the words an audience was told; to send it: lexops notice publish.

    Example: lexops notice status --audience partners --format html
    """
    from lexops.communication.reading import standing
    from lexops.communication.rendering_status import write

    form = _format(format, as_json)
    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = standing(connection, opened.file, audience, _at(opened, at))
    say_raw(write(found, form))


def _format(given: str, as_json: bool) -> Format:
    from lexops.communication.rendering_status import Format

    if given not in list(Format):
        raise InvalidRequest(f"format: there is no {given!r}", hint=f"there are: {', '.join(Format)}")
    if as_json and given == "html":
        raise InvalidRequest(f"--json and --format {given} exclude each other")
    return Format.JSON if as_json else Format(given)


def _at(site: Site, text: str | None) -> datetime:
    """The moment that is meant; a span is before now. Raises InvalidRequest."""
    from lexops.clock import parse_moment

    now = site.clock.now()
    if text is None:
        return now
    try:
        found = parse_moment(text, site.file.zone, lambda ago: now - ago)
    except ValueError as error:
        raise InvalidRequest(f"--at: {error}") from None
    if found > now:
        raise InvalidRequest("--at: that is still to come")
    return found


@commands.command()
def draft(
    context: typer.Context,
    number: NumberArgument,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="NAME", help="first, going-on, mitigated, resolved, or your own."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft an update of an incident; without a template the one that fits how far it is.

    Example: lexops notice draft 41 --template first
    """
    from lexops.communication.reading import draft as drafted

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = drafted(connection, opened.file, number, template, opened.clock.now())
    if as_json:
        say_json({"incident": number, "name": found.name, "text": found.text})
        return
    for line in found.text.splitlines():
        say(line)
    narrate(f"send it with: lexops notice update {number} AUDIENCE TEXT NEXT --template {found.name}")


@commands.command()
def actions(
    context: typer.Context,
    open_: Annotated[bool, typer.Option("--open", help="Only what is still to be done.")] = False,
    incident: Annotated[
        int | None, typer.Option("--incident", metavar="NUMBER", help="Only those of this incident.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the things to do that came out of incidents, with their age; exit 1 when one is overdue.

    Example: lexops notice actions --open
    """
    from lexops.cli import present_notices as present
    from lexops.communication.actions import actions as known

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        found = [each for each in known(connection, incident) if each.is_open or not open_]
    if as_json:
        say_json({"actions": [present.listed_action_json(each, now) for each in found]})
    else:
        rows = (present.action_row(each, now, opened.file.zone) for each in found)
        say_table(rows, present.ACTIONS_HEAD, "nothing to do; open one with: lexops incident action")
    leave(Exit.PROBLEMS if any(each.is_overdue(now) for each in found) else Exit.OK)
