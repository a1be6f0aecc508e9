"""`lexops incident explain NUMBER`: who was told, who is next, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json
from lexops.errors import Exit


def explain(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the incident.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain who was told of an incident and how it arrived, who is told next, when and why.

    Exit 1 when nobody is told of it, though it is open and nobody has taken it.

    Example: lexops incident explain 7
    """
    from lexops.cli import present_escalation as present
    from lexops.escalation.view import ladder_view
    from lexops.incidents import store as incidents
    from lexops.sla import reading

    opened = program(context).open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        incident = incidents.get(connection, number)
        view = ladder_view(connection, opened.file, number, now)
        ticket = reading.ticket(connection, opened.file, number, now)
    clocks = [clock for clock in ticket.clocks if not clock.state.is_over]
    if as_json:
        say_json(present.explain_json(incident, view, clocks))
    else:
        for line in present.explain_lines(incident, view, clocks, opened.file.zone, now):
            say(line)
    leave(Exit.PROBLEMS if view.alarming else Exit.OK)
