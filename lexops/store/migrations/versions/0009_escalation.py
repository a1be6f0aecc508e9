"""Tickets with their links and files, escalation, on-call, the outbox, knowledge, notices, trackers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make room for what follows an incident; those that follow a check are marked as such."""
    for table in ("escalation_policy", "knowledge_article", "oncall_rota"):
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
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_arrival_source_key")),
    )
    op.create_index(op.f("ix_arrival_incident"), "arrival", ["incident"], unique=False)
    op.create_table(
        "escalation",
        sa.Column("incident", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_escalation")),
    )
    op.create_index(op.f("ix_escalation_due"), "escalation", ["due"], unique=False)
    op.create_index(op.f("ix_escalation_state"), "escalation", ["state"], unique=False)
    op.create_table(
        "escalation_told",
        sa.Column("incident", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "generation", "round", "step", name=op.f("pk_escalation_told")),
    )
    op.create_table(
        "incident_view",
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "name", name=op.f("pk_incident_view")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("promised", sa.BigInteger(), nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_at"), "notice", ["at"], unique=False)
    op.create_index(op.f("ix_notice_incident"), "notice", ["incident"], unique=False)
    op.create_table(
        "oncall_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rota", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("instead_of", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_override")),
    )
    op.create_index(op.f("ix_oncall_override_rota"), "oncall_override", ["rota"], unique=False)
    op.create_table(
        "outbox_contact",
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("owner", "rank", name=op.f("pk_outbox_contact")),
    )
    op.create_table(
        "outbox_habits",
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("quiet", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("wakes", sa.String(length=10), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_outbox_habits")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=80), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_message_due"), "outbox_message", ["due"], unique=False)
    op.create_index(op.f("ix_outbox_message_state"), "outbox_message", ["state"], unique=False)
    op.create_index(op.f("ix_outbox_message_subject"), "outbox_message", ["subject"], unique=False)
    op.create_table(
        "tracker_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("external", sa.String(length=120), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=80), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=False),
        sa.Column("pulled", sa.String(length=120), nullable=False),
        sa.Column("synced", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracker_link")),
        sa.UniqueConstraint("incident", "tracker", name=op.f("uq_tracker_link_incident_tracker")),
        sa.UniqueConstraint("tracker", "external", name=op.f("uq_tracker_link_tracker_external")),
    )
    op.create_index(op.f("ix_tracker_link_due"), "tracker_link", ["due"], unique=False)
    op.create_table(
        "tracker_seen",
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("external", sa.String(length=120), nullable=False),
        sa.Column("comment", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("tracker", "external", "comment", name=op.f("pk_tracker_seen")),
    )
    op.create_table(
        "incident_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_incident_attachment_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_attachment")),
    )
    op.create_index(
        op.f("ix_incident_attachment_incident"), "incident_attachment", ["incident"], unique=False
    )
    op.create_table(
        "incident_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("ref", sa.String(length=300), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_incident_link_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_link")),
        sa.UniqueConstraint(
            "incident", "kind", "ref", "relation", name=op.f("uq_incident_link_incident_kind_ref_relation")
        ),
    )
    op.create_index(op.f("ix_incident_link_incident"), "incident_link", ["incident"], unique=False)
    op.create_table(
        "incident_watcher",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_incident_watcher_incident")),
        sa.PrimaryKeyConstraint("incident", "operator", name=op.f("pk_incident_watcher")),
    )
    op.create_table(
        "outbox_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["outbox_message.id"], name=op.f("fk_outbox_attempt_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_attempt")),
    )
    op.create_index(op.f("ix_outbox_attempt_at"), "outbox_attempt", ["at"], unique=False)
    op.create_index(op.f("ix_outbox_attempt_message"), "outbox_attempt", ["message"], unique=False)
    op.add_column("incident", sa.Column("impact", sa.String(length=10), nullable=True))
    op.add_column("incident", sa.Column("urgency", sa.String(length=10), nullable=True))
    op.add_column("incident", sa.Column("parent", sa.Integer(), nullable=True))
    op.add_column(
        "incident", sa.Column("origin", sa.String(length=10), server_default="hand", nullable=False)
    )
    op.create_index(op.f("ix_incident_fingerprint"), "incident", ["fingerprint"], unique=False)
    op.create_index(op.f("ix_incident_parent"), "incident", ["parent"], unique=False)
    op.execute("UPDATE incident SET origin = 'check' WHERE \"check\" IS NOT NULL")
