"""The table of what was told."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from lexops.store.database import Moment, metadata

notice_table = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("audience", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("operator", String(80), nullable=False),
    Column("incident", Integer, index=True),
    Column("promised", Moment),
    Column("starts", Moment),
    Column("ends", Moment),
    Column("withdrawn", Moment),
    Column("reminded", Moment),
)
