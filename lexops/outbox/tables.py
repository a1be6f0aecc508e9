"""The outbox's tables."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from lexops.store.database import Moment, metadata

message_table = Table(
    "outbox_message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("subject", String(80), nullable=False, index=True),
    Column("recipient", String(120), nullable=False),
    Column("template", String(60), nullable=False),
    Column("values", JSON, nullable=False),
    Column("urgency", String(10), nullable=False),
    Column("priority", String(10), nullable=False),
    Column("created", Moment, nullable=False),
    Column("due", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False, index=True),
    Column("rank", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(80)),
    Column("claimed_until", Moment),
    Column("ended", Moment),
    Column("proof", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""`claimed_until` ends the lease of a worker that died while it was sending."""

attempt_table = Table(
    "outbox_attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message", Integer, ForeignKey("outbox_message.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("channel", String(40), nullable=False),
    Column("address", String(300), nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Every try: the proof, or the reason."""

contact_table = Table(
    "outbox_contact",
    metadata,
    Column("owner", String(120), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("channel", String(40), nullable=False),
    Column("address", String(300), nullable=False),
)

habits_table = Table(
    "outbox_habits",
    metadata,
    Column("owner", String(120), primary_key=True),
    Column("quiet", String(200), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("wakes", String(10), nullable=False),
    Column("per_hour", Integer, nullable=False),
)
