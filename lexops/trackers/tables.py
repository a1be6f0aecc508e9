"""The tables of external trackers."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from lexops.store.database import Moment, metadata

link_table = Table(
    "tracker_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, nullable=False),
    Column("tracker", String(40), nullable=False),
    Column("external", String(120), nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(80), nullable=False),
    Column("pushed", Integer, nullable=False),
    Column("pulled", String(120), nullable=False),
    Column("synced", Moment),
    Column("error", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due", Moment, index=True),
    Column("claimed_until", Moment),
    UniqueConstraint("incident", "tracker"),
    UniqueConstraint("tracker", "external"),
)
"""An incident has one ticket in a tracker, and a ticket one incident."""

seen_table = Table(
    "tracker_seen",
    metadata,
    Column("tracker", String(40), primary_key=True),
    Column("external", String(120), primary_key=True),
    Column("comment", String(120), primary_key=True),
)
"""Comments there that are ours, or are in the timeline already: none comes twice, none comes back. Of ours
the entries that they tell of stand here too."""
