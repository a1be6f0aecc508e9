"""What is in the file: is it whole, and does it hold together?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lexops.checks.contract import Finding, SQLite, Status, check
from lexops.errors import Damaged
from lexops.targets.database import MAX_ROWS
from lexops.text import plural

SHOWN = 20
"""Faults that are looked for before the file counts as damaged anyway."""


@check(
    "sqlite.integrity",
    target=SQLite,
    every="1d",
    timeout="5m",
    attempts=1,
    source="SQLite manual, PRAGMA quick_check: any answer but ok is damage",
    mend="Stop the application, keep a copy of FILE and FILE-wal, restore the last good backup. What was"
    " entered since may be saved with: sqlite3 FILE .recover.",
    heavy=True,
)
def integrity(db: SQLite) -> Iterator[Finding]:
    """Database file is damaged.

    Damaged pages are lost time entries, invoices or trust entries, and spread into every backup that is
    taken from now on.
    """
    try:
        answers = [str(next(iter(row.values()))) for row in db.pragma("quick_check", SHOWN)]
    except Damaged as error:
        answers = [str(error)]
    for answer in answers:
        if answer != "ok":
            yield Finding(answer, answer, Status.CRITICAL)


@check(
    "sqlite.foreign-keys",
    target=SQLite,
    every="1d",
    timeout="2m",
    attempts=1,
    source="SQLite manual, foreign keys: they are enforced only on connections that ask for it",
    mend="List them: sqlite3 FILE 'PRAGMA foreign_key_check'. Give them their parents back from a backup, and"
    " let the application set PRAGMA foreign_keys=ON on every connection.",
    heavy=True,
)
def foreign_keys(db: SQLite) -> Iterator[Finding]:
    """Rows refer to rows that do not exist.

    Invoice lines without their invoice and payments without their client are in no total and on no bill.
    """
    rows = db.pragma("foreign_key_check")
    more = "at least " if len(rows) > MAX_ROWS else ""
    for (table, parent, key), count in Counter((r["table"], r["parent"], r["fkid"]) for r in rows).items():
        yield Finding(
            f"{table}/{parent}/{key}",
            f"{more}{plural(count, 'row')} of {table} refer to missing rows of {parent}",
            Status.CRITICAL,
        )
