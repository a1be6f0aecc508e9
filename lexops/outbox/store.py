"""Queries of the outbox: messages, the attempts to send them, how people are reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, exists, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lexops.auth import store as people
from lexops.config import SiteFile
from lexops.errors import NotFound
from lexops.outbox.model import (
    Attempt,
    Contact,
    Habits,
    Message,
    MessageView,
    Recipient,
    RecipientKind,
    State,
    Urgency,
)
from lexops.outbox.routing import TEST, why_unreachable
from lexops.outbox.tables import attempt_table, contact_table, habits_table, message_table
from lexops.text import one_line

FAILED = "outbox.failed"
"""The event of a message that nobody took; its subject is the message's, its data names the message."""
DELIVERED = "outbox.delivered"
MANY = 500
"""Messages of a list, unless asked for otherwise."""
_UNDELIVERED = (State.WAITING.value, State.SENDING.value)
_FIRST = case((message_table.c.template == TEST, message_table.c.rank), else_=0)
"""Where a message begins again: with the first contact, and a test of one contact with that one."""


# Messages.


def put(connection: Connection, message: Message) -> bool:
    """Have a message sent; False when its key was there already, and nothing is done then."""
    adding = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    columns = message_table.c
    statement = adding(message_table).values(
        {
            columns.key: message.key,
            columns.subject: message.subject,
            columns.recipient: str(message.recipient),
            columns.template: message.template,
            columns["values"]: dict(message.values),
            columns.urgency: message.urgency.value,
            columns.priority: message.priority,
            columns.created: message.created,
            columns.due: message.due,
            columns.state: State.WAITING.value,
            columns.rank: message.rank,
            columns.attempts: 0,
            columns.proof: "",
            columns.error: "",
        }
    )
    once = statement.on_conflict_do_nothing(index_elements=["key"]).returning(columns.id)
    return connection.execute(once).first() is not None


def cancel(
    connection: Connection,
    subject: str,
    at: datetime,
    why: str,
    urgency: Urgency = Urgency.PAGE,
    templates: Collection[str] | None = None,
) -> int:
    """Send nothing more of this urgency (and of these texts only) about a subject; answers how many were
    cancelled.

    After the commit no worker begins to send one of them. One that is on its way is marked as well: when it
    arrives all the same, its attempt says so.
    """
    columns = message_table.c
    wanted = (columns.subject == subject, columns.urgency == urgency.value, columns.state.in_(_UNDELIVERED))
    query = select(columns.id).where(*wanted).order_by(columns.id).with_for_update()
    if templates is not None:
        query = query.where(columns.template.in_(templates))
    ids = list(connection.scalars(query))
    _cancel(connection, ids, at, why)
    return len(ids)


def drop(connection: Connection, id: int, at: datetime, why: str) -> None:
    """Cancel one message, whatever its state."""
    _cancel(connection, [id], at, why)


def _cancel(connection: Connection, ids: Sequence[int], at: datetime, why: str) -> None:
    columns = message_table.c
    if ids:
        connection.execute(
            update(message_table)
            .where(columns.id.in_(ids))
            .values(
                state=State.CANCELLED.value,
                ended=at,
                error=one_line(why),
                claimed_by=None,
                claimed_until=None,
            )
        )


