"""What was learned about a month since it was closed: why its report is not what it was.

Entries about tickets that count in it, and revisions by which they are counted. Which number each of them
moved is not told here: the restatements beside it tell the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from lexops.calendars.business import seconds
from lexops.calendars.model import Revision
from lexops.incidents.model import EntryKind
from lexops.incidents.store import entry_table
from lexops.sla import reading, store
from lexops.sla.model import ClockState
from lexops.sla.rendering import day
from lexops.sla.report import Month
from lexops.sla.restating import NOTHING
from lexops.sla.tables import clock_table
from lexops.sla.view import Restatement
from lexops.text import one_line

_LATER = (EntryKind.REOPENED, EntryKind.CANCELLED, EntryKind.CLASSIFIED)
"""What changes a month though it happens after it."""
_CLOCK = clock_table.c


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: a month, of everybody or of one client or provider, since it was closed."""

    month: Month
    zone: ZoneInfo
    since: datetime
    client: str = ""
    provider: str = ""

    @property
    def clocks(self) -> ColumnElement[bool]:
        """Which kept clocks count in it."""
        over = [state.value for state in ClockState if state.is_over]
        chosen = ((func.lower(_CLOCK.client), self.client.lower()), (_CLOCK.provider, self.provider))
        return and_(
            _CLOCK.start < seconds(self.month.end(self.zone)),
            or_(_CLOCK.state.not_in(over), _CLOCK.end >= seconds(self.month.start(self.zone))),
            *(column == value for column, value in chosen if value),
        )


def learned(connection: Connection, asked: Asked) -> Iterator[Restatement]:
    """What was recorded about it since. Raises StoreError for a damaged calendar or policy."""
    yield from _told(connection, asked)
    book = store.book(connection)
    for noun, name, number, known in (
        ("policy", _CLOCK.policy, _CLOCK.policy_revision, book.policies),
        ("calendar", _CLOCK.calendar, _CLOCK.calendar_revision, book.calendars),
    ):
        yield from _revised(connection, asked, noun, name, number, known)


def _told(connection: Connection, asked: Asked) -> Iterator[Restatement]:
    entry = entry_table.c
    query = (
        select(entry.incident, entry.kind, entry.at, entry.recorded)
        .where(entry.incident.in_(select(_CLOCK.incident).where(asked.clocks)))
        .where(func.coalesce(entry.recorded, entry.at) > asked.since)
        .where(entry.kind.in_([kind.value for kind in reading.HAPPENINGS]))
        .where(or_(entry.at < asked.month.end(asked.zone), entry.kind.in_([kind.value for kind in _LATER])))
        .order_by(entry.id)
    )
    for row in connection.execute(query):
        late = f", recorded {day(row.recorded, asked.zone)}" if row.recorded else ""
        yield Restatement(
            f"#{row.incident}, learned since", NOTHING, f"{row.kind} {day(row.at, asked.zone)}{late}"
        )


def _revised(
    connection: Connection,
    asked: Asked,
    noun: str,
    name: ColumnElement[str],
    number: ColumnElement[int],
    known: Mapping[str, Sequence[Revision[Any]]],
) -> Iterator[Restatement]:
    """Revisions that came since and by which something of it is counted now, or that those took up."""
    newest = select(name, func.max(number)).where(asked.clocks).group_by(name).order_by(name)
    for called, last in connection.execute(newest):
        for each in known.get(called, ()):
            if each.recorded > asked.since and each.number <= last:
                kind = " (correction)" if each.correction else ""
                told = f"revision {each.number}{kind}, {day(each.recorded, asked.zone)}"
                yield Restatement(
                    f"{noun} {called}, entered since", NOTHING, f"{told}: {one_line(each.reason)}"
                )
