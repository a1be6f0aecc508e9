"""Queries of escalation: policies, how far each incident has come, what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from lexops.calendars.document import Unusable
from lexops.calendars.model import Revision
from lexops.calendars.revisions import Revisions
from lexops.errors import StoreError
from lexops.escalation.document import from_document, from_snapshot, to_document, to_snapshot
from lexops.escalation.model import Escalation, Policy, State, Told
from lexops.escalation.tables import escalation_table, policy_table, told_table
from lexops.incidents.model import State as Standing
from lexops.incidents.tables import entry_table, incident_table
from lexops.outbox.facts import SUBJECT
from lexops.outbox.store import FAILED
from lexops.store.database import Moment
from lexops.store.event import event_table
from lexops.text import one_line

EXHAUSTED = "escalation.exhausted"
"""The event of an incident that nobody took, though everybody was told."""
NOBODY = "escalation.nobody"
"""The event of a rung that could tell nobody at all."""
WARNING, BREACH = "sla.warning", "sla.breach"
OVERLAP = 200
"""So many events before the last one are read again: a later number may have been committed earlier."""
_OPEN = tuple(state.value for state in Standing if state.is_open)
_GOING_ON = tuple(state.value for state in State if state is not State.OVER)
_TAKEN = (Standing.ACKNOWLEDGED.value, Standing.WAITING.value)


# Policies.


_policies = Revisions(
    policy_table,
    "escalation policy",
    "lexops escalation",
    "lexops escalation set",
    from_document,
    to_document,
)
policies = _policies.all
history = _policies.history
add = _policies.add


def newest(connection: Connection) -> tuple[dict[str, Revision[Policy]], dict[str, str]]:
    """The policies as they are now, ended ones too; and beside them why some cannot be read."""
    columns = policy_table.c
    last = select(columns.name, func.max(columns.number).label("number")).group_by(columns.name).subquery()
    same = and_(columns.name == last.c.name, columns.number == last.c.number)
    found, broken = {}, {}
    for row in connection.execute(select(policy_table).join(last, same).order_by(columns.name)):
        try:
            found[row.name] = _policies.entered(row)
        except StoreError as error:
            broken[row.name] = str(error)
    return found, broken


def is_used(connection: Connection) -> bool:
    """Whether there is any policy; without one nobody is told of anything."""
    return connection.execute(select(policy_table.c.id).limit(1)).first() is not None


# How far it has come.


class Unreadable(StoreError):
    """What is kept of an escalation cannot be used."""

    def __init__(self, incident: int, generation: int, why: str) -> None:
        super().__init__(f"the escalation of incident #{incident} cannot be read: {why}")
        self.incident, self.generation = incident, generation


def lock(connection: Connection, incident: int) -> bool:
    """Keep others from the incident until the commit; False while somebody else has it, or it is gone.

    Whoever takes the incident meanwhile waits, and then cancels what was put; whoever was faster has it, and
    it is looked at again a second later. SQLite lets one writer in at a time anyway.
    """
    columns = incident_table.c
    query = select(columns.id).where(columns.id == incident).with_for_update(skip_locked=True)
    return connection.execute(query).first() is not None


def escalation(connection: Connection, incident: int) -> Escalation | None:
    """How far it has come with one incident; None when none has begun. Raises Unreadable."""
    columns = escalation_table.c
    try:
        row = connection.execute(select(escalation_table).where(columns.incident == incident)).one_or_none()
    except ValueError as error:  # no JSON at all
        generation = connection.scalar(select(columns.generation).where(columns.incident == incident))
        raise Unreadable(incident, int(generation or 0), one_line(error, 200)) from None
    return None if row is None else _escalation(row)


def escalations(connection: Connection) -> tuple[dict[int, Escalation], dict[int, Unreadable]]:
    """Those of open incidents by their number; and which cannot be read."""
    columns = escalation_table.c
    is_open = incident_table.c.state.in_(_OPEN)
    query = select(escalation_table).join(incident_table, incident_table.c.id == columns.incident)
    found, broken = {}, {}
    reading: list[Callable[[], Escalation | None]]
    try:
        rows = connection.execute(query.where(is_open).order_by(columns.incident)).all()
    except ValueError:  # one of them is no JSON at all
        numbers = select(columns.incident).join(incident_table, incident_table.c.id == columns.incident)
        reading = [partial(escalation, connection, id) for id in connection.scalars(numbers.where(is_open))]
    else:
        reading = [partial(_escalation, row) for row in rows]
    for read in reading:
        try:
            each = read()
        except Unreadable as error:
            broken[error.incident] = error
        else:
            if each is not None:
                found[each.incident] = each
    return found, broken


def keep(connection: Connection, escalation: Escalation, *, new: bool) -> None:
    """Write how far it has come; `new` for the first time."""
    values = {
        "policy": escalation.policy.name,
        "revision": escalation.revision,
        "snapshot": to_snapshot(escalation.policy, escalation.progress),
        "generation": escalation.generation,
        "round": escalation.round,
        "step": escalation.step,
        "due": escalation.due,
        "state": escalation.state.value,
        "started": escalation.started,
        "changed": escalation.changed,
        "entry": escalation.entry,
    }
    if new:
        connection.execute(insert(escalation_table).values(values | {"incident": escalation.incident}))
    else:
        same = escalation_table.c.incident == escalation.incident
        connection.execute(update(escalation_table).where(same).values(values))


def forget(connection: Connection, incident: int) -> None:
    """Drop what cannot be read; what was told of the incident stays."""
    connection.execute(delete(escalation_table).where(escalation_table.c.incident == incident))


def _escalation(row: Row[Any]) -> Escalation:
    try:
        policy, progress = from_snapshot(row.snapshot)
        state = State(row.state)
    except (Unusable, ValueError) as error:
        raise Unreadable(row.incident, row.generation, one_line(error, 200)) from None
    return Escalation(
        incident=row.incident,
        policy=policy,
        revision=row.revision,
        generation=row.generation,
        round=row.round,
        step=row.step,
        due=row.due,
        state=state,
        started=row.started,
        changed=row.changed,
        entry=row.entry,
        progress=progress,
    )


# What was told.


def claim(connection: Connection, told: Told) -> bool:
    """Write that a rung is told; False when it was already: the key is what lets each be told once."""
    adding = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {
        "incident": told.incident,
        "generation": told.generation,
        "round": told.round,
        "step": told.step,
        "due": told.due,
        "at": told.at,
        "recipients": list(told.recipients),
        "note": told.note,
    }
    statement = adding(told_table).values(values).on_conflict_do_nothing()
    return connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1


def told(connection: Connection, incident: int, generation: int | None = None) -> list[Told]:
    """The rungs of an incident that were told, in order; of one generation or of all."""
    columns = told_table.c
    query = select(told_table).where(columns.incident == incident)
    if generation is not None:
        query = query.where(columns.generation == generation)
    rows = connection.execute(query.order_by(columns.generation, columns.round, columns.step))
    return [
        Told(
            row.incident,
            row.generation,
            row.round,
            row.step,
            row.due,
            row.at,
            tuple(row.recipients),
            row.note,
        )
        for row in rows
    ]


# What needs a look.


@dataclass(frozen=True, slots=True)
class Wanting:
    """An incident that may need a look, with what decides whether it does."""

    incident: int
    state: State | None
    """Of its escalation; None while none has begun."""
    sure: bool
    """Whether something is due or different; else it is if a silence has begun, or has ended."""
    target: str
    check: str
    origin: str
    priority: str
    client: str
    provider: str
    queue: str


def wanting(connection: Connection, now: datetime, quiet: Iterable[str]) -> Iterator[Wanting]:
    """The incidents with which something may have to be done, what is due first.

    `quiet` are targets of whose failing nobody is told now.
    """
    rows = connection.execute(_wanting(), {"now": now, "quiet": sorted(set(quiet))}).all()
    for row in sorted(rows, key=lambda row: (row.due is None, row.due or now, row.id)):
        yield Wanting(
            row.id,
            _state(row.escalation),
            bool(row.sure) or row.escalation not in (None, State.HELD.value, State.RUNNING.value),
            row.target or "",
            row.check or "",
            row.origin,
            row.priority,
            row.client,
            row.provider,
            row.queue,
        )


@cache
def _wanting() -> CompoundSelect[Any]:
    """Asked every second, so it is put together once."""
    one, of, now = incident_table.c, escalation_table.c, bindparam("now", type_=Moment)
    taken = one.state.in_(_TAKEN)
    sure = or_(
        of.due <= now,
        of.changed != one.changed,
        of.state == State.OVER.value,
        of.state.not_in(tuple(State)),
        and_(of.state == State.TAKEN.value, ~taken),
        and_(of.state != State.TAKEN.value, taken),
        and_(of.state == State.RUNNING.value, one.parent.is_not(None)),
    )
    perhaps = or_(
        of.incident.is_(None),
        and_(of.state == State.HELD.value, one.parent.is_(None)),
        and_(of.state == State.RUNNING.value, one.target.in_(bindparam("quiet", expanding=True))),
    )
    columns = (
        one.id, of.state.label("escalation"), of.due, one.target, one.check, one.origin, one.priority,
        one.client, one.provider, one.queue,
    )  # fmt: skip
    opened = (
        select(*columns, sure.label("sure"))
        .join(escalation_table, of.incident == one.id, isouter=True)
        .where(one.state.in_(_OPEN), or_(sure, perhaps))
    )
    over = of.state == State.OVER.value
    going_on = select(*columns, true().label("sure")).join(escalation_table, of.incident == one.id)
    return union_all(
        opened,
        going_on.where(~one.state.in_(_OPEN), of.state.in_(_GOING_ON)),
        going_on.where(~one.state.in_(_OPEN), over, of.due <= now),
    )


def _state(value: str | None) -> State | None:
    """A state that LexOps does not know is a broken row: it is looked at, and mended then."""
    return State(value) if value in tuple(State) else None


def news(connection: Connection, incident: int, after: int) -> tuple[int, list[tuple[datetime, str, str]]]:
    """The newest entry of a timeline, and when and by whom those after one were written, with their kind."""
    columns = entry_table.c
    query = select(columns.id, columns.at, columns.recorded, columns.author, columns.kind)
    rows = connection.execute(
        query.where(columns.incident == incident, columns.id > after).order_by(columns.id)
    ).all()
    newest = rows[-1].id if rows else after
    return newest, [(row.recorded or row.at, row.author, row.kind) for row in rows]


# What others say.


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that brings a rung forward: a promise that runs out, a page that nobody got."""

    event: int
    at: datetime
    incident: int
    kind: str
    """`sla.warning`, `sla.breach` or `outbox.failed`."""
    clock: str = ""
    data: Mapping[str, Any] | None = None

    @property
    def mark(self) -> str:
        """What it is known by: `resolution/1/100/2026-11-22T14:00:00Z`; broken anew, it has another time."""
        known = self.data or {}
        return f"{self.clock}/{known.get('round', 1)}/{known.get('percent', '')}/{known.get('at', '')}"


