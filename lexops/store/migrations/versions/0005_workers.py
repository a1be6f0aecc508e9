"""Several workers: lanes; schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the lanes that workers share, and what is known of the schedules."""
    op.create_table(
        "lane",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lane")),
    )
    op.create_table(
        "schedule_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("timing", sa.String(length=200), nullable=False),
        sa.Column("last_due", sa.BigInteger(), nullable=True),
        sa.Column("last_key", sa.String(length=120), nullable=True),
        sa.Column("last_outcome", sa.Text(), nullable=True),
        sa.Column("claimed", sa.BigInteger(), nullable=True),
        sa.Column("next_due", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule_state")),
    )
