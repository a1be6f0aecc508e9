"""Which processes of this machine have a file open: the nearest thing to sessions that SQLite has."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lexops.activity.model import Session

if TYPE_CHECKING:
    import psutil

SUFFIXES = ("", "-wal", "-journal")
KEEP = "SQLite has no sessions: end the process on its machine"


def openers(path: Path) -> tuple[tuple[Session, ...], int]:
    """The other processes that have the file at `path` open, and how many could not be looked into."""
    import psutil

    wanted = {f"{path.resolve()}{suffix}" for suffix in SUFFIXES}
    found: list[Session] = []
    hidden = 0
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if wanted & {file.path for file in process.open_files()}:
                found.append(_session(process))
        except psutil.AccessDenied:
            hidden += 1
        except psutil.Error:
            continue  # it has ended meanwhile
    return tuple(found), hidden


def _session(process: psutil.Process) -> Session:
    started = datetime.fromtimestamp(process.create_time(), UTC)
    return Session(
        process.pid,
        started.isoformat(),
        process.username(),
        process.name(),
        "local",
        state="has the file open",
        seconds=(datetime.now(UTC) - started).total_seconds(),
        keep=KEEP,
    )
