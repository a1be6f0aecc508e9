"""How somebody was reached who is no operator any more is forgotten; what was sent to them stays, masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, union, update

from lexops.auth import store as people
from lexops.clock import Clock
from lexops.outbox import store
from lexops.outbox.masking import HIDDEN, masked
from lexops.outbox.model import Recipient, RecipientKind
from lexops.outbox.tables import attempt_table, contact_table, habits_table, message_table
from lexops.store.database import Store


def forget_leavers(database: Store, time: Clock) -> None:
    """Forget contacts and habits of removed operators, and mask their addresses. Raises StoreError."""
    with database.read() as connection:
        gone = [each.name for each in people.operators(connection) if each.removed is not None]
        known = _known(connection, [_owner(name) for name in gone])
    for name in (each for each in gone if _owner(each) in known):
        with database.begin() as connection:
            person = people.by_name(connection, name)
            if person is not None and person.removed is not None:  # and has not come back meanwhile
                store.clear(connection, Recipient(RecipientKind.OPERATOR, name), time.now())
                _mask(connection, _owner(name))


def _owner(name: str) -> str:
    return str(Recipient(RecipientKind.OPERATOR, name))


def _known(connection: Connection, owners: Sequence[str]) -> set[str]:
    """Those of whom anything is left to forget."""
    if not owners:
        return set()
    tried = _addresses().with_only_columns(message_table.c.recipient)
    query = union(
        select(contact_table.c.owner).where(contact_table.c.owner.in_(owners)),
        select(habits_table.c.owner).where(habits_table.c.owner.in_(owners)),
        tried.where(message_table.c.recipient.in_(owners)),
    )
    return set(connection.scalars(query))


def _addresses() -> Select[Any]:
    """The addresses that are kept as they are."""
    tries = attempt_table.c
    joined = select(tries.address).join(message_table, message_table.c.id == tries.message).distinct()
    return joined.where(tries.address != "", ~tries.address.contains(HIDDEN))


def _mask(connection: Connection, owner: str) -> None:
    tries, messages = attempt_table.c, message_table.c
    theirs = select(messages.id).where(messages.recipient == owner)
    for address in list(connection.scalars(_addresses().where(messages.recipient == owner))):
        where = (tries.address == address, tries.message.in_(theirs))
        connection.execute(update(attempt_table).where(*where).values(address=masked(address)))
