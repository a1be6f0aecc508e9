"""What is kept of checks: assignments, states, results, metrics, findings."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from lexops.checks.contract import Assignment
from lexops.checks.model import Finding, Judged, Metric, Note, Outcome, Status, Verdict
from lexops.checks.schedule import next_due, stale_after
from lexops.checks.state import State
from lexops.checks.tables import check_table, finding_table, of, point_table, result_table, series_table
from lexops.store.database import Moment, added

_SAVED = "status hard told since checked due bad history flapping unreachable summary evidence memory".split()
_OF_VERDICT = ("evidence", "memory")
_STATE = [
    check_table.c[name]
    for name in (
        "target check status since checked due summary hard told bad history flapping unreachable".split()
    )
]

_LOOK = select(
    *(check_table.c[name] for name in ("target", "check", "hard", "checked", "unreachable", "summary"))
)


def assign(connection: Connection, wanted: Sequence[Assignment], now: datetime) -> None:
    """Make the table hold exactly the wanted checks. Known states stay; new ones are due now.

    None is due later than its interval wants: that may be shorter now, or the clock was ahead.
    """
    present = dues(connection)
    keys = {(w.target, w.runnable.check.id) for w in wanted}
    for gone in present.keys() - keys:
        connection.execute(delete(check_table).where(of(check_table, *gone)))
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
            latest = next_due(w.target, check.every, now)
            if present[w.target, check.id] > latest:
                values["due"] = latest
            connection.execute(update(check_table).where(of(check_table, w.target, check.id)).values(values))
        else:
            values |= {"target": w.target, "check": check.id, "due": now}
            connection.execute(insert(check_table).values(values))


def memories(connection: Connection) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What checks have kept for their next look."""
    columns = check_table.c
    query = select(columns.target, columns.check, columns.memory).where(columns.memory.is_not(None))
    return {(row.target, row.check): row.memory for row in connection.execute(query) if row.memory}


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


@dataclass(frozen=True, slots=True)
class Look:
    """What is certain about a check, and when it was looked at last."""

    target: str
    check: str
    status: Status
    checked: datetime
    unreachable: bool
    summary: str

    def saw_since(self, moment: datetime) -> bool:
        """Whether the target has been seen since a moment."""
        return self.checked > moment and not self.unreachable


def failing(connection: Connection) -> list[Look]:
    """The checks that fail for certain and whose incidents have been told so."""
    columns, problems = check_table.c, [status.value for status in Status if status.is_problem]
    certain = (columns.hard.in_(problems), columns.told.in_(problems), columns.status.in_(problems))
    rows = connection.execute(_LOOK.where(*certain, columns.unreachable.is_(False)))
    return [_look(row) for row in rows]


def looks(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], Look]:
    """How checks stand, by target and check; those that were never certain are left out."""
    columns = check_table.c
    wanted = _LOOK.where(columns.target.in_({target for target, _ in pairs}), columns.hard.is_not(None))
    found = (_look(row) for row in (connection.execute(wanted) if pairs else ()))
    return {(look.target, look.check): look for look in found if (look.target, look.check) in pairs}


def _look(row: Row[Any]) -> Look:
    return Look(row.target, row.check, Status(row.hard), row.checked, row.unreachable, row.summary)


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


_MEMORY = case(
    (bindparam("has_memory", type_=Boolean()), bindparam("memory", type_=JSON())), else_=check_table.c.memory
)
_REMEMBER = (
    update(check_table)
    .where(check_table.c.target == bindparam("of_target"), check_table.c.check == bindparam("of_check"))
    .values({name: bindparam(name) for name in _SAVED if name != "memory"} | {"memory": _MEMORY})
)
_EXTEND_RUN = (
    update(result_table)
    .where(
        result_table.c.id
        == select(func.max(result_table.c.id))
        .where(result_table.c.target == bindparam("of_target"), result_table.c.check == bindparam("of_check"))
        .scalar_subquery(),
        result_table.c.status == bindparam("of_status"),
        result_table.c.soft == bindparam("of_soft"),
        result_table.c.last >= bindparam("not_before", type_=Moment()),
    )
    .values(
        last=bindparam("now", type_=Moment()),
        times=result_table.c.times + 1,
        summary=bindparam("says"),
        seconds=bindparam("took"),
    )
)
_BEGIN_RUN = insert(result_table)
_ADD_POINTS = insert(point_table)


