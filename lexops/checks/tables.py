"""The checks' tables; only this room's `store`, `asked`, `presence`, `read` and `retention` touch them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
)

from lexops.store.database import Moment, metadata

check_table = Table(
    "check_state",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("check", String(120), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("environment", String(20), nullable=False),
    Column("area", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("stale_after", Float, nullable=False),
    Column("availability", Boolean, nullable=False),
    Column("due", Moment, nullable=False, index=True),
    Column("status", String(20)),
    Column("hard", String(20)),
    Column("told", String(20)),
    Column("since", Moment),
    Column("checked", Moment),
    Column("bad", Integer, nullable=False, default=0),
    Column("history", String(40), nullable=False, default=""),
    Column("flapping", Boolean, nullable=False, default=False),
    Column("unreachable", Boolean, nullable=False, default=False),
    Column("summary", Text, nullable=False, default=""),
    Column("evidence", JSON),
    Column("memory", JSON),
    Column("acknowledged_by", String(80)),
    Column("acknowledged_why", Text),
    Column("acknowledged_at", Moment),
    Column("acknowledged_status", String(20)),
)

result_table = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("status", String(20), nullable=False),
    Column("soft", Boolean, nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("summary", Text, nullable=False),
    Index("ix_result_target_check_last", "target", "check", "last"),
)
"""Results as runs: one row for as long as the same status is seen without a gap, so that years stay small."""

finding_table = Table(
    "finding",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("check", String(120), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("cleared", Moment),
)

series_table = Table(
    "metric_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("name", String(80), nullable=False),
    Column("item", String(200), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("info", Boolean, nullable=False),
    Column("limit", Float),
    UniqueConstraint("target", "check", "name", "item"),
)

point_table = Table(
    "metric_point",
    metadata,
    Column("series", Integer, ForeignKey("metric_series.id", ondelete="CASCADE"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("low", Float, nullable=False),
    Column("mean", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("times", Integer, nullable=False),
    Index("ix_metric_point_series_step_at", "series", "step", "at"),
    Index("ix_metric_point_step_at", "step", "at"),
)
"""`step` 0 is a raw value; 300 and 3600 are rollups over that many seconds, kept under their start."""

downtime_table = Table(
    "downtime",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(40), nullable=False),
    Column("check", String(120)),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("silence", Boolean, nullable=False, server_default=false()),
)
"""Planned downtimes; a silence only keeps people from being told, and what fails counts."""

heartbeat_table = Table(
    "heartbeat",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("beat", Moment),
    Column("expected", Moment, nullable=False),
    Column("status", String(20), nullable=False),
    Column("message", Text, nullable=False),
)
"""Jobs that report themselves: the last report, and the moment by which the next one has to be there."""

wish_table = Table(
    "check_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("target", String(40), nullable=False),
    Column("check", String(120), nullable=False),
    Column("asked", Moment, nullable=False),
    Column("answered", Moment),
    Index("ix_check_request_answered", "answered"),
)
"""Checks somebody wants to be run now; the worker answers them."""

worker_table = Table(
    "worker",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started", Moment, nullable=False),
    Column("beat", Moment, nullable=False),
)
"""The workers that are there; one row on SQLite, any number on PostgreSQL."""

lane_table = Table(
    "lane",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("worker", String(80)),
)
"""Targets that one worker looks after; `worker` is empty while nobody does."""

broken_table = Table(
    "broken_plugin",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("reason", Text, nullable=False),
)

failing_chore_table = Table(
    "failing_chore",
    metadata,
    Column("worker", String(80), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("reason", Text, nullable=False),
)
"""What each worker does again and again and cannot do now."""


def of(table: Table, target: str, check: str) -> Any:
    """The rows of one check on one target."""
    return and_(table.c.target == target, table.c.check == check)
