"""What arrived by itself, as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from lexops.clock import show_moment, utc_text
from lexops.intake.model import Arrival, Mail, Unwanted

HEAD = ("id", "arrived", "from", "incident", "what became of it")


def arrival_row(arrival: Arrival, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list."""
    incident = f"#{arrival.incident}" if arrival.incident is not None else "-"
    return (str(arrival.id), show_moment(arrival.at, zone), arrival.source.value, incident, _outcome(arrival))


def _outcome(arrival: Arrival) -> str:
    if arrival.refused:
        return f"refused: {arrival.refused}"
    return "taken" if arrival.incident is not None else "nothing to do"


def arrival_lines(arrival: Arrival, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """One arrival as names and values."""
    yield "arrived", show_moment(arrival.at, zone)
    yield "from", arrival.source.value
    yield "key", arrival.key
    yield "outcome", _outcome(arrival)
    if arrival.incident is not None:
        yield "incident", f"#{arrival.incident}; see: lexops incident show {arrival.incident}"


def arrival_json(arrival: Arrival) -> dict[str, Any]:
    """One arrival as data."""
    return {
        "id": arrival.id,
        "source": arrival.source.value,
        "key": arrival.key,
        "at": utc_text(arrival.at),
        "incident": arrival.incident,
        "refused": arrival.refused or None,
    }


def handed_in(found: Mail | Unwanted) -> str:
    """What is said of a mail that was handed in."""
    if isinstance(found, Unwanted):
        return f"handed in; it becomes no ticket: {found.reason}"
    return f"handed in; the worker takes it: {found.title}"


def handed_in_json(found: Mail | Unwanted) -> dict[str, Any]:
    """So too, as data."""
    refused = found.reason if isinstance(found, Unwanted) else None
    return {"key": found.key, "refused": refused}


def any_refused(arrivals: Iterable[Arrival]) -> bool:
    """Whether something became no ticket."""
    return any(each.refused for each in arrivals)
