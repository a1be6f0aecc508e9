"""When to try again. Pure.

15 s, 30 s, 60 s and so on, at most 15 min, plus up to a quarter so that many messages that failed together do
not come back together. The part is made of the message's key: a test, and a second worker, get the same.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

FIRST = timedelta(seconds=15)
LONGEST = timedelta(minutes=15)
"""Before the jitter; also what a service can ask for at most."""
JITTER = 0.25


def pause(attempt: int, key: str, after: float | None = None) -> timedelta:
    """How long to wait after the `attempt`-th failure (1: the first) of a message.

    `after` is what the service asked for, in seconds (RFC 9110, Retry-After): never less than that, up to the
    longest pause, so that a service gone wrong cannot silence us for a day.
    """
    wanted = FIRST * (1 << min(max(attempt, 1) - 1, 10))
    if after is not None:
        wanted = max(wanted, timedelta(seconds=min(max(after, 0.0), LONGEST.total_seconds())))
    return min(wanted, LONGEST) * (1 + JITTER * _part(key, attempt))


def _part(key: str, attempt: int) -> float:
    """Between 0 and 1, always the same for a key and an attempt."""
    digest = sha256(f"{attempt}/{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
