"""What a process beside ours reads from the files of a database, and which of them it finds locked.

SQLite's locks are POSIX locks, which belong to a whole process: closing any of its files in ours would drop
those that our own connection holds (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lexops.checks.contract import CannotSee, NotApplicable
from lexops.text import one_line

_MARGIN = 3.0
"""Seconds that starting the process may take."""

_READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read(int(sys.argv[2])))"

# Asks (F_GETLK) and never takes: who would stand in the way of an exclusive lock on each of the bytes? Again
# and again, until nobody stands in the way of the first, or the time is over.
_ASK = """
import fcntl, json, struct, sys, time
FLOCK = "hhqqi4x"
def holder(file, byte):
    asked = struct.pack(FLOCK, fcntl.F_WRLCK, 0, byte, 1, 0)
    kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else pid
path, seconds, *places = sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:])
start = time.monotonic()
with open(path, "rb") as file:
    while True:
        holders = [holder(file, byte) for byte in places]
        waited = time.monotonic() - start
        if holders[0] is None or waited >= seconds:
            break
        time.sleep(0.02)
print(json.dumps({"waited": waited, "holders": holders}))
"""


@dataclass(frozen=True, slots=True)
class Locks:
    """Who has locks on bytes of a file."""

    waited: float
    """Seconds until the first byte was free, or until the look was over."""
    holders: tuple[int | None, ...]
    """By byte: the process, 0 or less for one that this machine does not show us, None for nobody."""


@dataclass(frozen=True, slots=True)
class WalIndex:
    """The head of a `-shm` file (https://www.sqlite.org/walformat.html, the WAL-index header)."""

    frames: int
    """Pages in the write-ahead log."""
    folded: int
    """How many of them are in the database file already."""
    page_size: int

    @property
    def waiting(self) -> int:
        """Bytes that have not been folded back."""
        return max(0, self.frames - self.folded) * self.page_size


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file; raises CannotSee."""
    return _run(_READ, str(path), str(count))


def locks(path: Path, places: Sequence[int], seconds: float = 0.0) -> Locks:
    """Who has locks on the bytes of `path`, asked for up to `seconds` while the first one is locked.

    Raises CannotSee, and NotApplicable where locks have another form.
    """
    if sys.platform != "linux":
        raise NotApplicable("locks are looked at on Linux only")
    said = json.loads(_run(_ASK, str(path), str(seconds), *map(str, places), seconds=seconds))
    return Locks(said["waited"], tuple(said["holders"]))


def wal_index(head: bytes) -> WalIndex | None:
    """What the first 100 bytes of a `-shm` file say; None while it is being written or not yet in use."""
    if len(head) < 100 or head[:48] != head[48:96] or not head[12]:
        return None
    page_size, frames = struct.unpack_from("=HI", head, 14)
    [folded] = struct.unpack_from("=I", head, 96)
    return WalIndex(frames, folded, 65536 if page_size == 1 else page_size)


def _run(script: str, *arguments: str, seconds: float = 0.0) -> bytes:
    command = [sys.executable, "-I", "-S", "-c", script, *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + _MARGIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotSee(f"no process could look: {type(error).__name__}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CannotSee(one_line(said, 200))
    return done.stdout
