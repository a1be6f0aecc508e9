"""Who holds up whom? Statements are shown without what they say: they may quote client data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lexops.checks.contract import MariaDB, Metric, Note, Observation, check
from lexops.checks.quantity import show
from lexops.errors import QueryFailed
from lexops.targets.masking import masked
from lexops.text import plural

from .rights import PROCESS, demand_process

Row = Mapping[str, Any]


@check(
    "mariadb.longest-transaction",
    target=MariaDB,
    every="1m",
    warn="10m",
    crit="60m",
    source="MySQLTuner: 1 h; the warning is LexOps' own judgement",
    grants=PROCESS,
    mend="Ask whoever the evidence names, then end it: KILL id.",
    fault="a transaction that is left open",
)
def longest_transaction(db: MariaDB) -> Iterator[Observation]:
    """Transaction open for long.

    Looks at the open transactions of InnoDB, the oldest first: a forgotten window, a stuck batch, or a report
    that should read from a replica.

    It keeps its locks, so that others cannot post time or payments on the same matter, and old versions
    of rows pile up behind it.
    """
    rows = db.query("longest-transaction")
    yield Metric("oldest transaction", max((row["seconds"] for row in rows), default=0), "s")
    for row in rows:
        yield Note(
            f"id {row['id']}",
            f"{row['account']}, {row['command']}: open for {show(row['seconds'], 's')},"
            f" {plural(row['locked'], 'row')} locked, {row['changed']} changed",
        )


@check(
    "mariadb.idle-in-transaction",
    target=MariaDB,
    every="1m",
    attempts=2,
    warn="2m",
    crit="10m",
    source="LexOps' own judgement, as for PostgreSQL: no person thinks for two minutes inside a transaction",
    grants=PROCESS,
    mend="End it: KILL id. Let the application commit before it waits for a person or another system, and set"
    " idle_transaction_timeout (MariaDB) as a safety net.",
    fault="a session that has changed a row and then does nothing",
)
def idle_in_transaction(db: MariaDB) -> Iterator[Observation]:
    """Session does nothing inside a transaction.

    Looks for connections that sleep while their transaction is open. The application has forgotten to commit,
    or waits for something that is no business of the database.

    What it changed stays locked for everybody else, and is lost if the connection breaks.
    """
    rows = db.query("idle-in-transaction")
    yield Metric("idle", max((row["seconds"] for row in rows), default=0), "s")
    for row in rows:
        yield Note(
            f"id {row['id']}",
            f"{row['account']}: idle for {show(row['seconds'], 's')}, {plural(row['locked'], 'row')} locked,"
            f" {row['changed']} changed",
        )


@check(
    "mariadb.lock-waits",
    target=MariaDB,
    every="1m",
    attempts=2,
    warn="15s",
    crit="40s",
    source="LexOps' own judgement: after innodb_lock_wait_timeout, by default 50 s, the waiting change fails",
    grants=PROCESS,
    mend="End the session at the root of the tree in the evidence, for which the others wait: KILL id.",
    fault="a session changes a row that another one has changed and not committed",
)
def lock_waits(db: MariaDB) -> Iterator[Observation]:
    """Sessions wait for row locks.

    Looks at who waits for a row that somebody else has locked, and shows it as a tree: at the root whoever
    waits for nobody, below it those it holds up.

    To the person who waits the billing application hangs, and in the end it says that the time entry or
    payment was not saved.
    """
    rows = db.query("lock-waits")
    yield Metric("waiting", max((row["seconds"] for row in rows), default=0), "s")
    yield from blocking_tree(rows)


def blocking_tree(rows: Sequence[Row]) -> Iterator[Note]:
    """The sessions as notes, each root before those it holds up; a session is told once."""
    held_up: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        held_up[row["blocker"]].append(row)
    waiting = {row["id"] for row in rows}
    told: set[int] = set()
    for root in sorted(held_up.keys() - waiting):
        first = held_up[root][0]
        doing = _shown(first["blocker_statement"]) or "idle"
        yield Note(
            f"id {root}",
            f"{first['blocker_account']}: holds up {plural(len(_below(held_up, root)), 'session')}: {doing}",
        )
        yield from _branches(held_up, root, 1, told)


def _branches(
    held_up: Mapping[int, Sequence[Row]], blocker: int, depth: int, told: set[int]
) -> Iterator[Note]:
    for row in held_up.get(blocker, ()):
        if row["id"] not in told:
            told.add(row["id"])
            yield Note(
                f"id {row['id']}",
                f"{'└ ' * depth}{row['account']}: waits {show(row['seconds'], 's')} for id {blocker}"
                f" on {row['place']}: {_shown(row['statement'])}",
            )
            yield from _branches(held_up, row["id"], depth + 1, told)


def _below(held_up: Mapping[int, Sequence[Row]], root: int) -> set[int]:
    """Everybody whom `root` holds up, directly or not."""
    found: set[int] = set()
    ahead = [root]
    while ahead:
        fresh = {row["id"] for row in held_up.get(ahead.pop(), ())} - found
        found |= fresh
        ahead += fresh
    return found


def _shown(statement: str | None) -> str:
    return masked(statement, mariadb=True) if statement else ""


@check(
    "mariadb.metadata-locks",
    target=MariaDB,
    every="1m",
    attempts=2,
    warn="60s",
    crit="5m",
    source="LexOps' own judgement",
    grants=PROCESS,
    mend="End the change of the table that waits, or the transaction that it waits for: KILL id. Set"
    " lock_wait_timeout for such changes, so that they give up by themselves.",
    fault="ALTER TABLE while a transaction has read the table",
)
def metadata_locks(db: MariaDB) -> Iterator[Observation]:
    """Sessions wait for a table that is being changed.

    Looks for statements that wait for a metadata lock: ALTER TABLE and the like need the table for
    themselves, and wait for every transaction that has so much as read it. A backup that has locked all
    tables (FLUSH TABLES WITH READ LOCK) and does not let go holds up every change. Who has a lock is told
    where the server can tell (MariaDB: plugin METADATA_LOCK_INFO; MySQL: performance_schema).

    While it waits nobody else gets at the table either: one change of time_entry at noon stops all time
    entry.
    """
    demand_process(db)
    rows = db.query("metadata-locks")
    yield Metric("waiting", max((row["seconds"] for row in rows), default=0), "s")
    for row in rows:
        yield Note(
            f"id {row['id']}",
            f"{row['account']}: waits {show(row['seconds'], 's')}: {_shown(row['statement'])}",
        )
    if rows:
        yield from _holders(db)


def _holders(db: MariaDB) -> Iterator[Note]:
    try:
        rows = db.query("metadata-lock-holders")
    except QueryFailed:
        yield Note("who holds it", "not told; INSTALL SONAME 'metadata_lock_info' lets the server tell")
        return
    for row in rows:
        yield Note(f"id {row['id']}", f"{row['account']}: has {row['mode']} on {row['place']}")
