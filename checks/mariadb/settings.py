"""Do the server's settings keep what it is given, and are they what they were?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from lexops.checks.contract import Finding, MariaDB, Note, Observation, Status, check
from lexops.text import one_line

from ..drift import Change, changes
from .figures import settings

_MOVING = (
    "gtid_current",
    "gtid_binlog",
    "gtid_slave",
    "gtid_executed",
    "gtid_purged",
    "wsrep_start_position",
)
"""Beginnings of names that are no settings: they move by themselves."""
_SECRET = re.compile(
    r"passw|secret|token|credential|filekey|sst_auth|provider_options|init_(?:connect|slave)"
)
"""Names whose values are secrets, or may hold one: statements and options, too."""
_SHOWN = 80
"""Characters of a setting's value that are kept and shown."""


@check(
    "mariadb.durability",
    target=MariaDB,
    every="15m",
    attempts=1,
    source="MariaDB manual, innodb_flush_log_at_trx_commit: 1 is required for ACID",
    mend="Set it in the configuration, and at once, SET GLOBAL innodb_flush_log_at_trx_commit = 1;"
    " innodb_doublewrite needs a restart.",
    fault="innodb_flush_log_at_trx_commit is 0",
)
def durability(db: MariaDB) -> Iterator[Finding]:
    """Confirmed changes may not survive a crash.

    Looks at the settings that decide when a change is on disk, and whether a torn or altered page is noticed:
    flushing of the log at commit, syncing of the binary log, the doublewrite buffer, checksums of pages.

    Otherwise the last seconds of time entries and payments are lost although somebody was told that they
    are saved; without doublewrite a power cut can leave half-written pages that nothing can repair.
    """
    yield from weak_settings(settings(db))


def weak_settings(values: Mapping[str, str]) -> Iterator[Finding]:
    """What among the server's settings gives up durability; values as SHOW VARIABLES tells them."""
    flush = values["innodb_flush_log_at_trx_commit"]
    if flush not in ("1", "3"):
        yield Finding("flush", f"innodb_flush_log_at_trx_commit is {flush}: a crash loses the last second")
    if values["log_bin"] == "ON" and values["sync_binlog"] != "1":
        yield Finding(
            "binlog", f"sync_binlog is {values['sync_binlog']}: a crash loses part of the binary log"
        )
    if values["innodb_doublewrite"] in ("OFF", "0"):
        yield Finding("doublewrite", "innodb_doublewrite is off: a crash can tear pages", Status.CRITICAL)
    if "none" in values.get("innodb_checksum_algorithm", ""):
        yield Finding("checksum", "innodb_checksum_algorithm is none: damage goes unseen", Status.CRITICAL)


@check(
    "mariadb.unsafe-settings",
    target=MariaDB,
    every="15m",
    attempts=1,
    source="MariaDB manual, sql_mode: without a strict mode values are adjusted to fit",
    mend="Switch it on in the configuration, and at once: SET GLOBAL name = ON, and add STRICT_TRANS_TABLES"
    " to sql_mode. Then look for rows that came in meanwhile.",
    fault="sql_mode without a strict mode",
)
def unsafe_settings(db: MariaDB) -> Iterator[Finding]:
    """Wrong values are taken without an error.

    Looks at the defaults that new connections get: strict mode, foreign keys and CHECK constraints. An
    application may still set its own.

    Without a strict mode an amount that is too large is cut to the largest that fits, and a narrative to the
    length of its column, with a warning that nobody reads; without foreign keys invoice lines lose their
    invoice.
    """
    yield from lax_settings(settings(db))


def lax_settings(values: Mapping[str, str]) -> Iterator[Finding]:
    """What among the server's settings lets wrong values in."""
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"} & set(values["sql_mode"].split(",")):
        yield Finding("strict", "sql_mode is not strict: values that do not fit are cut")
    if values.get("foreign_key_checks") == "OFF":
        yield Finding("foreign keys", "foreign_key_checks is off", Status.CRITICAL)
    if values.get("check_constraint_checks") == "OFF":
        yield Finding("constraints", "check_constraint_checks is off", Status.CRITICAL)


@check(
    "mariadb.force-recovery",
    target=MariaDB,
    every="15m",
    attempts=1,
    source="MariaDB manual, InnoDB recovery modes: anything but 0 is for rescuing data from a damaged server;"
    " awesome-prometheus-alerts",
    mend="Dump everything (mysqldump --all-databases), make the server anew from the dump or the last good"
    " backup, and take innodb_force_recovery out of its configuration.",
    fault="the server is started with innodb_force_recovery = 1",
)
def force_recovery(db: MariaDB) -> Iterator[Finding]:
    """Server runs in recovery mode.

    Looks at innodb_force_recovery. Somebody started the server with it because it did not start without: its
    files are damaged, and from mode 4 on it can damage them further and takes no change.

    Bills and trust balances that are read from it may be wrong, and nothing that is entered is safe.
    """
    mode = settings(db)["innodb_force_recovery"]
    if mode != "0":
        yield Finding("mode", f"innodb_force_recovery is {mode}", Status.CRITICAL)


@check(
    "mariadb.settings-drift",
    target=MariaDB,
    every="1h",
    attempts=1,
    source="LexOps' own judgement: a change is told for 7 days, then it counts as accepted",
    mend="Ask who changed it. Put it back, or write it into the configuration, too: what was SET GLOBAL is"
    " gone with the next restart.",
    fault="a setting is changed while the server runs",
)
def settings_drift(db: MariaDB) -> Iterator[Observation]:
    """Settings are not what they were.

    Compares every setting of the server with the last accepted ones, and says which changed from what to
    what, and which look saw it first. Of one that may hold a password the value is neither kept nor shown.

    A server that bills were right and fast on yesterday is another one today; after an incident this is the
    first question.
    """
    now = {row["Variable_name"]: row["Value"] for row in db.query("all-settings")}
    standing = {name: _kept(name, value) for name, value in now.items() if not name.startswith(_MOVING)}
    for change in changes(db.memory, standing):
        yield Finding(change.name, f"{_told(change)}, seen since {change.noticed:%Y-%m-%d %H:%M} UTC")
    yield Note("settings", f"{len(standing)} compared")


def _kept(name: str, value: object) -> str:
    """A value as it is kept; a secret only as what tells it from others without saying it."""
    return sha256(str(value).encode()).hexdigest()[:16] if _SECRET.search(name) else one_line(value, _SHOWN)


def _told(change: Change) -> str:
    if _SECRET.search(change.name):
        return f"{change.name} was changed"
    before, after = ("not there" if v is None else v or "empty" for v in (change.before, change.after))
    return f"{change.name}: {before} became {after}"
