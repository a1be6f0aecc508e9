"""A month of promises in numbers: what was kept, what was broken and by how much. Pure.

A promise counts once, in the month in which it was decided: a kept one when it was fulfilled, a broken one
at the first second beyond its budget, whether somebody fulfilled it later or not. A report tells the month
as it stood when it ended, with all that is known now: nothing that happens afterwards changes it, only what
is learned about it afterwards does, and that is a restatement. Counts are compared, never percentages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import sqrt
from zoneinfo import ZoneInfo

from lexops.calendars.business import BusinessTime, NeverDue
from lexops.sla.clock import deadline, spent
from lexops.sla.model import ClockKind, ClockState, Pause
from lexops.sla.view import Attainment, Breach, DayCell, Report, Responsibility

ALL = "all"
GROUPS = (ALL, "priority", "client", "provider", "queue")
"""What attainment is told for, in this order."""
MONTHS = 12
"""How many months a trend has."""
_Z = 1.959963984540054
"""Standard deviations to either side that hold 95 % of a normal distribution."""
_NAMES = ("January February March April May June July August September October November December").split()

Group = tuple[str, str, ClockKind]
"""Group, name in it, clock."""
Key = tuple[int, ClockKind, int]
"""Ticket, clock, round: one promise."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; it begins at local midnight of its first day, and is half open."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """`2026-10`. Raises ValueError with what is allowed."""
        year, dash, month = text.partition("-")
        plain = text.isascii() and year.isdigit() and month.isdigit()
        if not plain or (len(year), len(dash), len(month)) != (4, 1, 2):
            raise ValueError(f"{text!r} is no month; write for example 2026-10")
        if not (1971 <= int(year) <= 2199 and 1 <= int(month) <= 12):
            raise ValueError(f"{text!r} is no month between 1971-01 and 2199-12")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Month:
        """The month of a moment."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    def plus(self, months: int) -> Month:
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def start(self, zone: ZoneInfo) -> datetime:
        """Its first moment, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first moment after it, in UTC."""
        return self.plus(1).start(zone)

    @property
    def words(self) -> str:
        """`October 2026`."""
        return f"{_NAMES[self.month - 1]} {self.year}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A clock as it is kept in the store, with the title of its ticket; moments in seconds since 1970 UTC."""

    incident: int
    kind: ClockKind
    round: int
    state: ClockState
    priority: str
    client: str
    provider: str
    queue: str
    start: int
    end: int
    due: int | None
    budget: int
    worked: int
    policy: str
    policy_revision: int
    calendar: str
    calendar_revision: int
    pauses: tuple[Pause, ...] = ()
    title: str = ""

    @property
    def key(self) -> Key:
        return self.incident, self.kind, self.round


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept, as it stood at a moment."""

    kept: Kept
    at: int
    """The first second beyond the budget."""
    end: int
    """When it was fulfilled after all; the moment of the report while it is open."""
    worked: int
    paused: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a promise was broken, as recorded last."""

    responsibility: Responsibility
    text: str
    changed: int
    """How often it was recorded before."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of."""

    site: str
    month: Month
    zone: ZoneInfo
    cutoff: datetime
    client: str
    provider: str
    met: Sequence[Kept]
    """Kept in the month."""
    broken: Sequence[Broken]
    """Broken in the month."""
    before: Mapping[Group, tuple[int, int]]
    """Met and missed in the month before."""
    trend: Sequence[tuple[str, int, int]]
    still_open: int
    cancelled: int
    reasons: Mapping[Key, Reason]
    warned: Mapping[tuple[str, int], int]
    """The lowest percentage at which a revision of a policy warns."""
    definitions: Sequence[str] = ()
    behind: int = 0


def broken_at(kept: Kept, time: BusinessTime) -> int | None:
    """The first second beyond the budget of a clock; None where it never came, or waits."""
    try:
        return deadline(time, kept.start, kept.budget + 1, kept.pauses)
    except NeverDue:
        return None


def broken(kept: Kept, at: int, time: BusinessTime, month_end: int, moment: int) -> Broken:
    """A clock that was broken `at`, as it stood when the month ended, or at a moment in it."""
    if kept.state.is_over and kept.end < month_end:
        worked, end, is_open = kept.worked, kept.end, False
    else:
        worked, end, is_open = spent(time, kept.start, moment, kept.pauses), moment, True
    return Broken(kept, at, end, worked, time.elapsed(kept.start, end) - worked, is_open)


def groups_of(priority: str, client: str, provider: str, queue: str) -> Iterator[tuple[str, str]]:
    """The groups in which a promise counts."""
    return zip(GROUPS, ("", priority, client, provider, queue), strict=True)


def report(material: Material) -> Report:
    """The report; the same from the same rows, in whatever order they come."""
    month, zone = material.month, material.zone
    return Report(
        site=material.site,
        month=str(month),
        zone=zone.key,
        start=month.start(zone),
        end=month.end(zone),
        cutoff=material.cutoff,
        client=material.client,
        provider=material.provider,
        attainments=tuple(_attainments(material)),
        breaches=tuple(_breaches(material)),
        saved=tuple(_saved(material)),
        still_open=material.still_open,
        cancelled=material.cancelled,
        days=tuple(_days(material)),
        trend=tuple(material.trend),
        definitions=tuple(material.definitions),
        behind=material.behind,
    )


