"""A clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""


class ManualClock:
    """Stands still until it is told to advance; both kinds of time move together."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, **span: Any) -> datetime:
        """Move on, for example `advance(hours=4)`; gives the new time."""
        step = timedelta(**span)
        self._now += step
        self._seconds += step.total_seconds()
        return self._now

    def jump(self, to: datetime) -> None:
        """Set the wall clock without any time passing, as a time server or a careless hand does."""
        self._now = to
