"""The file as such: can it be read, by whom, and how large has it become?"""

from __future__ import annotations

import stat
from collections.abc import Iterator

from lexops.checks.contract import (
    Area,
    CannotSee,
    Finding,
    Metric,
    NotApplicable,
    Note,
    Observation,
    SQLite,
    Status,
    check,
)
from lexops.checks.quantity import show
from lexops.errors import Damaged

WORTH_A_VACUUM = 100 * 2**20
"""Bytes; below that the space comes back by itself before anybody misses it."""

SUFFIXES = ("", "-wal", "-shm")
"""What belongs to a database: the file, its write-ahead log and the index of that."""

# From https://www.sqlite.org: the owner alone needs the file.
_FAULTS = (
    (stat.S_IROTH, "read", "everybody on the machine can read it", Status.CRITICAL),
    (stat.S_IWOTH, "write", "everybody on the machine can change it", Status.CRITICAL),
    (stat.S_IWGRP, "group", "its group can change it", Status.WARNING),
)


@check(
    "sqlite.availability",
    target=SQLite,
    every="1m",
    warn="1s",
    source="blackbox exporter practice: an answer that takes more than 1 s is slow",
    mend="See that the file is there, whole and readable: ls -l FILE, then sqlite3 FILE 'PRAGMA quick_check'."
    " If it is damaged, restore the last good backup.",
    availability=True,
    fault="the file is emptied or overwritten",
)
def availability(db: SQLite) -> Iterator[Observation]:
    """Database file cannot be read.

    Opens the file for reading and reads its head. When that fails it is gone, damaged, locked, or LexOps has
    no right to it.

    While it cannot be read, no time can be entered, no bill made and no payment posted.
    """
    file = db.file()
    if file is not None and file.st_size == 0:
        yield Finding("empty", "the file is empty: there is no database in it", Status.CRITICAL)
        return
    try:
        version = db.pragma("schema_version")[0]["schema_version"]
    except Damaged as error:
        yield Finding("header", str(error), Status.CRITICAL)
        return
    yield Metric("connect", db.connect_seconds, "s")
    yield Metric("ping", db.ping(), "s")
    yield Note("schema version", str(version))
    if file is not None:
        yield Metric("size", file.st_size, "B", info=True)


@check(
    "sqlite.permissions",
    target=SQLite,
    area=Area.SECURITY,
    every="15m",
    attempts=1,
    source="least privilege: only the account of the application needs the file",
    mend="Take the rights away, from the files beside it, too: chmod 600 FILE FILE-wal FILE-shm; of a"
    " folder: chmod o-w FOLDER.",
    fault="chmod o+r",
)
def permissions(db: SQLite) -> Iterator[Finding]:
    """Database file is open to others.

    Looks at the rights on the file, on its write-ahead log and that one's index, and on its folder, in which
    whoever may write can put another file in its place.

    A SQLite file has no log-in of its own: whoever can read it has every client, narrative and trust
    account, and whoever can write it can change an invoice without a trace.
    """
    if db.file() is None:
        raise CannotSee("the file is not there any more")
    for suffix in SUFFIXES:
        found = db.file(suffix)
        for bit, key, what, status in _FAULTS:
            if found is not None and found.st_mode & bit:
                yield Finding(f"{suffix or 'file'}/{key}", f"{db.path.name}{suffix}: {what}", status)
    mode = db.path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield Finding(
            "folder", "everybody on the machine can replace it: its folder is open", Status.CRITICAL
        )


@check(
    "sqlite.journal-mode",
    target=SQLite,
    every="1h",
    attempts=1,
    source="SQLite manual, write-ahead logging: readers do not block writers",
    mend="While nobody uses it: sqlite3 FILE 'PRAGMA journal_mode=WAL'. Not on a network drive.",
    fault="PRAGMA journal_mode=DELETE",
)
def journal_mode(db: SQLite) -> Iterator[Finding]:
    """Changes bypass a write-ahead log.

    Looks at the file's journal mode. How far an application goes to make changes safe (PRAGMA synchronous)
    belongs to each of its connections and cannot be seen from outside: it should be FULL, or NORMAL with a
    write-ahead log.

    Without it a long report locks out everybody who enters time, and every entry locks out the report.
    """
    mode = journal_of(db)
    if mode != "wal":
        yield Finding("mode", f"the journal mode is {mode}, not wal")


@check(
    "sqlite.wal-size",
    target=SQLite,
    every="5m",
    warn="64MiB",
    crit="512MiB",
    source="LexOps' own judgement: SQLite tries to fold the log back from 4 MiB on (wal_autocheckpoint)",
    mend="Something reads without an end: find it with lsof FILE and end it; the next change folds the log"
    " back.",
    fault="changes behind a reader that never ends",
)
def wal_size(db: SQLite) -> Iterator[Metric]:
    """Write-ahead log grows.

    Looks at the size of the file beside the database, which stays as large as it once was.

    It grows while a reader never ends; every query slows down with it, and in the end the disk is full
    and no time entry can be saved.
    """
    if journal_of(db) != "wal":
        raise NotApplicable("there is no write-ahead log")
    log = db.file("-wal")
    yield Metric("write-ahead log", log.st_size if log else 0, "B")


@check(
    "sqlite.freelist",
    target=SQLite,
    every="1h",
    warn="25%",
    crit="50%",
    source="LexOps' own judgement; less than 100 MiB do not count",
    mend="While nobody uses it, with as much disk free again: sqlite3 FILE VACUUM.",
    fault="a large table is dropped",
)
def freelist(db: SQLite) -> Iterator[Metric]:
    """Database file is mostly empty space.

    Compares the pages that nothing uses with all of them. Deleting leaves them; the file never shrinks by
    itself.

    It makes backups and restores of the billing data as slow as if it were full, and may still hold what
    was deleted.
    """
    page = _value(db, "page_size")
    unused = _value(db, "freelist_count") * page
    if unused < WORTH_A_VACUUM:
        raise NotApplicable(f"only {show(unused, 'B')} are unused")
    yield Metric("unused", unused, "B", limit=_value(db, "page_count") * page)


def journal_of(db: SQLite) -> str:
    return str(db.pragma("journal_mode")[0]["journal_mode"])


def _value(db: SQLite, pragma: str) -> int:
    return int(db.pragma(pragma)[0][pragma])
