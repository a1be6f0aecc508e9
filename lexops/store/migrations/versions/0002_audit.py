"""The record's entries, tree and seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

FROZEN = ("audit_tile", "audit_checkpoint", "audit_epoch", "audit_cosignature")
ENTRY = ("id", "entry_id", "key", "writer", "writer_seq", "at", "kind", "actor", "body", "leaf")
REFUSAL = "the record can only be added to"


def upgrade() -> None:
    """Create the tables, and the triggers that only let rows be added."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("writer", sa.String(length=120), nullable=False),
        sa.Column("writer_seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_entry_entry_id")),
        sa.UniqueConstraint("key", name=op.f("uq_audit_entry_key")),
        sa.UniqueConstraint("leaf_index", name=op.f("uq_audit_entry_leaf_index")),
        sa.UniqueConstraint("writer", "writer_seq", name=op.f("uq_audit_entry_writer_writer_seq")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index(
        "ix_audit_entry_unsealed",
        "audit_entry",
        ["id"],
        unique=False,
        sqlite_where=sa.text("leaf_index IS NULL"),
        postgresql_where=sa.text("leaf_index IS NULL"),
    )
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_audit_tile")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoint")),
    )
    op.create_index(op.f("ix_audit_checkpoint_size"), "audit_checkpoint", ["size"], unique=False)
    op.create_table(
        "audit_epoch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_epoch")),
    )
    op.create_table(
        "audit_cosignature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_cosignature")),
    )
    op.create_index(
        op.f("ix_audit_cosignature_checkpoint"), "audit_cosignature", ["checkpoint"], unique=False
    )
    op.create_table(
        "audit_witness",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("covered", sa.BigInteger(), nullable=True),
        sa.Column("tried", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_witness")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in ENTRY)
    numbering = f"OLD.leaf_index IS NULL AND NEW.leaf_index IS NOT NULL AND {same}"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    op.execute(
        f"CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry WHEN NOT ({numbering}) {refuse}"
    )
    op.execute(f"CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry {refuse}")
    for table in FROZEN:
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_{act.lower()} BEFORE {act} ON {table} {refuse}")


def _guard_postgresql() -> None:
    same = " AND ".join(f"NEW.{column} = OLD.{column}" for column in ENTRY)
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION audit_number() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF OLD.leaf_index IS NULL AND NEW.leaf_index IS NOT NULL AND {same} "
        "THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_number()"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
    for table in ("audit_entry", *FROZEN):
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
