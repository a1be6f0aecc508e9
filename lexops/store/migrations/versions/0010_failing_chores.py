"""What workers do again and again and cannot do now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let each worker say which of its chores fail."""
    op.create_table(
        "failing_chore",
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("worker", "name", name=op.f("pk_failing_chore")),
    )
