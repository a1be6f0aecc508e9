"""Values that are kept so that they can be forgotten: sealed under a key of their subject.

What goes on the record is only a commitment (a keyed hash). Erasing a subject destroys its key and the salts
of its values: the record stays whole, and nobody can tell any more what was committed to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from lexops.errors import StoreError
from lexops.privacy.keyring import KEY_BYTES, Keyring
from lexops.store.database import metadata

subject_key_table = Table(
    "subject_key",
    metadata,
    Column("subject", String(120), primary_key=True),
    Column("key_name", String(40), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)
sealed_table = Table(
    "sealed_value",
    metadata,
    Column("owner", String(120), primary_key=True),
    Column("field", String(60), primary_key=True),
    Column("subject", String(120), nullable=False, index=True),
    Column("commitment", String(64), nullable=False),
    Column("salt", LargeBinary, nullable=True),
    Column("nonce", LargeBinary, nullable=True),
    Column("ciphertext", LargeBinary, nullable=True),
)
_NONCE_BYTES = 12
_SALT_BYTES = 32


def commitment(salt: bytes, value: str) -> str:
    """HMAC-SHA256 of the value under a random salt, as hex: tells nothing without the salt."""
    return digest(salt, value.encode(), "sha256").hex()


def seal(
    connection: Connection, keyring: Keyring, *, subject: str, owner: str, field: str, value: str
) -> str:
    """Keep `value` for `owner` and give its commitment. The same owner and field seal only once.

    `subject` is whom or what the value is about; erasing that erases the value.
    """
    columns = sealed_table.c
    known = connection.execute(
        select(columns.commitment).where(columns.owner == owner, columns.field == field)
    ).scalar()
    if known is not None:
        return str(known)
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    committed = commitment(salt, value)
    cipher = AESGCM(_subject_key(connection, keyring, subject))
    connection.execute(
        insert(sealed_table).values(
            owner=owner,
            field=field,
            subject=subject,
            commitment=committed,
            salt=salt,
            nonce=nonce,
            ciphertext=cipher.encrypt(nonce, value.encode(), _place(owner, field)),
        )
    )
    return committed


def reveal(connection: Connection, keyring: Keyring, owner: str) -> dict[str, str | None]:
    """The sealed values of an owner by field; None for what was erased. Raises StoreError when altered."""
    rows = connection.execute(select(sealed_table).where(sealed_table.c.owner == owner))
    return {row.field: _opened(connection, keyring, row) for row in rows}


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed value; without `value` it was erased, or the `error` says why it does not open."""

    value: str | None
    salt: bytes | None
    error: StoreError | None = None


def reveal_all(
    connection: Connection, keyring: Keyring, owners: Select[tuple[str]]
) -> dict[str, dict[str, Opened]]:
    """The sealed values of many owners, by owner and field, in one query.

    Raises no StoreError for a value that does not open: it stands with the value, and the others are given.
    """
    keys: dict[str, AESGCM | StoreError | None] = {}
    found: dict[str, dict[str, Opened]] = {}
    query = select(sealed_table, subject_key_table.c.key_name, subject_key_table.c.wrapped).join(
        subject_key_table, sealed_table.c.subject == subject_key_table.c.subject, isouter=True
    )
    for row in connection.execute(query.where(sealed_table.c.owner.in_(owners))):
        if row.subject not in keys:
            keys[row.subject] = _cipher(keyring, row.key_name, row.wrapped)
        key = keys[row.subject]
        if row.ciphertext is None or key is None:
            opened = Opened(None, None)
        elif isinstance(key, StoreError):
            opened = Opened(None, None, key)
        else:
            opened = _decrypted(key, row)
        found.setdefault(row.owner, {})[row.field] = opened
    return found


def _cipher(keyring: Keyring, name: str | None, wrapped: bytes | None) -> AESGCM | StoreError | None:
    """What opens a subject's values; None when the subject was erased; why not, when it cannot be had."""
    if name is None or wrapped is None:
        return None
    try:
        return AESGCM(keyring.unwrap(name, wrapped))
    except StoreError as error:
        return error


def _decrypted(cipher: AESGCM, row: Row[Any]) -> Opened:
    try:
        return Opened(_plain(cipher, row), row.salt)
    except StoreError as error:
        return Opened(None, None, error)


def salts(connection: Connection, owner: str) -> dict[str, bytes | None]:
    """What opens the commitments of an owner to whoever holds the value; None for what was erased."""
    columns = sealed_table.c
    rows = connection.execute(select(columns.field, columns.salt).where(columns.owner == owner))
    return {row.field: row.salt for row in rows}


def erase(connection: Connection, subject: str) -> int:
    """Make everything sealed about a subject unreadable for ever; gives how many values that were."""
    columns = sealed_table.c
    gone = connection.execute(
        update(sealed_table)
        .where(columns.subject == subject, columns.ciphertext.is_not(None))
        .values(salt=None, nonce=None, ciphertext=None)
    ).rowcount
    connection.execute(delete(subject_key_table).where(subject_key_table.c.subject == subject))
    return gone


def forget(connection: Connection, owner: str) -> None:
    """Delete the sealed values of an owner that no record holds a commitment to."""
    connection.execute(delete(sealed_table).where(sealed_table.c.owner == owner))


def _opened(connection: Connection, keyring: Keyring, row: Row[Any]) -> str | None:
    if row.ciphertext is None:
        return None
    key = _known_key(connection, keyring, row.subject)
    # Without a key: sealed while its subject was being erased.
    return None if key is None else _plain(AESGCM(key), row)


def _plain(cipher: AESGCM, row: Row[Any]) -> str:
    """The value that is sealed in a row. Raises StoreError when it has been altered."""
    try:
        value = cipher.decrypt(row.nonce, row.ciphertext, _place(row.owner, row.field)).decode()
    except InvalidTag:
        raise StoreError(f"the sealed value {row.owner}/{row.field} has been altered") from None
    if not compare_digest(commitment(row.salt, value), row.commitment):
        raise StoreError(f"the sealed value {row.owner}/{row.field} is not what was committed to")
    return value


def _place(owner: str, field: str) -> bytes:
    """Binds a ciphertext to where it stands, so that two of them cannot change places."""
    return f"{owner}\0{field}".encode()


def _subject_key(connection: Connection, keyring: Keyring, subject: str) -> bytes:
    """The key of a subject, made when there is none; two who make it at once get the same."""
    key = _known_key(connection, keyring, subject)
    if key is None:
        name, wrapped = keyring.wrap(os.urandom(KEY_BYTES))
        making = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        values = {"subject": subject, "key_name": name, "wrapped": wrapped}
        connection.execute(making(subject_key_table).values(values).on_conflict_do_nothing())
        key = _known_key(connection, keyring, subject)
    if key is None:
        raise StoreError(f"the key of {subject} was erased at this moment", hint="try again")
    return key


def _known_key(connection: Connection, keyring: Keyring, subject: str) -> bytes | None:
    query = select(subject_key_table).where(subject_key_table.c.subject == subject)
    row = connection.execute(query).one_or_none()
    return None if row is None else keyring.unwrap(row.key_name, row.wrapped)
