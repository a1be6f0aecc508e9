"""When a cron expression is due, in a time zone. Pure.

Nights on which clocks change are Debian cron's (cron(8)): a fixed time that does not exist happens right
after the gap, one that exists twice happens once; with `*` in minute or hour the real hours are followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

_LONGEST_FOLD = timedelta(days=1)
"""More than any clock was ever turned back."""


def dues(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments after one at which it is due, in UTC, without end."""
    last = after
    # A day earlier: seen from inside a doubled hour, the next due time would be one that has passed.
    for local in CronSim(cron, (after - _LONGEST_FOLD).astimezone(zone)):
        due = local.astimezone(UTC)
        if due > last:
            last = due
            yield due


def next_due(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment after one at which it is due, in UTC."""
    return next(dues(cron, zone, after))


def latest_due(cron: str, zone: ZoneInfo, until: datetime) -> datetime:
    """The last moment up to one at which it was due, in UTC."""
    return latest_dues(cron, zone, until, 1)[0]


def latest_dues(cron: str, zone: ZoneInfo, until: datetime, count: int) -> list[datetime]:
    """The last so many moments up to one at which it was due, in UTC, oldest first."""
    candidates = CronSim(cron, (until + _LONGEST_FOLD).astimezone(zone), reverse=True)
    passed = (due for local in candidates if (due := local.astimezone(UTC)) <= until)
    return list(islice(passed, count))[::-1]
