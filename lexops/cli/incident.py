"""`lexops incident …`: list and show incidents, files and views; what is done with them is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lexops.cli.incident_explain import explain
from lexops.cli.incident_report import report
from lexops.cli.many import Several
from lexops.cli.program import JsonOption, SiteOption, narrate, numbered, program, say, say_json, say_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lexops.cli.present_incidents import Page
    from lexops.incidents.query import Asker, Line
    from lexops.site import Site
    from lexops.sla.model import Clock

commands = typer.Typer(
    cls=Several, help="Incidents: what is open, what happened, who is on it.", no_args_is_help=True
)
commands.command()(explain)
commands.command()(report)

NumberArgument = Annotated[int, numbered("NUMBER", "Number of the incident.")]


@commands.command("list")
def list_(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    filter_: Annotated[
        str, typer.Option("--filter", "-f", metavar="WORDS", help="Only these: priority:P1 -state:waiting.")
    ] = "",
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="Those of a view; see: incident views.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that are yours.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List open incidents, the worst first; what is part of another one stands below it.

    Example: lexops incident list --filter "priority:P1,P2 target:billing-* sort:breach"
    """
    from lexops.cli import present_incidents as present
    from lexops.incidents import query, store, views

    opened = program(context).open_site(site)
    asker = query.Asker(opened.session.operator, opened.clock.now())
    with opened.store.read() as connection:
        saved = views.view(connection, asker.name, view) if view else ""
        wanted = query.parse(f"{filter_} {saved} {'owner:me' if mine else ''}")
        lines, clocks = _lines(opened, connection, asker, include_all=all_ or wanted.names_state)
        under = [each.parent for each in store.open_children(connection)]
    found = list(present.families(wanted.chosen(lines, asker)))
    counts = {line.incident.id: under.count(line.incident.id) for line, _ in found}
    if as_json:
        say_json(
            {
                "incidents": [
                    present.listed_json(line, counts[line.incident.id], clocks.get(line.incident.id))
                    for line, _ in found
                ]
            }
        )
        return
    rows = (
        present.incident_row(
            line.incident, asker.now, clocks.get(line.incident.id), counts[line.incident.id], under=below
        )
        for line, below in found
    )
    say_table(rows, nothing="no such incidents" if wanted.terms or all_ else "no open incidents")


def _lines(
    site: Site, connection: Connection, asker: Asker, *, include_all: bool
) -> tuple[list[Line], dict[int, Clock]]:
    """Incidents with what a filter may ask of them, and the clock of each that runs out next."""
    from lexops.calendars.business import moment
    from lexops.incidents import store, watchers
    from lexops.incidents.query import Line
    from lexops.sla import reading
    from lexops.sla.store import book

    known = store.incidents(connection, include_resolved=include_all)
    opened = [each for each in known if each.is_open]
    tickets = reading.tickets(connection, site.file, opened, book(connection), asker.now)
    clocks = {each.incident.id: each.next for each in tickets if each.next is not None}
    due = {id: moment(clock.due) for id, clock in clocks.items() if clock.due is not None}
    watched, targets = watchers.watched(connection), site.file.settings.targets
    lines = []
    for each in known:
        target = targets.get(each.target or "")
        environment = target.environment if target else ""
        lines.append(Line(each, due.get(each.id), watched.get(each.id, frozenset()), environment))
    return lines, clocks


@commands.command()
def show(
    context: typer.Context, number: NumberArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show an incident: its facts, what belongs to it, and its timeline.

    Example: lexops incident show 7
    """
    from lexops.cli import present_incidents as present

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        page = _page(connection, number)
    if as_json:
        say_json(present.page_json(page))
        return
    for line in present.page_lines(page, opened.file.zone):
        say(line)
    say_table(present.entry_row(entry, opened.file.zone) for entry in page.entries)


def _page(connection: Connection, number: int) -> Page:
    from lexops.cli.present_incidents import Page
    from lexops.incidents import attachments, links, store, watchers
    from lexops.incidents.model import LinkKind

    incident = store.get(connection, number)
    return Page(
        incident,
        store.timeline(connection, number),
        store.get(connection, incident.parent) if incident.parent else None,
        store.children(connection, number),
        links.links(connection, number),
        links.linked_to(connection, LinkKind.INCIDENT, str(number)),
        watchers.watchers(connection, number),
        attachments.attachments(connection, number),
    )


@commands.command()
def views(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the views: those that are always there, your own, and everybody's.

    Example: lexops incident views
    """
    from lexops.cli import present_incidents as present
    from lexops.incidents import query
    from lexops.incidents import views as saved

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = saved.views(connection, opened.session.operator)
    if as_json:
        say_json({"views": present.views_json(found, query.BUILT_IN)})
        return
    say_table(present.view_rows(found, query.BUILT_IN))


@commands.command()
def attach(
    context: typer.Context,
    number: NumberArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
    name: Annotated[str | None, typer.Option("--name", help="What it is called there.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The same key never acts twice.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attach a file to an incident. Its content is kept beside the incident and not on the record.

    Example: lexops incident attach 7 slow-queries.txt
    """
    import base64
    from hashlib import sha256

    from lexops.cli import asking, files

    opened = program(context).open_site(site)
    data = files.read(file, opened.file.settings.incidents.attachment_limit)
    arguments = {
        "incident": number,
        "name": name or file.name,
        "sha256": sha256(data).hexdigest(),
        "content": base64.b64encode(data).decode("ascii"),
    }
    asking.ask(opened, "incident.attach", arguments, asking.Manner(as_json=as_json, key=key))


@commands.command()
def attachment(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the file.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to; - for standard output.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a file of an incident out, as it came. What is there already is never overwritten.

    Example: lexops incident attachment 3 --to slow-queries.txt
    """
    from lexops.cli import files
    from lexops.incidents import attachments

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found, data = attachments.get(connection, number)
    files.check(data, found.sha256)
    files.write(to, data)
    told = {"attachment": found.id, "name": found.name, "size": found.size, "to": str(to)}
    if as_json and str(to) != "-":
        say_json(told)
    else:
        narrate(f"{found.name}, {found.size:,} bytes, written to {to}")
