"""Does InnoDB keep up: with reading, writing, purging, and with those who lock each other out?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import CannotSee, MariaDB, Metric, check

from .figures import Counters, number, settings
from .rights import PROCESS


@check(
    "mariadb.deadlocks",
    target=MariaDB,
    every="1m",
    attempts=1,
    warn="0",
    crit="50",
    source="LexOps' own judgement, as for PostgreSQL: one in 10 minutes, and 5 a minute",
    grants=PROCESS,
    mend="SHOW ENGINE INNODB STATUS tells the last one. Let the application take rows in the same order"
    " everywhere, and try again after error 1213.",
    fault="two sessions that each change what the other one changes next",
)
def deadlocks(db: MariaDB) -> Iterator[Metric]:
    """Transactions deadlock.

    Counts the deadlocks of the last 10 minutes. InnoDB ends each by rolling one of the two back.

    To one of two people the billing application says that the time entry, payment or trust transfer was not
    saved; a batch that does not try again leaves a gap.
    """
    if grown := db.memory.grown("deadlocks", float(db.query_row("deadlocks")["deadlocks"]), over="10m"):
        yield Metric("deadlocks", grown.by)


@check(
    "mariadb.history-length",
    target=MariaDB,
    every="5m",
    warn="50000",
    crit="1000000",
    source="awesome-prometheus-alerts: 50,000; a million is LexOps' own judgement",
    grants=PROCESS,
    mend="End the oldest transaction (see mariadb.longest-transaction): purging cannot pass it.",
    fault="an open transaction, and changes behind it",
)
def history_length(db: MariaDB) -> Iterator[Metric]:
    """Old row versions pile up.

    Counts the changes whose old versions are still kept (trx_rseg_history_len), because a transaction that
    may need them is open, or because purging cannot keep up.

    Every query has to pass them by: pre-bills and reports slow down day by day, and the files grow and
    never shrink again.
    """
    yield Metric("changes not purged", db.query_row("history-length")["length"])


@check(
    "mariadb.buffer-pool",
    target=MariaDB,
    every="5m",
    warn="0",
    source="MySQL manual, Innodb_buffer_pool_wait_free: with a pool of the right size it is small; any wait"
    " within 10 minutes is told",
    mend="Raise innodb_buffer_pool_size: up to two thirds of the memory of a machine of its own. If it is"
    " large enough, the disks are too slow: raise innodb_io_capacity.",
    fault="a transaction that changes more than a tiny pool holds",
)
def buffer_pool(db: MariaDB) -> Iterator[Metric]:
    """Memory for pages is too small.

    Counts how often in 10 minutes a statement had to wait until a page was written out to make room. The
    share of reads that found their page in memory is kept for the plot, and not judged: it says little by
    itself.

    Then every statement waits for the disk: a billing run of minutes takes hours.
    """
    counters = Counters(db)
    waits = counters.grown("Innodb_buffer_pool_wait_free")
    reads, asked = (counters.grown(f"Innodb_buffer_pool_{name}") for name in ("reads", "read_requests"))
    if waits:
        yield Metric("waits", waits.by)
    if reads and asked and asked.by:
        yield Metric("found in memory", 100.0 * (1.0 - reads.by / asked.by), "%", info=True)


@check(
    "mariadb.redo-log",
    target=MariaDB,
    every="1m",
    attempts=5,
    warn="80%",
    crit="90%",
    metrics={"log waits": ("10", None)},
    source="monitoring mixin for MySQL: 10 log waits a second; 80 % and 90 % are LexOps' own judgement:"
    " InnoDB makes everybody wait near 100 %",
    mend="Raise innodb_log_file_size (MySQL from 8.0.30 on innodb_redo_log_capacity) until it holds an hour"
    " of changes, and innodb_log_buffer_size if it is waited for.",
    fault="changes that are not written back, in a small log",
)
def redo_log(db: MariaDB) -> Iterator[Metric]:
    """Redo log is nearly full.

    Compares the part of the log that is still needed, because its changes are not in the files yet
    (checkpoint age), with what the log holds; and counts waits for the log's buffer.

    When it is full, every change waits until pages are written: time entry stutters for everybody, most of
    all during billing runs.
    """
    counters = Counters(db)
    age, most = checkpoint_age(counters.values, settings(db))
    yield Metric("checkpoint age", age, "B", limit=most)
    if waits := counters.grown("Innodb_log_waits", over="5m"):
        yield Metric("log waits", waits.per_second, "/s")


def checkpoint_age(status: dict[str, str], values: dict[str, str]) -> tuple[float, float]:
    """Bytes of the redo log still needed, and how many it holds. Raises CannotSee before MySQL 8.0.30."""
    if "Innodb_checkpoint_max_age" in status:
        return number(status, "Innodb_checkpoint_age"), number(status, "Innodb_checkpoint_max_age")
    if "innodb_redo_log_capacity" not in values:
        raise CannotSee("this server does not tell how much of its redo log is needed")
    at, checkpoint = (number(status, f"Innodb_redo_log_{name}_lsn") for name in ("current", "checkpoint"))
    return at - checkpoint, number(values, "innodb_redo_log_capacity")
