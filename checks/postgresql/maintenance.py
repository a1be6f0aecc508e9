"""Will it go on: numbers that run out, and indexes that are none?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, Metric, NotApplicable, Observation, PostgreSQL, Status, check
from lexops.text import plural

WRAPAROUND = 2**31
"""Transactions after which the oldest row would seem to lie in the future."""


@check(
    "postgresql.wraparound",
    target=PostgreSQL,
    every="15m",
    warn="50%",
    crit="75%",
    source="percent of 2^31; check_postgres warns at 60 % and 65 %, netdata at 90 %; from 50 % on there are"
    " weeks to act in",
    mend="Vacuum the database named: vacuumdb --freeze DATABASE. First look for what holds it back: old"
    " transactions, prepared ones, replication slots.",
)
def wraparound(db: PostgreSQL) -> Iterator[Metric]:
    """Transaction numbers run out.

    When it comes near 2^31 the server refuses every write to protect the data: no time entry, no invoice,
    no payment until a vacuum has run for hours.
    """
    for row in db.query("wraparound"):
        yield Metric("transactions", row["transactions"], limit=WRAPAROUND, item=row["name"])
        yield Metric("row locks", row["multixacts"], limit=WRAPAROUND, item=row["name"])


@check(
    "postgresql.sequences",
    target=PostgreSQL,
    every="1h",
    attempts=1,
    warn="75%",
    crit="90%",
    source="PgHero: 90 %; check_postgres: 85 % and 95 %; the column's type counts, not only the sequence's",
    grants="GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO lexops",
    mend="Widen the column in a planned change, for it rewrites the table:"
    " ALTER TABLE t ALTER COLUMN c TYPE bigint, and ALTER SEQUENCE s AS bigint.",
)
def sequences(db: PostgreSQL) -> Iterator[Observation]:
    """Sequence runs out of numbers.

    When the last one is given out, every further time entry or invoice line fails until the column is
    widened, which takes the table away for as long.
    """
    rows = db.query("sequences")
    if not rows:
        raise NotApplicable("there are no sequences")
    for row in rows:
        if row["is_readable"]:
            yield Metric("used", row["used"], limit=row["highest"], item=row["name"])
    hidden = rows[0]["hidden"]
    if hidden:
        yield Finding(
            "hidden",
            f"{plural(hidden, 'sequence')} cannot be read; GRANT SELECT ON ALL SEQUENCES IN SCHEMA"
            f" {rows[0]['hidden_in']} TO {rows[0]['role']}",
            Status.UNKNOWN,
        )


@check(
    "postgresql.invalid-indexes",
    target=PostgreSQL,
    every="15m",
    attempts=4,
    source="awesome-prometheus-alerts, shortened to 1 h: an index being built is left out",
    grants="GRANT pg_monitor TO lexops",
    mend="Build it again without locking anybody out: REINDEX INDEX CONCURRENTLY name. If its name ends in"
    " _ccnew or _ccold, DROP INDEX it.",
)
def invalid_indexes(db: PostgreSQL) -> Iterator[Finding]:
    """Invalid index.

    They slow down every write and serve no query; a unique one does not vouch for the invoice numbers that
    it was to keep apart.
    """
    for row in db.query("invalid-indexes"):
        unique = "unique index" if row["is_unique"] else "index"
        yield Finding(row["name"], f"{unique} {row['name']} on {row['on_table']} is invalid")
