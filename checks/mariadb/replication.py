"""Will there be a copy: replicas, binary logs, the nodes of a cluster?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lexops.checks.contract import (
    Area,
    Finding,
    MariaDB,
    Metric,
    NotApplicable,
    NotYet,
    Observation,
    Status,
    check,
)
from lexops.text import clean

from ..drift import changes
from .figures import Counters, number, settings
from .rights import BINARY_LOGS, REPLICATION

SYNCED = 4
"""wsrep_local_state of a node that takes part; others join, give a copy or are desynchronised."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One source that this server replicates from."""

    name: str
    """Empty for the only one."""
    receives: bool
    applies: bool
    error: int
    """Number of the last error; its text may quote client data."""
    behind: float | None
    """Seconds without the intended delay; None while replication is stopped."""

    @property
    def title(self) -> str:
        return self.name or "replication"


def channels(db: MariaDB) -> list[Channel]:
    """The sources of this server; raises NotApplicable when there are none."""
    found = [channel(row) for row in db.query("replicas")]
    if not found:
        raise NotApplicable("this server is no replica")
    return found


def channel(row: Mapping[str, Any]) -> Channel:
    """A row of SHOW REPLICA STATUS, with the names of MySQL or those of MariaDB."""
    old = "Slave_IO_Running" in row
    running = (
        ("Slave_IO_Running", "Slave_SQL_Running") if old else ("Replica_IO_Running", "Replica_SQL_Running")
    )
    behind = row["Seconds_Behind_Master" if old else "Seconds_Behind_Source"]
    return Channel(
        name=clean(row.get("Connection_name", row.get("Channel_Name", "")), 60),
        receives=row[running[0]] == "Yes",
        applies=row[running[1]] == "Yes",
        error=int(row["Last_SQL_Errno"] or row["Last_IO_Errno"]),
        behind=None if behind is None else max(0.0, float(behind) - float(row["SQL_Delay"] or 0)),
    )


@check(
    "mariadb.replication",
    target=MariaDB,
    every="1m",
    attempts=2,
    source="monitoring mixin for MySQL: stopped for 2 minutes is critical",
    grants=REPLICATION,
    mend="SHOW REPLICA STATUS tells the error (it may quote data); mend what it names, then START REPLICA."
    " If changes were lost or made on the replica, build it anew from a backup.",
    fault="replication is stopped",
)
def replication(db: MariaDB) -> Iterator[Finding]:
    """Replication has stopped.

    Looks, on a replica, whether it receives changes from its source and applies them, and for 7 days says so
    when it no longer is a replica. Texts of errors are not shown, for they quote rows; their numbers are.

    From then on the copy is old: after losing the primary every time entry and payment since is lost, and
    reports from the replica are wrong without anybody noticing.
    """
    found = [channel(row) for row in db.query("replicas")]
    gone = list(_gone(db, found))
    if not found and not gone:
        raise NotApplicable("this server is no replica")
    yield from gone
    for each in found:
        if not (each.receives and each.applies):
            what = "does not receive changes" if each.applies else "does not apply changes"
            error = f", error {each.error}" if each.error else ""
            yield Finding(each.title, f"{each.title}: {what}{error}", Status.CRITICAL)


def _gone(db: MariaDB, found: Sequence[Channel]) -> Iterator[Finding]:
    """The sources that the server replicated from and does no longer."""
    with suppress(NotYet):
        for change in changes(db.memory, {each.title: "configured" for each in found}):
            if change.after is None:
                seen = f"seen since {change.noticed:%Y-%m-%d %H:%M} UTC"
                yield Finding(f"{change.name}/gone", f"{change.name}: is no longer configured, {seen}")


@check(
    "mariadb.replication-lag",
    target=MariaDB,
    every="1m",
    attempts=3,
    warn="30s",
    crit="300s",
    source="monitoring mixin for MySQL: 30 s; 5 minutes are LexOps' own judgement; three looks, for the"
    " server itself now and then tells absurd values (netdata 8042)",
    grants=REPLICATION,
    mend="See what the replica applies: SHOW PROCESSLIST. A large change takes as long as on the primary;"
    " tables without a primary key take for ever (mariadb.tables-without-primary-key); else give it"
    " parallel workers.",
    fault="the replica's own delay is larger than allowed",
)
def replication_lag(db: MariaDB) -> Iterator[Observation]:
    """Replica lags behind.

    Looks how many seconds the change that the replica applies is old; a delay that was set on purpose is
    taken off. While replication is stopped nothing can be said, for then the server tells nothing.

    What is entered on the primary is missing in reports and in the portal for as long, and lost if the
    primary is lost now.
    """
    for each in channels(db):
        if each.behind is None:
            yield Finding(each.title, f"{each.title}: stopped, so its lag cannot be told", Status.UNKNOWN)
        else:
            yield Metric("lag", each.behind, "s", item=each.name)


