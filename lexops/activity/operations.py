"""The two ways to end what holds up a database: cancel a statement, terminate a session.

Whose session it is was decided when the act was asked for: its number together with when it began. The step
looks again and leaves alone whatever has the number by then.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from lexops.activity import signal
from lexops.activity.model import Session
from lexops.errors import Refused, Unreachable
from lexops.operations import Act, Doing, Effect, Interrupted, Role, operation, step
from lexops.store import event
from lexops.targets.connect import connect
from lexops.targets.session import Session as Connection
from lexops.targets.sql import Database

Target = Annotated[str, "name of the database"]
Pid = Annotated[int, "number of the session"]
Started = Annotated[str, "when the session began, as lexops activity tells it"]
Statement = Annotated[str, "when the statement began, as lexops activity tells it"]


_FULL = ("too many connections", "max_user_connections")
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the attempts to connect while the few connections that our role may have are taken."""


def _connected(doing: Doing, target: str) -> Connection:
    for pause in _PAUSES:
        try:
            return connect(doing.file, target)
        except Unreachable as error:
            if not any(word in str(error) for word in _FULL):
                raise
            time.sleep(pause)
    return connect(doing.file, target)


@contextmanager
def _database(doing: Doing, target: str) -> Iterator[Database]:
    connection = _connected(doing, target)
    try:
        if not isinstance(connection, Database):
            raise Refused(f"{target} is no database")
        yield connection
    finally:
        connection.close()


def _who(session: Session) -> str:
    """Whose session it is; only what does not change while it lives, for it is part of the plan."""
    program = f" ({session.program})" if session.program else ""
    place = f" from {session.client}" if session.client else ""
    return f"session {session.pid} of {session.role}{program}{place} in {session.database or 'no database'}"


def plan_cancel(doing: Doing, *, target: str, pid: int, started: str, statement: str) -> list[str]:
    """Which session's statement would be cancelled. Raises Refused when it is over, or must not be."""
    with _database(doing, target) as db:
        session = signal.demand(db, pid, started, statement)
    return [
        f"cancels the statement of {_who(session)}",
        f"connected since {started}, the statement since {statement}",
        "the application gets an error for it; the session stays",
    ]


def plan_terminate(doing: Doing, *, target: str, pid: int, started: str) -> list[str]:
    """Which session would be terminated. Raises Refused when it is over, or must not be."""
    with _database(doing, target) as db:
        session = signal.demand(db, pid, started)
    return [
        f"terminates {_who(session)}",
        f"connected since {started}",
        "what it has not committed is rolled back; the application loses its connection",
    ]


def _has_cancelled(doing: Doing, *, target: str, pid: int, started: str, statement: str) -> Interrupted:
    with _database(doing, target) as db:
        there = signal.find(db, pid, started, statement) is not None
    return Interrupted.RERUN if there else Interrupted.DONE


@step(interrupted=_has_cancelled)
def cancel_statement(doing: Doing, *, target: str, pid: int, started: str, statement: str) -> str:
    """Cancel the statement, if it still is the same one"""
    with _database(doing, target) as db:
        session = signal.demand(db, pid, started, statement)
        signal.cancel(db, session)
    return f"cancelled the statement of {_who(session)}"


def _has_terminated(doing: Doing, *, target: str, pid: int, started: str) -> Interrupted:
    with _database(doing, target) as db:
        there = signal.find(db, pid, started) is not None
    return Interrupted.RERUN if there else Interrupted.DONE


@step(interrupted=_has_terminated)
def terminate_session(doing: Doing, *, target: str, pid: int, started: str) -> str:
    """Terminate the session, if it still is the same one"""
    with _database(doing, target) as db:
        session = signal.demand(db, pid, started)
        signal.terminate(db, session)
    return f"terminated {_who(session)}"


@operation(
    "session.cancel", role=Role.SUPPORT, effect=Effect.CHANGE, plan=plan_cancel, steps=(cancel_statement,)
)
def cancel(act: Act, *, target: Target, pid: Pid, started: Started, statement: Statement) -> str:
    """Cancel a statement.

    The session stays; its application gets an error for what it had asked.
    """
    event.append(act.connection, act.at, "session.cancelled", f"{target} {pid}")
    return f"the statement of session {pid} on {target} is cancelled"


@operation(
    "session.terminate",
    role=Role.ADMINISTRATOR,
    effect=Effect.DESTROY,
    plan=plan_terminate,
    steps=(terminate_session,),
)
def terminate(act: Act, *, target: Target, pid: Pid, started: Started) -> str:
    """Terminate a session.

    What it has not committed is rolled back; its application loses the connection.
    """
    event.append(act.connection, act.at, "session.terminated", f"{target} {pid}")
    return f"session {pid} on {target} is terminated"


OPERATIONS = (cancel, terminate)
