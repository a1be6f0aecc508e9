"""The tables of the SLA tracker. Clocks are a cache of what happened and what was promised."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from lexops.calendars.revisions import revision_table
from lexops.store.database import Moment, metadata

policy_table = revision_table("sla_policy")
"""Every revision of every policy; a revision is never changed."""

clock_table = Table(
    "sla_clock",
    metadata,
    Column("incident", Integer, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("priority", String(10), nullable=False),
    Column("client", String(40), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("queue", String(40), nullable=False),
    Column("target_kind", String(20), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False, index=True),
    Column("due", BigInteger),
    Column("budget", BigInteger, nullable=False),
    Column("worked", BigInteger, nullable=False),
    Column("paused", BigInteger, nullable=False),
    Column("pauses", JSON, nullable=False),
    Column("policy", String(40), nullable=False),
    Column("policy_revision", Integer, nullable=False),
    Column("calendar", String(40), nullable=False),
    Column("calendar_revision", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
)
"""Clocks as last computed; moments are whole seconds since 1970 UTC."""

ticket_table = Table(
    "sla_ticket",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("entries", Integer, nullable=False),
    Column("stamp", String(64), nullable=False),
    Column("is_over", Boolean, nullable=False),
)
"""From what the clocks of a ticket were computed: its newest entry, and the revisions of the promises."""

signal_table = Table(
    "sla_signal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("told", Moment, nullable=False),
    UniqueConstraint("incident", "kind", "round", "percent"),
)
"""Warnings and breaches (100 percent), each once: when it was reached, and when that was noticed.

Of a clock that runs only those that it has reached as it is known now.
"""

reason_table = Table(
    "sla_reason",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("responsibility", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("at", Moment, nullable=False),
)
"""Why a promise was broken and by whom; only added to, the newest counts and the others are shown."""

prediction_table = Table(
    "sla_prediction",
    metadata,
    Column("incident", Integer, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("permille", Integer, nullable=False),
    Column("similar", Integer, nullable=False),
)
"""The first prediction that a clock would break its promise, kept to be compared with what came."""

report_table = Table(
    "sla_report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("month", String(7), nullable=False),
    Column("number", Integer, nullable=False),
    Column("closed", Moment, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("document", JSON, nullable=False),
    UniqueConstraint("month", "number"),
)
"""Months as they were closed; closing again adds a number."""
