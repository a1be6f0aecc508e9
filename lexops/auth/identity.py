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
    leader = os.getsid(0)
    try:
        return f"login-{os.getuid()}-{leader}-{_began(leader)}"
    except (OSError, LookupError, ValueError):
        return new_session_id()


def _began(process: int) -> str:
    """When a process began, as the kernel counts; its number alone may be used again."""
    stat = Path(f"/proc/{process}/stat")
    if stat.exists():
        # The 22nd field (proc(5)); the second may hold blanks and brackets.
        return stat.read_text("ascii", "replace").rpartition(")")[2].split()[19]
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
