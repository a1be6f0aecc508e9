"""Will it go on: numbers that run out, and transactions that nobody ends?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    Finding,
    Forecast,
    Metric,
    NotApplicable,
    Note,
    Observation,
    PostgreSQL,
    Status,
    check,
)
from lexops.text import plural

WRAPAROUND = 2**31
"""Transactions after which the oldest row would seem to lie in the future."""
_LATE = ("110%", None)


@check(
    "postgresql.wraparound",
    target=PostgreSQL,
    every="15m",
    warn="50%",
    crit="75%",
    metrics={"unfrozen transactions": _LATE, "unfrozen row locks": _LATE},
    source="percent of 2^31; check_postgres warns at 60 % and 65 %, netdata at 90 %; from 50 % on there are"
    " weeks to act in. 110 % of autovacuum_freeze_max_age: autovacuum should have been there at 100 %",
    mend="Vacuum the database named: vacuumdb --freeze DATABASE. First look for what holds it back: old"
    " transactions, prepared ones, replication slots.",
    fault="transactions are used up while nothing is frozen",
    trends=(Forecast("transactions", warn="60d", crit="14d"), Forecast("row locks", warn="60d", crit="14d")),
)
def wraparound(db: PostgreSQL) -> Iterator[Observation]:
    """Transaction numbers run out.

    Measures, for every database, how many transaction numbers and shared row locks have been used since its
    oldest row was frozen: against the 2^31 there are, and against the number at which autovacuum has to
    freeze them. Above the second, something holds it back.

    When it comes near 2^31 the server refuses every write to protect the data: no time entry, no invoice,
    no payment until a vacuum has run for hours.
    """
    for row in db.query("wraparound"):
        item, transactions, locks = row["name"], row["transactions"], row["multixacts"]
        yield Metric("transactions", transactions, limit=WRAPAROUND, item=item)
        yield Metric("row locks", locks, limit=WRAPAROUND, item=item)
        yield Metric("unfrozen transactions", transactions, limit=row["freeze"], item=item)
        yield Metric("unfrozen row locks", locks, limit=row["multixact_freeze"], item=item)
    for row in db.query("oldest-tables"):
        yield Note(row["name"], f"{row['transactions']:,} transactions old")


@check(
    "postgresql.sequences",
    target=PostgreSQL,
    every="1h",
    attempts=1,
    warn="75%",
    crit="90%",
    source="PgHero: 90 %; check_postgres: 85 % and 95 %; the column's type counts, not only the sequence's",
    grants="GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO lexops_monitor",
    mend="Widen the column in a planned change, for it rewrites the table:"
    " ALTER TABLE t ALTER COLUMN c TYPE bigint, and ALTER SEQUENCE s AS bigint.",
    fault="an int column whose sequence is at two thousand million",
    trends=(Forecast("used", warn="90d", crit="30d", tight=40.0),),
)
def sequences(db: PostgreSQL) -> Iterator[Observation]:
    """Sequence runs out of numbers.

    Compares how far each sequence of this database has come with the highest number that fits both the
    sequence and the column it feeds: an int column ends at 2,147,483,647 whatever its sequence can do.

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
        grant = f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {rows[0]['hidden_in']} TO {rows[0]['role']}"
        text = f"{plural(hidden, 'sequence')} cannot be read; {grant}"
        yield Finding("hidden", text, Status.UNKNOWN, grant=grant)


@check(
    "postgresql.prepared-transactions",
    target=PostgreSQL,
    every="1m",
    warn="60s",
    crit="5m",
    source="LexOps' own judgement: a transaction manager ends them within seconds; check_postgres' 1 s and"
    " 30 s are too early for one that restarts",
    mend="Ask the transaction manager what it decided; then COMMIT PREPARED or ROLLBACK PREPARED with the"
    " name in the evidence, in the database that is named.",
    fault="PREPARE TRANSACTION without its end",
)
def prepared_transactions(db: PostgreSQL) -> Iterator[Observation]:
    """Prepared transaction is left open.

    Finds transactions that were prepared for a two-phase commit and neither committed nor rolled back. They
    survive restarts, keep their locks, and hold back vacuum until somebody ends them.

    The rows they hold, such as a payment between billing and the ledger, are half posted: neither side can
    go on with them.
    """
    if not db.query_row("prepared-limit")["limit"]:
        raise NotApplicable("max_prepared_transactions is 0")
    rows = db.query("prepared-transactions")
    yield Metric("oldest", max((row["seconds"] for row in rows), default=0), "s")
    yield Metric("prepared", len(rows), info=True)
    for row in rows[:10]:
        yield Note(row["name"], f"of {row['role']} in {row['database']}")
