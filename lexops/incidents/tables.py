"""The incidents' tables: tickets, their timelines, and what belongs to them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from lexops.store.database import Moment, metadata

incident_table = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(200), nullable=False, index=True),
    Column("open_as", String(200), unique=True),
    Column("title", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("target", String(40)),
    Column("check", String(120)),
    Column("opened", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("owner", String(80)),
    Column("resolved", Moment),
    Column("priority", String(10), nullable=False, server_default="P3"),
    Column("client", String(40), nullable=False, server_default=""),
    Column("provider", String(40), nullable=False, server_default=""),
    Column("queue", String(40), nullable=False, server_default=""),
    Column("impact", String(10)),
    Column("urgency", String(10)),
    Column("parent", Integer, index=True),
    Column("origin", String(10), nullable=False, server_default="hand"),
    sqlite_autoincrement=True,
)
"""`open_as` is the fingerprint while the incident is open: the database sees to one of each."""

entry_table = Table(
    "incident_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, ForeignKey("incident.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("author", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=True),
    Column("recorded", Moment, nullable=True),
)
"""`recorded` is set where it is later than `at`: what arrived late."""

link_table = Table(
    "incident_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, ForeignKey("incident.id"), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("ref", String(300), nullable=False),
    Column("relation", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("operator", String(80), nullable=False),
    UniqueConstraint("incident", "kind", "ref", "relation"),
)

watcher_table = Table(
    "incident_watcher",
    metadata,
    Column("incident", Integer, ForeignKey("incident.id"), primary_key=True),
    Column("operator", String(80), primary_key=True),
)

attachment_table = Table(
    "incident_attachment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, ForeignKey("incident.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("operator", String(80), nullable=False),
)

view_table = Table(
    "incident_view",
    metadata,
    Column("operator", String(80), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("query", Text, nullable=False),
)
"""Filters under a name; without an operator they are everybody's."""
