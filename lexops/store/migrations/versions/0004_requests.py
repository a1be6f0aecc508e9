"""Requests with plan, state, approvals and steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """What was only a log of past acts becomes a request's whole life."""
    with op.batch_alter_table("request") as table:
        table.alter_column("key", existing_type=sa.String(64), type_=sa.String(80), existing_nullable=False)
    for column in (
        sa.Column("title", sa.String(120), nullable=False, server_default=""),
        sa.Column("effect", sa.String(20), nullable=False, server_default="change"),
        sa.Column("plan", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("hash", sa.String(64), nullable=False, server_default=""),
        sa.Column("operator_id", sa.String(20), nullable=False, server_default=""),
        sa.Column("session", sa.String(40), nullable=False, server_default=""),
        sa.Column("fingerprint", sa.String(80), nullable=True),
        sa.Column("environment", sa.String(20), nullable=False, server_default="production"),
        sa.Column("target", sa.String(40), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("state", sa.String(20), nullable=False, server_default="done"),
        sa.Column("approvals_needed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("break_glass", sa.Text(), nullable=False, server_default=""),
        sa.Column("review_due", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.String(80), nullable=True),
        sa.Column("reviewed", sa.BigInteger(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("worker", sa.String(120), nullable=True),
        sa.Column("wish", sa.String(20), nullable=False, server_default=""),
    ):
        op.add_column("request", column)
    op.create_index("ix_request_state", "request", ["state"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.String(20), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.String(80), nullable=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["request.id"], name=op.f("fk_approval_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("request", "operator_id", name=op.f("uq_approval_request_operator_id")),
    )
    op.create_table(
        "request_step",
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("boot", sa.String(40), nullable=True),
        sa.Column("worker", sa.String(120), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["request"], ["request.id"], name=op.f("fk_request_step_request")),
        sa.PrimaryKeyConstraint("request", "number", name=op.f("pk_request_step")),
    )
