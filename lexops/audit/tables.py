"""The record's tables. Rows are added, never changed: triggers made in the migration see to that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from lexops.store.database import Moment, metadata


def exact(value: bytes | str) -> bytes:
    """The bytes, also of text."""
    return value.encode() if isinstance(value, str) else bytes(value)


class Exact(TypeDecorator[bytes]):
    """Bytes, also where somebody put text in their place, as SQLite lets them: that entry must be named."""

    impl = LargeBinary
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], bytes]:
        return exact


entry_table = Table(
    "audit_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", String(36), nullable=False, unique=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("writer", String(120), nullable=False),
    Column("writer_seq", Integer, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("kind", String(60), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("body", Exact, nullable=False),
    Column("leaf", Exact, nullable=False),
    Column("leaf_index", Integer, nullable=True, unique=True),
    UniqueConstraint("writer", "writer_seq"),
)
"""`id` is the order of arrival, with gaps; `leaf_index`, set once, is the place in the tree, without.

`leaf` is the hash of `body`; what else stands beside it is a copy for searching. Verification compares them.
"""
Index(
    "ix_audit_entry_unsealed",
    entry_table.c.id,
    sqlite_where=entry_table.c.leaf_index.is_(None),
    postgresql_where=entry_table.c.leaf_index.is_(None),
)
tile_table = Table(
    "audit_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
)
checkpoint_table = Table(
    "audit_checkpoint",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", Integer, nullable=False, index=True),
    Column("root", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("note", Text, nullable=False),
)
epoch_table = Table(
    "audit_epoch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("opened", Moment, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("statement", Text, nullable=False),
)
cosignature_table = Table(
    "audit_cosignature",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("checkpoint", Integer, nullable=False, index=True),
    Column("witness", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Column("line", Text, nullable=False),
)
"""What witnesses of another host signed below a checkpoint."""
witness_table = Table(
    "audit_witness",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("checkpoint", Integer, nullable=True),
    Column("size", Integer, nullable=False),
    Column("covered", Moment, nullable=True),
    Column("tried", Moment, nullable=False),
    Column("trouble", Text, nullable=False),
)
"""How far each witness has come; what they remember is with them, this is for the screens."""
