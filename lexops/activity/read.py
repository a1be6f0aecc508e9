"""Reads what goes on in a database. Looks only; the text of statements is masked before it leaves here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from lexops.activity.model import Activity, Session
from lexops.activity.openers import openers
from lexops.errors import Denied, Refused
from lexops.targets.database import MariaDB, PostgreSQL, SQLite
from lexops.targets.masking import masked
from lexops.targets.session import Session as Connection
from lexops.targets.sqlfile import SqlFolder
from lexops.text import one_line, plural

SQL = SqlFolder(files("lexops.activity"))
OURS = "a session of LexOps itself"
CLIENT = "client backend"
LONGEST = 400
"""Characters of a masked statement that are kept."""
_STATES = {"Sleep": "idle", "Query": "active", "Execute": "active"}
_SYSTEM = ("Daemon", "Binlog Dump", "Binlog Dump GTID", "Slave_IO", "Slave_SQL", "Slave_worker")
_SYSTEM_USERS = ("system user", "event_scheduler")


def read(connection: Connection) -> Activity:
    """What goes on there now. Raises Refused where it is no database, Unreachable, TimedOut, QueryFailed."""
    match connection:
        case PostgreSQL():
            return _postgresql(connection)
        case MariaDB():
            return _mariadb(connection)
        case SQLite():
            return _sqlite(connection)
        case _:
            raise Refused(f"{connection.target.name} is no database", hint="see: lexops status")


# PostgreSQL


def _postgresql(db: PostgreSQL) -> Activity:
    db.sql = SQL
    rights = db.query_row("postgresql-rights")
    if not rights["sees"]:
        return Activity(
            db.target.name,
            db.kind,
            datetime.now(UTC),
            unseen=f"{rights['name']} sees only its own sessions",
            grant=f"GRANT pg_monitor TO {rights['name']}",
        )
    grant = "" if rights["signals"] else f"to end sessions: GRANT pg_signal_backend TO {rights['name']}"
    sessions = tuple(_of_postgresql(row, rights["plain"]) for row in db.query("postgresql-sessions"))
    return Activity(db.target.name, db.kind, datetime.now(UTC), sessions, grant=grant)


def _of_postgresql(row: Mapping[str, Any], us: str) -> Session:
    return Session(
        row["pid"],
        row["started"],
        one_line(row["role"], 100) or row["kind"],
        one_line(row["program"], 100),
        one_line(row["client"], 100),
        one_line(row["database"], 100),
        row["state"] or row["kind"],
        row["seconds"],
        row["wait"],
        row["waits"],
        _lock(row["mode"], row["relation"], row["locktype"]),
        tuple(sorted(set(row["blockers"]))),
        masked(row["statement"], LONGEST),
        row["statement_started"],
        _kept_by_postgresql(row, us),
    )


def _kept_by_postgresql(row: Mapping[str, Any], us: str) -> str:
    """Anybody may call a program `lexops`, so that alone spares no session of another role."""
    if row["kind"] != CLIENT:
        return f"a process of the server: {row['kind']}"
    ours = row["program"] == "lexops" and row["role"] == us
    return OURS if ours or row["program"] in _OUR_PROGRAMS else ""


_OUR_PROGRAMS = ("lexops store", "lexops runs")


def _lock(mode: str, relation: str | None, kind: str = "") -> str:
    if not mode:
        return ""
    return f"{mode} on {one_line(relation, 120)}" if relation else f"{mode} {kind}".strip()


# MariaDB and MySQL


def _mariadb(db: MariaDB) -> Activity:
    db.sql = SQL
    rights = db.query_row("mariadb-rights")
    account = account_words(rights["name"])
    try:
        rows = db.query("mariadb-sessions")
    except Denied:
        return Activity(
            db.target.name,
            db.kind,
            datetime.now(UTC),
            unseen=f"{account} sees only its own sessions",
            grant=f"GRANT PROCESS ON *.* TO {account}",
        )
    grant = "" if rights["signals"] else f"to end sessions: {signal_grant(db, account)}"
    sessions = tuple(_of_mariadb(row, rights) for row in rows)
    return Activity(db.target.name, db.kind, datetime.now(UTC), sessions, grant=grant)


def account_words(account: str) -> str:
    """`lexops@%` as it is written in a GRANT."""
    user, _, host = account.rpartition("@")
    return f"'{user}'@'{host}'"


def signal_grant(db: MariaDB, account: str) -> str:
    """What allows an account to end the sessions of others."""
    if db.is_mysql:
        return f"GRANT CONNECTION_ADMIN ON *.* TO {account}"
    return f"GRANT {'CONNECTION ADMIN' if db.version >= (10, 5) else 'SUPER'} ON *.* TO {account}"


def _of_mariadb(row: Mapping[str, Any], rights: Mapping[str, Any]) -> Session:
    state = _STATES.get(row["command"], row["command"].lower())
    if state == "idle" and row["in_transaction"]:
        state = "idle in transaction"
    blockers = {int(pid) for pid in str(row["blockers"]).split(",") if pid}
    return Session(
        int(row["pid"]),
        # Connections are numbered anew when the server starts.
        f"{int(float(rights['started']))} {one_line(row['client'], 100)}",
        one_line(row["role"], 100),
        one_line(row["program"], 100),
        one_line(row["client"], 100).rpartition(":")[0] or one_line(row["client"], 100),
        one_line(row["database"], 100),
        state,
        max(0.0, float(row["seconds"] or 0)),
        one_line(row["wait"], 100),
        None if row["waits"] is None else float(row["waits"]),
        _lock(row["mode"], row["relation"]),
        tuple(sorted(blockers)),
        masked(row["statement"], LONGEST, mariadb=True),
        str(row["statement_started"] or ""),
        _kept_by_mariadb(row, rights["role"]),
    )


def _kept_by_mariadb(row: Mapping[str, Any], us: str) -> str:
    if row["command"] in _SYSTEM or row["role"] in _SYSTEM_USERS:
        return f"a process of the server: {row['command']}"
    # The server does not tell MariaDB's programs apart, so all of our own account are spared.
    return f"{OURS}, or another one of its account {us}" if row["role"] == us else ""


# SQLite


def _sqlite(db: SQLite) -> Activity:
    """Its sessions are the processes of this machine that have the file open."""
    found, hidden = openers(db.path)
    unseen = f"{plural(hidden, 'program')} of other accounts may have the file open too" if hidden else ""
    grant = "run lexops as root, or as the account of the application" if hidden else ""
    return Activity(db.target.name, db.kind, datetime.now(UTC), found, unseen, grant)
