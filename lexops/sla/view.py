"""What screens and commands show of the tracker, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lexops.incidents.model import Incident
from lexops.sla.model import Clock, ClockKind, ClockState


@dataclass(frozen=True, slots=True)
class Forecast:
    """How likely it is that a clock that runs breaks its promise."""

    permille: int
    similar: int
    """On how many similar clocks it rests."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An incident with its clocks at a moment."""

    incident: Incident
    clocks: tuple[Clock, ...]
    forecasts: tuple[Forecast | None, ...] = ()
    """Beside each clock; None where too few similar ones are known or nothing is left to foresee."""

    @property
    def next(self) -> Clock | None:
        """The clock that runs out next, overdue ones first; None when none runs."""
        running = [clock for clock in self.clocks if not clock.state.is_over]
        return min(running, key=urgency, default=None)


def urgency(clock: Clock) -> tuple[bool, bool, int]:
    """The order of clocks that run: overdue, then what is due next, then what waits with the least left."""
    paused = clock.state is ClockState.PAUSED
    at = clock.left if paused else (clock.due or clock.end)
    return (clock.state is not ClockState.OVERDUE, paused, at)


class Part(StrEnum):
    """What a stretch of a clock's life was."""

    COUNTED = "counted"
    CLOSED = "closed"
    """Outside the hours of the calendar."""
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock's life, whole seconds since 1970 UTC; the next one begins where it ends."""

    start: int
    end: int
    part: Part
    why: str = ""
    """`night`, `weekend`, `Good Friday`, `waiting: for the client's bank`."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one clock came about."""

    clock: Clock
    segments: tuple[Segment, ...]
    """From its start to its end, or to what it is due at if that is later; nothing is left out."""
    lines: tuple[str, ...]
    """In words that a client accepts, moments in the zone of its calendar."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How every due time of a ticket came about."""

    ticket: Ticket
    told: tuple[Told, ...]


class Responsibility(StrEnum):
    """Who broke a promise."""

    OURS = "ours"
    CLIENT = "client"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Attainment:
    """How many promises of one kind were kept in a month, in one group."""

    group: str
    """`all`, `priority`, `client`, `provider` or `queue`."""
    name: str
    kind: ClockKind
    met: int
    missed: int
    median: int | None
    """Open seconds, as the following; nearest rank. None without clocks."""
    p90: int | None
    worst: int | None
    low: float
    """Percent: the 95 % Wilson interval of what was attained."""
    high: float
    before: float | None = None
    """Percent attained in the month before; None when there was nothing."""

    @property
    def count(self) -> int:
        return self.met + self.missed

    @property
    def percent(self) -> float | None:
        """What was attained; None when there was nothing to attain."""
        return 100 * self.met / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was not kept."""

    incident: int
    title: str
    kind: ClockKind
    round: int
    priority: str
    client: str
    provider: str
    due: int | None
    end: int
    over: int
    """Open seconds beyond the budget."""
    paused: int
    pauses: tuple[tuple[int, int | None, str], ...]
    is_open: bool
    responsibility: Responsibility | None
    reason: str
    changed: int = 0
    """How often reason or responsibility was recorded anew."""


@dataclass(frozen=True, slots=True)
class DayCell:
    """The promises to one client that came to an end on one day."""

    client: str
    day: date
    met: int
    missed: int


@dataclass(frozen=True, slots=True)
class Restatement:
    """What differs from what was closed."""

    what: str
    closed: str
    now: str


@dataclass(frozen=True, slots=True)
class Closing:
    """A month as it was closed before it was closed again."""

    number: int
    at: datetime
    digest: str
    said: str
    """`251 kept, 9 broken`; or what is wrong with it."""


TAMPERED = "TAMPERED"
"""How it begins what accuses somebody."""


@dataclass(frozen=True, slots=True)
class Report:
    """A month, half open in the site's zone."""

    site: str
    month: str
    """2026-10"""
    zone: str
    start: datetime
    end: datetime
    cutoff: datetime
    """What was known when it was made: the newest entry of any timeline in it."""
    client: str
    provider: str
    """The filters; empty: everybody."""
    attainments: tuple[Attainment, ...]
    breaches: tuple[Breach, ...]
    saved: tuple[tuple[int, ClockKind, int, int], ...]
    """Warned but kept: incident, clock, round, percent of the budget that was used."""
    still_open: int
    """Clocks that run and are not due yet; they count in no percentage."""
    cancelled: int
    days: tuple[DayCell, ...]
    trend: tuple[tuple[str, int, int], ...]
    """The last twelve months, oldest first: month, met, missed."""
    definitions: tuple[str, ...]
    """Policies, calendars and their revisions, the time zone data, the rules, in words."""
    closed: datetime | None = None
    number: int = 0
    """Which closing of the month that was; 0: none."""
    digest: str = ""
    """SHA-256 of what was closed."""
    earlier: tuple[Closing, ...] = ()
    """Closings of the month before that one, the first one first."""
    restatements: tuple[Restatement, ...] = ()
    behind: int = 0
    """Tickets whose clocks are not counted as they stand: a worker is catching up."""
    tampered: str = ""
    """What is wrong with what was closed; empty: nothing, as far as it can be seen."""

    @property
    def is_accused(self) -> bool:
        """Whether somebody changed what was closed; else it only cannot be proven that nobody did."""
        return self.tampered.startswith(TAMPERED)


@dataclass(frozen=True, slots=True)
class SoFar:
    """How many promises were kept and broken in a month that is not over."""

    met: int
    missed: int
