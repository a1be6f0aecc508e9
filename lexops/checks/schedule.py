"""When is a check due? A stable phase on the wall clock, the same after a restart."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
RETRY_PART = 4
"""A soft problem is looked at again after this part of the interval."""
LEAST_RETRY = timedelta(seconds=5)
AHEAD = timedelta(minutes=1)
"""By how much the clocks of machines may differ: what lies further ahead is from a clock that was wrong."""


def phase(target: str, every: timedelta) -> timedelta:
    """Where in its interval a target's checks run: spread over targets, together within one.

    All checks of one target share it, so that one connection serves a whole cycle.
    """
    digest = hashlib.blake2b(target.encode(), digest_size=8).digest()
    return timedelta(seconds=int.from_bytes(digest) % max(1, int(every.total_seconds())))


def next_due(target: str, every: timedelta, after: datetime) -> datetime:
    """The first moment of the check's grid that is later than `after`."""
    offset = phase(target, every)
    passed = (after - _EPOCH - offset) // every
    return _EPOCH + offset + (passed + 1) * every


def retry_due(every: timedelta, timeout: timedelta, after: datetime) -> datetime:
    """When a soft problem is looked at again: sooner than usual, never before the last look could end."""
    return after + min(every, max(every / RETRY_PART, timeout + timedelta(seconds=1), LEAST_RETRY))


def stale_after(every: timedelta, timeout: timedelta) -> timedelta:
    """How long a result may be believed."""
    return max(every * 2.5, every + timeout + timedelta(seconds=30))


def is_stale(checked: datetime, longest: timedelta, now: datetime) -> bool:
    """Whether a look is too long ago to be believed, or seems to be still to come."""
    return now - checked > longest or checked - now > AHEAD
