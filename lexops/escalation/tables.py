"""The tables of escalation."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from lexops.calendars.revisions import revision_table
from lexops.store.database import Moment, metadata

policy_table = revision_table("escalation_policy")
"""Every revision of every policy; a revision is never changed."""

escalation_table = Table(
    "escalation",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("policy", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("snapshot", JSON, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("due", Moment, index=True),
    Column("state", String(12), nullable=False, index=True),
    Column("started", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("entry", Integer, nullable=False),
)
"""One row for each incident that escalates; `snapshot` is the policy as it was then."""

told_table = Table(
    "escalation_told",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("due", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("note", Text, nullable=False),
)
"""Every rung that was told. Its key is what keeps two workers from telling it twice."""
