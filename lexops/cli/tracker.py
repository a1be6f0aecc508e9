"""`lexops tracker …`: tickets in other systems; linking them is drawn."""

from __future__ import annotations

from typing import Annotated

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
    say_table,
)
from lexops.errors import ConfigError, Exit

commands = typer.Typer(
    cls=Area, help="Other ticket systems, with which incidents are kept in step.", no_args_is_help=True
)


@commands.command("list")
def list_(
    context: typer.Context,
    failing: Annotated[bool, typer.Option("--failing", help="Only those that are not in step.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tickets that incidents have elsewhere, with what is wrong; exit 1 when something is.

    Example: lexops tracker list --failing
    """
    from lexops.cli import present_trackers as present
    from lexops.trackers import store

    opened = program(context).open_site(site)
    known, zone = opened.file.settings.trackers, opened.file.zone
    with opened.store.read() as connection:
        links = store.links(connection)
    wrong = [each for each in links if present.trouble(each, known)]
    shown = wrong if failing else links
    if as_json:
        say_json({"tickets": [present.link_json(each, known) for each in shown]})
    else:
        none = "no incident has a ticket elsewhere; make one: lexops tracker link INCIDENT NAME"
        rows = (present.link_row(each, known, zone) for each in shown)
        say_table(rows, present.HEAD, "every ticket elsewhere is in step" if links else none)
    leave(Exit.PROBLEMS if wrong else Exit.OK)


@commands.command()
def show(
    context: typer.Context,
    incident: Annotated[int, numbered("INCIDENT", "Number of the incident.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an incident's tickets in other systems.

    Example: lexops tracker show 41
    """
    from lexops.cli import present_trackers as present
    from lexops.incidents import store as incidents
    from lexops.trackers import store

    opened = program(context).open_site(site)
    known = opened.file.settings.trackers
    with opened.store.read() as connection:
        incidents.get(connection, incident)
        links = store.links(connection, incident)
    if as_json:
        say_json({"incident": incident, "tickets": [present.link_json(each, known) for each in links]})
        return
    if not links:
        narrate(
            f"incident #{incident} has no ticket elsewhere; make one: lexops tracker link {incident} NAME"
        )
    for number, link in enumerate(links):
        if number:
            say()
        say_table(present.link_lines(link, known, opened.file.zone))


@commands.command()
def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One tracker; else all.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask trackers, from here and now, whether address and token are right. Nothing is changed there.

    Exit code 3 when one does not answer, 1 when one refuses or its states are not told.

    Example: lexops tracker check jira
    """
    from lexops.trackers.examining import examine
    from lexops.trackers.opening import settings_of

    opened = program(context).open_site(site)
    if name is not None:
        settings_of(opened.file, name)
    names = [name] if name is not None else list(opened.file.settings.trackers)
    if not names:
        raise ConfigError(f"{opened.file.path}: there is no tracker", hint="see: docs/trackers.md")
    found = [examine(opened.file, each, opened.clock) for each in names]
    if as_json:
        say_json({"trackers": [each.json for each in found]})
    else:
        say_table((each.row for each in found), ("tracker", "known as", "what is wrong"))
    worst = Exit.UNREACHABLE if any(each.is_down for each in found) else Exit.PROBLEMS
    leave(worst if any(each.wrong for each in found) else Exit.OK)
