"""The tables of second factors; only `factors.py` reads and writes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from lexops.store.database import Moment, metadata

totp_table = Table(
    "totp_factor",
    metadata,
    Column("operator", String(20), primary_key=True),
    Column("sealed", String(120), nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Moment, nullable=True),
    Column("paused_until", Moment, nullable=True),
    Column("added", Moment, nullable=False),
)
"""`sealed` is the owner under which the secret is kept by the privacy room."""
recovery_table = Table(
    "recovery_code",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("operator", String(20), nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("used", Moment, nullable=True),
)
challenge_table = Table(
    "challenge",
    metadata,
    Column("operator", String(20), primary_key=True),
    Column("session", String(40), primary_key=True),
    Column("scope", String(80), primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("used", Moment, nullable=True),
)
sk_counter_table = Table(
    "sk_counter",
    metadata,
    Column("fingerprint", String(80), primary_key=True),
    Column("counter", BigInteger, nullable=False),
)
step_up_table = Table(
    "step_up",
    metadata,
    Column("operator", String(20), primary_key=True),
    Column("session", String(40), primary_key=True),
    Column("scope", String(80), primary_key=True),
    Column("method", String(20), nullable=False),
    Column("strong", Boolean, nullable=False),
    Column("flags", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
)
