"""Who is connected, and who holds up whom? The text of queries is never shown: it may quote client data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lexops.checks.contract import Metric, Note, Observation, PostgreSQL, check
from lexops.checks.quantity import show

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
)
def connections(db: PostgreSQL) -> Iterator[Observation]:
    """Connections run out.

    When none is left, the billing application cannot log in: time entry and invoicing stop at once,
    usually at the end of the month, when everybody works in it.
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
)
def idle_in_transaction(db: PostgreSQL) -> Iterator[Observation]:
    """Session idles in an open transaction.

    It keeps its locks, so that others cannot post time or payments on the same matter, and vacuum cannot
    clean up behind it.
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
)
def longest_transaction(db: PostgreSQL) -> Iterator[Observation]:
    """Transaction open for long.

    As long as it is open nothing that was deleted or changed since can be cleaned up, its locks hold up
    month-end runs, and everything it has done is lost if it fails.
    """
    demand_statistics(db)
    rows = db.query("longest-transaction")
    yield _longest("oldest transaction", rows)
    for row in rows:
        yield _session(row, f"open for {show(row['seconds'], 's')}")


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
)
def blocked_sessions(db: PostgreSQL) -> Iterator[Observation]:
    """Sessions wait for locks.

    To the person who waits the billing application hangs; whatever waits behind them piles up, until no
    connection is left.
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
            yield _session(row, _waiting(row))
            told.add(row["pid"])
            left.remove(row)


def _waiting(row: Row) -> str:
    if not row["blockers"]:
        return "holds up others"
    blockers = ", ".join(
        "a prepared transaction" if pid == PREPARED else f"pid {pid}" for pid in sorted(row["blockers"])
    )
    return f"waits {show(row['seconds'], 's')} for {blockers}"


def _longest(name: str, rows: list[dict[str, Any]]) -> Metric:
    return Metric(name, max((row["seconds"] for row in rows), default=0.0), "s")


def _session(row: Row, what: str) -> Note:
    return Note(f"pid {row['pid']}", f"{row['role']} ({row['program'] or 'unnamed'}), {row['state']}: {what}")
