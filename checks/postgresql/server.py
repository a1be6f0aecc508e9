"""Is the server there, is it the one it was, and are its clock and its lines as they should be?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lexops.checks.contract import Area, Finding, Metric, Note, Observation, PostgreSQL, Status, check
from lexops.clock import utc_text
from lexops.text import plural

from ..drift import Change, changes
from .rights import PG_MONITOR, demand_statistics

TOLD = timedelta(hours=1)
"""How long a restart or another role of the server is told."""


@check(
    "postgresql.availability",
    target=PostgreSQL,
    every="1m",
    warn="1s",
    source="blackbox exporter practice: an answer that takes more than 1 s is slow",
    mend="See whether the server runs and what it says: systemctl status postgresql, then its log.",
    fault="the connection is ended by the server",
    availability=True,
)
def availability(db: PostgreSQL) -> Iterator[Observation]:
    """Database does not answer.

    Connects, logs in and asks for nothing: SELECT 1. A failure means that the server is down, cannot be
    reached, or refuses the monitoring role; a slow answer that it is overloaded.

    While the database does not answer, no time can be entered, no bill made and no payment posted.
    """
    yield Metric("connect", db.connect_seconds, "s")
    yield Metric("ping", db.ping(), "s")
    server = db.query_row("server")
    yield Metric("uptime", server["uptime"], "s", info=True)
    yield Note("role", server["role"])


@check(
    "postgresql.restarted",
    target=PostgreSQL,
    every="1m",
    attempts=1,
    source="postgres-mixin, role change; awesome-prometheus-alerts, restarted; told for 1 h: LexOps' own"
    " judgement",
    mend="Ask who did it; if nobody, the server's log and journalctl -u postgresql -k say whether it crashed"
    " or was killed for its memory. After a failover see that the application writes to the new primary.",
    fault="a restart of the server; a promotion of the standby",
)
def restarted(db: PostgreSQL) -> Iterator[Observation]:
    """Server restarted or changed its role.

    Compares the start of the server, its role, its timeline and the identity of its data with those of the
    last look. A change is told for an hour; it is then taken for granted.

    A crash loses what was not committed: half-entered time and bill runs under way. After a failover
    entries may be missing, and behind another identity is another database altogether.
    """
    row = db.query_row("server")
    facts = {name: str(row[name]) for name in ("started", "role", "timeline", "system")}
    for change in changes(db.memory, facts, TOLD):
        status = Status.CRITICAL if change.name == "system" else Status.WARNING
        yield Finding(change.name, _told(change), status)
    yield Note("role", f"{row['role']} since {_to_the_second(row['started'])}, timeline {row['timeline']}")


def _to_the_second(moment: str | None) -> str:
    return f"{(moment or '').partition('.')[0]}Z"


def _told(change: Change) -> str:
    match change.name:
        case "started":
            return f"the server was started at {_to_the_second(change.after)}"
        case "role":
            return f"the server was a {change.before} and is now a {change.after}"
        case "timeline":
            return f"the server went from timeline {change.before} to {change.after}"
        case _:
            return f"other data answer here: system identifier {change.after} instead of {change.before}"


@check(
    "postgresql.clock",
    target=PostgreSQL,
    every="5m",
    warn="2s",
    crit="5s",
    source="check_postgres, timesync: 2 s and 5 s",
    mend="On both machines: timedatectl; switch on chrony or systemd-timesyncd and see that it reaches its"
    " servers.",
    fault="our own clock is set an hour back",
)
def clock(db: PostgreSQL) -> Iterator[Observation]:
    """Clock of the server is wrong.

    Compares the server's clock with LexOps' own, half of the round trip taken off. When they differ, one
    of the two is wrong.

    The database stamps time entries, issue dates and payments; limitation periods and interest are counted
    from them.
    """
    asked = _now()
    there: datetime = db.query_row("clock")["at"]
    answered = _now()
    ahead = (there - (asked + (answered - asked) / 2)).total_seconds()
    yield Metric("off", abs(ahead), "s")
    yield Note("server", f"{utc_text(there)}, {'ahead of' if ahead > 0 else 'behind'} ours")


def _now() -> datetime:
    return datetime.now(UTC)


@check(
    "postgresql.unencrypted-sessions",
    target=PostgreSQL,
    area=Area.SECURITY,
    every="5m",
    attempts=1,
    source="LexOps' own judgement: client data crosses no network in the clear",
    grants=PG_MONITOR,
    mend="Let pg_hba.conf admit those addresses only by hostssl lines, and set sslmode=verify-full in the"
    " application.",
    fault="a log-in from another address than loopback without TLS",
)
def unencrypted_sessions(db: PostgreSQL) -> Iterator[Finding]:
    """Sessions are not encrypted.

    Counts the sessions from other machines that use neither TLS nor GSSAPI encryption, by role and address.
    Loopback and Unix sockets do not count.

    Narratives and invoices are privileged; whoever listens on the network between reads them, and the
    password of an older log-in method, too.
    """
    demand_statistics(db)
    for row in db.query("unencrypted-sessions"):
        yield Finding(
            f"{row['role']}/{row['address']}",
            f"{plural(row['sessions'], 'session')} of {row['role']} from {row['address']} without encryption",
        )
