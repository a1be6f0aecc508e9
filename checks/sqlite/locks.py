"""Who holds up whom: readers the write-ahead log, writers each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lexops.checks.contract import Metric, NotApplicable, Note, NotYet, Observation, SQLite, check

from .beside import first_bytes, locks, wal_index
from .file import journal_of

# https://www.sqlite.org/walformat.html and os_unix.c: bytes of the -shm file, and of a file without WAL
_WRITE = 120
_READERS = (123, 124, 125, 126, 127)
_RESERVED = 0x40000001

PATIENCE = 5.5
"""Seconds; applications that wait 5 s, as many drivers do unless told otherwise, have given up by then."""


@check(
    "sqlite.wal-blocked",
    target=SQLite,
    every="5m",
    warn="8MiB",
    crit="256MiB",
    source="SQLite manual, wal_autocheckpoint: it is folded back from 1000 pages on, mostly 4 MiB; twice"
    " that, seen three times, is LexOps' own judgement",
    mend="End the reader that the evidence names: ps -p NUMBER; a report or a window that was left open. If"
    " none is named, the application has switched wal_autocheckpoint off.",
    fault="a reader that never ends its transaction",
)
def wal_blocked(db: SQLite) -> Iterator[Observation]:
    """Write-ahead log cannot be folded back.

    Reads from the log's index how many pages wait to be written into the database file. They have to wait
    while somebody reads an older state; whoever does is named.

    Each look into billing data has to search the whole log first, so everything slows down, and when the disk
    is full no time entry can be saved.
    """
    if journal_of(db) != "wal":
        raise NotApplicable("there is no write-ahead log")
    if not db.file("-shm"):
        yield Metric("waiting", 0, "B")
        return
    shared = Path(f"{db.path}-shm")
    index = wal_index(first_bytes(shared, 100))
    if index is None:
        raise NotYet("the log's index is just being written")
    yield Metric("waiting", index.waiting, "B")
    yield Note("log", f"{index.frames:,} pages, {index.folded:,} folded back")
    if index.waiting:
        for process in sorted({pid for pid in locks(shared, _READERS).holders if pid is not None}):
            yield Note("reads", _process(process))


@check(
    "sqlite.busy",
    target=SQLite,
    every="1m",
    attempts=2,
    warn="1s",
    crit="5s",
    source="SQLite manual, busy_timeout; from 5 s on, the usual timeout of Python's and other drivers,"
    " writing fails",
    mend="See what the process in the evidence does: ps -p NUMBER. Let imports and billing runs commit in"
    " smaller pieces, and set busy_timeout in the application.",
    fault="a transaction that has written and does not end",
)
def busy(db: SQLite) -> Iterator[Observation]:
    """Nobody else can write.

    Asks whether the one lock that every change needs is held, for up to 5.5 seconds while it is. It takes no
    lock itself, so it never stands in anybody's way.

    To whoever enters time meanwhile the application says 'database is locked', and the entry is lost.
    """
    wal = journal_of(db) == "wal"
    path, byte = (Path(f"{db.path}-shm"), _WRITE) if wal else (db.path, _RESERVED)
    if wal and not db.file("-shm"):
        yield Metric("wait for the write lock", 0, "s")
        return
    found = locks(path, [byte], PATIENCE)
    yield Metric("wait for the write lock", found.waited, "s")
    if found.holders[0] is not None:
        yield Note("writes", _process(found.holders[0]))


def _process(number: int) -> str:
    return f"process {number}" if number > 0 else "a process that cannot be seen from here"
