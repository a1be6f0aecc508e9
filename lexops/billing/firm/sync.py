"""The nightly runs that carry cases and time from case management to billing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from lexops.billing.firm.load import Batch, Row
from lexops.billing.firm.office import month_days

STREAMS = ("cases", "contacts", "time")
EVENT_DAYS = 10
"""Events are kept for this many days after they are done."""


class Sync:
    """Runs and events with their running numbers."""

    def __init__(self, today: date, rng: Random) -> None:
        self._today = today
        self._rng = rng
        self._runs = 0
        self._events = 0

    def month(self, first: date, case_times: Sequence[Row]) -> Iterator[Batch]:
        """A month of runs, the times they carried, and the events of the last days."""
        yield "case_time", case_times
        carried = Counter(row[5][:10] for row in case_times)
        yield (
            "sync_run",
            [
                self._run(
                    stream, day, carried[day.isoformat()] if stream == "time" else self._rng.randrange(9)
                )
                for day in month_days(first, self._today)
                for stream in STREAMS
            ],
        )
        since = (self._today - timedelta(days=EVENT_DAYS)).isoformat()
        yield "sync_event", [self._event(row) for row in case_times if row[5] >= since]

    def _run(self, stream: str, day: date, count: int) -> Row:
        self._runs += 1
        rejected = 1 if count > 6 and self._rng.random() < 0.02 else 0
        start = 2 + STREAMS.index(stream)
        seconds = 8 + count % 50
        return (
            self._runs,
            stream,
            f"{day} 00:{start:02d}:00",
            f"{day} 00:{start:02d}:{seconds:02d}",
            "ok",
            count,
            count - rejected,
            rejected,
        )

    def _event(self, row: Row) -> Row:
        self._events += 1
        created = row[5]
        return (self._events, "time", row[0], created, created[:-5] + "12:30", 1, "done")
