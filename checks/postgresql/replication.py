"""Is what happens here copied elsewhere: to standbys, to slots, to the archive?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lexops.checks.contract import (
    Finding,
    Metric,
    NotApplicable,
    Note,
    Observation,
    PostgreSQL,
    Status,
    check,
)

from .rights import PG_MONITOR, demand_statistics

REPLICATION_MEND = (
    "See on the standby whether it replays or waits: SELECT pg_get_wal_replay_pause_state(),"
    " pg_last_wal_replay_lsn(); then its log and the network between the two."
)


@check(
    "postgresql.replication-lag",
    target=PostgreSQL,
    every="1m",
    warn="30s",
    crit="5m",
    source="LexOps' own judgement, between awesome-prometheus-alerts (5 s) and postgres-mixin (1 h)",
    grants=PG_MONITOR,
    mend=REPLICATION_MEND,
)
def replication_lag(db: PostgreSQL) -> Iterator[Metric]:
    """Standby lags behind.

    Reports from a standby that is behind lack the latest time entries and payments, and after a failover
    to it they are lost. A primary knows of a standby that stands still only from its next checkpoint on.
    """
    for row in _standbys(db):
        yield Metric("behind", _number(row["seconds"]), "s", item=row["name"])


@check(
    "postgresql.replication-backlog",
    target=PostgreSQL,
    every="1m",
    warn="64MiB",
    crit="1GiB",
    source="LexOps' own judgement: four and 64 write-ahead log files",
    grants=PG_MONITOR,
    mend=REPLICATION_MEND,
)
def replication_backlog(db: PostgreSQL) -> Iterator[Metric]:
    """Standby has much left to replay.

    Shows a standby that stands still even when nobody can say for how long; what it has not replayed is
    billing data that is missing there.
    """
    for row in _standbys(db):
        yield Metric("not replayed", _number(row["bytes"]), "B", item=row["name"])


def _standbys(db: PostgreSQL) -> list[dict[str, Any]]:
    demand_statistics(db)
    rows = db.query("own-lag") + db.query("standbys")
    if not rows:
        raise NotApplicable("no standby is connected, and this is none")
    return rows


@check(
    "postgresql.replication-slots",
    target=PostgreSQL,
    every="2m",
    attempts=5,
    warn="10GiB",
    crit="50GiB",
    source="inactive for 10 min: awesome-prometheus-alerts; retained volume: LexOps' own judgement",
    mend="If nobody reads from it any more, drop it: SELECT pg_drop_replication_slot('name'). Otherwise bring"
    " its reader back; max_slot_wal_keep_size limits what it can retain.",
)
def replication_slots(db: PostgreSQL) -> Iterator[Observation]:
    """Replication slot retains write-ahead log.

    A slot without a reader keeps the log until the disk is full, and then the billing database stops; a
    slot that was lost means that its standby or ledger feed has to be built anew.
    """
    rows = db.query("replication-slots")
    if not rows:
        raise NotApplicable("there are no replication slots")
    for row in rows:
        name = row["name"]
        yield Metric("retained", row["retained"], "B", item=name)
        if row["wal_status"] in ("unreserved", "lost"):
            yield Finding(
                f"{name}/{row['wal_status']}", f"slot {name} is {row['wal_status']}", Status.CRITICAL, row
            )
        elif not row["active"]:
            yield Finding(f"{name}/inactive", f"nobody reads from slot {name}", detail=row)


@check(
    "postgresql.archiver",
    target=PostgreSQL,
    every="1m",
    warn="0s",
    crit="15m",
    source="pgwatch: failing since the last success; 15 min is LexOps' own judgement of a tolerable loss",
    mend="The server's log shows what archive_command said; run it by hand for the file in the evidence.",
)
def archiver(db: PostgreSQL) -> Iterator[Observation]:
    """Archiving of the write-ahead log fails.

    Without the archive a restore ends at the last full backup: the time entries and payments since then
    would be gone, and the disk fills up meanwhile.
    """
    row = db.query_row("archiver")
    if row["mode"] == "off":
        raise NotApplicable("archive_mode is off")
    yield Metric("failing", row["failing"], "s")
    yield Metric("archived", row["archived"], info=True)
    if row["failing"]:
        yield Note("file", row["last_failed_wal"])


@check(
    "postgresql.archive-queue",
    target=PostgreSQL,
    every="5m",
    warn="10",
    crit="100",
    source="check_postgres, archive_ready: 10 files; 100 is LexOps' own judgement, 1.6 GB",
    grants=PG_MONITOR,
    mend="See whether archive_command hangs or is slow: ps -C postgres -o pid,etime,cmd | grep archiver.",
)
def archive_queue(db: PostgreSQL) -> Iterator[Metric]:
    """Write-ahead log waits to be archived.

    Also grows when the archive command hangs, which no failure counter tells; what waits cannot be
    restored if this disk is lost.
    """
    if db.query_row("archiver")["mode"] == "off":
        raise NotApplicable("archive_mode is off")
    row = db.query_row("archive-queue")
    yield Metric("files waiting", row["files"])
    yield Metric("oldest", row["oldest"], "s", info=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
