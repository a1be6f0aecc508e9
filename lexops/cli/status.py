"""`lexops status`: what is healthy, what is not, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, program, say, say_json, say_table
from lexops.errors import Exit, LexOpsError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from lexops.site import Site


def status(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show problems, open incidents and how much was seen.

    Exit code 1 when a check fails or an incident is open, 3 when not everything could be seen.

    Example: lexops status --site /etc/lexops/lexops.toml
    """
    leave(show(program(context).open_site(site), as_json))


def show(site: Site, as_json: bool) -> Exit:
    """Write the overview and give back how things stand."""
    from lexops.cli import present
    from lexops.cli import present_requests as waiting
    from lexops.cli.present_incidents import incident_json
    from lexops.incidents import store as incidents

    fleet = site.fleet()
    me = site.acting()
    role = me.role if me is not None else None
    for_me = waiting.for_person(site.needing(), me.id, me.role) if me is not None else []
    with site.store.read() as connection:
        opened = incidents.incidents(connection)
        breach = next_breach(site, connection, fleet.at)
        untold = nobody_told(site, connection, fleet.at)
    if as_json:
        say_json(
            {
                "site": site.file.settings.site.name,
                "at": present.moment(fleet.at),
                "operator": {"name": site.session.operator, "role": role.value if role else None},
                "waiting": [waiting.request_json(view) for view in for_me],
                "worker_beat": present.moment(fleet.worker.beat) if fleet.worker else None,
                "checks": [present.check_json(row) for row in fleet.checks],
                "incidents": [incident_json(incident) for incident in opened],
                "untold": [{"incident": number, "why": why} for number, why in untold],
                "broken_plugins": dict(fleet.broken_plugins),
            }
        )
        return present.standing(fleet, bool(opened))
    say(present.headline(site.file.settings.site.name, fleet, site.file.zone))
    say(waiting.who(site.session.operator, role, site.session.read_only))
    for view in for_me:
        say(waiting.call(view))
    say_table(present.problem_row(row, fleet.at) for row in fleet.problems)
    for name, reason in fleet.broken_plugins.items():
        say(f"BROKEN    {name}: {reason}")
    say(f"{present.counts(fleet)}{breach}")
    if opened:
        say(f"open incidents: {', '.join(f'#{incident.id}' for incident in opened)}")
    for number, why in untold:
        say(f"nobody is told of #{number}: {why}" if number else f"who is told is not known: {why}")
    return present.standing(fleet, bool(opened))


def next_breach(site: Site, connection: Connection, now: datetime) -> str:
    """What promise breaks next, or why that is not known; the rest of the overview does not depend on it."""
    from lexops.cli import present
    from lexops.sla.reading import open_tickets

    try:
        return present.next_breach(open_tickets(connection, site.file, now), now)
    except LexOpsError as error:
        return f"; SLA clocks are not known: {error}"


def nobody_told(site: Site, connection: Connection, now: datetime) -> list[tuple[int, str]]:
    """Open incidents that nobody has and nobody is told of, with why; number 0 where that is not known."""
    from lexops.escalation import store, view

    try:
        if not store.is_used(connection):
            return []
        return [(each.incident.id, each.why) for each in view.unroutable(connection, site.file, now)]
    except LexOpsError as error:
        return [(0, str(error))]
