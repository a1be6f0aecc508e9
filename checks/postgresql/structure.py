"""Are tables, indexes, constraints and triggers what the application relies on?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, Metric, Note, NotYet, Observation, PostgreSQL, Status, check
from lexops.clock import parse_duration
from lexops.text import plural

from .rights import PG_MONITOR

WINDOW = "30d"
"""How long an index has to have gone unused, so that a month end is in it."""


@check(
    "postgresql.invalid-indexes",
    target=PostgreSQL,
    every="15m",
    attempts=4,
    source="awesome-prometheus-alerts, shortened to 1 h: an index being built is left out",
    grants=PG_MONITOR,
    mend="Build it again without locking anybody out: REINDEX INDEX CONCURRENTLY name; it waits for every"
    " open transaction, and fails on a unique one until the doubles that it names are gone. If its name"
    " ends in _ccnew or _ccold, DROP INDEX it.",
    fault="CREATE UNIQUE INDEX CONCURRENTLY over duplicates",
)
def invalid_indexes(db: PostgreSQL) -> Iterator[Finding]:
    """Invalid index.

    Finds indexes that were not built to their end, and are not being built now. They slow down every write
    and serve no query.

    A unique index that is invalid does not vouch for the invoice numbers that it was to keep apart.
    """
    for row in db.query("invalid-indexes"):
        unique = "unique index" if row["is_unique"] else "index"
        yield Finding(row["name"], f"{unique} {row['name']} on {row['on_table']} is invalid")


@check(
    "postgresql.unused-indexes",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    warn="100MiB",
    source="pgwatch: unused and above 100 MB; 30 days, so that a month end is among them: LexOps' own"
    " judgement",
    mend="Look at every standby, too: reports there may use it, and this server cannot know. Then DROP INDEX"
    " CONCURRENTLY name, and keep its definition.",
    fault="an index that nothing has used for 31 days",
)
def unused_indexes(db: PostgreSQL) -> Iterator[Observation]:
    """Index is not used.

    Finds indexes that no query on this server has used for 30 days; those that enforce something are left
    out. It says nothing before the counters, or LexOps' own observation of them, are that old.

    Each of them is written with every time entry and payment, and takes memory from those that are used.
    """
    use = db.query_row("index-use")
    grown = db.memory.grown("scans", use["scans"], epoch=use["stats_reset"], over=WINDOW)
    window = parse_duration(WINDOW).total_seconds()
    if use["seconds"] < window and (grown is None or grown.seconds < window):
        raise NotYet(f"the counters have to be watched for {WINDOW}")
    if use["standbys"]:
        yield Note("standbys", f"{plural(use['standbys'], 'standby')} may use what this server does not")
    rows = db.query("unused-indexes")
    for row in rows:
        yield Metric("unused", row["bytes"], "B", item=row["name"])
    if not rows:
        yield Metric("unused", 0, "B")


@check(
    "postgresql.duplicate-indexes",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    source="pgwatch and PgHero: any; here columns, order, operator classes, collations and predicates are"
    " equal",
    mend="Keep the one that enforces something, or else the older one, and DROP INDEX CONCURRENTLY the rest.",
    fault="the same index twice under two names",
)
def duplicate_indexes(db: PostgreSQL) -> Iterator[Finding]:
    """Duplicate indexes.

    Finds indexes of one table that index the same columns in the same way. Any one of them serves every
    query that the others do.

    Every time entry and payment pays for each of them, and month-end batches take so much longer.
    """
    for row in db.query("duplicate-indexes"):
        names = ", ".join(row["names"])
        yield Finding(f"{row['on_table']}/{names}", f"indexes of {row['on_table']} are the same: {names}")


@check(
    "postgresql.foreign-keys-without-index",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    warn="10k",
    source="LexOps' own judgement: below 10,000 rows reading the whole table costs nothing",
    mend="CREATE INDEX CONCURRENTLY on the columns that refer; the constraint is named.",
    fault="a foreign key from a column without an index",
)
def foreign_keys_without_index(db: PostgreSQL) -> Iterator[Metric]:
    """Foreign key has no index.

    Finds foreign keys whose referring columns no index begins with, and measures how many rows their table
    has. PostgreSQL makes no such index itself, and reads the whole table for every row that is deleted or
    renumbered on the other side.

    A purge of closed matters or a merge of two clients then locks invoices and time entries for hours.
    """
    rows = db.query("foreign-keys-without-index")
    for row in rows:
        yield Metric("rows", row["rows"], item=f"{row['on_table']}.{row['name']}")
    if not rows:
        yield Metric("rows", 0)


@check(
    "postgresql.constraints-not-validated",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    source="PostgreSQL manual, ALTER TABLE: NOT VALID constraints hold for new rows only",
    mend="ALTER TABLE t VALIDATE CONSTRAINT c; when it fails, mend the rows that it finds first.",
    fault="ADD CONSTRAINT … NOT VALID",
)
def constraints_not_validated(db: PostgreSQL) -> Iterator[Finding]:
    """Constraint is not validated.

    Finds constraints that were added without looking at the rows there were, and those that are not
    enforced at all. Older rows may break them.

    What the application takes for certain, such as that every payment has a client, is then only likely.
    """
    for row in db.query("constraints-not-validated"):
        name = f"{row['on_table']}.{row['name']}"
        yield Finding(name, f"constraint {row['name']} of {row['on_table']} is not validated")


@check(
    "postgresql.tables-without-primary-key",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    source="PostgreSQL manual, logical replication: without a key changes cannot be told apart",
    mend="ALTER TABLE t ADD PRIMARY KEY over the columns that tell its rows apart.",
    fault="a table without a primary key",
)
def tables_without_primary_key(db: PostgreSQL) -> Iterator[Finding]:
    """Table has no primary key.

    Finds tables of this database without a primary key; partitions, temporary tables and those of extensions
    are left out.

    The same time entry can be in such a table twice and cannot be told from its double, neither by a
    correction nor by a copy that follows along.
    """
    for row in db.query("tables-without-primary-key"):
        yield Finding(row["name"], f"{row['name']} has no primary key")


@check(
    "postgresql.disabled-triggers",
    target=PostgreSQL,
    every="5m",
    attempts=1,
    source="check_postgres, disabled_triggers: any; critical, for audit trails are written by triggers:"
    " LexOps' own judgement",
    mend="ALTER TABLE t ENABLE TRIGGER ALL, then look for what was changed meanwhile: nothing recorded it.",
    fault="ALTER TABLE … DISABLE TRIGGER",
)
def disabled_triggers(db: PostgreSQL) -> Iterator[Finding]:
    """Trigger is disabled.

    Finds triggers and event triggers of this database that are switched off, those behind foreign keys, too.
    Bulk loads switch them off, and some forget to switch them on again.

    Audit trails, running balances and foreign keys hang on triggers: what is changed meanwhile is neither
    recorded nor checked, and that is what the rules on client money ask for.
    """
    for row in db.query("disabled-triggers"):
        name = f"{row['on_what']}.{row['name']}"
        yield Finding(name, f"{row['kind']} {row['name']} of {row['on_what']} is off", Status.CRITICAL)
