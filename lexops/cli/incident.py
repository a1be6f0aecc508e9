"""`lexops incident …`: list and show incidents; what is done with them is drawn."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import JsonOption, SiteOption, program, say, say_json, table

commands = typer.Typer(
    cls=Area, help="Incidents: what is open, what happened, who is on it.", no_args_is_help=True
)

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the incident.")]


@commands.command("list")
def list_(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List open incidents, the worst first.

    Example: lexops incident list --all --json
    """
    from lexops.cli import present
    from lexops.incidents.store import incidents

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = incidents(connection, include_resolved=all_)
    if as_json:
        say_json({"incidents": [present.incident_json(incident) for incident in found]})
        return
    for line in table(present.incident_row(incident, opened.clock.now()) for incident in found):
        say(line)
    if not found:
        say("no open incidents")


@commands.command()
def show(
    context: typer.Context, number: NumberArgument, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show an incident with its timeline.

    Example: lexops incident show 7
    """
    from lexops.cli import present
    from lexops.clock import show_moment
    from lexops.incidents import store

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        incident = store.get(connection, number)
        entries = store.timeline(connection, number)
    if as_json:
        say_json(present.incident_json(incident, entries))
        return
    say(f"#{incident.id} {incident.severity.value} {incident.state.value}: {incident.title}")
    if incident.owner:
        say(f"owner {incident.owner}")
    lines = [(show_moment(e.at, opened.file.zone), e.kind.value, e.author, e.text) for e in entries]
    for line in table(lines):
        say(line)
