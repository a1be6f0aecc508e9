"""Is the server set up as it was meant to be?"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from lexops.checks.contract import Finding, Observation, PostgreSQL, Status, check
from lexops.clock import utc_text

from ..drift import changes
from .rights import PG_MONITOR, demand_settings


@check(
    "postgresql.unsafe-settings",
    target=PostgreSQL,
    every="15m",
    attempts=1,
    source="PostgreSQL manual, server configuration: each of them is on by default, for safety",
    mend="Switch it on again: ALTER SYSTEM RESET name; SELECT pg_reload_conf(). After a time without fsync or"
    " full_page_writes take a new backup, too.",
    fault="ALTER SYSTEM SET autovacuum = off",
)
def unsafe_settings(db: PostgreSQL) -> Iterator[Finding]:
    """Settings give up safety.

    Without fsync or full-page writes a power cut can destroy the database; without autovacuum and the
    statistics it needs the server slows down and in the end refuses to write.

    Without synchronous commit a crash loses time entries that were already confirmed to whoever entered
    them; without the others it can lose the whole ledger.
    """
    for name, value in db.query_row("unsafe-settings").items():
        if value == "off":
            status = Status.WARNING if name == "synchronous_commit" else Status.CRITICAL
            yield Finding(name, f"{name} is off", status)


@check(
    "postgresql.pending-restart",
    target=PostgreSQL,
    every="15m",
    attempts=1,
    source="PostgreSQL manual, pg_settings: pending_restart",
    grants=PG_MONITOR,
    mend="Restart the server at a quiet time, or take the change back.",
    fault="another max_connections without a restart",
)
def pending_restart(db: PostgreSQL) -> Iterator[Finding]:
    """Settings wait for a restart.

    Finds the settings whose new value is in the configuration and takes effect only with the next restart.

    The restart may come unplanned, in the middle of a bill run, and brings a change with it that nobody then
    thinks of; until then what was decided about memory or safety is not in force.
    """
    demand_settings(db)
    for row in db.query("pending-restart"):
        yield Finding(row["name"], f"{row['name']} is changed but waits for a restart")


@check(
    "postgresql.configuration-errors",
    target=PostgreSQL,
    every="15m",
    attempts=1,
    source="PostgreSQL manual: with an error in postgresql.conf the server does not start, and with one in"
    " pg_hba.conf it does not load the file",
    grants="GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO lexops_monitor;"
    " GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO lexops_monitor",
    mend="Mend the line that is named, then SELECT pg_reload_conf().",
    fault="a line that is none in pg_hba.conf and in postgresql.conf",
)
def configuration_errors(db: PostgreSQL) -> Iterator[Finding]:
    """Configuration files have errors.

    Reads postgresql.conf and pg_hba.conf as the server would at its next start, and finds what it would not
    accept. The running server still goes by what it read before.

    It shows at the next restart, when the server does not come back: no time can be entered and no bill made
    until somebody has found the line.
    """
    for row in db.query("configuration-errors"):
        place = f"{row['file']}, line {row['line']}"
        yield Finding(place, f"{place}: {row['error']}", Status.CRITICAL)


@check(
    "postgresql.settings-changed",
    target=PostgreSQL,
    every="5m",
    attempts=1,
    source="awesome-prometheus-alerts, configuration changed; told for a week: LexOps' own judgement",
    grants=PG_MONITOR,
    mend="Ask who changed it and why; if nobody knows, look at who may use ALTER SYSTEM and at the dates of"
    " the configuration files.",
    fault="ALTER SYSTEM SET work_mem",
)
def settings_changed(db: PostgreSQL) -> Iterator[Observation]:
    """Settings were changed.

    Compares the settings from files, command line and ALTER DATABASE with those last accepted. A change is
    told for a week, with when it was first seen, and then accepted; its value is neither kept nor shown.

    Settings decide what is logged, how safely a payment is stored and who may log in; in a system that holds
    client money no change of them should pass unseen.
    """
    demand_settings(db)
    facts = {row["name"]: _mark(row["value"]) for row in db.query("settings")}
    for change in changes(db.memory, facts):
        how = "set" if change.before is None else "taken back" if change.after is None else "changed"
        yield Finding(change.name, f"{change.name} was {how}, seen at {utc_text(change.noticed)}")


def _mark(value: str) -> str:
    """What tells a value from others without saying it: settings can hold passwords."""
    return sha256(value.encode()).hexdigest()[:16]


@check(
    "postgresql.extensions",
    target=PostgreSQL,
    every="1d",
    attempts=1,
    source="check_pgactivity, extensions_versions: any that is not the installed one",
    mend="In this database: ALTER EXTENSION name UPDATE.",
    fault="CREATE EXTENSION pgstattuple in an earlier version",
)
def extensions(db: PostgreSQL) -> Iterator[Finding]:
    """Extensions are out of date.

    Finds the extensions of this database whose SQL part is older than the library that is installed. They
    stay behind when the packages are updated, until each database is told.

    An old definition over a new library keeps faults that were mended, among them security holes, and stops
    the next upgrade on the night it is planned for.
    """
    for row in db.query("extensions"):
        yield Finding(
            row["name"], f"extension {row['name']} is {row['installed']}, and {row['available']} is installed"
        )
