"""Is what happens here copied elsewhere: to standbys, to slots, to the archive?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lexops.checks.contract import (
    Area,
    Finding,
    Forecast,
    Metric,
    NotApplicable,
    Note,
    NotYet,
    Observation,
    PostgreSQL,
    Status,
    check,
)
from lexops.clock import utc_text

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
    fault="the standby stops replaying",
)
def replication_lag(db: PostgreSQL) -> Iterator[Metric]:
    """Standby lags behind.

    Measures for how long what was written is not yet replayed, on the primary for every standby and on the
    standby for itself. A primary knows of a standby that stands still only from its next checkpoint on.

    Reports from a standby that is behind lack the latest time entries and payments, and after a failover
    to it they are lost.
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
    fault="the standby stops replaying",
)
def replication_backlog(db: PostgreSQL) -> Iterator[Metric]:
    """Standby has much left to replay.

    Measures how many bytes of the write-ahead log a standby has still to replay. That shows one that stands
    still even when nobody can say for how long.

    What it has not replayed is billing data that is missing there: from its reports now, and for good after
    a failover.
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
    "postgresql.missing-standbys",
    target=PostgreSQL,
    every="1m",
    attempts=2,
    source="LexOps' own judgement: away for 2 min; nothing else tells one that is gone from none",
    grants=PG_MONITOR,
    mend="See on the standby whether it runs and what its log says of the connection; its primary_conninfo"
    " has to give the application_name that expect_standbys names.",
    fault="the only standby is stopped",
)
def missing_standbys(db: PostgreSQL) -> Iterator[Finding]:
    """Standby is missing.

    Compares the standbys that receive from this server with the names under expect_standbys in lexops.toml.
    One that is away does not lag and has no row anywhere: only who expects it can miss it.

    Without it a broken disk takes the day's time entries and payments with it, and there is nothing to fail
    over to.
    """
    expected = db.target.expected_standbys
    if not expected:
        raise NotApplicable("no standby is expected; expect_standbys names those that should be there")
    demand_statistics(db)
    connected = {row["name"] for row in db.query("connected-standbys")}
    for name in expected:
        if name not in connected:
            yield Finding(name, f"standby {name} is not connected", Status.CRITICAL)


@check(
    "postgresql.replay-paused",
    target=PostgreSQL,
    every="5m",
    source="LexOps' own judgement: paused on purpose it is for minutes, as for a look at the past",
    mend="On the standby: SELECT pg_wal_replay_resume().",
    fault="SELECT pg_wal_replay_pause() on the standby",
)
def replay_paused(db: PostgreSQL) -> Iterator[Finding]:
    """Standby has stopped replaying on request.

    Asks a standby whether somebody has paused its replay. It still receives, so that it looks well from the
    primary, but its data stand still and its disk fills up.

    Its reports show yesterday's balances, and promoting it takes as long as everything that waits.
    """
    row = db.query_row("replay")
    if not row["is_standby"]:
        raise NotApplicable("this is no standby")
    if row["is_paused"]:
        yield Finding("paused", "replay is paused")


@check(
    "postgresql.recovery-conflicts",
    target=PostgreSQL,
    every="5m",
    attempts=1,
    warn="0",
    source="LexOps' own judgement: any query within 10 min that was ended for replay's sake",
    mend="Raise max_standby_streaming_delay if reports may hold up replay, or set hot_standby_feedback if"
    " they may hold up vacuum on the primary.",
    fault="a report on the standby reads rows that the primary vacuums",
)
def recovery_conflicts(db: PostgreSQL) -> Iterator[Metric]:
    """Standby cancels queries.

    Counts, on a standby, the queries of the last 10 minutes that were cancelled because replay needed what
    they were reading.

    The reports that run there, such as aged receivables or trust balances, fail half way, and mostly at month
    end, when there is most to replay.
    """
    if not db.query_row("replay")["is_standby"]:
        raise NotApplicable("this is no standby")
    for row in db.query("recovery-conflicts"):
        grown = db.memory.grown(row["name"], row["conflicts"], epoch=row["stats_reset"], over="10m")
        if grown is not None:
            yield Metric("cancelled", grown.by, item=row["name"])


@check(
    "postgresql.subscriptions",
    target=PostgreSQL,
    every="2m",
    metrics={"errors": ("0", None), "conflicts": ("0", None)},
    source="LexOps' own judgement: any error or conflict within 10 min; a subscription repeats what failed"
    " until it works",
    mend="The server's log names the row and the constraint. Mend it here, or skip the transaction: ALTER"
    " SUBSCRIPTION s SKIP (lsn = …); then ALTER SUBSCRIPTION s ENABLE.",
    fault="a subscriber already has the row that arrives",
)
def subscriptions(db: PostgreSQL) -> Iterator[Observation]:
    """Logical replication into this database fails.

    Looks at the subscriptions of this database: whether they are enabled and have a worker, and how many
    errors, and from PostgreSQL 18 on conflicts, they had in the last 10 minutes.

    What does not arrive is missing in the reports or in the ledger that live here, and the sender keeps its
    log for it until its disk is full.
    """
    rows = db.query("subscriptions")
    if not rows:
        raise NotApplicable("this database applies no subscription here")
    for row in rows:
        name = row["name"]
        for what in ("errors", "conflicts"):
            grown = db.memory.grown(f"{name} {what}", row[what], epoch=row["stats_reset"], over="10m")
            if grown is not None:
                yield Metric(what, grown.by, item=name)
        if not row["is_enabled"]:
            yield Finding(f"{name}/disabled", f"subscription {name} is disabled")
        elif not row["has_worker"]:
            yield Finding(f"{name}/worker", f"subscription {name} has no worker")


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
    fault="a slot that nobody reads; one that was lost",
    trends=(Forecast("retained"),),
)
def replication_slots(db: PostgreSQL) -> Iterator[Observation]:
    """Replication slot retains write-ahead log.

    Measures how much of the log each slot keeps, against max_slot_wal_keep_size where that is set, and finds
    slots that nobody reads and those that were given up. On a standby slots that follow the primary's have
    no reader.

    A slot without a reader keeps the log until the disk is full, and then the billing database stops; a
    slot that was lost means that its standby or ledger feed has to be built anew.
    """
    rows = db.query("replication-slots")
    if not rows:
        raise NotApplicable("there are no replication slots")
    for row in rows:
        yield Metric("retained", row["retained"], "B", limit=row["most"], item=row["name"])
        yield from _slot_state(row)
    if rows[0]["most"] is None:
        yield Note("max_slot_wal_keep_size", "unlimited: a slot without a reader can fill the disk")


def _slot_state(row: dict[str, Any]) -> Iterator[Finding]:
    name, lost = row["name"], row["wal_status"] in ("unreserved", "lost")
    reason = row.get("invalidation_reason")
    if lost or reason:
        text = f"slot {name} is {row['wal_status']}" + (f": {reason}" if reason else "")
        yield Finding(f"{name}/{row['wal_status']}", text, Status.CRITICAL, row)
    elif not row["active"] and not row.get("synced"):
        since = row.get("inactive_since")
        text = f"nobody reads from slot {name}" + (f", since {utc_text(since)}" if since else "")
        yield Finding(f"{name}/inactive", text, detail=row)


@check(
    "postgresql.archiver",
    target=PostgreSQL,
    every="1m",
    warn="0s",
    crit="15m",
    source="pgwatch: failing since the last success; 15 min is LexOps' own judgement of a tolerable loss",
    mend="The server's log shows what archive_command said; run it by hand for the file in the evidence.",
    fault="an archive_command that fails",
)
def archiver(db: PostgreSQL) -> Iterator[Observation]:
    """Archiving of the write-ahead log fails.

    Measures for how long archive_command has been failing: since its last success, if a failure came after
    it, or since the last look that saw none. The file it failed with is in the evidence.

    Without the archive a restore ends at the last full backup: the time entries and payments since then
    would be gone, and the disk fills up meanwhile.
    """
    row = db.query_row("archiver")
    _demand_archiving(row)
    failing, kept = row["failing"], db.memory.kept
    if not failing:
        kept["fine"] = row["now"]
    elif "fine" in kept:  # its last success may be long ago, for a quiet server has nothing to archive
        failing = min(failing, max(0.0, row["now"] - kept["fine"]))
    yield Metric("failing", failing, "s")
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
    fault="an archive_command that fails",
)
def archive_queue(db: PostgreSQL) -> Iterator[Metric]:
    """Write-ahead log waits to be archived.

    Counts the finished files of the write-ahead log that are not yet in the archive. They also pile up when
    the archive command hangs, which no failure counter tells.

    What waits cannot be restored if this disk is lost: the latest time entries and payments are in it.
    """
    _demand_archiving(db.query_row("archiver"))
    row = db.query_row("archive-queue")
    yield Metric("files waiting", row["files"])
    yield Metric("oldest", row["oldest"], "s", info=True)


@check(
    "postgresql.archive-gap",
    target=PostgreSQL,
    every="5m",
    attempts=1,
    source="PostgreSQL manual, continuous archiving: a restore needs every file since its base backup",
    grants=PG_MONITOR,
    mend="Take a new base backup at once: earlier ones cannot be rolled forward beyond the gap. That, or"
    " pg_stat_reset_shared('archiver'), ends the alarm.",
    fault="archive_mode is off for a while",
)
def archive_gap(db: PostgreSQL) -> Iterator[Observation]:
    """Archive has a gap.

    Compares how many files were archived since the last look with how far their numbers have come. When
    files were skipped, as after a time with archive_mode off, the archive is in two parts. The alarm stays
    until a base backup begins behind the gap.

    No restore can pass a gap: everything entered, billed and paid after it would be lost, although archiving
    seems to work.
    """
    row = db.query_row("archive-position")
    _demand_archiving(row)
    kept, epoch = db.memory.kept, str(row["stats_reset"])
    if kept.get("epoch") != epoch or row["archived"] < kept["archived"]:
        kept.clear()
    elif (
        row["timeline"] == kept["timeline"]
        and row["number"] - kept["number"] > row["archived"] - kept["archived"]
    ):
        kept["gap"] = row["number"]
    if row["backup"] is not None and row["backup"] >= kept.get("gap", 0):
        kept.pop("gap", None)
    is_first = "epoch" not in kept
    kept.update(epoch=epoch, **{name: row[name] for name in ("timeline", "number", "archived")})
    if is_first:
        raise NotYet("first look; the next one can tell whether files were skipped")
    yield Note("archived", f"{row['archived']:,} files, the last {row['file'] or 'none'}")
    if "gap" in kept:
        yield Finding("gap", "files of the write-ahead log were never archived", Status.CRITICAL)


@check(
    "postgresql.base-backup",
    target=PostgreSQL,
    area=Area.BACKUPS,
    every="15m",
    attempts=1,
    warn="26h",
    crit="50h",
    source="LexOps' own judgement: every night, with two hours to spare",
    grants=PG_MONITOR,
    mend="See why the nightly base backup did not run: its timer and its log; then start it by hand.",
    fault="the last base backup is older than allowed",
)
def base_backup(db: PostgreSQL) -> Iterator[Observation]:
    """Base backup is old.

    Measures the age of the last base backup as the server knows it: a server that archives keeps a label of
    it in pg_wal. Dumps, snapshots and backups taken from a standby leave none.

    The older it is, the more log has to be replayed in a restore: hours in which no firm can bill, and one
    file missing among them loses all that came after.
    """
    row = db.query_row("base-backup")
    _demand_archiving(row)
    if row["seconds"] is None:
        raise NotApplicable("no base backup has left its label here; dumps and snapshots never do")
    yield Metric("age", row["seconds"], "s")
    if row["running"]:
        yield Note("running", f"{row['running']} now")


def _demand_archiving(row: dict[str, Any]) -> None:
    """Raises NotApplicable where nothing is archived, and base backups leave no label behind."""
    if row["mode"] == "off":
        raise NotApplicable("archive_mode is off")
    if row["mode"] == "standby":
        raise NotApplicable("a standby archives only with archive_mode = always")


def _number(value: float | None) -> float:
    return math.nan if value is None else value
