"""`lexops status`: what is healthy, what is not, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, program, say, say_json, table

if TYPE_CHECKING:
    from lexops.checks.view import Fleet
    from lexops.site import Site


def status(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show problems, open incidents and how much was seen; exit 1 when there are problems.

    Example: lexops status --site /etc/lexops/lexops.toml
    """
    from lexops.cli.present import exit_code

    opened = program(context).open_site(site)
    fleet = show(opened, as_json)
    leave(exit_code(fleet.checks))


def show(site: Site, as_json: bool) -> Fleet:
    """Write the overview and give back what it showed."""
    from lexops.cli import present
    from lexops.cli import present_requests as waiting
    from lexops.incidents import store as incidents

    fleet = site.fleet()
    me = site.acting()
    role = me.role if me is not None else None
    for_me = waiting.for_person(site.needing(), me.id, me.role) if me is not None else []
    with site.store.read() as connection:
        opened = incidents.incidents(connection)
    if as_json:
        say_json(
            {
                "site": site.file.settings.site.name,
                "at": present.moment(fleet.at),
                "operator": {"name": site.session.operator, "role": role.value if role else None},
                "waiting": [waiting.request_json(view) for view in for_me],
                "worker_beat": present.moment(fleet.worker.beat) if fleet.worker else None,
                "checks": [present.check_json(row) for row in fleet.checks],
                "incidents": [present.incident_json(incident) for incident in opened],
                "broken_plugins": dict(fleet.broken_plugins),
            }
        )
        return fleet
    say(present.headline(site.file.settings.site.name, fleet, site.file.zone))
    say(waiting.who(site.session.operator, role, site.session.read_only))
    for view in for_me:
        say(waiting.call(view))
    for line in table(present.problem_row(row, fleet.at) for row in fleet.problems):
        say(line)
    for name, reason in fleet.broken_plugins.items():
        say(f"BROKEN    {name}: {reason}")
    say(present.counts(fleet))
    if opened:
        say(f"open incidents: {', '.join(f'#{incident.id}' for incident in opened)}")
    return fleet