@check(
    "mariadb.replica-writable",
    target=MariaDB,
    every="5m",
    attempts=1,
    source="LexOps' own judgement: one change on a replica, and it is no copy any more",
    grants=REPLICATION,
    mend="SET GLOBAL read_only = ON (MySQL: super_read_only = ON), and in the configuration. Then see"
    " whether the copy is still one: pt-table-checksum.",
    fault="read_only is OFF on a replica",
)
def replica_writable(db: MariaDB) -> Iterator[Finding]:
    """Replica can be written to.

    Looks at read_only on a server that replicates from another one.

    An application that is pointed at it by mistake enters time and payments that the primary never sees; the
    two differ from then on, and which one is right has to be found out row by row.
    """
    channels(db)
    values = settings(db)
    if values["read_only"] == "OFF":
        yield Finding("read_only", "read_only is OFF on a replica", Status.CRITICAL)
    elif values.get("super_read_only") == "OFF":
        yield Finding("super_read_only", "super_read_only is OFF: administrators can change the replica")


@check(
    "mariadb.binary-log",
    target=MariaDB,
    area=Area.BACKUPS,
    every="1h",
    attempts=1,
    warn="50GiB",
    crit="200GiB",
    source="LexOps' own judgement: without it a restore ends with the last backup; 50 GiB are many months"
    " of a law firm's changes, or no expiry",
    grants=BINARY_LOGS,
    mend="Set log_bin in the configuration (it needs a restart) and binlog_expire_logs_seconds to more than"
    " the time between two full backups. PURGE BINARY LOGS BEFORE … makes room, after they are copied.",
    fault="a server without a binary log",
)
def binary_log(db: MariaDB) -> Iterator[Observation]:
    """Binary log is off, or grows without end.

    Looks whether the server keeps its changes in binary logs, how large those are, and whether old ones
    expire.

    Restoring to the minute before somebody's mistake needs a backup and the binary logs since; without them
    everything that was entered since the last backup is lost.
    """
    values = settings(db)
    if values["log_bin"] != "ON":
        yield Finding("off", "log_bin is OFF: a restore ends with the last backup")
        return
    yield from _expiry(values)
    rows = db.query("binary-logs")
    yield Metric("size", float(sum(row["File_size"] for row in rows)), "B")
    yield Metric("logs", len(rows), info=True)


def _expiry(values: Mapping[str, str]) -> Iterator[Finding]:
    spans = [values.get(name) for name in ("binlog_expire_logs_seconds", "expire_logs_days")]
    if not any(float(span) for span in spans if span):
        yield Finding("expiry", "binary logs never expire (binlog_expire_logs_seconds is 0)")


@check(
    "mariadb.cluster",
    target=MariaDB,
    every="1m",
    attempts=5,
    metrics={"receive queue": ("100", None)},
    source="monitoring mixin for MySQL: ready, primary and synced within 5 minutes; queue of 100",
    mend="Read the error log of each node. If all nodes are down, start the one with the highest position"
    " in grastate.dat first (galera_new_cluster); a single one joins by itself when it is restarted.",
    fault="a node is desynchronised from its cluster",
)
def cluster(db: MariaDB) -> Iterator[Observation]:
    """Cluster node does not take part.

    Looks, with Galera, whether the node takes statements, belongs to the part of the cluster that has the
    majority, is synced, and keeps up with the changes it receives; and whether nodes are missing that were
    there.

    A node outside the majority refuses every statement: whoever is connected to it cannot bill. With one node
    fewer the next loss may stop all of them.
    """
    if settings(db).get("wsrep_on", "OFF") != "ON":
        raise NotApplicable("Galera is not used (wsrep_on is OFF)")
    counters = Counters(db)
    yield from node_faults(counters.values)
    yield Metric("receive queue", counters.now("wsrep_local_recv_queue"))
    size = int(counters.now("wsrep_cluster_size"))
    most = max(size, int(db.memory.kept.get("most", 0)))
    db.memory.kept["most"] = most
    if size < most:
        yield Finding("size", f"{size} of {most} nodes are there")
    yield Metric("nodes", size, info=True)


def node_faults(status: Mapping[str, str]) -> Iterator[Finding]:
    """What keeps a Galera node from taking part."""
    if status["wsrep_cluster_status"] != "Primary":
        yield Finding("component", "outside the majority of the cluster", Status.CRITICAL)
    if status["wsrep_ready"] != "ON":
        yield Finding("ready", "takes no statements (wsrep_ready is OFF)", Status.CRITICAL)
    elif number(status, "wsrep_local_state") != SYNCED:
        yield Finding("state", f"not synced: {clean(status.get('wsrep_local_state_comment', ''), 60)}")
