"""`lexops sla clocks` and `lexops sla explain`: where each clock stands, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from lexops.cli.program import JsonOption, SiteOption, leave, numbered, program, say, say_json, say_table
from lexops.errors import Exit, InvalidRequest

ClientOption = Annotated[
    str | None, typer.Option("--client", metavar="CODE", help="Only the tickets of one client.")
]


def clocks(
    context: typer.Context,
    client: ClientOption = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the clocks that run, overdue ones first, then what is due next; exit 1 when one is overdue.

    Example: lexops sla clocks --client ACME
    """
    from lexops.cli import present_sla as present
    from lexops.sla.reading import open_tickets, running

    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        tickets = open_tickets(connection, opened.file, opened.clock.now())
    code = (client or "").casefold()
    found = [pair for pair in running(tickets) if code in ("", pair[0].incident.client.casefold())]
    if as_json:
        say_json({"clocks": [present.clock_json(ticket, clock) for ticket, clock in found]})
    else:
        rows = (present.clock_row(ticket, clock, opened.file.zone) for ticket, clock in found)
        say_table(rows, present.CLOCKS, "no clocks run")
    leave(Exit.PROBLEMS if any(clock.is_breached for _, clock in found) else Exit.OK)


def explain(
    context: typer.Context,
    number: Annotated[int, numbered("NUMBER", "Number of the incident.")],
    clock: Annotated[
        str | None,
        typer.Option("--clock", metavar="KIND", help="response, update, resolution or notice; else all."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain how each due time of a ticket came about: every second counted, paused or closed, and why.

    Example: lexops sla explain 41 --clock resolution
    """
    from lexops.cli import present_sla as present
    from lexops.sla.explain import explain as told_by
    from lexops.sla.model import ClockKind
    from lexops.sla.reading import ticket, ticket_events
    from lexops.sla.store import book

    if clock is not None and clock not in {kind.value for kind in ClockKind}:
        raise InvalidRequest(f"--clock: there is no {clock!r}", hint=f"there are: {', '.join(ClockKind)}")
    opened = program(context).open_site(site)
    with opened.store.read() as connection:
        found = ticket(connection, opened.file, number, opened.clock.now())
        explanation = told_by(found, ticket_events(connection, opened.file, number), book(connection))
    told = [each for each in explanation.told if clock is None or each.clock.kind.value == clock]
    if as_json:
        say_json(present.explanation_json(explanation, told))
        return
    for line in present.explanation_lines(explanation, told):
        say(line)
    if not told:
        say("nothing is promised for it; see: lexops sla policy list")


COMMANDS: Mapping[str, Callable[..., Any]] = {"clocks": clocks, "explain": explain}
