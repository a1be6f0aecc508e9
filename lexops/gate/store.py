"""Requests, what people said to them and how far they are; the only SQL on these tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    or_,
    select,
    update,
)

from lexops.errors import NotFound
from lexops.gate.model import Approval, RequestView, State, StepView
from lexops.operations import Effect, Request
from lexops.privacy.keyring import Keyring
from lexops.privacy.store import reveal
from lexops.store.database import Moment, added, metadata

request_table = Table(
    "request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("operation", String(80), nullable=False),
    Column("title", String(120), nullable=False, server_default=""),
    Column("effect", String(20), nullable=False, server_default="change"),
    Column("arguments", JSON, nullable=False),
    Column("plan", JSON, nullable=False, server_default="[]"),
    Column("hash", String(64), nullable=False, server_default=""),
    Column("operator", String(80), nullable=False),
    Column("operator_id", String(20), nullable=False, server_default=""),
    Column("door", String(20), nullable=False),
    Column("session", String(40), nullable=False, server_default=""),
    Column("fingerprint", String(80), nullable=True),
    Column("environment", String(20), nullable=False, server_default="production"),
    Column("target", String(40), nullable=True),
    Column("at", Moment, nullable=False),
    Column("changed", Moment, nullable=False, server_default="0"),
    Column("state", String(20), nullable=False, server_default="done", index=True),
    Column("answer", Text, nullable=False),
    Column("approvals_needed", Integer, nullable=False, server_default="0"),
    Column("expires", Moment, nullable=True),
    Column("break_glass", Text, nullable=False, server_default=""),
    Column("review_due", Moment, nullable=True),
    Column("reviewed_by", String(80), nullable=True),
    Column("reviewed", Moment, nullable=True),
    Column("steps", Integer, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("worker", String(120), nullable=True),
    Column("wish", String(20), nullable=False, server_default=""),
)
"""`wish` is what a person wants of a running request: pause or cancel."""

approval_table = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("request", Integer, ForeignKey("request.id"), nullable=False),
    Column("operator_id", String(20), nullable=False),
    Column("by", String(80), nullable=False),
    Column("fingerprint", String(80), nullable=True),
    Column("hash", String(64), nullable=False),
    Column("agreed", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("request", "operator_id"),
)
step_table = Table(
    "request_step",
    metadata,
    Column("request", Integer, ForeignKey("request.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("state", String(20), nullable=False),
    Column("boot", String(40), nullable=True),
    Column("worker", String(120), nullable=True),
    Column("started", Moment, nullable=True),
    Column("ended", Moment, nullable=True),
    Column("said", Text, nullable=False, server_default=""),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as it is first written."""

    request: Request
    title: str
    effect: Effect
    arguments: Mapping[str, object]
    plan: Sequence[str]
    hash: str
    operator_id: str
    environment: str
    target: str | None
    at: datetime
    state: State
    steps: Sequence[str] = ()
    answer: str = ""
    approvals: int = 0
    expires: datetime | None = None
    review_due: datetime | None = None


def write(connection: Connection, kept: Kept) -> int:
    """Keep a new request with its steps; gives its number."""
    request = kept.request
    number = added(
        connection,
        insert(request_table).values(
            key=request.key,
            operation=request.operation,
            title=kept.title,
            effect=kept.effect.value,
            arguments=dict(kept.arguments),
            plan=list(kept.plan),
            hash=kept.hash,
            operator=request.operator,
            operator_id=kept.operator_id,
            door=request.door,
            session=request.session,
            fingerprint=request.fingerprint,
            environment=kept.environment,
            target=kept.target,
            at=kept.at,
            changed=kept.at,
            state=kept.state.value,
            answer=kept.answer,
            approvals_needed=kept.approvals,
            expires=kept.expires,
            break_glass=request.break_glass,
            review_due=kept.review_due,
            steps=len(kept.steps),
        ),
    )
    rows = [
        {"request": number, "number": n, "name": name, "state": "open", "said": ""}
        for n, name in enumerate(kept.steps)
    ]
    if rows:
        connection.execute(insert(step_table), rows)
    return number


def row(connection: Connection, key: str, *, lock: bool = False) -> Row[Any] | None:
    """The row of a request; with `lock` nobody else changes it meanwhile."""
    query = select(request_table).where(request_table.c.key == key)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def numbered(connection: Connection, number: int, *, lock: bool = False) -> Row[Any]:
    """The row of a request by its number. Raises NotFound."""
    query = select(request_table).where(request_table.c.id == number)
    found = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound(f"there is no request #{number}", hint="see: lexops approval list --all")
    return found


def move(
    connection: Connection, number: int, state: State, at: datetime, *, answer: str | None = None, **more: Any
) -> None:
    """Put a request into another state."""
    values: dict[str, Any] = {"state": state.value, "changed": at, **more}
    if answer is not None:
        values["answer"] = answer
    connection.execute(update(request_table).where(request_table.c.id == number).values(values))


