"""Operators and their keys, in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from lexops.auth.model import Key, Operator, statement
from lexops.errors import NotFound, Refused
from lexops.operations import Role
from lexops.privacy.keyring import Keyring
from lexops.store.database import Moment, metadata

operator_table = Table(
    "operator",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("added", Moment, nullable=False),
    Column("expires", Moment, nullable=True),
    Column("removed", Moment, nullable=True),
    Column("voucher", String(160), nullable=False, server_default=""),
)
key_table = Table(
    "operator_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("operator", String(20), ForeignKey("operator.id"), nullable=False, index=True),
    Column("fingerprint", String(80), nullable=False, unique=True),
    Column("line", Text, nullable=False),
    Column("comment", String(120), nullable=False),
    Column("added", Moment, nullable=False),
)


def is_empty(connection: Connection) -> bool:
    """Whether nobody has ever been an operator here."""
    return not connection.scalar(select(func.count()).select_from(operator_table))


def operators(connection: Connection) -> list[Operator]:
    """Everybody who is or was an operator, by name."""
    keys: dict[str, list[Key]] = {}
    for row in connection.execute(select(key_table).order_by(key_table.c.id)):
        keys.setdefault(row.operator, []).append(Key(row.fingerprint, row.line, row.comment, row.added))
    rows = connection.execute(select(operator_table).order_by(operator_table.c.name))
    return [
        Operator(
            r.id, r.name, Role(r.role), r.added, r.expires, r.removed, tuple(keys.get(r.id, ())), r.voucher
        )
        for r in rows
    ]


def by_name(connection: Connection, name: str) -> Operator | None:
    """The operator of that name, active or not."""
    return next((each for each in operators(connection) if each.name == name), None)


def by_id(connection: Connection, id: str) -> Operator | None:
    """The operator behind a pseudonym."""
    return next((each for each in operators(connection) if each.id == id), None)


def by_fingerprint(connection: Connection, fingerprint: str) -> Operator | None:
    """Whose key it is."""
    return next(
        (o for o in operators(connection) if any(key.fingerprint == fingerprint for key in o.keys)), None
    )


def get(connection: Connection, name: str) -> Operator:
    """The operator of that name. Raises NotFound."""
    found = by_name(connection, name)
    if found is None:
        raise NotFound(f"{name} is no operator of this site", hint="see: lexops operator list")
    return found


def is_genuine(keyring: Keyring, operator: Operator) -> bool:
    """Whether an operator is as LexOps wrote it, and not as somebody made it in the database."""
    return keyring.vouches(operator.voucher, statement(operator))


def _vouch(connection: Connection, keyring: Keyring, id: str) -> Operator:
    """Vouch for an operator as it stands now."""
    found = by_id(connection, id)
    assert found is not None
    voucher = keyring.vouch(statement(found))
    connection.execute(update(operator_table).where(operator_table.c.id == id).values(voucher=voucher))
    return replace(found, voucher=voucher)


def _genuine(keyring: Keyring, operator: Operator) -> None:
    """Raises Refused rather than vouch for what somebody else has written."""
    if not is_genuine(keyring, operator):
        raise Refused(
            f"the entry of {operator.name} was not made by LexOps",
            hint="find out who changed it, then remove the operator and add the person anew",
        )


def add(
    connection: Connection,
    keyring: Keyring,
    name: str,
    role: Role,
    at: datetime,
    expires: datetime | None = None,
) -> Operator:
    """Make somebody an operator, or a former one again. Raises Refused for an active one."""
    known = by_name(connection, name)
    if known is not None and known.is_active(at):
        raise Refused(f"{name} is an operator already, as {known.role}", hint="see: lexops operator list")
    if known is not None:
        values = {"role": role.value, "expires": expires, "removed": None}
        connection.execute(delete(key_table).where(key_table.c.operator == known.id))
        connection.execute(update(operator_table).where(operator_table.c.id == known.id).values(values))
        return _vouch(connection, keyring, known.id)
    id = f"op-{uuid4().hex[:12]}"
    connection.execute(
        insert(operator_table).values(id=id, name=name, role=role.value, added=at, expires=expires)
    )
    return _vouch(connection, keyring, id)


def set_role(connection: Connection, keyring: Keyring, operator: Operator, role: Role) -> None:
    """Give an operator another role."""
    _genuine(keyring, operator)
    connection.execute(
        update(operator_table).where(operator_table.c.id == operator.id).values(role=role.value)
    )
    _vouch(connection, keyring, operator.id)


def remove(connection: Connection, keyring: Keyring, operator: Operator, at: datetime) -> None:
    """End what an operator may do; the keys go too."""
    connection.execute(delete(key_table).where(key_table.c.operator == operator.id))
    connection.execute(update(operator_table).where(operator_table.c.id == operator.id).values(removed=at))
    _vouch(connection, keyring, operator.id)


def add_key(connection: Connection, keyring: Keyring, operator: Operator, key: Key) -> None:
    """Let a key open sessions for an operator. Raises Refused when it is anybody's already."""
    _genuine(keyring, operator)
    owner = by_fingerprint(connection, key.fingerprint)
    if owner is not None:
        raise Refused(f"the key {key.fingerprint} is {owner.name}'s already", hint="one key, one person")
    connection.execute(
        insert(key_table).values(
            operator=operator.id,
            fingerprint=key.fingerprint,
            line=key.line,
            comment=key.comment,
            added=key.added,
        )
    )
    _vouch(connection, keyring, operator.id)


def remove_key(connection: Connection, keyring: Keyring, operator: Operator, fingerprint: str) -> bool:
    """Take a key away; False when the operator has no such key."""
    _genuine(keyring, operator)
    columns = key_table.c
    done = connection.execute(
        delete(key_table).where(columns.operator == operator.id, columns.fingerprint == fingerprint)
    )
    _vouch(connection, keyring, operator.id)
    return done.rowcount == 1
