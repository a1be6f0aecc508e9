"""Wall times of a zone as moments. Pure.

Rotas follow one rule for every wall time, of hand-offs, hours and days alike: what the clocks skip is the
first moment after the gap (02:30 becomes 03:00), and of what comes twice the first one counts. Calendars of
contracts move a skipped time by the whole gap instead (`lexops.calendars.business`): a hand-off must not be
late by it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=8192)
def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, aware and in UTC, at which the clocks of a zone first show `wall` or anything later."""
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None and after is not None
    read = wall.replace(tzinfo=UTC, fold=0)
    if after <= before:
        return read - before
    first = read - after
    place = bisect_left(
        range((after - before) // _SECOND), True, key=lambda n: local(first + n * _SECOND, zone) >= wall
    )
    return first + place * _SECOND


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show at a moment, without the zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """The moment at which a date begins; one that the zone has left out begins and ends with the next."""
    return instant(datetime.combine(on, time()), zone)


def date_at(at: datetime, zone: ZoneInfo) -> date:
    """The date whose begin is the last one before a moment."""
    on = local(at, zone).date() + timedelta(days=1)
    while midnight(on, zone) > at:
        on -= timedelta(days=1)
    return on
