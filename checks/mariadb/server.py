"""Is the server there, has it room for more, and does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lexops.checks.contract import Finding, MariaDB, Metric, Status, check


@check(
    "mariadb.availability",
    target=MariaDB,
    every="1m",
    warn="1s",
    source="blackbox exporter practice: an answer that takes more than 1 s is slow",
    mend="See whether the server runs and what it says: systemctl status mariadb, then its error log.",
    availability=True,
)
def availability(db: MariaDB) -> Iterator[Metric]:
    """Database does not answer.

    While the database does not answer, no time can be entered, no bill made and no payment posted.
    """
    yield Metric("connect", db.connect_seconds, "s")
    yield Metric("ping", db.ping(), "s")
    yield Metric("uptime", float(_pairs(db, "status")["Uptime"]), "s", info=True)


@check(
    "mariadb.connections",
    target=MariaDB,
    every="1m",
    warn="80%",
    crit="90%",
    source="awesome-prometheus-alerts: 80 %; netdata: 90 %",
    mend="See who holds them: SHOW PROCESSLIST; end what is left over: KILL id. If it comes back, lower the"
    " application's pool or raise max_connections.",
)
def connections(db: MariaDB) -> Iterator[Metric]:
    """Connections run out.

    When none is left, the billing application cannot log in: time entry and invoicing stop at once,
    usually at the end of the month, when everybody works in it.
    """
    status, limit = _pairs(db, "status"), float(_pairs(db, "settings")["max_connections"])
    yield Metric("connections", float(status["Threads_connected"]), limit=limit)
    yield Metric("most_since_start", float(status["Max_used_connections"]), limit=limit, info=True)


@check(
    "mariadb.durability",
    target=MariaDB,
    every="15m",
    attempts=1,
    source="MariaDB manual, innodb_flush_log_at_trx_commit: 1 is required for ACID",
    mend="Set it in the configuration, and at once, SET GLOBAL innodb_flush_log_at_trx_commit = 1;"
    " innodb_doublewrite needs a restart.",
)
def durability(db: MariaDB) -> Iterator[Finding]:
    """Confirmed changes may not survive a crash.

    Otherwise the last seconds of time entries and payments are lost although somebody was told that they
    are saved; without doublewrite a power cut can leave half-written pages that nothing can repair.
    """
    yield from weak_settings(_pairs(db, "settings"))


def weak_settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    """What among the server's settings gives up durability; values as SHOW VARIABLES tells them."""
    flush = settings["innodb_flush_log_at_trx_commit"]
    if flush not in ("1", "3"):
        yield Finding("flush", f"innodb_flush_log_at_trx_commit is {flush}: a crash loses the last second")
    if settings["log_bin"] == "ON" and settings["sync_binlog"] != "1":
        yield Finding(
            "binlog", f"sync_binlog is {settings['sync_binlog']}: a crash loses part of the binary log"
        )
    if settings["innodb_doublewrite"] in ("OFF", "0"):
        yield Finding("doublewrite", "innodb_doublewrite is off: a crash can tear pages", Status.CRITICAL)


def _pairs(db: MariaDB, name: str) -> dict[str, str]:
    return {row["Variable_name"]: row["Value"] for row in db.query(name)}
