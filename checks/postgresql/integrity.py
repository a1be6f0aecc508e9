"""Are the data on disk what was written?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    Finding,
    Metric,
    NotApplicable,
    Note,
    Observation,
    PostgreSQL,
    Status,
    check,
)
from lexops.errors import Damaged

from .one_by_one import not_reached, one_by_one
from .rights import demand_extension

RESTORE = (
    "Stop the application and take a file copy of the data folder before anything else. Look at disk and"
    " memory of the machine."
)


@check(
    "postgresql.checksums",
    target=PostgreSQL,
    every="5m",
    attempts=1,
    crit="0",
    source="check_pgactivity: any; the counter stands until it is reset",
    mend=f"{RESTORE} Restore the damaged table from a backup; then SELECT pg_stat_reset() in that database.",
    fault="overwritten bytes in the file of a table",
)
def checksums(db: PostgreSQL) -> Iterator[Observation]:
    """Data pages are damaged.

    Counts the pages whose checksum was wrong when they were read, by database. The alarm stays until the
    counters are reset, for reading the same page again does not mend it.

    A page holds dozens of time entries or payments; damage spreads into every backup that is taken from now
    on, and the last sound one is thrown away in time.
    """
    rows = db.query("checksums")
    if rows[0]["enabled"] != "on":
        raise NotApplicable("data checksums are off; pg_checksums --enable on the stopped server adds them")
    for row in rows:
        yield Metric("damaged pages", row["failures"], item=row["name"])
        if row["last"]:
            yield Note(row["name"], f"last at {row['last']}")


@check(
    "postgresql.damaged-indexes",
    target=PostgreSQL,
    every="7d",
    timeout="2h",
    attempts=1,
    source="PostgreSQL manual, amcheck: any error is damage",
    grants="GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO lexops_monitor",
    mend=f"{RESTORE} Then REINDEX INDEX CONCURRENTLY name; a unique one may now show doubles, which have"
    " to be mended first.",
    fault="overwritten bytes in the file of an index",
    heavy=True,
)
def damaged_indexes(db: PostgreSQL) -> Iterator[Finding]:
    """Index is damaged.

    Reads every B-tree index of this database with amcheck and looks whether its entries are in order; for
    unique ones also whether every row of the table is in it and, from PostgreSQL 17 on, none twice. It locks
    out nobody who reads or writes.

    Through a damaged index an invoice is not found although it is there, and the same number is given to a
    second one.
    """
    demand_extension(db, "amcheck", "bt_index_check")
    for relation, answer in one_by_one(db, db.query("indexes-to-verify"), "verify-index"):
        name = relation["name"]
        if isinstance(answer, Damaged):
            yield Finding(name, f"index {name} of {relation['on_table']} is damaged", Status.CRITICAL)
        elif isinstance(answer, Exception):
            yield not_reached(name)


@check(
    "postgresql.damaged-tables",
    target=PostgreSQL,
    every="7d",
    timeout="2h",
    attempts=1,
    source="PostgreSQL manual, amcheck: any row of verify_heapam is damage",
    grants="GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint)"
    " TO lexops_monitor",
    mend=f"{RESTORE} Restore the table from the last sound backup beside the damaged one and compare them.",
    fault="overwritten bytes in the file of a table",
    heavy=True,
)
def damaged_tables(db: PostgreSQL) -> Iterator[Finding]:
    """Table is damaged.

    Reads every table of this database with amcheck and looks whether each row is built as it must be. It
    locks out nobody who reads or writes.

    Damaged rows are lost time entries, invoices or trust entries; whoever runs a report over them gets an
    error, or worse, wrong sums.
    """
    demand_extension(db, "amcheck", "verify_heapam")
    for relation, answer in one_by_one(db, db.query("tables-to-verify"), "verify-table"):
        name = relation["name"]
        if isinstance(answer, Damaged):
            yield Finding(name, f"table {name} is damaged: a page cannot be read", Status.CRITICAL)
        elif isinstance(answer, Exception):
            yield not_reached(name)
        elif answer:
            first = answer[0]
            text = f"table {name} is damaged: {first['fault']} in page {first['page']}"
            yield Finding(name, text, Status.CRITICAL)


@check(
    "postgresql.collations",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    source="PostgreSQL manual, ALTER COLLATION: indexes over text have to be built anew",
    mend="REINDEX (CONCURRENTLY) DATABASE name; only then ALTER DATABASE name REFRESH COLLATION VERSION, or"
    " ALTER COLLATION name REFRESH VERSION.",
    fault="a database and a collation that were made with another version of the library",
)
def collations(db: PostgreSQL) -> Iterator[Finding]:
    """Sort order has changed under the indexes.

    Compares the version of the sort order with which this database, and each collation that an index uses,
    was made with that of the library on this machine. They differ after an update of the operating system, or
    when a standby has another one.

    The indexes over text are then in the wrong order: a client is not found by name, and a unique invoice
    number is accepted twice.
    """
    for row in db.query("collations"):
        text = f"{row['name']} was made with version {row['made']}, and this machine has {row['present']}"
        yield Finding(row["name"], text, Status.CRITICAL)
