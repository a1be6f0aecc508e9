"""Ending one session or its statement: looks whether it is still the one that was meant, and may be ended."""

from __future__ import annotations

from lexops.activity.model import Session
from lexops.activity.read import SQL, account_words, read, signal_grant
from lexops.errors import Denied, Refused
from lexops.targets.database import MariaDB, PostgreSQL
from lexops.targets.sql import Database

START_TOLERANCE = 2
"""Seconds by which two looks at MariaDB may differ in when the server started."""


def find(db: Database, pid: int, started: str, statement: str = "") -> Session | None:
    """The session that was meant, while it is there; with `statement`, while that one runs.

    Raises Denied when sessions cannot be seen at all.
    """
    seen = read(db)
    if seen.grant and not seen.sessions:
        raise Denied(f"{db.target.name}: {seen.unseen}", hint=seen.grant)
    session = seen.find(pid)
    if session is None or not _same(session.started, started):
        return None
    running = session.is_active and session.statement_started == statement
    return session if running or not statement else None


def demand(db: Database, pid: int, started: str, statement: str = "") -> Session:
    """Like :func:`find`; raises Refused when it is over or must not be ended, Denied when we may not."""
    session = find(db, pid, started, statement)
    if session is None:
        what = "that statement no longer runs" if statement else "that session is over"
        raise Refused(
            f"{db.target.name}: {what}; number {pid} may be another one by now",
            hint="look again, then choose",
        )
    if session.keep:
        raise Refused(f"{db.target.name}: session {pid} is left alone: {session.keep}")
    _demand_right(db, session)
    return session


def _same(now: str, meant: str) -> bool:
    """MariaDB's begins with when the server started, known to a second only."""
    a, _, who = now.partition(" ")
    b, _, meant_who = meant.partition(" ")
    if a.isdecimal() and b.isdecimal():
        return who == meant_who and abs(int(a) - int(b)) <= START_TOLERANCE
    return now == meant


def _demand_right(db: Database, session: Session) -> None:
    """Raises Denied with the grant that is missing, before anything is asked of others."""
    db.sql = SQL
    match db:
        case PostgreSQL():
            rights = db.query_row("postgresql-rights")
            theirs = db.query_row("postgresql-superusers", role=session.role)
            if theirs["is_superuser"] and not rights["is_superuser"]:
                raise Denied(
                    f"{db.target.name}: {session.role} is a superuser, whose sessions only superusers end"
                )
            if not (rights["signals"] or rights["is_superuser"] or theirs["is_ours"]):
                grant = f"GRANT pg_signal_backend TO {rights['name']}"
                raise Denied(f"{db.target.name}: {rights['name']} may not end sessions", hint=grant)
        case MariaDB():
            rights = db.query_row("mariadb-rights")
            if not rights["signals"]:
                account = account_words(rights["name"])
                raise Denied(
                    f"{db.target.name}: {account} may not end sessions", hint=signal_grant(db, account)
                )
        case _:
            raise Refused(f"{db.target.name} has no sessions to end")


def cancel(db: Database, session: Session) -> None:
    """Cancel the statement of a session that :func:`demand` gave. Raises Refused when it was faster."""
    done = isinstance(db, PostgreSQL | MariaDB) and db.cancel(
        session.pid, session.started, session.statement_started
    )
    _say(db, session, done)


def terminate(db: Database, session: Session) -> None:
    """End a session that :func:`demand` gave. Raises Refused when it was faster."""
    done = isinstance(db, PostgreSQL | MariaDB) and db.terminate(session.pid, session.started)
    _say(db, session, done)


def _say(db: Database, session: Session, done: bool) -> None:
    if not done:
        raise Refused(f"{db.target.name}: session {session.pid} was over before it could be ended")
