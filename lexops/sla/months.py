"""Reading a month: the store counts, what has to be looked at one by one is read, the rest is arithmetic.

Nothing is computed anew here. Where the kept clocks are behind what has happened, the report says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
)

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.config import SiteFile
from lexops.incidents.store import entry_table, incident_table
from lexops.sla import definitions, keeping, legal, store
from lexops.sla.model import Book, ClockKind, ClockState, Pause
from lexops.sla.report import (
    MONTHS,
    Broken,
    Group,
    Kept,
    Key,
    Material,
    Month,
    Reason,
    added,
    broken,
    broken_at,
    groups_of,
)
from lexops.sla.report import report as reported
from lexops.sla.tables import clock_table
from lexops.sla.view import Report, SoFar
from lexops.store.database import batches

_CLOCK = clock_table.c
_LIGHT = tuple(column for column in _CLOCK if column.name not in ("pauses", "target_kind", "reopened"))
_BREAKABLE = (ClockState.OVERDUE, ClockState.RUNNING)
"""Clocks that are open and have a due time; one that ran out since it was kept still says that it runs."""


def report(
    connection: Connection, file: SiteFile, month: Month, now: datetime, client: str = "", provider: str = ""
) -> Report:
    """The report of a month, from the clocks as they are kept. Raises StoreError."""
    return reported(material(connection, file, month, now, client, provider))


def so_far(connection: Connection, file: SiteFile, now: datetime) -> SoFar | None:
    """The month of now, as its report counts it; None while nothing has been promised. Raises StoreError."""
    book = store.book(connection)
    if not book.policies:
        return None
    month = Month.of(now, file.zone)
    reading = _Reading(connection, file, book, month, now, "", "")
    met, _ = reading.counted(reading.span)
    return SoFar(met, len(reading.within(reading.broken(), reading.span)))


def material(
    connection: Connection, file: SiteFile, month: Month, now: datetime, client: str = "", provider: str = ""
) -> Material:
    """Everything that the report of a month is made of."""
    book = store.book(connection)
    reading = _Reading(connection, file, book, month, now, client, provider)
    met, every = reading.met(), reading.broken()
    ours = reading.within(every, reading.span)
    titled = _titled(connection, ours)
    used = {(kept.policy, kept.policy_revision, kept.calendar, kept.calendar_revision) for kept in met}
    used |= {
        (each.kept.policy, each.kept.policy_revision, each.kept.calendar, each.kept.calendar_revision)
        for each in ours
    }
    return Material(
        site=file.settings.site.name,
        month=month,
        zone=file.zone,
        cutoff=_newest(connection) or reading.start,
        client=client,
        provider=provider,
        met=met,
        broken=titled,
        before=reading.counted_before(every),
        trend=reading.trend(every),
        still_open=reading.still_open(every),
        cancelled=reading.cancelled(),
        reasons=_reasons(connection, [each.kept.key for each in ours]),
        warned=definitions.warned(book),
        definitions=definitions.lines(book, used, zone_data()),
        behind=keeping.behind(connection, file),
    )


def _newest(connection: Connection) -> datetime | None:
    """When the newest entry of any timeline was written."""
    columns = entry_table.c
    query = select(columns.at, columns.recorded).order_by(columns.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else row.recorded or row.at


@dataclass(frozen=True, slots=True)
class Span:
    """A month in whole seconds since 1970 UTC, half open."""

    start: int
    end: int

    @classmethod
    def of(cls, month: Month, file: SiteFile) -> Span:
        return cls(seconds(month.start(file.zone)), seconds(month.end(file.zone)))


class _Reading:
    """The questions that a report asks the store."""

    def __init__(
        self,
        connection: Connection,
        file: SiteFile,
        book: Book,
        month: Month,
        now: datetime,
        client: str,
        provider: str,
    ) -> None:
        self._connection, self._file, self._month = connection, file, month
        self._months = [month.plus(each - MONTHS + 1) for each in range(MONTHS)]
        self._starts = [seconds(each.start(file.zone)) for each in self._months]
        *self._older, self._before, self.span = (Span.of(each, file) for each in self._months)
        self._times = _Times(book)
        # Policies do not mind how a client's code is spelled, so neither does the report of one.
        chosen = ((func.lower(_CLOCK.client), client.lower()), (_CLOCK.provider, provider))
        self._only: list[ColumnElement[bool]] = [column == value for column, value in chosen if value]
        self._until = self.span.end if seconds(now) >= self.span.end else self._known_until()

    @property
    def start(self) -> datetime:
        return moment(self.span.start)

    def _known_until(self) -> int:
        """How far a month that is not over is known: the newest entry, or when clocks were looked at last.

        What is kept tells it, and not the clock on the wall, so that the same data gives the same report.
        """
        looked = self._connection.scalar(select(func.max(_CLOCK.end)))
        newest = _newest(self._connection)
        known = max(looked or 0, seconds(newest) if newest else 0)
        return max(self.span.start, min(known, self.span.end))

    def met(self) -> list[Kept]:
        """What was kept in the month; pauses do not matter any more."""
        ended = _met(self.span.start, self.span.end)
        return [_kept(row) for row in self._connection.execute(select(*_LIGHT).where(ended, *self._only))]

    def broken(self) -> list[Broken]:
        """What was broken in the months of the trend, as it stood at the end of the report's month.

        Of the months before the last but one only what has to be looked at to know its month; the others are
        counted by `trend`.
        """
        end, state = self.span.end, _CLOCK.state
        missed = state == ClockState.MISSED.value
        recent = and_(missed, _CLOCK.end >= self._before.start)
        running = state.in_([state.value for state in _BREAKABLE])
        late = (
            and_(_CLOCK.end >= each.start, _CLOCK.end < each.end, _CLOCK.due < each.start)
            for each in self._older
        )
        older = and_(missed, or_(*late))
        where = and_(or_(recent, running, older), _CLOCK.due < end)
        rows = self._connection.execute(select(*_LIGHT, _CLOCK.pauses).where(where, *self._only))
        found = []
        for kept in map(_kept, rows):
            time = self._times.of(kept)
            at = broken_at(kept, time)
            if at is not None and at < end and at <= self._until:
                found.append(broken(kept, at, time, end, self._until))
        return found

    def within(self, every: Iterable[Broken], span: Span) -> list[Broken]:
        """Those that were broken in one month."""
        return [each for each in every if span.start <= each.at < span.end]

    def counted_before(self, every: Iterable[Broken]) -> dict[Group, tuple[int, int]]:
        """What was kept and broken in the month before, by group."""
        span = self._before
        facts = (_CLOCK.kind, _CLOCK.priority, _CLOCK.client, _CLOCK.provider, _CLOCK.queue)
        query = select(*facts, func.count().label("met")).where(_met(span.start, span.end), *self._only)
        counts = [(row[:5], row.met, 0) for row in self._connection.execute(query.group_by(*facts))]
        for each in self.within(every, span):
            kept = each.kept
            counts.append(((kept.kind, kept.priority, kept.client, kept.provider, kept.queue), 0, 1))
        return added(
            ((group, name, ClockKind(kind)), met, missed)
            for (kind, *facts_of), met, missed in counts
            for group, name in groups_of(*facts_of)
        )

    def trend(self, every: Iterable[Broken]) -> list[tuple[str, int, int]]:
        """The last twelve months, the report's the last."""
        missed = Counter(bisect_right(self._starts, each.at) - 1 for each in every)
        found = []
        for number, month in enumerate(self._months):
            span = Span.of(month, self._file)
            met, late = self.counted(span)
            # Due and fulfilled in one month: broken in it, whatever the second. The others were looked at.
            found.append((str(month), met, missed[number] + (late if span in self._older else 0)))
        return found

    def counted(self, span: Span) -> tuple[int, int]:
        """What was kept in a month, and what was due and fulfilled too late in it."""
        state, late = _CLOCK.state, _CLOCK.due >= span.start
        query = select(
            func.sum(case((state == ClockState.MET.value, 1), else_=0)),
            func.sum(case((and_(state == ClockState.MISSED.value, late), 1), else_=0)),
        )
        ended = query.where(_CLOCK.end >= span.start, _CLOCK.end < span.end, *self._only)
        met, missed = self._connection.execute(ended).one()
        return met or 0, missed or 0

    def still_open(self, every: Sequence[Broken]) -> int:
        """Clocks that had begun and were not decided when the month ended."""
        end, state = self.span.end, _CLOCK.state
        begun, is_over = _CLOCK.start < end, state.in_([each.value for each in ClockState if each.is_over])
        query = select(func.count()).where(begun, or_(~is_over, _CLOCK.end >= end), *self._only)
        # Of those, what was broken already is no longer open in this sense.
        return (self._connection.scalar(query) or 0) - sum(each.is_open for each in every)

    def cancelled(self) -> int:
        """Tickets that turned out to be none, or others, in the month."""
        query = select(_CLOCK.incident).where(_CLOCK.state == ClockState.CANCELLED.value, *self._only)
        last = func.max(_CLOCK.end)
        tickets = query.group_by(_CLOCK.incident).having(last >= self.span.start, last < self.span.end)
        return self._connection.scalar(select(func.count(distinct(tickets.subquery().c.incident)))) or 0


