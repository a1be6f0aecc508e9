"""What the tables are made of, and whether they will hold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from lexops.checks.contract import (
    CannotSee,
    Finding,
    Forecast,
    MariaDB,
    Metric,
    NotApplicable,
    Note,
    Observation,
    Status,
    check,
)
from lexops.errors import QueryFailed
from lexops.text import one_line, plural

from .rights import PROCESS, TABLES

WORTH_A_REBUILD = 100 * 2**20
"""Bytes; less unused space in a table is filled again before anybody misses it."""
BUDGET = 240.0
"""Seconds in which one look begins to check further tables; the next look goes on."""

_GRANTS = f"{PROCESS}; {TABLES}"


@check(
    "mariadb.auto-increment",
    target=MariaDB,
    every="1h",
    attempts=1,
    warn="75%",
    crit="90%",
    source="PgHero: 90 %; the warning is LexOps' own judgement",
    grants=_GRANTS,
    mend="Widen the column in a planned change, for it rewrites the table:"
    " ALTER TABLE t MODIFY c BIGINT UNSIGNED NOT NULL AUTO_INCREMENT.",
    trends=(Forecast("used", warn="60d", crit="14d", tight=40.0),),
    fault="a number near the highest that the column's type takes",
)
def auto_increment(db: MariaDB) -> Iterator[Observation]:
    """AUTO_INCREMENT runs out of numbers.

    Compares the numbers given out with the highest that the column's type takes, for the columns that are
    nearest to their end.

    When the last one is given out, every further time entry or invoice line fails until the column is
    widened, which takes the table away for as long.
    """
    unseen = list(unseen_tables(db))
    yield from unseen
    rows = db.query("auto-increment")
    if not rows and not unseen:
        raise NotApplicable("no table has an AUTO_INCREMENT column")
    for row in rows:
        yield Metric("used", float(row["used"]), limit=float(row["highest"]), item=row["name"])


@check(
    "mariadb.tables-without-primary-key",
    target=MariaDB,
    every="1h",
    attempts=1,
    source="MySQLTuner",
    grants=_GRANTS,
    mend="Declare the key that the rows have anyway: ALTER TABLE t ADD PRIMARY KEY (…).",
    fault="a table without a key",
)
def tables_without_primary_key(db: MariaDB) -> Iterator[Finding]:
    """Table without a primary key.

    Looks at every table outside the server's own schemas.

    Nothing keeps the same time entry or payment from being there twice, and replicating a change reads
    the whole table for each row.
    """
    yield from unseen_tables(db)
    for row in db.query("tables-without-primary-key"):
        yield Finding(row["name"], f"{row['name']} has no primary key")


@check(
    "mariadb.not-innodb",
    target=MariaDB,
    every="1h",
    attempts=1,
    source="MySQLTuner",
    grants=_GRANTS,
    mend="ALTER TABLE t ENGINE = InnoDB, in a planned change, for it rewrites the table.",
    fault="a MyISAM table",
)
def not_innodb(db: MariaDB) -> Iterator[Finding]:
    """Table is not in InnoDB.

    Looks at the storage engine of every table outside the server's own schemas. Others know no transactions,
    MyISAM, MEMORY and ARCHIVE no crash either.

    Half of a trust transfer stays when the other half fails; a crash can destroy the table, and a consistent
    backup of it needs everybody to stop.
    """
    yield from unseen_tables(db)
    for row in db.query("not-innodb"):
        yield Finding(row["name"], f"{row['name']} is a {row['engine']} table")


@check(
    "mariadb.fragmentation",
    target=MariaDB,
    every="1d",
    attempts=1,
    warn="50%",
    source="LexOps' own judgement; less than 100 MiB in a table do not count",
    grants=_GRANTS,
    mend="When it is quiet, with as much disk free again: OPTIMIZE TABLE t, which rebuilds an InnoDB table.",
    fault="a table whose rows are deleted",
)
def fragmentation(db: MariaDB) -> Iterator[Observation]:
    """Tables are mostly empty space.

    Compares the space that a table's file holds but does not use (DATA_FREE) with its size. Deleting leaves
    it; the file never shrinks by itself.

    Backups and restores of the billing data copy it along, and a restore that takes hours longer is hours
    without billing.
    """
    unseen = list(unseen_tables(db))
    yield from unseen
    rows = db.query("fragmentation", floor=WORTH_A_REBUILD)
    if not rows and not unseen:
        raise NotApplicable(f"no table has {WORTH_A_REBUILD // 2**20} MiB unused")
    for row in rows:
        yield Metric("unused", float(row["unused"]), "B", limit=float(row["size"]), item=row["name"])


@check(
    "mariadb.collations",
    target=MariaDB,
    every="1d",
    attempts=1,
    source="MySQL manual, collation compatibility: a comparison across collations uses no index or fails"
    " (error 1267)",
    grants=_GRANTS,
    mend="Convert the fewer ones: ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE …, in a planned"
    " change, for it rewrites the table.",
    fault="a table in another character set than the others",
)
def collations(db: MariaDB) -> Iterator[Finding]:
    """Collations are mixed in a database.

    Looks at the collations of text columns, by database; binary ones and ascii, which codes and JSON have, do
    not count.

    Joining a client number of one collation with one of another reads the whole table, or fails; and what is
    a duplicate for one is two clients for the other.
    """
    yield from unseen_tables(db)
    for row in db.query("collations"):
        yield Finding(row["name"], f"{row['name']} mixes {one_line(row['collations'], 200)}")


@check(
    "mariadb.corruption",
    target=MariaDB,
    every="1d",
    timeout="10m",
    attempts=1,
    source="MariaDB manual, CHECK TABLE: any answer but OK is damage",
    grants=_GRANTS,
    mend="Keep a copy of the files as they are. An index that is damaged is made anew: ALTER TABLE t DROP"
    " INDEX i, ADD INDEX i (…). For a damaged table restore the last good backup; find out why: memory,"
    " disk, controller.",
    heavy=True,
    fault="bytes of a table's file are overwritten while the server is down",
)
def corruption(db: MariaDB) -> Iterator[Observation]:
    """Table is damaged.

    Runs CHECK TABLE … QUICK over the InnoDB tables, which reads their indexes and blocks nobody; the server
    itself sets aside an index that it finds damaged. Each look goes on where the last one stopped, and looks
    again at what was damaged. On MySQL, which ends itself when it meets a damaged page, nothing is run.

    Damaged pages are lost time entries, invoices or trust entries, and spread into every backup that is taken
    from now on.
    """
    if db.is_mysql:
        raise NotApplicable(
            "MySQL ends itself at a damaged page: check a restored backup instead (mysqlcheck)"
        )
    yield from unseen_tables(db)
    tables = {row["name"]: (row["place"], row["title"]) for row in db.query("innodb-tables")}
    if not tables:
        raise NotApplicable("there are no InnoDB tables")
    damaged, missed = _checked(db, tables)
    for name, said in damaged.items():
        yield Finding(name, f"{name}: {said}", Status.CRITICAL)
    there = {row["name"] for row in db.query("innodb-tables")} if missed else set()
    for name in sorted(missed & there):
        yield Finding(name, f"{name}: could not be looked at, somebody has locked it", Status.UNKNOWN)
    yield Note("checked up to", f"{db.memory.kept['after']} of {plural(len(tables), 'table')}")


def _checked(db: MariaDB, tables: Mapping[str, tuple[str, str]]) -> tuple[dict[str, str], set[str]]:
    """Check tables from where the last look stopped until the time is up.

    Gives what all known damaged ones say, and which could not be looked at.
    """
    damaged: dict[str, str] = dict(db.memory.kept.get("damaged", {}))
    damaged = {name: said for name, said in damaged.items() if name in tables}
    after = db.memory.kept.get("after", "")
    ahead = sorted(name for name in tables if name > after) or sorted(tables)
    missed: set[str] = set()
    end = time.monotonic() + BUDGET
    for name in [*damaged, *ahead]:
        if time.monotonic() > end:
            break
        try:
            said = db.check_table(*tables[name])
        except QueryFailed:
            missed.add(name)
        else:
            damaged.pop(name, None)
            damaged.update({name: one_line(said[0], 200)} if said else {})
        after = name if name in ahead else after
    db.memory.kept.update(damaged=damaged, after=after)
    return damaged, missed


def unseen_tables(db: MariaDB) -> Iterator[Finding]:
    """Raises CannotSee when no table is visible; says how many are hidden when only some are.

    The server lists a table only to those who have a right on it, InnoDB's own list holds all of them.
    """
    row = db.query_row("tables")
    if row["sees_all"]:
        return
    hidden = row["present"] - row["visible"]
    if not row["visible"]:
        raise CannotSee("the account has a right on no table", grant=TABLES)
    if hidden > 0:
        yield Finding(
            "hidden",
            f"{plural(hidden, 'table')} cannot be seen by this account; {TABLES}",
            Status.UNKNOWN,
            grant=TABLES,
        )
