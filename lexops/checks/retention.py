"""Metrics are rolled up and old things forgotten, so that the store stays small."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Integer, cast, delete, func, insert, literal, select

from lexops.checks.tables import downtime_table, finding_table, point_table, result_table, wish_table
from lexops.store import event

STEPS = (300, 3600, 86_400)
"""Seconds of the rollups, each made from the one before it."""
KEEP_STEP = {300: timedelta(days=60), 3600: timedelta(days=800), 86_400: timedelta(days=3650)}
"""Months of the same hour of the week, two years of hours, ten years of days."""
WAIT = timedelta(minutes=1)
"""How long after its end a span is summed up: by then what was seen in it has been kept."""
_MICROSECONDS = 1_000_000


def roll_up(connection: Connection, now: datetime) -> None:
    """Sum up all complete spans that have not been summed up yet."""
    finer = 0
    for step in STEPS:
        _roll_up(connection, finer, step, now)
        finer = step


def _roll_up(connection: Connection, finer: int, step: int, now: datetime) -> None:
    columns = point_table.c
    width = step * _MICROSECONDS
    newest = connection.scalar(select(func.max(columns.at)).where(columns.step == step))
    start = newest + timedelta(seconds=step) if newest else datetime.fromtimestamp(0, tz=now.tzinfo)
    end = datetime.fromtimestamp((now - WAIT).timestamp() // step * step, tz=now.tzinfo)
    if end <= start:
        return
    micro = cast(columns.at, BigInteger)
    bucket = (micro - micro % literal(width, BigInteger)).label("bucket")
    summed = (
        select(
            columns.series,
            literal(step, Integer),
            bucket,
            func.min(columns.low),
            func.sum(columns.mean * columns.times) / func.sum(columns.times),
            func.max(columns.high),
            func.sum(columns.times),
        )
        .where(columns.step == finer, columns.at >= start, columns.at < end)
        .group_by(columns.series, bucket)
    )
    names = ["series", "step", "at", "low", "mean", "high", "times"]
    connection.execute(insert(point_table).from_select(names, summed))


def forget(connection: Connection, now: datetime, keep_results: timedelta, keep_raw: timedelta) -> None:
    """Delete what is older than the site wants to keep."""
    old = now - keep_results
    points = point_table.c
    connection.execute(delete(point_table).where(points.step == 0, points.at < now - keep_raw))
    for step, keep in KEEP_STEP.items():
        connection.execute(delete(point_table).where(points.step == step, points.at < now - keep))
    connection.execute(delete(result_table).where(result_table.c.last < old))
    connection.execute(delete(finding_table).where(finding_table.c.cleared < old))
    connection.execute(delete(downtime_table).where(downtime_table.c.ends < old))
    connection.execute(delete(wish_table).where(wish_table.c.asked < now - timedelta(days=1)))
    event.forget(connection, old)
