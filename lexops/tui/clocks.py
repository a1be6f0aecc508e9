"""The clocks that run, with their tickets, as the console holds them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lexops.incidents.model import Incident
from lexops.sla.model import Clock
from lexops.sla.view import Forecast, Ticket, urgency
from lexops.tui.places import ExplanationPlace


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock that runs, and its ticket."""

    incident: Incident
    clock: Clock
    forecast: Forecast | None = None

    @property
    def place(self) -> ExplanationPlace:
        """Where it leads."""
        return explained(self.incident.id, self.clock)


def explained(incident: int, clock: Clock) -> ExplanationPlace:
    """Where it is told how a clock came about."""
    return ExplanationPlace(incident, clock.kind, clock.round)


def clock_rows(tickets: Iterable[Ticket]) -> list[ClockRow]:
    """Every clock that is not over: overdue ones first, then what is due next, then what waits."""
    found: list[ClockRow] = []
    for ticket in tickets:
        forecasts = ticket.forecasts or (None,) * len(ticket.clocks)
        pairs = zip(ticket.clocks, forecasts, strict=False)
        found += [ClockRow(ticket.incident, clock, told) for clock, told in pairs if not clock.state.is_over]
    return sorted(found, key=lambda row: (urgency(row.clock), row.incident.id))


def nexts(rows: Iterable[ClockRow]) -> dict[int, Clock]:
    """Of each incident the clock that runs out next; `rows` in their order."""
    found: dict[int, Clock] = {}
    for row in rows:
        found.setdefault(row.incident.id, row.clock)
    return found
