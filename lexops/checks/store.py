"""The checks' tables: states, results, metrics, findings, acknowledgements, downtimes, the worker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from lexops.checks.model import Finding, Judged, Metric, Note, Outcome, Status, Verdict
from lexops.checks.schedule import stale_after
from lexops.checks.state import State
from lexops.store.database import Moment, metadata

if TYPE_CHECKING:
    from lexops.checks.assignment import Assignment

check_table = Table(
    "check_state",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("check", String(120), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("environment", String(20), nullable=False),
    Column("area", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("stale_after", Float, nullable=False),
    Column("availability", Boolean, nullable=False),
    Column("due", Moment, nullable=False, index=True),
    Column("status", String(20)),
    Column("hard", String(20)),
    Column("told", String(20)),
    Column("since", Moment),
    Column("checked", Moment),
    Column("bad", Integer, nullable=False, default=0),
    Column("history", String(40), nullable=False, default=""),
    Column("flapping", Boolean, nullable=False, default=False),
    Column("unreachable", Boolean, nullable=False, default=False),
    Column("summary", Text, nullable=False, default=""),
    Column("evidence", JSON),
    Column("acknowledged_by", String(80)),
    Column("acknowledged_why", Text),
    Column("acknowledged_at", Moment),
    Column("acknowledged_status", String(20)),
)

result_table = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("status", String(20), nullable=False),
    Column("soft", Boolean, nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("summary", Text, nullable=False),
    Index("ix_result_target_check_last", "target", "check", "last"),
)
"""Results as runs: one row for as long as the same status is seen without a gap, so that years stay small."""

finding_table = Table(
    "finding",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("check", String(120), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("cleared", Moment),
)

series_table = Table(
    "metric_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("name", String(80), nullable=False),
    Column("item", String(200), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("limit", Float),
    UniqueConstraint("target", "check", "name", "item"),
)

point_table = Table(
    "metric_point",
    metadata,
    Column("series", Integer, ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("low", Float, nullable=False),
    Column("mean", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("times", Integer, nullable=False),
    Index("ix_metric_point_step_at", "step", "at"),
)
"""`step` 0 is a raw value; 300 and 3600 are rollups over that many seconds, kept under their start."""

downtime_table = Table(
    "downtime",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120)),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", String(80), nullable=False),
)

wish_table = Table(
    "check_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("asked", Moment, nullable=False),
    Column("answered", Moment),
    Index("ix_check_request_answered", "answered"),
)
"""Checks somebody wants to be run now; the worker answers them."""

worker_table = Table(
    "worker",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started", Moment, nullable=False),
    Column("beat", Moment, nullable=False),
)

broken_table = Table(
    "broken_plugin",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("reason", Text, nullable=False),
)

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
        connection.execute(delete(check_table).where(_is(check_table, target, check)))
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
            connection.execute(update(check_table).where(_is(check_table, w.target, check.id)).values(values))
        else:
            values |= {"target": w.target, "check": check.id, "due": now}
            connection.execute(insert(check_table).values(values))


def _is(table: Table, target: str, check: str) -> Any:
    return and_(table.c.target == target, table.c.check == check)


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
        .where(_is(check_table, state.target, state.check))
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
        .where(_is(result_table, state.target, state.check))
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
                _is(series_table, outcome.target, outcome.check.id)
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
    here = _is(finding_table, outcome.target, outcome.check.id)
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
            .where(_is(check_table, state.target, state.check), ends)
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


# What people ask for


def make_due(connection: Connection, pairs: Iterable[tuple[str, str]], at: datetime) -> None:
    """Let checks be looked at now."""
    for target, check in pairs:
        connection.execute(update(check_table).where(_is(check_table, target, check)).values(due=at))


def wish(connection: Connection, key: str, pairs: Iterable[tuple[str, str]], at: datetime) -> int:
    """Ask the worker to run checks now; answers how many."""
    rows = [{"key": key, "target": target, "check": check, "asked": at} for target, check in pairs]
    if rows:
        connection.execute(insert(wish_table), rows)
    return len(rows)


def open_wishes(connection: Connection) -> list[tuple[str, str, datetime]]:
    """The checks that wait to be run on request, with the moment they were asked for."""
    columns = wish_table.c
    query = select(columns.target, columns.check, columns.asked).where(columns.answered.is_(None))
    return [(row.target, row.check, row.asked) for row in connection.execute(query)]


def answer_wishes(connection: Connection, target: str, check: str, started: datetime) -> None:
    """Mark the requests that a result started at `started` answers."""
    columns = wish_table.c
    connection.execute(
        update(wish_table)
        .where(_is(wish_table, target, check), columns.answered.is_(None), columns.asked <= started)
        .values(answered=started)
    )


def drop_orphan_wishes(connection: Connection, at: datetime) -> None:
    """Answer requests for checks that are not assigned, so that nobody waits for them."""
    columns = wish_table.c
    assigned = select(check_table.c.check).where(
        check_table.c.target == columns.target, check_table.c.check == columns.check
    )
    connection.execute(
        update(wish_table).where(columns.answered.is_(None), ~assigned.exists()).values(answered=at)
    )


def waiting(connection: Connection, key: str) -> int:
    """How many checks of a request still wait."""
    columns = wish_table.c
    query = select(columns.id).where(columns.key == key, columns.answered.is_(None))
    return len(connection.execute(query).all())


def acknowledge(
    connection: Connection, target: str, check: str, operator: str, reason: str, at: datetime
) -> bool:
    """Say that somebody knows of a problem; False when there is no problem to know of."""
    columns = check_table.c
    problems = [status.value for status in Status if status.is_problem]
    done = connection.execute(
        update(check_table)
        .where(_is(check_table, target, check), columns.status.in_(problems))
        .values(
            acknowledged_by=operator,
            acknowledged_why=reason,
            acknowledged_at=at,
            acknowledged_status=columns.status,
        )
    )
    return done.rowcount > 0


def add_downtime(
    connection: Connection,
    target: str,
    check: str | None,
    span: timedelta,
    operator: str,
    reason: str,
    at: datetime,
) -> None:
    """Announce that a target (or one of its checks) may fail for a while."""
    connection.execute(
        insert(downtime_table).values(
            target=target, check=check, starts=at, ends=at + span, reason=reason, operator=operator
        )
    )


def end_downtimes(connection: Connection, target: str, at: datetime) -> int:
    """End the target's downtimes now; answers how many there were."""
    columns = downtime_table.c
    done = connection.execute(
        update(downtime_table).where(columns.target == target, columns.ends > at).values(ends=at)
    )
    return done.rowcount


