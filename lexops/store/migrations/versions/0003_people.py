"""Operators, their keys and second factors; sealed values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Operators, their keys and second factors; sealed values."""
    _sealed()
    _people()
    _factors()


def _sealed() -> None:
    op.create_table(
        "sealed_value",
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "field", name=op.f("pk_sealed_value")),
    )
    op.create_index(op.f("ix_sealed_value_subject"), "sealed_value", ["subject"], unique=False)
    op.create_table(
        "subject_key",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("key_name", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_subject_key")),
    )


def _people() -> None:
    op.create_table(
        "operator",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("voucher", sa.String(length=160), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_name")),
    )
    op.create_table(
        "operator_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("comment", sa.String(length=120), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_operator_key_operator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_operator_key_fingerprint")),
    )
    op.create_index(op.f("ix_operator_key_operator"), "operator_key", ["operator"], unique=False)


def _factors() -> None:
    op.create_table(
        "totp_factor",
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.String(length=120), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operator", name=op.f("pk_totp_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_operator"), "recovery_code", ["operator"], unique=False)
    op.create_table(
        "challenge",
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("operator", "session", "scope", name=op.f("pk_challenge")),
    )
    op.create_table(
        "sk_counter",
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_sk_counter")),
    )
    op.create_table(
        "step_up",
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("flags", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "session", "scope", name=op.f("pk_step_up")),
    )