def put(connection: Connection, number: int, **values: Any) -> None:
    """Note something about a request that does not change where it stands."""
    connection.execute(update(request_table).where(request_table.c.id == number).values(values))


def in_states(connection: Connection, states: Iterable[State], limit: int = 200) -> list[Row[Any]]:
    """Requests that stand there, oldest first."""
    columns = request_table.c
    query = select(request_table).where(columns.state.in_([state.value for state in states]))
    return list(connection.execute(query.order_by(columns.id).limit(limit)))


def overdue(connection: Connection, at: datetime) -> list[Row[Any]]:
    """Waiting requests whose time is over."""
    columns = request_table.c
    query = select(request_table).where(columns.state == State.WAITING.value, columns.expires <= at)
    return list(connection.execute(query))


def acts_on(
    connection: Connection, targets: Iterable[str], since: datetime, until: datetime
) -> list[Row[Any]]:
    """What was asked for on targets and last moved in a span, newest first; at most 200."""
    columns = request_table.c
    query = select(request_table).where(
        columns.target.in_(list(targets)), columns.changed >= since, columns.changed <= until
    )
    return list(connection.execute(query.order_by(columns.changed.desc()).limit(200)))


def unreviewed(connection: Connection, due_before: datetime) -> list[Row[Any]]:
    """Break-glass acts whose review was due before a moment."""
    columns = request_table.c
    query = select(request_table).where(
        columns.break_glass != "", columns.reviewed_by.is_(None), columns.review_due <= due_before
    )
    return list(connection.execute(query))


# Approvals


def approve(
    connection: Connection,
    number: int,
    *,
    operator_id: str,
    by: str,
    fingerprint: str | None,
    hash: str,
    agreed: bool,
    at: datetime,
    reason: str,
) -> None:
    """Keep what somebody says to a request."""
    connection.execute(
        insert(approval_table).values(
            request=number,
            operator_id=operator_id,
            by=by,
            fingerprint=fingerprint,
            hash=hash,
            agreed=agreed,
            at=at,
            reason=reason,
        )
    )


def approvals(connection: Connection, number: int) -> list[Row[Any]]:
    """What was said to a request, oldest first."""
    columns = approval_table.c
    return list(
        connection.execute(select(approval_table).where(columns.request == number).order_by(columns.id))
    )


# Steps


def steps(connection: Connection, number: int) -> list[Row[Any]]:
    """The steps of a request in order."""
    columns = step_table.c
    return list(
        connection.execute(select(step_table).where(columns.request == number).order_by(columns.number))
    )


def put_step(connection: Connection, number: int, step: int, **values: Any) -> None:
    """Note how far a step is."""
    columns = step_table.c
    connection.execute(
        update(step_table).where(columns.request == number, columns.number == step).values(values)
    )


# Views


def views(connection: Connection, keyring: Keyring, limit: int = 200) -> list[RequestView]:
    """Requests as shown, newest first."""
    query = select(request_table).order_by(request_table.c.id.desc()).limit(limit)
    return [view(connection, keyring, each) for each in connection.execute(query)]


def needing(connection: Connection, keyring: Keyring) -> list[RequestView]:
    """What waits for people: approvals, decisions, reviews; oldest first."""
    columns = request_table.c
    states = [State.WAITING.value, State.INTERRUPTED.value, State.FAILED.value, State.PAUSED.value]
    unseen = (columns.break_glass != "") & columns.reviewed_by.is_(None)
    stands = columns.state.in_(states) & ((columns.steps > 0) | (columns.state == State.WAITING.value))
    query = select(request_table).where(or_(stands, unseen)).order_by(columns.id).limit(500)
    return [view(connection, keyring, each) for each in connection.execute(query)]


def view(connection: Connection, keyring: Keyring, row: Row[Any]) -> RequestView:
    """A request with what was said to it and how far it is; sealed arguments are opened."""
    opened = reveal(connection, keyring, row.key)
    said = [Approval(a.by, a.agreed, a.at, a.reason) for a in approvals(connection, row.id)]
    done = [
        StepView(s.number, s.name, s.state, s.started, s.ended, s.worker, s.said)
        for s in (steps(connection, row.id) if row.steps else ())
    ]
    return RequestView(
        row.id,
        row.key,
        row.operation,
        row.title or row.operation,
        Effect(row.effect),
        {name: _shown(name, value, opened) for name, value in row.arguments.items() if value is not None},
        tuple(row.plan),
        row.operator,
        row.operator_id,
        row.door,
        row.environment,
        row.target,
        row.hash,
        row.at,
        row.changed,
        State(row.state),
        row.answer,
        row.approvals_needed,
        tuple(said),
        row.expires,
        row.break_glass,
        row.review_due,
        row.reviewed_by,
        tuple(done),
    )


def _shown(name: str, value: object, opened: Mapping[str, str | None]) -> str:
    return (opened.get(name) or "(erased)") if isinstance(value, Mapping) else str(value)
