"""The table of what arrived."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from lexops.store.database import Moment, metadata

arrival_table = Table(
    "arrival",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(20), nullable=False),
    Column("key", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Column("incident", Integer, index=True),
    Column("refused", Text, nullable=False),
    UniqueConstraint("source", "key"),
)
"""What came by itself, once each: an e-mail by its Message-ID, an alert by its fingerprint and start.
`refused` says why it became no ticket."""
