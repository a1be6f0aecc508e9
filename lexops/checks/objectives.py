"""Service level objectives: how available a service was, by the results of its checks.

A service is what its counted checks say, by default the availability check of each of its targets:

- down while a check is CRITICAL for certain (a hard result), and from the first look of that failure on: an
  outage does not begin with the third look at it. A failed look that was not confirmed is what the look after
  it says: no outage when that found it well;
- up while it is OK or WARNING: slow is not down;
- unknown while it is UNKNOWN, pending or not applicable, and where nobody looked. But what could not be
  looked at because its target or the host below was down, was down: unknown is only what is our own fault;
- not counted during announced downtimes of the check, its target or the host below. Silences count.

A service of several targets is down while any of them is. The rules of the numbers are in
:mod:`lexops.trends.availability`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, or_, select

from lexops.checks.contract import Assignment
from lexops.checks.model import Check, Status
from lexops.checks.schedule import stale_after
from lexops.checks.tables import downtime_table, of, result_table
from lexops.checks.view import Burn, DayOfHours, ObjectiveView
from lexops.config import ObjectiveSettings, Settings
from lexops.trends.availability import (
    Availability,
    Pair,
    Span,
    State,
    Stretch,
    behind,
    burn_rate,
    held,
    maintained,
    measured,
    measured_between,
    pairs,
    together,
    window_text,
)

HOLDS = 3
"""Intervals of a check for which one of its looks holds when no other follows."""
SHORTEST = timedelta(hours=1)
"""A shorter window than this says nothing by checks that look once a minute."""

Place = tuple[str, str]
"""A target and a check."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A check on a target, and how long one of its looks holds."""

    target: str
    check: str
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Counted:
    """A check that counts, and what explains that it cannot look: its target or the host below is down."""

    own: Looked
    below: tuple[Looked, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """A configured objective with the checks that tell about it."""

    name: str
    settings: ObjectiveSettings
    counted: tuple[Counted, ...]
    unseen: tuple[str, ...] = ()
    """Targets of which no check counts."""

    @property
    def title(self) -> str:
        return self.settings.title.rstrip(".") or self.name


# What counts.


def objectives(settings: Settings, assigned: Iterable[Assignment]) -> tuple[list[Objective], dict[str, str]]:
    """The objectives of a site in the order of its file, and what is wrong with them. Pure."""
    checks = {(a.target, a.runnable.check.id): a.runnable.check for a in assigned}
    found, wrong = [], {}
    for name, known in settings.objectives.items():
        place = f"[objectives.{name}]"
        if known.window < SHORTEST:
            wrong[place] = f"a window shorter than {window_text(SHORTEST)} says nothing"
            continue
        objective = _objective(name, known, settings, checks)
        found.append(objective)
        complaints = [*_complaints(objective, settings)]
        if complaints:
            wrong[place] = "; ".join(complaints)
    return found, wrong


def _objective(
    name: str, known: ObjectiveSettings, settings: Settings, checks: Mapping[Place, Check]
) -> Objective:
    counted, unseen = list[Counted](), list[str]()
    for target in dict.fromkeys(known.targets):
        below = [looked for each in _carrying(target, settings) for looked in _availability(each, checks)]
        own = [_looked(target, checks[target, each]) for each in known.checks if (target, each) in checks]
        for looked in own if known.checks else _availability(target, checks):
            counted.append(Counted(looked, tuple(other for other in below if other != looked)))
        if all(each.own.target != target for each in counted):
            unseen.append(target)
    return Objective(name, known, tuple(counted), tuple(unseen))


def _carrying(target: str, settings: Settings) -> Iterator[str]:
    """The target, the host that it runs on, and what that runs on."""
    seen: list[str] = []
    following: str | None = target
    while following is not None and following not in seen:
        yield following
        seen.append(following)
        following = settings.targets[following].host


def _availability(target: str, checks: Mapping[Place, Check]) -> list[Looked]:
    return [
        _looked(target, check)
        for (of_target, _), check in checks.items()
        if of_target == target and check.availability
    ]


def _looked(target: str, check: Check) -> Looked:
    # Looks of one run are kept without the times between its ends, so a hole that fits into it is believed.
    return Looked(target, check.id, max(HOLDS * check.every, stale_after(check.every, check.timeout)))


def _complaints(objective: Objective, settings: Settings) -> Iterator[str]:
    if objective.unseen:
        what = "none of its checks" if objective.settings.checks else "no availability check"
        yield f"{what} looks at {', '.join(objective.unseen)}"
    counted = {each.own.check for each in objective.counted}
    missing = [check for check in objective.settings.checks if check not in counted]
    if missing:
        yield f"no target of it has {', '.join(missing)}"
    if settings.store.keep_results < objective.settings.window:
        yield f"results are kept for {window_text(settings.store.keep_results)}, shorter than its window"


# What the results say.


def views(
    connection: Connection, settings: Settings, assigned: Iterable[Assignment], now: datetime, zone: ZoneInfo
) -> list[ObjectiveView]:
    """All objectives of a site as they stand, in the order of its file."""
    return [view(connection, objective, now, zone) for objective in objectives(settings, assigned)[0]]


def view(
    connection: Connection, objective: Objective, now: datetime, zone: ZoneInfo | None = None
) -> ObjectiveView:
    """An objective as it stands; with a zone, the days of its window in it."""
    known, window = objective.settings, objective.settings.window
    service = timeline(connection, objective, now - window, now)
    return ObjectiveView(
        objective.name,
        objective.title,
        known.client,
        tuple(dict.fromkeys(known.targets)),
        known.objective,
        window,
        now,
        _state(service, now),
        measured(service, now - window, now),
        tuple(_burn(service, pair, known.objective, now) for pair in pairs(window)),
        tuple(_days(service, now - window, now, zone)) if zone else (),
        objective.unseen,
    )


def timeline(connection: Connection, objective: Objective, start: datetime, end: datetime) -> list[Stretch]:
    """What the service was from `start` to `end`; it may begin earlier. Announced downtimes are cut out."""
    parts = [_part(connection, each, start, end) for each in objective.counted]
    service = together([*parts, *([] for _ in objective.unseen)])
    return maintained(service, _downtimes(connection, objective, start, end))


def _part(connection: Connection, counted: Counted, start: datetime, end: datetime) -> list[Stretch]:
    own, *below = (
        held(_looks(connection, each, start, end), each.longest, end)
        for each in (counted.own, *counted.below)
    )
    return behind(own, below)


def _looks(connection: Connection, looked: Looked, start: datetime, end: datetime) -> list[Stretch]:
    """The runs of equal results that say something about the window, as what they mean."""
    columns = result_table.c
    query = (
        select(columns.first, columns.last, columns.status, columns.soft)
        .where(of(result_table, looked.target, looked.check))
        # A run that ends before the window may hold into it; what comes after it may confirm a failure in it.
        .where(columns.last >= start - looked.longest, columns.first < end + looked.longest)
        .order_by(columns.first, columns.id)
    )
    meant = _meant([_Run(*row) for row in connection.execute(query)], looked.longest)
    return [stretch for stretch in meant if stretch.start < end]


@dataclass(frozen=True, slots=True)
class _Run:
    """Looks that saw the same, without a gap."""

    first: datetime
    last: datetime
    status: str
    soft: bool


_MEANING = {Status.OK: State.UP, Status.WARNING: State.UP, Status.CRITICAL: State.DOWN}


def _meant(runs: Sequence[_Run], longest: timedelta) -> list[Stretch]:
    """What runs of results say of a service. A failure that is not certain is what the look after it says."""
    found: list[Stretch] = []
    for run in reversed(runs):
        state = _MEANING.get(Status(run.status), State.UNKNOWN)
        if state is State.DOWN and run.soft:
            followed = found and found[-1].start - run.last <= longest
            state = found[-1].state if followed else State.UNKNOWN
        found.append(Stretch(run.first, run.last, state))
    return found[::-1]


def _downtimes(connection: Connection, objective: Objective, start: datetime, end: datetime) -> list[Span]:
    columns = downtime_table.c
    looked = {each for counted in objective.counted for each in (counted.own, *counted.below)}
    places = [
        (columns.target == each.target) & or_(columns.check.is_(None), columns.check == each.check)
        for each in looked
    ]
    places += [(columns.target == target) & columns.check.is_(None) for target in objective.unseen]
    query = select(columns.starts, columns.ends).where(
        or_(*places), columns.silence.is_(False), columns.ends > start, columns.starts < end
    )
    return [(row.starts, row.ends) for row in connection.execute(query)]


def _state(service: Sequence[Stretch], now: datetime) -> State:
    """What the service was just before `now`."""
    return next((each.state for each in reversed(service) if each.start < now <= each.end), State.UNKNOWN)


def _burn(service: Sequence[Stretch], pair: Pair, objective: float, now: datetime) -> Burn:
    long, short = (
        burn_rate(measured(service, now - span, now), objective) for span in (pair.long, pair.short)
    )
    return Burn(
        pair.long,
        pair.short,
        None if long is None else float(long),
        None if short is None else float(short),
        float(pair.limit),
        long is not None and short is not None and min(long, short) > pair.limit,
        Status.CRITICAL if pair.pages else Status.WARNING,
    )


def _days(service: Sequence[Stretch], start: datetime, end: datetime, zone: ZoneInfo) -> list[DayOfHours]:
    """The days of a window, hour by hour from their midnights; hours outside the window stay empty."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    marks = {day: list(_hours(day, zone)) for day in days}
    cuts = sorted({min(max(mark, start), end) for hours in marks.values() for mark in hours})
    found = dict(zip(cuts, measured_between(service, cuts), strict=False))
    return [
        DayOfHours(
            day,
            tuple(
                found[max(opens, start)] if opens < end and closes > start else Availability()
                for opens, closes in pairwise(hours)
            ),
        )
        for day, hours in marks.items()
    ]


def _hours(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The midnight of a day, every hour after it, and the next midnight."""
    mark = datetime.combine(day, time(), zone).astimezone(UTC)
    following = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    while mark < following:
        yield mark
        mark += timedelta(hours=1)
    yield following
