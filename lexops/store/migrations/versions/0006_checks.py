"""What checks keep between looks; heartbeats; silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Let checks keep counters and positions, jobs report themselves, and downtimes be mere silences."""
    op.add_column("check_state", sa.Column("memory", sa.JSON(), nullable=True))
    op.add_column("downtime", sa.Column("silence", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
