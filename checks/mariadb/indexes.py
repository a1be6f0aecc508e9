"""Do the indexes earn what each change costs for them?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any

from lexops.checks.contract import Finding, MariaDB, NotApplicable, NotYet, check

from .figures import Counters, settings
from .rights import PROCESS, STATEMENTS, TABLES
from .tables import unseen_tables

MONTH = 35.0
"""Days of statistics that are wanted before an index counts as unused: month-end work must be among them."""


@check(
    "mariadb.duplicate-indexes",
    target=MariaDB,
    every="1d",
    attempts=1,
    source="MySQLTuner; MySQL manual, sys.schema_redundant_indexes",
    grants=f"{PROCESS}; {TABLES}",
    mend="Drop the shorter one when it is quiet: DROP INDEX i ON t. With MariaDB 10.6 and MySQL 8 it can be"
    " tried first: ALTER TABLE t ALTER INDEX i IGNORED (MySQL: INVISIBLE).",
    fault="an index on the first column of another one",
)
def duplicate_indexes(db: MariaDB) -> Iterator[Finding]:
    """Index does what another one does.

    Looks for indexes whose columns are the first columns of another one on the same table. Unique ones forbid
    something and are left out, unless the other one forbids the same.

    Each time entry that is saved has to be written into every index: a needless one makes saving and backups
    slower, and nothing faster.
    """
    yield from unseen_tables(db)
    for name, by in redundant(db.query("indexes")):
        yield Finding(name, f"{name} is contained in {by}")


def redundant(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Indexes that others contain, with one that does: of two alike, the later one is named."""
    tables: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        tables[row["place"]].append(row)
    for place, indexes in tables.items():
        gone: set[str] = set()
        for one, other in permutations(sorted(indexes, key=_rank), 2):
            if one["name"] not in gone and other["name"] not in gone and _contained(one, other):
                gone.add(one["name"])
                yield f"{place}.{one['name']}", str(other["name"])


def _rank(index: Mapping[str, Any]) -> tuple[bool, int, str]:
    """The ones that are rather dropped first: not unique, short, late in the alphabet last."""
    return (bool(index["is_unique"]), len(index["columns"].split(",")), index["name"])


def _contained(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["name"] == "PRIMARY" or one["kind"] != other["kind"] or one["kind"] not in ("BTREE", "FULLTEXT"):
        return False
    mine, others = one["columns"].split(","), other["columns"].split(",")
    if one["is_unique"] or one["kind"] == "FULLTEXT":
        return mine == others and bool(other["is_unique"]) >= bool(one["is_unique"])
    return bool(mine == others[: len(mine)])


@check(
    "mariadb.unused-indexes",
    target=MariaDB,
    every="1d",
    attempts=1,
    source="MySQL manual, sys.schema_unused_indexes: not before the server has seen its usual work;"
    f" {MONTH:.0f} days hold a month's end",
    grants=f"{STATEMENTS}; {PROCESS}; {TABLES}",
    mend="See that no replica uses it either, then drop it when it is quiet: DROP INDEX i ON t. It can be"
    " tried first: ALTER TABLE t ALTER INDEX i IGNORED (MySQL: INVISIBLE).",
    fault="an index that nobody reads by",
)
def unused_indexes(db: MariaDB) -> Iterator[Finding]:
    """Index is never used.

    Looks for indexes by which nothing was read since the server started, as performance_schema counts it.
    Unique ones and those of foreign keys forbid something, and are left out.

    Each time entry that is saved has to be written into every index: one that nobody uses makes saving and
    backups slower, and nothing faster.
    """
    demand_performance_schema(db)
    yield from unseen_tables(db)
    if not db.query("watched-indexes"):
        raise NotApplicable("performance_schema does not watch tables (instrument wait/io/table/sql/handler)")
    days = Counters(db).now("Uptime") / 86400
    if days < MONTH:
        raise NotYet(
            f"the server counts for {days:.0f} days; {MONTH:.0f} are wanted, for a month's end in them"
        )
    for row in db.query("unused-indexes"):
        yield Finding(row["name"], f"{row['name']} was not read by for {days:.0f} days")


def demand_performance_schema(db: MariaDB) -> None:
    """Raises NotApplicable where it is off: its tables are empty then, which looks like nothing to find."""
    if settings(db).get("performance_schema") != "ON":
        raise NotApplicable("performance_schema is OFF; it is set in the configuration and needs a restart")
