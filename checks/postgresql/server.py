"""Is the server there, and does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, Metric, Note, Observation, PostgreSQL, Status, check


@check(
    "postgresql.availability",
    target=PostgreSQL,
    every="1m",
    warn="1s",
    source="blackbox exporter practice: an answer that takes more than 1 s is slow",
    mend="See whether the server runs and what it says: systemctl status postgresql, then its log.",
    availability=True,
)
def availability(db: PostgreSQL) -> Iterator[Observation]:
    """Database does not answer.

    While the database does not answer, no time can be entered, no bill made and no payment posted.
    """
    yield Metric("connect", db.connect_seconds, "s")
    yield Metric("ping", db.ping(), "s")
    server = db.query_row("server")
    yield Metric("uptime", server["uptime"], "s", info=True)
    yield Note("role", "standby" if server["is_standby"] else "primary")


@check(
    "postgresql.unsafe-settings",
    target=PostgreSQL,
    every="15m",
    attempts=1,
    source="PostgreSQL manual, server configuration: each of them is on by default, for safety",
    mend="Switch it on again: ALTER SYSTEM RESET name; SELECT pg_reload_conf(). After a time without fsync or"
    " full_page_writes take a new backup, too.",
)
def unsafe_settings(db: PostgreSQL) -> Iterator[Finding]:
    """Settings give up safety.

    Without fsync or full-page writes a power cut can destroy the database; without autovacuum and the
    statistics it needs the server slows down and in the end refuses to write; without synchronous commit
    a crash loses time entries that were already confirmed to whoever entered them.
    """
    for name, value in db.query_row("unsafe-settings").items():
        if value == "off":
            status = Status.WARNING if name == "synchronous_commit" else Status.CRITICAL
            yield Finding(name, f"{name} is off", status)
