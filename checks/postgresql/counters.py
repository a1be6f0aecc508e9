"""What the server counts: deadlocks, rollbacks, spills, misses, checkpoints. By how much they grew.

The counters of pg_stat_database are those of the database we are connected to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lexops.checks.contract import Metric, NotApplicable, PostgreSQL, Usual, check
from lexops.targets.memory import Grown

from .rights import PG_MONITOR

SPAN = "10m"
"""Over which most counters are compared."""
FEWEST_TRANSACTIONS = 100
"""Fewer in the span count as so many: two of three rolled back says nothing."""
FEWEST_BLOCKS = 5000
"""Fewer blocks asked for per second count as so many: misses below 250 a second, 2 MB, are no load."""
FEWEST_CHECKPOINTS = 4
"""Fewer in half an hour count as so many: a backup asks for one, too."""
FEWEST_READS = 100
"""Fewer reads in the span count as so many: the mean of three says nothing."""


@check(
    "postgresql.deadlocks",
    target=PostgreSQL,
    every="1m",
    attempts=1,
    warn="0",
    crit="50",
    source="postgres-mixin and awesome-prometheus-alerts: more than 5 per minute; one is a warning by LexOps'"
    " own judgement, because billing transactions are repeated by hand",
    mend="The server's log names both statements (log_lock_waits tells more). Let the program take rows in"
    " the same order everywhere, and repeat a transaction that failed with SQLSTATE 40P01.",
    fault="two sessions change two rows in opposite order",
)
def deadlocks(db: PostgreSQL) -> Iterator[Metric]:
    """Transactions deadlock.

    Counts deadlocks in the last ten minutes: two transactions waited for each other, and the server ended
    one of them with an error.

    What that one was to post, a payment or a billed entry, is not posted until somebody does it again.
    """
    grown = _grown(db, "deadlocks")
    if grown:
        yield Metric("deadlocks", grown.by)


@check(
    "postgresql.rollbacks",
    target=PostgreSQL,
    every="1m",
    warn="10%",
    crit="25%",
    source="postgres-mixin: 10 % for 10 min (netdata's 2 % is noisy); at least 100 transactions, and 25 %,"
    " are LexOps' own judgement",
    mend="The server's log says what failed, sorted by error: look for the one that began with the problem."
    " Often it is an update of the billing application or a full disk.",
    fault="an application rolls its transactions back",
    trends=(Usual("transactions", least=1),),
)
def rollbacks(db: PostgreSQL) -> Iterator[Metric]:
    """Many transactions are rolled back.

    Compares the transactions of the last ten minutes that were rolled back with all of them. Programs roll
    back when something failed.

    Work that people believe done is not: time, payments and invoices have to be entered again.
    """
    row = db.query_row("counters")
    done = db.memory.grown("commits", row["commits"], epoch=row["stats_reset"], over=SPAN)
    undone = db.memory.grown("rollbacks", row["rollbacks"], epoch=row["stats_reset"], over=SPAN)
    if done and undone:
        yield Metric("rolled back", undone.by, limit=max(done.by + undone.by, FEWEST_TRANSACTIONS))
        yield Metric("transactions", done.per_second + undone.per_second, "/s", info=True)


@check(
    "postgresql.temporary-files",
    target=PostgreSQL,
    every="2m",
    warn="1GiB",
    crit="10GiB",
    source="LexOps' own judgement: no published default; 10 GiB in 10 min is what a slow disk can write at"
    " all",
    grants=PG_MONITOR,
    mend="log_temp_files names the statements. Give the role that runs them more work_mem, or see their plan"
    " with EXPLAIN; temp_file_limit bounds what one session may take.",
    fault="a sort gets less memory than it needs",
)
def temporary_files(db: PostgreSQL) -> Iterator[Metric]:
    """Queries spill to disk.

    Counts what queries of this database wrote to temporary files in the last ten minutes, and what lies in
    the temporary folders of the server now: sorts and joins that did not fit into memory.

    Reports take minutes instead of seconds, and a spill that fills the disk stops all of billing.
    """
    grown = _grown(db, "temp_bytes")
    if grown:
        yield Metric("written", grown.by, "B")
    yield Metric("on disk", db.query_row("temporary-files")["bytes"], "B")


@check(
    "postgresql.cache-misses",
    target=PostgreSQL,
    every="5m",
    warn="5%",
    source="published numbers for the hit ratio go from 50 % (netdata) to 99 % (PgHero), and the cache of the"
    " operating system is invisible: a warning at 95 % under load, never critical",
    mend="Look which statements read most in pg_stat_statements (shared_blks_read); give shared_buffers up to"
    " a quarter of the memory, or add the index that they lack.",
    fault="a table larger than shared_buffers is read again and again",
)
def cache_misses(db: PostgreSQL) -> Iterator[Metric]:
    """Data is not found in the cache.

    Compares the blocks that had to be read in the last ten minutes with all that were asked for; fewer than
    5,000 a second count as so many.

    Not a fault in itself, but why searching time entries and drafting bills became slower.
    """
    row = db.query_row("counters")
    hit = db.memory.grown("hit", row["blocks_hit"], epoch=row["stats_reset"], over=SPAN)
    read = db.memory.grown("read", row["blocks_read"], epoch=row["stats_reset"], over=SPAN)
    if hit and read:
        asked = hit.per_second + read.per_second
        yield Metric("missed", read.per_second, "/s", limit=max(asked, FEWEST_BLOCKS))


@check(
    "postgresql.lost-sessions",
    target=PostgreSQL,
    every="2m",
    attempts=1,
    warn="5",
    crit="50",
    source="LexOps' own judgement: no published default; some clients vanish every day, not several in 10"
    " min",
    mend="Abandoned: look at the network and the firewall between application and database, and whether the"
    " application crashes. Killed: ask who runs pg_terminate_backend. Fatal: the server's log says why.",
    fault="clients vanish without a word, and an administrator ends sessions",
    trends=(Usual("new sessions", least=0.1),),
)
def lost_sessions(db: PostgreSQL) -> Iterator[Metric]:
    """Sessions end against the will of the client.

    Counts the sessions of the last ten minutes that ended because their client was lost, because of a fatal
    error, or because an administrator ended them.

    What they were doing is rolled back: a person sees an error, an invoice run stops in the middle.
    """
    row = db.query_row("counters")
    for name in ("abandoned", "fatal", "killed"):
        grown = db.memory.grown(name, row[name], epoch=row["stats_reset"], over=SPAN)
        if grown:
            yield Metric(name, grown.by)
    begun = db.memory.grown("sessions", row["sessions"], epoch=row["stats_reset"], over=SPAN)
    if begun:
        yield Metric("new sessions", begun.per_second, "/s", info=True)


@check(
    "postgresql.requested-checkpoints",
    target=PostgreSQL,
    every="5m",
    warn="50%",
    crit="90%",
    source="postgres-mixin and awesome-prometheus-alerts: half of them; over 30 min, at least four, and 90 %"
    " are LexOps' own judgement",
    mend="Raise max_wal_size until checkpoints come by time again: ALTER SYSTEM SET max_wal_size = '…';"
    " SELECT pg_reload_conf(). It is what may lie in pg_wal.",
    fault="checkpoints are asked for before their time",
)
def requested_checkpoints(db: PostgreSQL) -> Iterator[Metric]:
    """Checkpoints come before their time.

    Compares the checkpoints of the last half hour that were asked for, mostly because max_wal_size was
    reached, with all of them.

    Each writes everything that was changed at once and makes the write-ahead log grow: at month end, when
    most is written, everything is slow.
    """
    row = db.query_row("checkpoints")
    grown = {
        name: db.memory.grown(name, row[name], epoch=row["stats_reset"], over="30m")
        for name in ("requested", "done", "write_ms", "sync_ms")
    }
    requested, done = grown["requested"], grown["done"]
    if requested and done:
        yield Metric("requested", requested.by, limit=max(requested.by, done.by, FEWEST_CHECKPOINTS))
    for name in ("write", "sync"):
        spent = grown[f"{name}_ms"]
        if spent:
            yield Metric(name, spent.by / 1000, "s", info=True)


@check(
    "postgresql.checkpoint-age",
    target=PostgreSQL,
    every="5m",
    warn="200%",
    crit="500%",
    source="LexOps' own judgement: two and five times checkpoint_timeout, once a file of the log is to be"
    " replayed; check_postgres leaves the numbers to the user",
    mend="See whether the checkpointer works or hangs at a slow disk: SELECT * FROM pg_stat_activity WHERE"
    " backend_type = 'checkpointer'; then the server's log and the disk's latency.",
    fault="much is written, and no checkpoint comes",
)
def checkpoint_age(db: PostgreSQL) -> Iterator[Metric]:
    """No checkpoint for long.

    Looks for how long more than 16 MiB, a file of the write-ahead log, have been waiting for a checkpoint,
    against checkpoint_timeout, on a standby twice of it. The checkpointer hangs or cannot write.

    After a crash everything since the last checkpoint is replayed before anybody can log in, and meanwhile
    the log fills the disk.
    """
    row = db.query_row("checkpoint-age")
    yield Metric("not checkpointed for", row["seconds"], "s", limit=row["timeout"])
    yield Metric("to replay", row["bytes"], "B", info=True)


@check(
    "postgresql.backend-fsync",
    target=PostgreSQL,
    every="5m",
    warn="0",
    source="LexOps' own judgement: in a sound server only the checkpointer does it",
    mend="Look whether the checkpointer is alive and its disk keeps up; raise shared_buffers, which also is"
    " the length of its queue.",
    fault="the checkpointer is stopped while sessions write",
)
def backend_fsync(db: PostgreSQL) -> Iterator[Metric]:
    """Sessions wait for the disk themselves.

    Counts in the last ten minutes how often a session had to bring a file to disk (fsync) because the
    checkpointer took no more work. It cannot keep up or hangs.

    Whoever posts time or a payment waits for the disk each time, and everybody behind them.
    """
    row = db.query_row("backend-fsync")
    grown = db.memory.grown("fsyncs", row["fsyncs"], epoch=row["stats_reset"], over=SPAN)
    if grown:
        yield Metric("fsyncs by sessions", grown.by)


@check(
    "postgresql.read-latency",
    target=PostgreSQL,
    every="5m",
    warn="20ms",
    crit="50ms",
    source="LexOps' own judgement: twice and five times a turning disk; flash answers within 1 ms",
    mend="Look at the disk from the host's side, at who else uses it, and at the write cache of its"
    " controller; in a cloud at the volume's limit of operations.",
    fault="each read of a session is held up for 30 ms",
)
def read_latency(db: PostgreSQL) -> Iterator[Metric]:
    """Reading from disk is slow.

    Looks at how long sessions waited for one read in the last ten minutes; fewer than 100 count as so many.
    The cache of the operating system answers within microseconds, so a high mean means a slow disk.

    Opening a matter reads some hundred blocks: at 20 ms each, that is seconds before a person sees anything.
    """
    row = db.query_row("reads")
    if not row["is_timed"]:
        raise NotApplicable(
            "track_io_timing is off; to have it measured: ALTER SYSTEM SET track_io_timing = on;"
            " SELECT pg_reload_conf()"
        )
    reads = db.memory.grown("reads", row["reads"], epoch=row["stats_reset"], over=SPAN)
    spent = db.memory.grown("milliseconds", row["milliseconds"], epoch=row["stats_reset"], over=SPAN)
    if reads and spent:
        yield Metric("read", spent.by / max(reads.by, FEWEST_READS) / 1000, "s")
        yield Metric("reads", reads.per_second, "/s", info=True)


def _grown(db: PostgreSQL, counter: str) -> Grown | None:
    row: Mapping[str, Any] = db.query_row("counters")
    return db.memory.grown(counter, row[counter], epoch=row["stats_reset"], over=SPAN)
