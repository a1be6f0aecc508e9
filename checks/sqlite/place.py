"""Where the file lies, what there is room for, what wrote it, and whether there is a copy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path

from lexops.checks.contract import (
    Area,
    CannotSee,
    Finding,
    Forecast,
    Metric,
    NotApplicable,
    Note,
    Observation,
    SQLite,
    Status,
    check,
)
from lexops.text import clean

from .beside import first_bytes
from .file import SUFFIXES, journal_of

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs"}
)
"""File systems of other machines, as /proc/mounts names them."""
MEMORY = frozenset({"tmpfs", "ramfs"})
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
MOUNTS = Path("/proc/self/mounts")

_WAL_RESET = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The releases that mend the WAL-reset bug of 3.7.0 to 3.51.2 (https://www.sqlite.org/wal.html#walresetbug)."""

KNOWN_BAD = (
    ((3, 35, 0), (3, 35, 5), "ALTER TABLE DROP COLUMN could corrupt the file (release notes of 3.35.5)"),
    ((3, 52, 0), (3, 52, 1), "it was withdrawn by its makers (release notes of 3.51.3)"),
)
"""First bad version, first good one, and why."""


@check(
    "sqlite.placement",
    target=SQLite,
    every="1h",
    attempts=1,
    source="SQLite manual, how to corrupt a database file: locks of network file systems do not hold",
    mend="Stop the application, move FILE and FILE-wal together to a disk of the machine that uses them,"
    " and tell the application; look through it with sqlite3 FILE 'PRAGMA integrity_check'.",
    fault="the file lies in memory (/dev/shm)",
)
def placement(db: SQLite) -> Iterator[Finding]:
    """Database file lies in a bad place.

    Looks on which file system the file is: of another machine, in memory, or in a folder for temporary files,
    which the system may clear.

    On a network drive two people who save at the same time can destroy the whole file; in memory every entry
    is gone with the next restart.
    """
    kind = filesystem(db.path.resolve(), _mounts())
    if kind in NETWORK:
        wal = " with a write-ahead log, which cannot work there" if journal_of(db) == "wal" else ""
        yield Finding("network", f"on a file system of another machine ({kind}){wal}", Status.CRITICAL)
    elif kind in MEMORY:
        yield Finding("memory", f"in memory ({kind}): gone with the next restart", Status.CRITICAL)
    elif any(db.path.resolve().is_relative_to(folder) for folder in TEMPORARY):
        yield Finding("temporary", "in a folder for temporary files, which the system may clear")


def filesystem(path: Path, mounts: str) -> str:
    """The kind of file system that `path` is on, by the text of /proc/mounts; empty when none fits."""
    fitting = []
    for line in filter(None, mounts.split("\n")):
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if path.is_relative_to(point):
            fitting.append((len(Path(point).parts), kind))
    return max(fitting, key=lambda item: item[0])[1] if fitting else ""


def _mounts() -> str:
    try:
        return MOUNTS.read_text(errors="replace")
    except OSError:
        raise NotApplicable("this machine does not tell its mounts (/proc/self/mounts)") from None


@check(
    "sqlite.size",
    target=SQLite,
    every="15m",
    warn="50%",
    crit="90%",
    source="SQLite manual, VACUUM: it needs as much free disk again as the file is large, and so does a"
    " copy beside it; 90 % is LexOps' own judgement",
    mend="Make room on the disk, or move the file to a larger one. A VACUUM helps only if sqlite.freelist"
    " says so.",
    trends=(Forecast("size"),),
    fault="a file that fills more than its share of the disk",
)
def size(db: SQLite) -> Iterator[Metric]:
    """Disk has no room for the database to grow.

    Compares the file and its write-ahead log with what they could grow to: themselves and the free space of
    the disk.

    From half of it on a backup beside the file or a VACUUM no longer fits; at the end no time entry can be
    saved.
    """
    sizes = [found.st_size for found in map(db.file, SUFFIXES[:2]) if found]
    if not sizes:
        raise CannotSee("the file is not there any more")
    disk = os.statvfs(db.path.parent)
    yield Metric("size", sum(sizes), "B", limit=sum(sizes) + disk.f_bavail * disk.f_frsize)


@check(
    "sqlite.library",
    target=SQLite,
    every="1d",
    attempts=1,
    source="release notes of SQLite, as of 3.53",
    mend="Bring the application's SQLite up to date: programs often have a copy of their own, beside the"
    " system's. Then look through the file: sqlite3 FILE 'PRAGMA integrity_check'.",
    fault="a file that was written by SQLite 3.35.2",
)
def library(db: SQLite) -> Iterator[Observation]:
    """File was written by a SQLite with a known fault.

    Reads from the head of the file the version of SQLite that wrote the head last (with a write-ahead log not
    every change does), which is the application's and not that of LexOps, and compares it with those that can
    destroy data. Of one very rare fault, which most systems still have, there is only a note.

    Such a library damages the billing data some day while everything else works as it should.
    """
    head = first_bytes(db.path, 100)
    number = int.from_bytes(head[96:100], "big")
    if not number:
        raise NotApplicable("nothing has been written by a SQLite that tells its version")
    version = (number // 1_000_000, number // 1000 % 1000, number % 1000)
    name = ".".join(map(str, version))
    for since, good, why in KNOWN_BAD:
        if since <= version < good:
            yield Finding(name, f"written by SQLite {name}: {why}")
    yield Note("written by", f"SQLite {name}{_rare(version)}")


def _rare(version: tuple[int, int, int]) -> str:
    mended = (
        any(good <= version and good[:2] == version[:2] for good in _WAL_RESET) or version > _WAL_RESET[0]
    )
    return "" if mended or version < (3, 7) else "; its rare WAL-reset fault is mended in 3.51.3"


@check(
    "sqlite.backup-age",
    target=SQLite,
    area=Area.BACKUPS,
    every="15m",
    attempts=1,
    warn="26h",
    crit="50h",
    source="heartbeat practice for a daily job (gatus: 25 h); two missed days are critical",
    mend='See why the job did not run, then take one now: sqlite3 FILE ".backup COPY". Copying the file'
    " with cp while it is in use gives a damaged one.",
    fault="the newest backup is days old",
)
def backup_age(db: SQLite) -> Iterator[Observation]:
    """No fresh backup.

    Looks for the newest of the files that the target's setting `backups` names, and whether there is anything
    in it. Whether it can be restored, only restoring it tells.

    When the file is lost, every time entry, bill and payment since the last backup is lost with it.
    """
    if not db.backups:
        raise NotApplicable("no backups are named: set `backups` of the target to a pattern of their names")
    found = sorted(_files(db.backups), key=lambda file: file[1].st_mtime)
    if not found:
        yield Finding("none", f"there is no file {clean(db.backups, 200)}", Status.CRITICAL)
        return
    path, newest = found[-1]
    yield Metric("age", max(0.0, db.memory.at.timestamp() - newest.st_mtime), "s")
    yield Metric("size", newest.st_size, "B", info=True)
    yield Note("newest", clean(path, 200))
    if not newest.st_size:
        yield Finding("empty", f"{clean(path, 200)} is empty", Status.CRITICAL)


def _files(pattern: str) -> Sequence[tuple[str, os.stat_result]]:
    found = []
    for path in glob(pattern):
        try:
            found.append((path, os.stat(path)))
        except OSError:
            continue
    return found
