"""The tables of who is on call."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from lexops.calendars.revisions import revision_table
from lexops.store.database import Moment, metadata

rota_table = revision_table("oncall_rota")
"""Every revision of every rota; a revision is never changed, so that who was on call can be told."""

override_table = Table(
    "oncall_override",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rota", String(40), nullable=False, index=True),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("person", String(80), nullable=False),
    Column("instead_of", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("recorded", Moment, nullable=False),
    Column("removed", Moment),
)
