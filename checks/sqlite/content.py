"""What is in the file: is it whole, and does it hold together?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from lexops.checks.contract import Finding, Note, Observation, SQLite, Status, check
from lexops.errors import Damaged
from lexops.targets.database import MAX_ROWS
from lexops.text import plural

from ..drift import changes

SHOWN = 20
"""Faults that are looked for before the file counts as damaged anyway."""


_RESTORE = (
    "Stop the application, keep a copy of FILE and FILE-wal, restore the last good backup. What was"
    " entered since may be saved with: sqlite3 FILE .recover."
)


@check(
    "sqlite.quick-check",
    target=SQLite,
    every="1d",
    timeout="5m",
    attempts=1,
    source="SQLite manual, PRAGMA quick_check: any answer but ok is damage",
    mend=_RESTORE,
    heavy=True,
    fault="a page of the file is overwritten",
)
def quick_check(db: SQLite) -> Iterator[Finding]:
    """Database file is damaged.

    Runs PRAGMA quick_check, which reads every page and sees whether it is a sound one; it does not compare
    indexes with their tables. A file that is too damaged for it counts as damaged, too.

    Damaged pages are lost time entries, invoices or trust entries, and spread into every backup that is
    taken from now on.
    """
    yield from _damage(db, "quick_check")


@check(
    "sqlite.integrity",
    target=SQLite,
    every="7d",
    timeout="30m",
    attempts=1,
    source="SQLite manual, PRAGMA integrity_check: any answer but ok is damage",
    mend=f"If only an index is wrong: sqlite3 FILE REINDEX. Otherwise: {_RESTORE}",
    heavy=True,
    fault="rows are missing in an index",
)
def integrity(db: SQLite) -> Iterator[Finding]:
    """Database file contradicts itself.

    Runs PRAGMA integrity_check: what the nightly quick check does, and whether every row is in every index,
    and unique, and not empty where it must not be. It takes about seven times as long, so it runs once a
    week.

    A bill that the index does not find is on no list and is never sent; a total over the index differs from
    one over the table.
    """
    yield from _damage(db, "integrity_check")


def _damage(db: SQLite, pragma: str) -> Iterator[Finding]:
    try:
        answers = [str(next(iter(row.values()))) for row in db.pragma(pragma, SHOWN)]
    except Damaged as error:
        answers = [str(error)]
    for answer in answers:
        if answer != "ok":
            yield Finding(answer, answer, Status.CRITICAL)


@check(
    "sqlite.schema",
    target=SQLite,
    every="1h",
    attempts=1,
    source="LexOps' own judgement: a change is told for 7 days, then it counts as accepted",
    mend="Ask who changed it: an upgrade of the application, or somebody by hand? After an upgrade see that"
    " all of its migrations have run.",
    fault="a column is added",
)
def schema(db: SQLite) -> Iterator[Observation]:
    """Schema is not what it was.

    Compares every table, index, view and trigger, and the numbers by which an application tells its version
    (user_version and application_id), with the last accepted ones.

    A trigger that is gone no longer keeps the trail of who changed a bill; a half-done migration makes totals
    wrong in some places and right in others.
    """
    parts = {f"{row['type']} {row['name']}": _fingerprint(row["sql"]) for row in db.rows(_SCHEMA)}
    numbers = {name: str(db.pragma(name)[0][name]) for name in ("user_version", "application_id")}
    for change in changes(db.memory, parts | numbers):
        if change.name in numbers:
            what = f"was {change.before}, is {change.after}"
        else:
            what = "is new" if change.before is None else "is gone" if change.after is None else "was changed"
        yield Finding(change.name, f"{change.name}: {what}, seen since {change.noticed:%Y-%m-%d %H:%M} UTC")
    yield Note("schema", f"{plural(len(parts), 'part')}, user_version {numbers['user_version']}")


_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def _fingerprint(sql: str | None) -> str:
    return hashlib.sha256((sql or "").encode()).hexdigest()[:16]


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
    fault="invoices are deleted while foreign keys are not enforced",
)
def foreign_keys(db: SQLite) -> Iterator[Finding]:
    """Rows refer to rows that do not exist.

    Runs PRAGMA foreign_key_check over all tables. SQLite enforces foreign keys only on connections that ask
    for it, and whether the application does cannot be seen from outside: this is what it leaves behind.

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
