"""What an SLA is about, as plain values: what happened, what was promised, where each clock stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lexops.calendars.business import BusinessTime
from lexops.calendars.model import Calendar, Revision, known


class ClockKind(StrEnum):
    """What a clock promises."""

    RESPONSE = "response"
    """From the opening to the first sign of a person: taken, or answered."""
    UPDATE = "update"
    """From the client's word to our answer; one clock for each exchange."""
    RESOLUTION = "resolution"
    """From the opening to the resolution; a re-opened ticket goes on with the same clock."""
    NOTICE = "notice"
    """From awareness of a breach to its notification: the law's, never paused."""


class Happening(StrEnum):
    """What happens to a ticket, as far as clocks care; of one moment in this order."""

    OPENED = "opened"
    CLASSIFIED = "classified"
    AWARE = "aware"
    REOPENED = "reopened"
    RESUMED = "resumed"
    ASKED = "asked"
    PAUSED = "paused"
    TAKEN = "taken"
    """A person is on it: that is a response, and no answer to a question."""
    ANSWERED = "answered"
    NOTIFIED = "notified"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Facts:
    """By what a promise is chosen. Empty: not known."""

    priority: str = ""
    client: str = ""
    provider: str = ""
    queue: str = ""
    kind: str = ""
    """Kind of the target: postgresql, host, …"""


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One thing that happened to a ticket."""

    at: datetime
    kind: Happening
    number: int = 0
    """Its place among events of the same moment and kind."""
    facts: Facts | None = None
    """For OPENED and CLASSIFIED: all facts from then on."""
    text: str = ""
    """Why it was paused, for example; for AWARE and NOTIFIED the jurisdiction."""


class Change(StrEnum):
    """What a new priority or client does to a clock that runs."""

    RETROACTIVE = "retroactive"
    """The new budget, counted from the opening; pauses stay."""
    RESTART = "restart"
    """The new budget, counted from the change."""


ANY = Facts()


@dataclass(frozen=True, slots=True)
class Policy:
    """What was promised for the tickets that it fits."""

    name: str
    calendar: str
    budgets: Mapping[str, Mapping[ClockKind, int]]
    """Open seconds, by priority and clock; what is absent is not promised."""
    fits: Facts = ANY
    """What a ticket has to be; what is empty does not matter. The one that names most wins."""
    warnings: tuple[int, ...] = (75, 90)
    """Percent of the budget at which a warning is given; 100 is the breach."""
    pausing: frozenset[ClockKind] = frozenset({ClockKind.UPDATE, ClockKind.RESOLUTION})
    """The clocks that wait while a ticket waits for the client."""
    change: Change = Change.RETROACTIVE
    contract: str = ""
    """Where it is written: number and paragraph of the contract."""
    since: datetime | None = None
    """Tickets opened from then on; None: always."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """Every revision of every calendar and policy of a site, and the open time of each calendar."""

    calendars: Mapping[str, Sequence[Revision[Calendar]]]
    policies: Mapping[str, Sequence[Revision[Policy]]]
    _times: dict[tuple[str, int], BusinessTime] = field(default_factory=dict, repr=False, compare=False)

    def policy(self, facts: Facts, opened: datetime, finished: datetime | None) -> Revision[Policy] | None:
        """What was promised for a ticket; None when nothing was.

        A policy entered only after the clock finished counts where nothing else was promised: it does not
        take the place of one that was known then.
        """
        fitting = [
            found
            for revisions in self.policies.values()
            if (found := known(revisions, finished)) is not None and _holds(found.value, facts, opened)
        ]
        in_time = [
            each for each in fitting if finished is None or each.correction or each.recorded <= finished
        ]
        return max(in_time or fitting, key=lambda each: (_weight(each.value), each.value.name), default=None)

    def time(self, name: str, finished: datetime | None) -> tuple[BusinessTime, int]:
        """The open time of a calendar and its revision. Raises KeyError for a calendar that is not there."""
        found = known(self.calendars.get(name, ()), finished)
        if found is None:
            raise KeyError(name)
        return self._time(name, found), found.number

    def revised(self, name: str, number: int) -> BusinessTime:
        """The open time of one revision of a calendar. Raises KeyError for one that is not there."""
        for found in self.calendars.get(name, ()):
            if found.number == number:
                return self._time(name, found)
        raise KeyError(name)

    def _time(self, name: str, revision: Revision[Calendar]) -> BusinessTime:
        key = (name, revision.number)
        if key not in self._times:
            self._times[key] = BusinessTime(revision.value)
        return self._times[key]


_NAMES = ("client", "provider", "priority", "queue", "kind")
"""Facts by weight: what is said of a client outweighs everything that is said of the others."""


def _holds(policy: Policy, facts: Facts, opened: datetime) -> bool:
    if (policy.since and opened < policy.since) or (policy.until and opened >= policy.until):
        return False
    return matches(facts, policy.fits, _NAMES)


def matches(facts: object, fits: object, names: Iterable[str]) -> bool:
    """Whether a ticket is what a policy is for, by these facts of both; what is empty there does not matter.

    Two spellings of a code are one client: nothing must be missed for a capital letter.
    """
    wanted = ((getattr(fits, name), getattr(facts, name)) for name in names)
    return all(not want or want.casefold() == found.casefold() for want, found in wanted)


def _weight(policy: Policy) -> tuple[bool, ...]:
    return tuple(bool(getattr(policy.fits, name)) for name in _NAMES)


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    """Nothing is due while it waits."""
    OVERDUE = "overdue"
    """The budget is used up and it still runs."""
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (ClockState.MET, ClockState.MISSED, ClockState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Pause:
    """A span that does not count, whole seconds since 1970 UTC."""

    start: int
    end: int | None
    """None: it goes on."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise of one ticket, at a moment. Seconds are open seconds of its calendar, moments UTC."""

    kind: ClockKind
    round: int
    """1, 2, … for each exchange of UPDATE and each jurisdiction of NOTICE; else 1."""
    state: ClockState
    facts: Facts
    start: int
    """Whole seconds since 1970 UTC, as the following."""
    end: int
    """When it stopped; now while it runs."""
    due: int | None
    """None while it is paused with budget left."""
    budget: int
    worked: int
    paused: int
    """Open seconds that a pause took out."""
    pauses: tuple[Pause, ...]
    warnings: tuple[int, ...]
    policy: str
    """Name; for NOTICE the jurisdiction."""
    policy_revision: int
    calendar: str
    calendar_revision: int
    contract: str = ""
    reopened: int = 0
    first_end: int | None = None
    """Of a re-opened ticket: when it was resolved first."""

    @property
    def left(self) -> int:
        """Open seconds until the breach; negative after it."""
        return self.budget - self.worked

    @property
    def is_breached(self) -> bool:
        return self.worked > self.budget

    @property
    def used(self) -> int:
        """Whole percent of the budget that are used up."""
        return self.worked * 100 // self.budget