class Recorder:
    """Keeps outcomes and the states they led to.

    It remembers what it has written, so that an unchanged result costs few statements. When a
    transaction fails, call `forget`: what it thought it had written is not there.
    """

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], dict[tuple[str, str], tuple[int, float | None]]] = {}
        self._spotless: set[tuple[str, str]] = set()

    def forget(self) -> None:
        """Ask the database again from now on."""
        self._series.clear()
        self._spotless.clear()

    def keep(self, connection: Connection, outcome: Outcome, before: State | None, state: State) -> None:
        """Keep one outcome and the state after it, with metrics and findings."""
        connection.execute(_REMEMBER, _state_values(outcome, state))
        _keep_run(connection, outcome, state)
        self._keep_metrics(connection, outcome)
        if outcome.verdict.status in (Status.OK, Status.WARNING, Status.CRITICAL):
            self._keep_findings(connection, outcome)
        if before is None or before.hard is not state.hard:
            _drop_acknowledgement(connection, state)

    def _keep_metrics(self, connection: Connection, outcome: Outcome) -> None:
        metrics = {(m.name, m.item): m for m in outcome.verdict.metrics if m.value == m.value}
        if not metrics:
            return
        place = (outcome.target, outcome.check.id)
        if place not in self._series:
            self._series[place] = _known_series(connection, *place)
        known = self._series[place]
        points = []
        for key, metric in metrics.items():
            if key not in known:
                known[key] = (_new_series(connection, outcome, metric), metric.limit)
            series, limit = known[key]
            if limit != metric.limit:
                same = series_table.c.id == series
                connection.execute(update(series_table).where(same).values(limit=metric.limit))
                known[key] = (series, metric.limit)
            points.append({"series": series} | dict.fromkeys(("low", "mean", "high"), metric.value))
        # A look may take longer than a rollup waits, and what it found is as new as its end.
        at = outcome.started + timedelta(seconds=outcome.seconds)
        moment = {"step": 0, "at": at, "times": 1}
        connection.execute(_ADD_POINTS, [point | moment for point in points])

    def _keep_findings(self, connection: Connection, outcome: Outcome) -> None:
        place = (outcome.target, outcome.check.id)
        if not outcome.verdict.findings:
            if place not in self._spotless:
                _clear_findings(connection, *place, outcome.started)
                self._spotless.add(place)
            return
        self._spotless.discard(place)
        _keep_findings(connection, outcome)


def _state_values(outcome: Outcome, state: State) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(state, name) for name in _SAVED if name not in _OF_VERDICT}
    for name in ("status", "hard", "told"):
        values[name] = values[name].value if values[name] else None
    return values | {
        "evidence": pack(outcome.verdict),
        "memory": outcome.verdict.memory,
        "has_memory": outcome.verdict.memory is not None,
        "of_target": state.target,
        "of_check": state.check,
    }


def _keep_run(connection: Connection, outcome: Outcome, state: State) -> None:
    gap = stale_after(outcome.check.every, outcome.check.timeout)
    extended = connection.execute(
        _EXTEND_RUN,
        {
            "of_target": state.target,
            "of_check": state.check,
            "of_status": state.status.value,
            "of_soft": state.soft,
            "not_before": state.checked - gap,
            "now": state.checked,
            "says": state.summary,
            "took": outcome.seconds,
        },
    )
    if extended.rowcount == 0:
        run = {"target": state.target, "check": state.check, "status": state.status.value, "soft": state.soft}
        span = {"first": state.checked, "last": state.checked, "times": 1}
        connection.execute(_BEGIN_RUN, run | span | {"seconds": outcome.seconds, "summary": state.summary})


def _known_series(
    connection: Connection, target: str, check: str
) -> dict[tuple[str, str], tuple[int, float | None]]:
    columns = series_table.c
    query = select(columns.id, columns.name, columns.item, columns.limit).where(
        of(series_table, target, check)
    )
    return {(row.name, row.item): (row.id, row.limit) for row in connection.execute(query)}


def _new_series(connection: Connection, outcome: Outcome, metric: Metric) -> int:
    return added(
        connection,
        insert(series_table).values(
            target=outcome.target,
            check=outcome.check.id,
            name=metric.name,
            item=metric.item,
            unit=metric.unit,
            info=metric.info,
            limit=metric.limit,
        ),
    )


def _clear_findings(connection: Connection, target: str, check: str, at: datetime) -> None:
    standing = (of(finding_table, target, check), finding_table.c.cleared.is_(None))
    connection.execute(update(finding_table).where(*standing).values(cleared=at))


def _keep_findings(connection: Connection, outcome: Outcome) -> None:
    columns = finding_table.c
    here = of(finding_table, outcome.target, outcome.check.id)
    known = {
        row.key: row.cleared for row in connection.execute(select(columns.key, columns.cleared).where(here))
    }
    seen = {finding.key: finding for finding in outcome.verdict.findings}
    at = outcome.started
    everything = outcome.verdict.total <= len(outcome.verdict.findings)
    gone = [key for key, cleared in known.items() if everything and cleared is None and key not in seen]
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
