"""What a due moment in business hours costs: a million clocks, beside other ways to count.

Starts within two years, budgets of one to sixteen hours, an eight-to-five week in London with the holidays of
England. Ours begins each run with nothing unrolled. Peers take a sample of the same clocks: businesstimedelta
(a library that walks from rule to rule), and a step for each minute, as many help desks do it. What they came
to is compared; a peer is no measure where it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from itertools import cycle, islice
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.figures import Report, report
from benchmarks.measure import Run, by_turns, timed
from lexops.calendars import public_holidays
from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week

CLOCKS = 1_000_000
LIBRARY = 300
STEPPED = 60
ROUNDS = 3
ZONE = ZoneInfo("Europe/London")
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Case = tuple[int, int]
"""When a clock starts, in seconds since 1970, and its budget in seconds."""
Due = Callable[[int, int], int]

OURS = "LexOps"
PEER = "businesstimedelta"
STEPPING = "minute stepping"


def measure() -> Report:
    """A million due moments of ours, samples of the peers', and whether they are the same."""
    calendar = _calendar()
    cases = _cases(CLOCKS)
    ways: dict[str, tuple[Callable[[], Due], Sequence[Case]]] = {
        OURS: (lambda: _ours(calendar), cases),
        STEPPING: (lambda: _stepping(calendar), _whole_minutes(cases[:STEPPED])),
    }
    remarks = []
    try:
        library = import_module(PEER)
        pytz = import_module("pytz")
    except ImportError:
        remarks.append(f"{PEER}: not measured, it is not installed")
    else:
        ways[PEER] = (lambda: _library(library, pytz, calendar), cases[:LIBRARY])
    series = by_turns({name: _run(make, of) for name, (make, of) in ways.items()}, ROUNDS)
    ours = next(each for each in series if each.name == OURS)
    told = [f"{1 / ours.wall:,.0f} due moments in a second, {CLOCKS:,} clocks in {ours.wall * CLOCKS:.2f} s."]
    told += [
        _compared(name, make(), _ours(calendar), of) for name, (make, of) in ways.items() if name != OURS
    ]
    pairs = [(PEER, OURS), (STEPPING, OURS)]
    return report("business", "one due moment in business hours", series, pairs, [*told, *remarks])


def _calendar() -> Calendar:
    of = public_holidays.region("GB", "ENG")
    days = public_holidays.days(of, range(FIRST.year, LAST.year + 2))
    period = Period(ZONE, parse_week("mon-fri 09:00-17:00"))
    return Calendar("london", (period,), {day.date: day for day in days})


def _cases(count: int, seed: int = 5) -> list[Case]:
    """Clocks that start at any second; budgets of whole minutes, which a step for each minute can count."""
    random = Random(seed)
    first, last = seconds(FIRST), seconds(LAST)
    budgets = [60 * random.randint(60, 16 * 60) for _ in range(1000)]
    return [(random.randrange(first, last), budget) for budget in islice(cycle(budgets), count)]


def _whole_minutes(cases: Sequence[Case]) -> list[Case]:
    """The same clocks started with their minute: a step for each minute counts no finer."""
    return [(start // 60 * 60, budget) for start, budget in cases]


def _run(make: Callable[[], Due], cases: Sequence[Case]) -> Run:
    def act() -> None:
        due = make()
        for start, budget in cases:
            due(start, budget)

    return lambda: timed(act, len(cases))


def _compared(name: str, peer: Due, ours: Due, cases: Sequence[Case]) -> str:
    apart = [abs(peer(*case) - ours(*case)) for case in cases]
    most = f", {max(apart):,} s apart at most" if any(apart) else ""
    return f"{name}: {apart.count(0)} of {len(cases)} the same as ours{most}."


# The ways.


def _ours(calendar: Calendar) -> Due:
    return BusinessTime(calendar).due


def _stepping(calendar: Calendar) -> Due:
    closed = frozenset(calendar.days)

    def due(start: int, budget: int) -> int:
        at, left = moment(start), budget // 60
        while left:
            left -= _is_open(at.astimezone(ZONE), closed)
            at += MINUTE
        return seconds(at)

    return due


def _is_open(local: datetime, closed: frozenset[date]) -> bool:
    return local.weekday() < 5 and 9 <= local.hour < 17 and local.date() not in closed


def _library(library: Any, pytz: Any, calendar: Calendar) -> Due:
    zone = pytz.timezone(ZONE.key)
    hours = library.WorkDayRule(start_time=time(9), end_time=time(17), working_days=[*range(5)], tz=zone)
    holidays = library.HolidayRule({on: day.name for on, day in calendar.days.items()}, tz=zone)
    rules = library.Rules([hours, holidays])

    def due(start: int, budget: int) -> int:
        delta = library.BusinessTimeDelta(rules, timedelta=timedelta(seconds=budget))
        return seconds(moment(start) + delta)

    return due
