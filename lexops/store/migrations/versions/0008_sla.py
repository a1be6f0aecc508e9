"""What was promised: calendars, policies, clocks, warnings, closed reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Give incidents their facts, the present ones the usual priority, and make room for clocks."""
    for name, length, default in (
        ("priority", 10, "P3"),
        ("client", 40, ""),
        ("provider", 40, ""),
        ("queue", 40, ""),
    ):
        column = sa.Column(name, sa.String(length=length), server_default=default, nullable=False)
        op.add_column("incident", column)
    op.execute("UPDATE incident SET priority = 'P2' WHERE severity = 'CRITICAL'")
    op.add_column("incident_entry", sa.Column("data", sa.JSON(), nullable=True))
    op.add_column("incident_entry", sa.Column("recorded", sa.BigInteger(), nullable=True))
    for table in ("calendar", "sla_policy"):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("name", sa.String(length=40), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("recorded", sa.BigInteger(), nullable=False),
            sa.Column("correction", sa.Boolean(), nullable=False),
            sa.Column("operator", sa.String(length=80), nullable=False),
            sa.Column("reason", sa.Text(), nullable=False),
            sa.Column("document", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint("name", "number", name=op.f(f"uq_{table}_name_number")),
        )
    op.create_table(
        "sla_clock",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("target_kind", sa.String(length=20), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("worked", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("policy_revision", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("calendar_revision", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "kind", "round", name=op.f("pk_sla_clock")),
    )
    op.create_index(op.f("ix_sla_clock_end"), "sla_clock", ["end"])
    op.create_table(
        "sla_ticket",
        sa.Column("incident", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_sla_ticket")),
    )
    op.create_table(
        "sla_signal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_signal")),
        sa.UniqueConstraint(
            "incident",
            "kind",
            "round",
            "percent",
            name=op.f("uq_sla_signal_incident_kind_round_percent"),
        ),
    )
    op.create_table(
        "sla_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("responsibility", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_reason")),
    )
    op.create_index(op.f("ix_sla_reason_incident"), "sla_reason", ["incident"])
    op.create_table(
        "sla_prediction",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("similar", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "kind", "round", name=op.f("pk_sla_prediction")),
    )
    op.create_table(
        "sla_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_report")),
        sa.UniqueConstraint("month", "number", name=op.f("uq_sla_report_month_number")),
    )
