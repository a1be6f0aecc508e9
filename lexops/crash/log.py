"""The private log: only its owner reads it, and it never grows beyond a bound."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

FULL = 5_000_000
"""Bytes after which a log is set aside."""
KEPT = 3
"""So many of those set aside are kept."""


def log_path() -> Path:
    """The private log: `$LEXOPS_LOG`, or under `$XDG_STATE_HOME`."""
    given = os.environ.get("LEXOPS_LOG")
    if given:
        return Path(given)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "lexops" / "lexops.log"


def open_log() -> BinaryIO:
    """The private log, to append to; a full one is set aside first. Raises OSError."""
    path = log_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.environ.get("LEXOPS_LOG"):
        path.parent.chmod(0o700)
    if _is_full(path):
        _set_aside(path)
    log = open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))
    about = os.fstat(log.fileno())
    if stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and about.st_mode & 0o077:
        os.fchmod(log.fileno(), 0o600)
    return log


def _is_full(path: Path) -> bool:
    try:
        about = path.stat()
    except FileNotFoundError:  # it is new, or another program has just set it aside
        return False
    return stat.S_ISREG(about.st_mode) and about.st_size >= FULL


def _set_aside(path: Path) -> None:
    """Move every log on by one, the oldest away."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_full(path):  # another program may have been faster
            for number in range(KEPT, 0, -1):
                newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
                with suppress(FileNotFoundError):
                    newer.replace(path.with_name(f"{path.name}.{number}"))
    except BlockingIOError:
        return  # another program is at it
    finally:
        os.close(folder)


def note(text: str, moment: datetime | None = None) -> None:
    """Write an entry into the private log, if that is possible."""
    when = (moment or datetime.now(UTC)).isoformat(timespec="seconds")
    with suppress(OSError), open_log() as log:
        log.write(f"{when} {text}\n".encode())
