"""Who is connected, and who holds up whom? Statements are shown without values: those are client data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lexops.checks.contract import Metric, Note, Observation, PostgreSQL, Usual, check
from lexops.checks.quantity import show
from lexops.targets.masking import masked

from .rights import PG_MONITOR, demand_statistics

Row = Mapping[str, Any]

PREPARED = 0
"""What stands for a prepared transaction among the pids that a session waits for."""


@check(
    "postgresql.connections",
    target=PostgreSQL,
    every="1m",
    warn="80%",
    crit="90%",
    source="netdata: 80 % and 90 %; postgres-mixin: 80 % for 10 min; slots kept for superusers do not count",
    grants=PG_MONITOR,
    mend="See who holds them in the evidence, and end what is left over: SELECT pg_terminate_backend(pid)."
    " If it comes back, put a pooler such as PgBouncer in front.",
    fault="more connections are opened than the limit in the test allows",
    trends=(Usual("connections", least=10),),
)
def connections(db: PostgreSQL) -> Iterator[Observation]:
    """Connections run out.

    Counts the connections of clients against those that max_connections leaves for them. Whoever comes when
    none is left is refused.

    The billing application then cannot log in: time entry and invoicing stop at once, usually at the end of
    the month, when everybody works in it.
    """
    demand_statistics(db)
    rows = db.query("connections")
    yield Metric("connections", sum(row["used"] for row in rows), limit=rows[0]["usable"])
    for row in rows[:5]:
        yield Note(f"role {row['role']}", f"{row['used']} connections")


@check(
    "postgresql.idle-in-transaction",
    target=PostgreSQL,
    every="1m",
    warn="2m",
    crit="10m",
    source="LexOps' own judgement: no published default; a person or a program has gone away by then",
    grants=PG_MONITOR,
    mend="Ask who it is, then end it: SELECT pg_terminate_backend(pid). To let the server do that, set"
    " idle_in_transaction_session_timeout.",
    fault="a client begins a transaction and goes away",
)
def idle_in_transaction(db: PostgreSQL) -> Iterator[Observation]:
    """Session idles in an open transaction.

    Looks for how long sessions have done nothing since their last statement, with their transaction open,
    dumps by pg_dump left out: it keeps its locks, and vacuum cannot clean up behind it.

    Others cannot post time or payments on the same matter until it ends.
    """
    demand_statistics(db)
    rows = db.query("idle-in-transaction")
    yield _longest("idle in transaction", rows)
    for row in rows:
        yield _session(row, f"idle for {show(row['seconds'], 's')}")


@check(
    "postgresql.longest-transaction",
    target=PostgreSQL,
    every="1m",
    warn="5m",
    crit="30m",
    source="LexOps' own judgement; postgres-mixin and awesome-prometheus-alerts warn at 2 min, which every"
    " month-end report passes",
    grants=PG_MONITOR,
    mend="Look in the evidence who it is and whether it works or waits; cancel it with"
    " SELECT pg_cancel_backend(pid).",
    fault="a transaction is left open",
)
def longest_transaction(db: PostgreSQL) -> Iterator[Observation]:
    """Transaction open for long.

    Looks for how long transactions of clients have been open, busy or not, dumps by pg_dump left out. As long
    as one is, nothing that was deleted or changed since can be cleaned up, and everything it has done is
    lost if it fails.

    Its locks hold up month-end runs, and a bill run that fails after an hour has to begin again.
    """
    demand_statistics(db)
    rows = db.query("longest-transaction")
    yield _longest("oldest transaction", rows)
    for row in rows:
        yield _session(row, f"open for {show(row['seconds'], 's')}")


@check(
    "postgresql.long-queries",
    target=PostgreSQL,
    every="1m",
    warn="5m",
    crit="30m",
    source="LexOps' own judgement; PgHero shows queries from 1 min on, which month-end reports pass",
    grants=PG_MONITOR,
    mend="If nobody waits for its result any more, cancel it: SELECT pg_cancel_backend(pid). If it comes"
    " back, see its plan with EXPLAIN; to let the server end such queries, set statement_timeout for the"
    " role.",
    fault="a client runs a statement that takes its time",
)
def long_queries(db: PostgreSQL) -> Iterator[Observation]:
    """Query runs for long.

    Looks for how long the statements that run now have been running, dumps by pg_dump left out. It is stuck
    behind a lock, badly planned, or reads far more than anybody needs.

    It takes processors and disks from those who enter time and make bills, and whoever started it waits.
    """
    demand_statistics(db)
    rows = db.query("long-queries")
    yield _longest("longest query", rows)
    for row in rows:
        yield _session(row, f"runs for {show(row['seconds'], 's')}", row["statement"])


@check(
    "postgresql.blocked-sessions",
    target=PostgreSQL,
    every="1m",
    attempts=2,
    warn="1m",
    crit="2m",
    source="check_postgres, lock wait: 1 min and 2 min",
    grants=PG_MONITOR,
    mend="End the session that the others wait for, the first in the evidence:"
    " SELECT pg_terminate_backend(pid).",
    fault="a session changes a row and keeps its transaction open, others want the same row and the table",
)
def blocked_sessions(db: PostgreSQL) -> Iterator[Observation]:
    """Sessions wait for locks.

    Looks for how long sessions have waited for a lock, and follows whom they wait for to whoever holds up all
    of them. Whatever waits behind them piles up, until no connection is left.

    To the person who waits the billing application hangs: a time entry or a payment is not taken.
    """
    demand_statistics(db)
    rows = db.query("blocked-sessions")
    yield _longest("waiting", rows)
    yield from _blocking_tree(rows)


def _blocking_tree(rows: list[dict[str, Any]]) -> Iterator[Note]:
    """Who is waited for comes before who waits, each once; a deadlock, which has no first, in any order."""
    told = {PREPARED}
    left = list(rows)
    while left:
        ready = [row for row in left if told.issuperset(row["blockers"])] or left[:1]
        for row in ready:
            yield _session(row, _waiting(row), row["statement"])
            told.add(row["pid"])
            left.remove(row)


def _waiting(row: Row) -> str:
    if not row["blockers"]:
        since = f", in its transaction for {show(row['open'], 's')}" if row["open"] is not None else ""
        return f"holds up others{since}"
    blockers = ", ".join(
        "a prepared transaction" if pid == PREPARED else f"pid {pid}" for pid in sorted(row["blockers"])
    )
    wanted = f" ({row['wanted']})" if row["wanted"] else ""
    return f"waits {show(row['seconds'], 's')} for {blockers}{wanted}"


@check(
    "postgresql.lock-table",
    target=PostgreSQL,
    every="2m",
    warn="20%",
    crit="50%",
    source="postgres-mixin, awesome-prometheus-alerts and netdata: 20 %; 50 % is LexOps' own judgement",
    mend="See which session holds most: SELECT pid, count(*) FROM pg_locks GROUP BY pid ORDER BY 2 DESC. Let"
    " it work in smaller portions, or raise max_locks_per_transaction, which needs a restart.",
    fault="a transaction takes a quarter of all locks that there are",
)
def lock_table(db: PostgreSQL) -> Iterator[Metric]:
    """Lock table fills up.

    Counts the locks that are held in the table that all sessions share, against what
    max_locks_per_transaction makes room for. When it is full, statements fail with "out of shared memory".

    It hits everybody at random: a bill run fails in the middle, and so does the time entry of somebody who
    has nothing to do with it.
    """
    row = db.query_row("lock-table")
    yield Metric("locks", row["locks"], limit=row["room"])


@check(
    "postgresql.waits",
    target=PostgreSQL,
    every="1m",
    warn="20%",
    crit="50%",
    source="LexOps' own judgement: no published default; a fifth of all connections waiting is a queue, not a"
    " coincidence",
    grants=PG_MONITOR,
    mend="The kind that most wait for says where to look: Lock at the blocked sessions, IO at the disks,"
    " LWLock at too many sessions doing the same, IPC at parallel queries or synchronous standbys.",
    fault="several sessions wait for one lock",
    trends=(Usual("active", least=5),),
)
def waits(db: PostgreSQL) -> Iterator[Metric]:
    """Many sessions wait inside the server.

    Counts the sessions that are in the middle of a statement and wait for something other than their client,
    and what kind of thing they wait for, against all connections that there can be.

    The server is there and yet everybody waits: entering time and opening a matter take seconds.
    """
    demand_statistics(db)
    rows = db.query("waits")
    waiting = {row["kind"]: row["sessions"] for row in rows if row["kind"] is not None}
    yield Metric("waiting", sum(waiting.values()), limit=rows[0]["room"])
    yield Metric("active", sum(row["sessions"] for row in rows), info=True)
    for kind, sessions in waiting.items():
        yield Metric("waiting for", sessions, item=kind, info=True)


def _longest(name: str, rows: list[dict[str, Any]]) -> Metric:
    return Metric(name, max((row["seconds"] for row in rows), default=0.0), "s")


def _session(row: Row, what: str, statement: str = "") -> Note:
    shown = f": {masked(statement)}" if statement else ""
    return Note(
        f"pid {row['pid']}", f"{row['role']} ({row['program'] or 'unnamed'}), {row['state']}: {what}{shown}"
    )