def signals(connection: Connection, after: int) -> tuple[int, list[Signal]]:
    """The newest event there is, and what was said since, in order; a little of what was before, too."""
    found = []
    for row in connection.execute(_signals(), {"after": after - OVERLAP}):
        number, clock = _about(row.kind, row.subject)
        if number is not None:
            found.append(Signal(row.id, row.at, number, row.kind, clock, row.data))
    newest = connection.scalar(_newest_event()) or 0
    return newest, found


@cache
def _signals() -> Select[Any]:
    columns = event_table.c
    kinds = columns.kind.in_((WARNING, BREACH, FAILED))
    return select(event_table).where(columns.id > bindparam("after"), kinds).order_by(columns.id)


@cache
def _newest_event() -> Select[Any]:
    return select(func.coalesce(func.max(event_table.c.id), 0))


def _about(kind: str, subject: str) -> tuple[int | None, str]:
    """The incident and the clock of a subject: `#41 resolution`, `incident/41`."""
    number, _, clock = subject.partition(" ")
    digits = number.removeprefix(SUBJECT if kind == FAILED else "#")
    return (int(digits), clock) if digits.isdecimal() and digits != number else (None, "")


def first_event(connection: Connection) -> int:
    """The event before everything that may concern an escalation that goes on."""
    over = escalation_table.c.state == State.OVER.value
    since = connection.scalar(select(func.min(escalation_table.c.started)).where(~over))
    if since is None:
        return connection.scalar(select(func.coalesce(func.max(event_table.c.id), 0))) or 0
    columns = event_table.c
    before = select(func.max(columns.id)).where(columns.at < since)
    return connection.scalar(before) or 0
