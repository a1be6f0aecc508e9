"""Read models of checks, for screens, commands and reports."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from lexops.checks import asked, presence, store
from lexops.checks.model import Area, Check, Status
from lexops.checks.schedule import is_stale
from lexops.checks.tables import (
    broken_table,
    check_table,
    point_table,
    result_table,
    series_table,
    worker_table,
)
from lexops.checks.view import (
    CheckDetail,
    CheckRow,
    Flag,
    Fleet,
    Point,
    ResultRow,
    Series,
    TargetRow,
    WorkerRow,
)
from lexops.targets.model import Kind

HOURS = 24
"""Length of the ribbon."""
HISTORY = 50
"""Runs of results that a detail shows."""

_KEPT_APART = ("evidence", "memory")
_ROW = [column for column in check_table.c if column.name not in _KEPT_APART]
"""What a line of a list needs: reading the evidence of thousands of checks would take most of the time."""


def fleet(
    connection: Connection,
    at: datetime,
    incidents: Mapping[tuple[str, str], int] | None = None,
    target: str | None = None,
) -> Fleet:
    """All checks and targets, or one target's, as they stand; `incidents` gives the open one of a check."""
    quiet = {
        Flag.DOWNTIME: asked.in_downtime(connection, at),
        Flag.SILENCED: asked.silenced(connection, at),
    }
    wanted = select(*_ROW).order_by(check_table.c.position)
    if target is not None:
        wanted = wanted.where(check_table.c.target == target)
    rows = tuple(
        _check_row(row, at, quiet, (incidents or {}).get((row.target, row.check)))
        for row in connection.execute(wanted)
    )
    broken = {row.name: row.reason for row in connection.execute(select(broken_table))}
    return Fleet(
        at,
        rows,
        _target_rows(connection, rows, at),
        _worker_row(connection, at),
        broken,
    )


def _worker_row(connection: Connection, at: datetime) -> WorkerRow | None:
    """The worker that was heard last; it lives while any of them does."""
    row = connection.execute(select(worker_table).order_by(worker_table.c.beat.desc())).first()
    if row is None:
        return None
    return WorkerRow(row.name, row.pid, row.started, row.beat, presence.is_worker_alive(connection, at))


Quiet = Mapping[Flag, set[tuple[str, str | None]]]
"""Targets, or checks of targets, that are in downtime or silenced."""


def _check_row(row: Row[Any], at: datetime, quiet: Quiet, incident: int | None) -> CheckRow:
    return CheckRow(
        row.target,
        Kind(row.kind),
        row.environment,
        row.check,
        row.title,
        Area(row.area),
        Status(row.status) if row.status else None,
        row.summary,
        _flags(row, at, quiet),
        row.since,
        row.checked,
        row.due,
        incident,
    )


def _flags(row: Row[Any], at: datetime, quiet: Quiet) -> frozenset[Flag]:
    status = Status(row.status) if row.status else None
    told = {
        Flag.SOFT: status is not None
        and status.is_problem
        and not row.unreachable
        and row.hard != row.status,
        Flag.STALE: row.checked is not None and is_stale(row.checked, timedelta(seconds=row.stale_after), at),
        Flag.FLAPPING: row.flapping,
        Flag.UNREACHABLE: row.unreachable,
        Flag.ACKNOWLEDGED: row.acknowledged_at is not None,
    }
    for flag, known in quiet.items():
        told[flag] = (row.target, None) in known or (row.target, row.check) in known
    return frozenset(flag for flag, holds in told.items() if holds)


def _target_rows(connection: Connection, rows: Iterable[CheckRow], at: datetime) -> tuple[TargetRow, ...]:
    by_target: dict[str, list[CheckRow]] = defaultdict(list)
    for row in rows:
        by_target[row.target].append(row)
    ribbons = _ribbons(connection, at, None if len(by_target) > 1 else next(iter(by_target), None))
    return tuple(
        _target_row(checks, ribbons.get(name, (None,) * HOURS)) for name, checks in by_target.items()
    )


def _target_row(checks: list[CheckRow], ribbon: tuple[Status | None, ...]) -> TargetRow:
    seen = [row for row in checks if row.status is not None]
    worst = max((row.status for row in seen if row.status), key=lambda status: status.rank, default=None)
    return TargetRow(
        checks[0].target,
        checks[0].kind,
        checks[0].environment,
        worst,
        Counter(row.status for row in seen if row.status),
        ribbon,
        max((row.checked for row in seen if row.checked), default=None),
    )


def _ribbons(
    connection: Connection, at: datetime, target: str | None
) -> dict[str, tuple[Status | None, ...]]:
    columns = result_table.c
    start = at - timedelta(hours=HOURS)
    wanted = select(columns.target, columns.status, columns.first, columns.last)
    wanted = wanted.where(columns.last >= start, ~columns.soft)
    runs = connection.execute(wanted.where(columns.target == target) if target else wanted)
    hours: dict[str, list[Status | None]] = defaultdict(lambda: [None] * HOURS)
    for run in runs:
        slots, status = hours[run.target], Status(run.status)
        first = max(0, int((run.first - start) / timedelta(hours=1)))
        last = min(HOURS - 1, int((run.last - start) / timedelta(hours=1)))
        for hour in range(first, last + 1):
            before = slots[hour]
            slots[hour] = status if before is None or status.rank > before.rank else before
    return {target: tuple(slots) for target, slots in hours.items()}


def detail(
    connection: Connection, definition: Check, row: CheckRow, everything: Fleet, since: datetime
) -> CheckDetail:
    """All about one check on one target; metrics from `since` on, in the finest step that stays drawable."""
    evidence = connection.scalar(
        select(check_table.c.evidence).where(
            check_table.c.target == row.target, check_table.c.check == row.check
        )
    )
    verdict = store.unpack(evidence)
    return CheckDetail(
        row,
        definition,
        verdict.judged,
        verdict.findings,
        verdict.notes,
        verdict.hint,
        _history(connection, row),
        tuple(_series(connection, row, since, everything.at)),
        tuple(
            other for other in everything.problems if other.target == row.target and other.check != row.check
        ),
    )


def _history(connection: Connection, row: CheckRow) -> tuple[ResultRow, ...]:
    columns = result_table.c
    runs = connection.execute(
        select(result_table)
        .where(columns.target == row.target, columns.check == row.check)
        .order_by(columns.last.desc())
        .limit(HISTORY)
    )
    return tuple(
        ResultRow(run.first, Status(run.status), run.summary, run.seconds, run.soft, run.last, run.times)
        for run in runs
    )


def _series(connection: Connection, row: CheckRow, since: datetime, now: datetime) -> list[Series]:
    columns = series_table.c
    step = 0 if now - since <= timedelta(days=1) else 300 if now - since <= timedelta(days=14) else 3600
    found = connection.execute(
        select(series_table)
        .where(columns.target == row.target, columns.check == row.check)
        .order_by(columns.info, columns.name, columns.item)
    ).all()
    return [
        Series(
            series.name,
            series.item,
            series.unit,
            series.limit,
            _points(connection, series.id, step, since),
            series.info,
        )
        for series in found
    ]


def _points(connection: Connection, series: int, step: int, since: datetime) -> tuple[Point, ...]:
    columns = point_table.c
    query = (
        select(columns.at, columns.low, columns.mean, columns.high)
        .where(columns.series == series, columns.step == step, columns.at >= since)
        .order_by(columns.at)
    )
    return tuple(Point(row.at, row.low, row.mean, row.high) for row in connection.execute(query))