@dataclass(slots=True)
class _Tally:
    """What is counted of one group."""

    met: int = 0
    missed: int = 0
    worked: list[int] = field(default_factory=list)


def _attainments(material: Material) -> Iterator[Attainment]:
    tallies: dict[Group, _Tally] = defaultdict(_Tally)
    for kept in material.met:
        for tally in _of(tallies, kept):
            tally.met += 1
            tally.worked.append(kept.worked)
    for each in material.broken:
        for tally in _of(tallies, each.kept):
            tally.missed += 1
            tally.worked.append(each.worked)
    # What was promised before and has had no occasion now is told too, but only once.
    known = {*tallies, *(group for group in material.before if group[0] == ALL)}
    for group in sorted(known, key=_place):
        yield _attainment(group, tallies[group], material.before.get(group))


def _of(tallies: dict[Group, _Tally], kept: Kept) -> Iterator[_Tally]:
    for group, name in groups_of(kept.priority, kept.client, kept.provider, kept.queue):
        yield tallies[group, name, kept.kind]


_KINDS = {kind: place for place, kind in enumerate(ClockKind)}


def _place(group: Group) -> tuple[int, bool, str, int]:
    """In the order of the groups, then by name, what has none last."""
    return GROUPS.index(group[0]), not group[1], group[1], _KINDS[group[2]]


def _attainment(group: Group, tally: _Tally, before: tuple[int, int] | None) -> Attainment:
    worked = sorted(tally.worked)
    low, high = wilson(tally.met, tally.met + tally.missed)
    return Attainment(
        group=group[0],
        name=group[1],
        kind=group[2],
        met=tally.met,
        missed=tally.missed,
        median=ranked(worked, 50),
        p90=ranked(worked, 90),
        worst=ranked(worked, 100),
        low=low,
        high=high,
        before=100 * before[0] / sum(before) if before and sum(before) else None,
    )


def ranked(ordered: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile of ordered values: one of them, nothing in between."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def wilson(met: int, count: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share, in percent; all of it where nothing was counted.

    Wilson (1927), https://doi.org/10.2307/2276774
    """
    if count == 0:
        return 0.0, 100.0
    share, more = met / count, _Z * _Z / count
    middle = (share + more / 2) / (1 + more)
    half = _Z * sqrt(share * (1 - share) / count + more / (4 * count)) / (1 + more)
    low = 0.0 if met == 0 else 100 * max(0.0, middle - half)
    return low, 100.0 if met == count else 100 * min(1.0, middle + half)


def _breaches(material: Material) -> Iterator[Breach]:
    for each in sorted(material.broken, key=lambda each: (each.at, *_order(each.kept.key))):
        kept, reason = each.kept, material.reasons.get(each.kept.key)
        yield Breach(
            incident=kept.incident,
            title=kept.title,
            kind=kept.kind,
            round=kept.round,
            priority=kept.priority,
            client=kept.client,
            provider=kept.provider,
            due=kept.due,
            end=each.end,
            over=each.worked - kept.budget,
            paused=each.paused,
            pauses=tuple(
                (pause.start, None if pause.end is None or pause.end > each.end else pause.end, pause.why)
                for pause in kept.pauses
                if pause.start < each.end
            ),
            is_open=each.is_open,
            responsibility=reason.responsibility if reason else None,
            reason=reason.text if reason else "",
            changed=reason.changed if reason else 0,
        )


def _order(key: Key) -> tuple[int, int, int]:
    return key[0], _KINDS[key[1]], key[2]


def _saved(material: Material) -> Iterator[tuple[int, ClockKind, int, int]]:
    """Kept after the first warning, the closest first."""
    found = [
        (used, kept.key)
        for kept in material.met
        if (used := kept.worked * 100 // kept.budget)
        >= material.warned.get((kept.policy, kept.policy_revision), 100)
    ]
    for used, key in sorted(found, key=lambda each: (-each[0], *_order(each[1]))):
        yield *key, used


def _days(material: Material) -> Iterator[DayCell]:
    cells: Counter[tuple[str, date, bool]] = Counter()
    zone = material.zone
    decided = [(kept.client, kept.end, True) for kept in material.met]
    decided += [(each.kept.client, each.at, False) for each in material.broken]
    for client, at, met in decided:
        cells[client, datetime.fromtimestamp(at, zone).date(), met] += 1
    for client, day in sorted({key[:2] for key in cells}):
        yield DayCell(client, day, cells[client, day, True], cells[client, day, False])


def added(counts: Iterable[tuple[Group, int, int]]) -> dict[Group, tuple[int, int]]:
    """Met and missed of each group, from parts of it."""
    found: dict[Group, tuple[int, int]] = {}
    for group, met, missed in counts:
        before = found.get(group, (0, 0))
        found[group] = (before[0] + met, before[1] + missed)
    return found
