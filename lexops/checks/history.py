"""What LexOps has kept of a target, as a session: what forecasts and the checks of LexOps itself look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from lexops.checks.model import Check, Status
from lexops.checks.tables import check_table, of, point_table, series_table
from lexops.clock import Clock
from lexops.store.database import Store
from lexops.targets.memory import Memory

LEXOPS = "lexops"
"""The target that LexOps is to itself; always there, and no site can have one of that name."""

T = TypeVar("T")
Span = tuple[datetime, datetime]
_FINEST = ((timedelta(days=2), 0), (timedelta(days=45), 300), (timedelta(days=750), 3600))
"""Up to which age which step is kept and short enough to read; beyond them days."""


@dataclass(frozen=True, slots=True)
class Track:
    """A metric's past: its newest limit, and (seconds since 1970, mean) oldest first."""

    item: str
    unit: str
    limit: float | None
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks of LexOps itself have to know of their site."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    lanes: Mapping[str, str] = field(default_factory=dict)
    """The lane of each target: those of different lanes fail independently of each other."""
    folder: Path | None = None
    """Where the store's file is; None where it is a server's."""
    schedules: Callable[[Connection, datetime], Iterable[str]] | None = None
    """The schedules that are late, as sentences; they belong to a floor above."""


def step_for(since: timedelta) -> int:
    """The finest rollup that reaches so far back: 0 is raw, then 300, 3600 and 86400 seconds."""
    return next((step for reach, step in _FINEST if since <= reach), 86_400)


class History:
    """The past of one target. Every question is a short read of the store."""

    def __init__(
        self, store: Store, target: str, clock: Clock, surroundings: Surroundings | None = None
    ) -> None:
        self.target = target
        self.clock = clock
        self.memory = Memory()
        self.check: Check | None = None
        """The check that looks, as the site has overridden it."""
        self.store = store
        self.site = surroundings or Surroundings()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def ask(self, question: Callable[[Connection, datetime], T]) -> T:
        """The answer to a question about the store as it stands. Raises StoreError."""
        with self.store.read() as connection:
            return question(connection, self.now)

    def status(self, check: str) -> tuple[Status | None, str]:
        """What a check of this target says; None while it has not been looked at."""
        columns = check_table.c
        with self.store.read() as connection:
            query = select(columns.status, columns.summary).where(of(check_table, self.target, check))
            row = connection.execute(query).first()
        return (Status(row.status), row.summary) if row and row.status else (None, "")

    def tracks(self, check: str, metric: str, since: timedelta, step: int | None = None) -> list[Track]:
        """The metric of each item of a check since so long; without `step` the finest that reaches back."""
        wanted = step_for(since) if step is None else step
        return self.spans(check, metric, [(self.now - since, self.now)], wanted)

    def spans(self, check: str, metric: str, spans: Iterable[Span], step: int) -> list[Track]:
        """The metric of each item of a check in some spans, both ends included; each is one short read."""
        wanted, series = list(spans), series_table.c
        with self.store.read() as connection:
            query = select(series_table).where(of(series_table, self.target, check), series.name == metric)
            return [
                Track(
                    row.item,
                    row.unit,
                    row.limit,
                    tuple(p for span in wanted for p in _points(connection, row.id, step, span)),
                )
                for row in connection.execute(query.order_by(series.item)).all()
            ]

    def abort(self) -> None:
        """Nothing to end: the store's own time limits bound every read."""

    def close(self) -> None:
        """Nothing is held between two questions."""


def _points(connection: Connection, series: int, step: int, span: Span) -> list[tuple[float, float]]:
    columns = point_table.c
    query = (
        select(columns.at, columns.mean)
        .where(columns.series == series, columns.step == step, columns.at.between(*span))
        .order_by(columns.at)
    )
    return [(row.at.timestamp(), row.mean) for row in connection.execute(query)]
