"""What is kept of checks: assignments, states, results, metrics, findings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from lexops.checks.model import Finding, Judged, Metric, Note, Outcome, Status, Verdict
from lexops.checks.schedule import stale_after
from lexops.checks.state import State
from lexops.checks.tables import check_table, finding_table, of, point_table, result_table, series_table

if TYPE_CHECKING:
    from lexops.checks.assignment import Assignment

_STATE = [
    check_table.c[name]
    for name in (
        "target check status since checked due summary hard told bad history flapping unreachable".split()
    )
]


def assign(connection: Connection, wanted: Sequence[Assignment], now: datetime) -> None:
    """Make the table hold exactly the wanted checks. Known states stay; new ones are due now."""
    present = {
        (row.target, row.check)
        for row in connection.execute(select(check_table.c.target, check_table.c.check))
    }
    keys = {(w.target, w.runnable.check.id) for w in wanted}
    for target, check in present - keys:
        connection.execute(delete(check_table).where(of(check_table, target, check)))
    for position, w in enumerate(wanted):
        check = w.runnable.check
        values: dict[str, Any] = {
            "kind": w.kind.value,
            "environment": w.environment,
            "area": check.area.value,
            "title": check.title,
            "position": position,
            "stale_after": stale_after(check.every, check.timeout).total_seconds(),
            "availability": check.availability,
        }
        if (w.target, check.id) in present:
            connection.execute(update(check_table).where(of(check_table, w.target, check.id)).values(values))
        else:
            values |= {"target": w.target, "check": check.id, "due": now}
            connection.execute(insert(check_table).values(values))


def assigned(connection: Connection, target: str | None, check: str | None) -> list[tuple[str, str]]:
    """The assigned checks that fit; a check may be named by its beginning up to a dot (`billing`)."""
    columns = check_table.c
    query = select(columns.target, columns.check).order_by(columns.position)
    if target:
        query = query.where(columns.target == target)
    if check:
        query = query.where(
            or_(columns.check == check, columns.check.startswith(f"{check}.", autoescape=True))
        )
    return [(row.target, row.check) for row in connection.execute(query)]


def states(connection: Connection) -> dict[tuple[str, str], State]:
    """The states of all checks that have been looked at."""
    rows = connection.execute(select(*_STATE).where(check_table.c.status.is_not(None)))
    return {(row.target, row.check): _state(row) for row in rows}


def dues(connection: Connection) -> dict[tuple[str, str], datetime]:
    """When each assigned check is due."""
    columns = check_table.c
    return {
        (row.target, row.check): row.due
        for row in connection.execute(select(columns.target, columns.check, columns.due))
    }


def _state(row: Row[Any]) -> State:
    return State(
        row.target,
        row.check,
        Status(row.status),
        row.since,
        row.checked,
        row.due,
        row.summary,
        Status(row.hard) if row.hard else None,
        Status(row.told) if row.told else None,
        row.bad,
        row.history,
        row.flapping,
        row.unreachable,
    )


def save(connection: Connection, outcome: Outcome, state: State) -> None:
    """Keep one outcome and the state it led to, with metrics and findings."""
    verdict = outcome.verdict
    connection.execute(
        update(check_table)
        .where(of(check_table, state.target, state.check))
        .values(
            status=state.status.value,
            hard=state.hard.value if state.hard else None,
            told=state.told.value if state.told else None,
            since=state.since,
            checked=state.checked,
            due=state.due,
            bad=state.bad,
            history=state.history,
            flapping=state.flapping,
            unreachable=state.unreachable,
            summary=state.summary,
            evidence=pack(verdict),
        )
    )
    _keep_result(connection, outcome, state)
    _keep_metrics(connection, outcome)
    if verdict.status in (Status.OK, Status.WARNING, Status.CRITICAL):
        _keep_findings(connection, outcome)
    _drop_acknowledgement(connection, state)


def _keep_result(connection: Connection, outcome: Outcome, state: State) -> None:
    columns = result_table.c
    last = connection.execute(
        select(columns.id, columns.status, columns.soft, columns.last)
        .where(of(result_table, state.target, state.check))
        .order_by(columns.last.desc(), columns.id.desc())
        .limit(1)
    ).first()
    gap = stale_after(outcome.check.every, outcome.check.timeout)
    goes_on = (
        last is not None
        and last.status == state.status.value
        and last.soft == state.soft
        and state.checked - last.last <= gap
    )
    common: dict[str, Any] = {"last": state.checked, "summary": state.summary, "seconds": outcome.seconds}
    if goes_on and last is not None:
        connection.execute(
            update(result_table).where(columns.id == last.id).values(times=columns.times + 1, **common)
        )
    else:
        connection.execute(
            insert(result_table).values(
                target=state.target,
                check=state.check,
                status=state.status.value,
                soft=state.soft,
                first=state.checked,
                times=1,
                **common,
            )
        )


def _keep_metrics(connection: Connection, outcome: Outcome) -> None:
    metrics = {(m.name, m.item): m for m in outcome.verdict.metrics if m.value == m.value}
    if not metrics:
        return
    columns = series_table.c
    known = {
        (row.name, row.item): row
        for row in connection.execute(
            select(columns.id, columns.name, columns.item, columns.limit).where(
                of(series_table, outcome.target, outcome.check.id)
            )
        )
    }
    numbers = []
    for key, metric in metrics.items():
        series = known.get(key)
        number = series.id if series else _new_series(connection, outcome, metric)
        if series and series.limit != metric.limit:
            connection.execute(update(series_table).where(columns.id == number).values(limit=metric.limit))
        numbers.append((number, metric.value))
    _add_points(connection, outcome.started, numbers)


def _add_points(connection: Connection, at: datetime, values: Sequence[tuple[int, float]]) -> None:
    columns = point_table.c
    again = columns.series.in_([series for series, _ in values])
    connection.execute(delete(point_table).where(again, columns.step == 0, columns.at == at))
    rows = [
        {"series": series, "step": 0, "at": at, "low": value, "mean": value, "high": value, "times": 1}
        for series, value in values
    ]
    connection.execute(insert(point_table), rows)


def _new_series(connection: Connection, outcome: Outcome, metric: Metric) -> int:
    done = connection.execute(
        insert(series_table).values(
            target=outcome.target,
            check=outcome.check.id,
            name=metric.name[:80],
            item=metric.item[:200],
            unit=metric.unit,
            limit=metric.limit,
        )
    )
    key = done.inserted_primary_key
    assert key is not None
    return int(key[0])


def _keep_findings(connection: Connection, outcome: Outcome) -> None:
    columns = finding_table.c
    here = of(finding_table, outcome.target, outcome.check.id)
    known = {
        row.key: row.cleared for row in connection.execute(select(columns.key, columns.cleared).where(here))
    }
    seen = {finding.key: finding for finding in outcome.verdict.findings}
    if not seen and not known:
        return
    at = outcome.started
    gone = [key for key, cleared in known.items() if cleared is None and key not in seen]
    if gone:
        connection.execute(update(finding_table).where(here, columns.key.in_(gone)).values(cleared=at))
    for key, finding in seen.items():
        values = {"status": finding.status.value, "text": finding.text, "last_seen": at, "cleared": None}
        if key in known:
            again = {"first_seen": at} if known[key] is not None else {}
            connection.execute(update(finding_table).where(here, columns.key == key).values(values | again))
        else:
            connection.execute(
                insert(finding_table).values(
                    target=outcome.target, check=outcome.check.id, key=key, first_seen=at, **values
                )
            )


def _drop_acknowledgement(connection: Connection, state: State) -> None:
    """An acknowledgement ends with the problem, or when it gets worse than what was acknowledged."""
    columns = check_table.c
    worse = [status.value for status in Status if state.hard and status.rank < state.hard.rank]
    over = state.hard is not None and not state.hard.is_problem
    if over or worse:
        ends = columns.acknowledged_at.is_not(None) if over else columns.acknowledged_status.in_(worse)
        connection.execute(
            update(check_table)
            .where(of(check_table, state.target, state.check), ends)
            .values(
                acknowledged_by=None, acknowledged_why=None, acknowledged_at=None, acknowledged_status=None
            )
        )


def pack(verdict: Verdict) -> dict[str, Any]:
    """The evidence of a verdict as JSON."""
    return {
        "judged": [[j.status.value, j.text, j.item] for j in verdict.judged],
        "findings": [[f.key, f.text, f.status.value, _plain(f.detail)] for f in verdict.findings],
        "notes": [[n.label, n.text] for n in verdict.notes],
        "hint": verdict.hint,
    }


def _plain(detail: Mapping[str, object]) -> Mapping[str, object]:
    return json.loads(json.dumps(dict(detail), default=str)) if detail else {}


def unpack(evidence: Mapping[str, Any] | None) -> Verdict:
    """What :func:`pack` kept, as a verdict without status."""
    if not evidence:
        return Verdict(Status.UNKNOWN, "")
    return Verdict(
        Status.UNKNOWN,
        "",
        judged=tuple(Judged(Status(s), text, item) for s, text, item in evidence["judged"]),
        findings=tuple(
            Finding(key, text, Status(s), detail) for key, text, s, detail in evidence["findings"]
        ),
        notes=tuple(Note(label, text) for label, text in evidence["notes"]),
        hint=evidence["hint"],
    )
