"""What the tables are made of."""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    CannotSee,
    Finding,
    MariaDB,
    Metric,
    NotApplicable,
    Observation,
    Status,
    check,
)
from lexops.text import plural

from .rights import PROCESS, SELECT


@check(
    "mariadb.auto-increment",
    target=MariaDB,
    every="1h",
    attempts=1,
    warn="75%",
    crit="90%",
    source="PgHero: 90 %; the warning is LexOps' own judgement",
    grants=f"{PROCESS}; {SELECT}",
    mend="Widen the column in a planned change, for it rewrites the table:"
    " ALTER TABLE t MODIFY c BIGINT UNSIGNED NOT NULL AUTO_INCREMENT.",
)
def auto_increment(db: MariaDB) -> Iterator[Observation]:
    """AUTO_INCREMENT runs out of numbers.

    When the last one is given out, every further time entry or invoice line fails until the column is
    widened, which takes the table away for as long.
    """
    unseen = list(_unseen_tables(db))
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
    grants=f"{PROCESS}; {SELECT}",
    mend="Declare the key that the rows have anyway: ALTER TABLE t ADD PRIMARY KEY (…).",
)
def tables_without_primary_key(db: MariaDB) -> Iterator[Finding]:
    """Table without a primary key.

    Nothing keeps the same time entry or payment from being there twice, and replicating a change reads
    the whole table for each row.
    """
    yield from _unseen_tables(db)
    for row in db.query("tables-without-primary-key"):
        yield Finding(row["name"], f"{row['name']} has no primary key")


def _unseen_tables(db: MariaDB) -> Iterator[Finding]:
    """Raises CannotSee when no table is visible; says how many are hidden when only some are.

    The server lists a table only to those who have a right on it, InnoDB's own list holds all of them.
    """
    row = db.query_row("tables")
    hidden = row["present"] - row["visible"]
    if hidden > 0 and not row["visible"]:
        raise CannotSee("the account has a right on no table", grant=SELECT)
    if hidden > 0:
        yield Finding(
            "hidden", f"{plural(hidden, 'table')} cannot be seen by this account; {SELECT}", Status.UNKNOWN
        )
