"""Who holds up whom? The text of queries is never shown: it may quote client data."""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import MariaDB, Metric, Note, Observation, check
from lexops.checks.quantity import show

from .rights import PROCESS


@check(
    "mariadb.longest-transaction",
    target=MariaDB,
    every="1m",
    warn="10m",
    crit="60m",
    source="MySQLTuner: 1 h; the warning is LexOps' own judgement",
    grants=PROCESS,
    mend="Ask whoever the evidence names, then end it: KILL id.",
)
def longest_transaction(db: MariaDB) -> Iterator[Observation]:
    """Transaction open for long.

    It keeps its locks, so that others cannot post time or payments on the same matter, and old versions
    of rows pile up behind it.
    """
    rows = db.query("longest-transaction")
    yield Metric("oldest transaction", max((row["seconds"] for row in rows), default=0), "s")
    for row in rows:
        yield Note(
            f"id {row['id']}",
            f"{row['account']}, {row['command']}: open for {show(row['seconds'], 's')},"
            f" {row['locked']} rows locked, {row['changed']} changed",
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
    mend="End the session that the others wait for, named in the evidence: KILL id.",
)
def lock_waits(db: MariaDB) -> Iterator[Observation]:
    """Sessions wait for row locks.

    To the person who waits the billing application hangs, and in the end it says that the time entry or
    payment was not saved.
    """
    rows = db.query("lock-waits")
    yield Metric("waiting", max((row["seconds"] for row in rows), default=0), "s")
    for row in rows:
        yield Note(
            f"id {row['id']}", f"{row['account']}: waits {show(row['seconds'], 's')} for id {row['blocker']}"
        )


@check(
    "mariadb.history-length",
    target=MariaDB,
    every="5m",
    warn="50000",
    crit="1000000",
    source="awesome-prometheus-alerts: 50,000; a million is LexOps' own judgement",
    grants=PROCESS,
    mend="End the oldest transaction (see mariadb.longest-transaction): purging cannot pass it.",
)
def history_length(db: MariaDB) -> Iterator[Metric]:
    """Old row versions pile up.

    Every query has to pass them by: pre-bills and reports slow down day by day, and the files grow and
    never shrink again.
    """
    yield Metric("changes not purged", db.query_row("history-length")["length"])