def messages(
    connection: Connection,
    *,
    subject: str | None = None,
    states: Collection[State] | None = None,
    recipient: Recipient | None = None,
    key_prefix: str | None = None,
    limit: int | None = MANY,
) -> list[Message]:
    """Messages, the newest first. `key_prefix` finds those of one rung: `escalation/41/1/`."""
    columns = message_table.c
    query = select(message_table).order_by(columns.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(columns.subject == subject)
    if states is not None:
        query = query.where(columns.state.in_([state.value for state in states]))
    if recipient is not None:
        query = query.where(columns.recipient == str(recipient))
    if key_prefix is not None:
        query = query.where(columns.key.startswith(key_prefix, autoescape=True))
    return [message_of(row) for row in connection.execute(query)]


def message(connection: Connection, id: int) -> MessageView:
    """A message with its attempts, the oldest first. Raises NotFound."""
    row = connection.execute(select(message_table).where(message_table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no message {id}", hint="see: lexops outbox list --all")
    return MessageView(message_of(row), attempts(connection, id))


def attempts(connection: Connection, id: int) -> tuple[Attempt, ...]:
    """The tries to send a message, the oldest first."""
    columns = attempt_table.c
    query = select(attempt_table).where(columns.message == id).order_by(columns.id)
    return tuple(
        Attempt(row.message, row.at, row.channel, row.address, row.delivered, row.detail)
        for row in connection.execute(query)
    )


def told(connection: Connection, subject: str, since: datetime | None = None) -> list[Recipient]:
    """Who got a page about a subject: only they need to hear that it is over."""
    columns = message_table.c
    query = (
        select(columns.recipient)
        .where(
            columns.subject == subject,
            columns.urgency == Urgency.PAGE.value,
            columns.id.in_(select(attempt_table.c.message).where(attempt_table.c.delivered)),
        )
        .distinct()
        .order_by(columns.recipient)
    )
    if since is not None:
        query = query.where(columns.created >= since)
    return [Recipient.parse(text) for text in connection.scalars(query)]


def unanswered(connection: Connection, since: datetime) -> list[Message]:
    """What has failed since a moment and is nobody's business yet, the oldest first.

    It is answered for when a later page about the same was delivered, to whomever; when it was sent again,
    or dropped. Who has asked for a test message looks what came of it.
    """
    columns, later = message_table.c, message_table.alias("later")
    told = exists().where(
        later.c.subject == columns.subject,
        later.c.urgency == Urgency.PAGE.value,
        later.c.state == State.DELIVERED.value,
        later.c.ended >= columns.ended,
    )
    failed = (columns.state == State.FAILED.value, columns.ended >= since, columns.template != TEST)
    query = select(message_table).where(*failed, ~told).order_by(columns.id)
    return [message_of(row) for row in connection.execute(query)]


def overdue(connection: Connection, before: datetime) -> list[Message]:
    """What should have gone before a moment and was not even tried, the oldest first."""
    columns = message_table.c
    late = or_(
        and_(columns.state == State.WAITING.value, columns.due <= before),
        and_(columns.state == State.SENDING.value, columns.claimed_until <= before),
    )
    return [message_of(row) for row in connection.execute(select(message_table).where(late))]


def retry(connection: Connection, id: int, at: datetime) -> None:
    """Send a message once more, beginning with the first contact; a test of one contact by that one."""
    connection.execute(
        update(message_table)
        .where(message_table.c.id == id)
        .values(state=State.WAITING.value, rank=_FIRST, attempts=0, due=at, ended=None)
    )


def message_of(row: Row[Any]) -> Message:
    """A row of the table as a value."""
    found = row._mapping
    return Message(
        key=row.key,
        subject=row.subject,
        recipient=Recipient.parse(row.recipient),
        template=row.template,
        values=found[message_table.c["values"]],
        urgency=Urgency(row.urgency),
        created=row.created,
        due=row.due,
        priority=row.priority,
        id=row.id,
        state=State(row.state),
        rank=row.rank,
        attempts=row.attempts,
        ended=row.ended,
        proof=row.proof,
        error=row.error,
    )


# How people are reached.


def contacts(connection: Connection, owner: Recipient) -> list[Contact]:
    """The ways to reach somebody, the first one first; none for a channel, which is its own way."""
    return all_contacts(connection, [owner]).get(owner, [])


def all_contacts(
    connection: Connection, owners: Iterable[Recipient] | None = None
) -> dict[Recipient, list[Contact]]:
    """The ways to reach everybody, or some."""
    columns = contact_table.c
    query = select(contact_table).order_by(columns.owner, columns.rank)
    if owners is not None:
        query = query.where(columns.owner.in_([str(owner) for owner in owners]))
    found: dict[Recipient, list[Contact]] = {}
    for row in connection.execute(query):
        owner = Recipient.parse(row.owner)
        found.setdefault(owner, []).append(Contact(owner, row.rank, row.channel, row.address))
    return found


def set_contacts(connection: Connection, owner: Recipient, ways: Sequence[Contact], at: datetime) -> None:
    """Replace the ways to reach somebody; what waits for them begins again with the first one."""
    connection.execute(delete(contact_table).where(contact_table.c.owner == str(owner)))
    if ways:
        connection.execute(
            insert(contact_table),
            [
                {"owner": str(owner), "rank": rank, "channel": each.channel, "address": each.address}
                for rank, each in enumerate(ways)
            ],
        )
    _begin_again(connection, owner, at)


def habits(connection: Connection, owner: Recipient) -> Habits:
    """When and how much somebody is told; what holds for everybody, when they have said nothing."""
    return all_habits(connection, [owner]).get(owner, Habits(owner))


def all_habits(connection: Connection, owners: Iterable[Recipient] | None = None) -> dict[Recipient, Habits]:
    """The habits of everybody who has said so, or of some."""
    columns = habits_table.c
    query = select(habits_table).order_by(columns.owner)
    if owners is not None:
        query = query.where(columns.owner.in_([str(owner) for owner in owners]))
    found = {}
    for row in connection.execute(query):
        owner = Recipient.parse(row.owner)
        found[owner] = Habits(owner, row.quiet, row.zone, row.wakes, row.per_hour)
    return found


def set_habits(connection: Connection, wanted: Habits, at: datetime) -> None:
    """Replace somebody's habits; what waits for them is judged anew."""
    owner = str(wanted.owner)
    connection.execute(delete(habits_table).where(habits_table.c.owner == owner))
    connection.execute(
        insert(habits_table).values(
            owner=owner,
            quiet=wanted.quiet,
            zone=wanted.zone,
            wakes=wanted.wakes,
            per_hour=wanted.per_hour,
        )
    )
    columns = message_table.c
    waits = (columns.recipient == owner, columns.state == State.WAITING.value, columns.attempts == 0)
    connection.execute(update(message_table).where(*waits, columns.due > at).values(due=at))


def clear(connection: Connection, owner: Recipient, at: datetime) -> bool:
    """Forget how somebody is reached, and their habits; False when nothing was known."""
    ways = connection.execute(delete(contact_table).where(contact_table.c.owner == str(owner))).rowcount
    said = connection.execute(delete(habits_table).where(habits_table.c.owner == str(owner))).rowcount
    _begin_again(connection, owner, at)
    return bool(ways or said)


def _begin_again(connection: Connection, owner: Recipient, at: datetime) -> None:
    columns = message_table.c
    waits = (columns.recipient == str(owner), columns.state == State.WAITING.value)
    connection.execute(update(message_table).where(*waits).values(rank=_FIRST, attempts=0, due=at))


def reachable(
    connection: Connection, file: SiteFile, recipient: Recipient, at: datetime | None = None
) -> str:
    """Why nobody can be reached under this name; empty when somebody can. `at`: also of who has expired."""
    if recipient.kind is RecipientKind.OPERATOR:
        person = people.by_name(connection, recipient.name)
        if person is None:
            return f"{recipient.name} is no operator of this site"
        if person.removed is not None or (at is not None and not person.is_active(at)):
            return f"{recipient.name} is no longer an operator"
    return why_unreachable(recipient, contacts(connection, recipient), file.settings.channels)
