"""Whose session this is: the local account, or the key or certificate that opened it over SSH."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting of one person."""

    operator: str
    how: Literal["account", "key", "certificate"]
    id: str
    fingerprint: str | None = None
    remote: str | None = None
    read_only: bool = False


def local_session(read_only: bool = False) -> Session:
    """The session of whoever is at this machine's keyboard; all commands of one log-in share it."""
    return Session(account(), "account", _login_id(), read_only=read_only)


def _login_id() -> str:
    """Names the terminal session: its leading process, which no other one can be taken for."""
    try:
        leader, began = _leader()
    except (OSError, LookupError, ValueError):
        return new_session_id()
    return f"login-{os.getuid()}-{leader}-{began}"


def _leader() -> tuple[int, str]:
    """The process that leads this terminal session and when it began: its number alone may be used again."""
    session = os.getsid(0)
    if not Path("/proc/self/stat").exists():
        return session, _began(session)
    if session and Path(f"/proc/{session}/stat").exists():
        return session, _stat(session).began
    # The leader has ended, or stands outside this container: the outermost that is left speaks for it.
    process = os.getpid()
    while (parent := _stat(process).parent) and _stat(parent).session == session:
        process = parent
    return process, _stat(process).began


@dataclass(frozen=True, slots=True)
class _Stat:
    """What Linux tells of a process (proc(5)); `began` in clock ticks since the machine started."""

    parent: int
    session: int
    began: str


def _stat(process: int) -> _Stat:
    text = Path(f"/proc/{process}/stat").read_text("ascii", "replace")
    # The second field, the program's name, may hold blanks and brackets: count from behind it.
    fields = text.rpartition(")")[2].split()
    return _Stat(parent=int(fields[1]), session=int(fields[3]), began=fields[19])


def _began(process: int) -> str:
    """When a process began, where there is no /proc."""
    import psutil

    try:
        return f"{psutil.Process(process).create_time():.2f}"
    except psutil.Error as error:
        raise LookupError(process) from error


def new_session_id() -> str:
    """A name for a session, unique for good."""
    return uuid4().hex[:16]


def account() -> str:
    """The account the process runs as, whatever the environment says."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