def _met(start: int, end: int) -> ColumnElement[bool]:
    return and_(_CLOCK.state == ClockState.MET.value, _CLOCK.end >= start, _CLOCK.end < end)


class _Times:
    """The open time of the revisions that clocks were counted with."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._found: dict[tuple[str, int], BusinessTime] = {}

    def of(self, kept: Kept) -> BusinessTime:
        key = (kept.calendar, kept.calendar_revision)
        if kept.kind is ClockKind.NOTICE:
            return legal.ALWAYS
        if key not in self._found and kept.calendar in self._book.calendars:
            time, number = self._book.time(kept.calendar, None)
            self._found[kept.calendar, number] = time
        if key not in self._found:
            revisions = self._book.calendars.get(kept.calendar, ())
            known = [each for each in revisions if each.number == kept.calendar_revision]
            # A revision is never taken away; without it the clock itself could not have been computed.
            self._found[key] = BusinessTime(known[0].value) if known else legal.ALWAYS
        return self._found[key]


def _kept(row: Sequence[Any]) -> Kept:
    (
        incident,
        kind,
        round,
        state,
        priority,
        client,
        provider,
        queue,
        start,
        end,
        due,
        budget,
        worked,
        _paused,
        policy,
        policy_revision,
        calendar,
        calendar_revision,
        *rest,
    ) = row
    return Kept(
        incident,
        _KINDS[kind],
        round,
        _STATES[state],
        priority,
        client,
        provider,
        queue,
        start,
        end,
        due,
        budget,
        worked,
        policy,
        policy_revision,
        calendar,
        calendar_revision,
        tuple(Pause(*pause) for pause in rest[0]) if rest else (),
    )


_KINDS = {kind.value: kind for kind in ClockKind}
_STATES = {state.value: state for state in ClockState}


def _titled(connection: Connection, every: Sequence[Broken]) -> list[Broken]:
    columns = incident_table.c
    titles: dict[int, str] = {}
    for some in batches(each.kept.incident for each in every):
        rows = connection.execute(select(columns.id, columns.title).where(columns.id.in_(some)))
        titles.update((row.id, row.title) for row in rows)
    return [
        replace(each, kept=replace(each.kept, title=titles.get(each.kept.incident, ""))) for each in every
    ]


def _reasons(connection: Connection, keys: Sequence[Key]) -> dict[Key, Reason]:
    """What was recorded last of each, and how often before."""
    found: dict[Key, Reason] = {}
    for each in store.reasons(connection, {key[0] for key in keys}):
        key = (each.incident, each.kind, each.round)
        changed = found[key].changed + 1 if key in found else 0
        found[key] = Reason(each.responsibility, each.reason, changed)
    return found


@cache
def zone_data() -> str:
    """The version of the time zone data that Python reads, and whose it is."""
    for folder in map(Path, TZPATH):
        if (folder / "UTC").exists():
            return f"{_version(folder)} of this system"
    return f"{import_module('tzdata').IANA_VERSION} of the package tzdata"


def _version(folder: Path) -> str:
    """Of a compiled database: the first line of `tzdata.zi` says it (zic(8))."""
    try:
        with (folder / "tzdata.zi").open(encoding="ascii") as lines:
            return lines.readline().removeprefix("# version").strip() or "an unknown version"
    except (OSError, UnicodeDecodeError):
        return "an unknown version"


def last_month(file: SiteFile, now: datetime) -> Month:
    """The month that was over last."""
    return Month.of(now.astimezone(UTC), file.zone).plus(-1)
