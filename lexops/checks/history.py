"""What LexOps has kept of a target, as a session: what forecasts and the checks of LexOps itself look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from lexops.checks.tables import of, point_table, series_table
from lexops.clock import Clock
from lexops.store.database import Store
from lexops.targets.memory import Memory


@dataclass(frozen=True, slots=True)
class Track:
    """A metric's past: its newest limit, and (seconds since 1970, mean) oldest first."""

    item: str
    unit: str
    limit: float | None
    points: tuple[tuple[float, float], ...]


class History:
    """The past of one target. Every question is a short read of the store."""

    def __init__(self, store: Store, target: str, clock: Clock) -> None:
        self.target = target
        self.clock = clock
        self.memory = Memory()
        self.store = store

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def tracks(self, check: str, metric: str, since: timedelta, step: int = 0) -> list[Track]:
        """The metric of each item of a check; `step` 0 is raw, 300, 3600 and 86400 are rollups."""
        series, points = series_table.c, point_table.c
        start = self.now - since
        with self.store.read() as connection:
            wanted = select(series_table).where(of(series_table, self.target, check), series.name == metric)
            return [
                Track(
                    row.item,
                    row.unit,
                    row.limit,
                    tuple(
                        (point.at.timestamp(), point.mean)
                        for point in connection.execute(
                            select(points.at, points.mean)
                            .where(points.series == row.id, points.step == step, points.at >= start)
                            .order_by(points.at)
                        )
                    ),
                )
                for row in connection.execute(wanted.order_by(series.item)).all()
            ]

    def abort(self) -> None:
        """Nothing to end: the store's own time limits bound every read."""

    def close(self) -> None:
        """Nothing is held between two questions."""