def in_downtime(connection: Connection, at: datetime) -> set[tuple[str, str | None]]:
    """Targets, or checks of targets, whose failing is announced at `at`."""
    columns = downtime_table.c
    rows = connection.execute(
        select(columns.target, columns.check).where(columns.starts <= at, columns.ends > at).distinct()
    )
    return {(row.target, row.check) for row in rows}


def downtimes_ended(connection: Connection, after: datetime, until: datetime) -> set[str]:
    """Targets whose downtime ended in the span: they are looked at again at once."""
    columns = downtime_table.c
    rows = connection.execute(
        select(columns.target).where(columns.ends > after, columns.ends <= until).distinct()
    )
    return {row.target for row in rows}


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


# The worker and the plug-ins


DEAD_AFTER = timedelta(seconds=20)
"""A worker without a sign of life for so long counts as gone."""


def is_worker_alive(connection: Connection, at: datetime) -> bool:
    """Whether a worker has shown a sign of life lately."""
    query = select(worker_table.c.name).where(worker_table.c.beat > at - DEAD_AFTER)
    return connection.execute(query).first() is not None


def claim_worker(connection: Connection, name: str, pid: int, at: datetime) -> bool:
    """Become the site's worker; False while another one is alive."""
    if is_worker_alive(connection, at):
        return False
    connection.execute(delete(worker_table))
    connection.execute(insert(worker_table).values(name=name, pid=pid, started=at, beat=at))
    return True


def beat(connection: Connection, name: str, at: datetime) -> bool:
    """Show a sign of life; False when another worker has taken over."""
    done = connection.execute(update(worker_table).where(worker_table.c.name == name).values(beat=at))
    return done.rowcount == 1


def release_worker(connection: Connection, name: str) -> None:
    """Leave, so that the next worker may start at once."""
    connection.execute(delete(worker_table).where(worker_table.c.name == name))


def set_broken(connection: Connection, broken: Mapping[str, str]) -> None:
    """Say which plug-ins could not be loaded."""
    connection.execute(delete(broken_table))
    if broken:
        rows = [{"name": name[:200], "reason": reason} for name, reason in broken.items()]
        connection.execute(insert(broken_table), rows)
