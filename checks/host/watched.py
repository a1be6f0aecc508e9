"""Files, certificates and logs that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from shlex import quote

from lexops.checks.contract import (
    Area,
    Finding,
    Host,
    Metric,
    NotApplicable,
    Note,
    NotYet,
    Observation,
    Status,
    check,
)
from lexops.checks.quantity import show
from lexops.clock import show_duration, utc_text
from lexops.config import FilesSettings, LogSettings
from lexops.targets.memory import Memory
from lexops.targets.model import Certificate, Files, Log, LogFile, LogMatch
from lexops.text import plural

from .machine import LOOK

SHORT_LIVED = timedelta(days=60)
"""Certificates that live shorter are judged by the share of their life that is left."""
SPAN = "15m"
"""What was found in a log counts so long."""


@check(
    "host.certificates",
    target=Host,
    area=Area.SECURITY,
    every="1h",
    timeout=LOOK,
    attempts=1,
    warn="20d:",
    crit="3d:",
    metrics={"life left": ("33%:", "10%:")},
    source="awesome-prometheus-alerts: 20 d and 3 d; a third of the life, at which ACME clients renew",
    grants="setfacl -m u:lexops:r FILE",
    mend="See who renews it and why that fails; then let the service that uses it read it anew.",
    fault="a certificate that runs out tomorrow is put in the place of the good one",
)
def certificates(host: Host) -> Iterator[Observation]:
    """Certificate in a file expires soon.

    Every certificate in the files that the settings name, also those that no port shows: of clients, of
    authorities, of the signing of documents. Those that live less than 60 days are judged by the third
    of their life that should be left.

    With an expired one electronic invoices are not signed, and payments and time entries are not delivered.
    """
    if not host.settings.certificates:
        raise NotApplicable("the settings name no files with certificates")
    facts = host.facts()
    for path, found in facts.certificates.items():
        if found is None:
            grant = f"setfacl -m u:lexops:r {quote(path)}"
            yield Finding(path, f"{path} cannot be read", Status.UNKNOWN, grant=grant)
        elif not found:
            yield Finding(path, f"{path} holds no certificate")
        for one in found or ():
            yield from _life(path, one, facts.clock)


def _life(path: str, one: Certificate, now: datetime) -> Iterator[Observation]:
    item = f"{path} ({', '.join(one.names) or one.subject})"
    left, life = (one.not_after - now).total_seconds(), one.not_after - one.not_before
    short = life < SHORT_LIVED
    yield Metric("valid for", left, "s", item=item, info=short)
    if short:
        yield Metric("life left", left, "s", limit=life.total_seconds(), item=item)
    yield Note(item, f"runs out {utc_text(one.not_after)}")


@check(
    "host.files",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    attempts=1,
    source="the settings of the host: files",
    grants="setfacl -m u:lexops:rx FOLDER",
    mend="See whether the job that writes or fetches them runs, and what its log says; then repeat it.",
    fault="a job that does not write, and a folder that nobody empties",
)
def files(host: Host) -> Iterator[Observation]:
    """Files are missing, too old or too many.

    Files that jobs write or fetch: the newest tells whether a job still writes, the oldest whether somebody
    still fetches them; their number and size tell when something has gone wrong on the way.

    Bank statements, LEDES files and exports to the ledger travel as files: what lies there is not booked.
    """
    if not host.settings.files:
        raise NotApplicable("the settings name no files")
    seen = host.facts().files
    for name, wanted in host.settings.files.items():
        yield from _judged(name, wanted, seen.get(name))


def _judged(name: str, wanted: FilesSettings, seen: Files | None) -> Iterator[Observation]:
    if seen is None:
        yield Finding(name, f"{name}: no answer; the file system may hang", Status.UNKNOWN)
    elif seen.state == "denied":
        grant = f"setfacl -m u:lexops:rx {quote(seen.folder)}"
        yield Finding(name, f"{name}: {seen.folder} may not be read", Status.UNKNOWN, grant=grant)
    elif seen.state == "absent":
        yield Finding(name, f"{name}: there is no folder for {wanted.path}", Status.CRITICAL)
    else:
        yield Metric("files", seen.count, item=name, info=True)
        yield Metric("size", seen.size, "B", item=name, info=True)
        if seen.oldest is not None:
            yield Metric("oldest", seen.oldest, "s", item=name, info=True)
        for key, text in _complaints(wanted, seen):
            yield Finding(f"{name} {key}", f"{name}: {text}", Status(wanted.severity.upper()))


def _complaints(wanted: FilesSettings, seen: Files) -> Iterator[tuple[str, str]]:
    """What is wrong, by the setting that says so."""
    if wanted.newest is not None and (seen.newest is None or seen.newest > wanted.newest.total_seconds()):
        age = "there is none" if seen.newest is None else f"the newest is {_age(seen.newest)} old"
        yield "newest", f"{age}; at most {show_duration(wanted.newest)}"
    if wanted.oldest is not None and seen.oldest is not None and seen.oldest > wanted.oldest.total_seconds():
        yield "oldest", f"the oldest is {_age(seen.oldest)} old; at most {show_duration(wanted.oldest)}"
    if wanted.min_count is not None and seen.count < wanted.min_count:
        yield "min_count", f"{seen.count} files; at least {wanted.min_count}"
    if wanted.max_count is not None and seen.count > wanted.max_count:
        yield "max_count", f"{seen.count} files; at most {wanted.max_count}"
    if wanted.min_size is not None and seen.size < wanted.min_size:
        yield "min_size", f"{show(seen.size, 'B')}; at least {show(wanted.min_size, 'B')}"
    if wanted.max_size is not None and seen.size > wanted.max_size:
        yield "max_size", f"{show(seen.size, 'B')}; at most {show(wanted.max_size, 'B')}"


def _age(seconds: float) -> str:
    return show_duration(timedelta(seconds=round(seconds)))


@check(
    "host.logs",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    attempts=1,
    source="the settings of the host: logs; for patterns of PostgreSQL see pgwatch, server_log_event_counts",
    grants="setfacl -m u:lexops:r FILE",
    mend="Read the log around that time; mend what it tells of.",
    fault="a line is written to a log, which is then rotated",
)
def logs(host: Host) -> Iterator[Observation]:
    """Log tells of trouble.

    Lines that were written since the last look and in which a pattern of the settings is found, counted for a
    quarter of an hour. Lines stay on the host unless the settings say otherwise, and are masked then. At most
    256 KiB and 200 finds are looked at each time, also of the file before a rotation (LOG.1).

    What a database writes before its disk is lost, or a feed before it drops time entries, stands there hours
    before anybody is told.
    """
    if not host.settings.logs:
        raise NotApplicable("the settings name no logs")
    facts, known = host.facts(), False
    for name, wanted in host.settings.logs.items():
        log, before = facts.logs.get(name), f"{name} at" in host.memory.kept
        if log is not None and log.state == "seen":
            known = known or before
            yield from _read(name, wanted, log, host.memory)
            continue
        yield _unread(name, wanted, log)
        if before:  # what was found still counts, and so does what the next look finds
            yield from _counts(name, wanted, [], host.memory)
    if not known and any(log.state == "seen" for log in facts.logs.values()):
        raise NotYet("first look at the logs; what is written from now on is searched")


def _unread(name: str, wanted: LogSettings, log: Log | None) -> Finding:
    if log is None:
        return Finding(name, f"{name}: no answer; the file system may hang", Status.UNKNOWN)
    if log.state == "denied":
        grant = f"setfacl -m u:lexops:r {quote(wanted.path)}"
        return Finding(name, f"{name}: {wanted.path} may not be read", Status.UNKNOWN, grant=grant)
    return Finding(name, f"{name}: there is no {wanted.path}", Status.UNKNOWN)


def _read(name: str, wanted: LogSettings, log: Log, memory: Memory) -> Iterator[Observation]:
    """Move on to the end of a log; what is found on the way is added up by pattern."""
    known = memory.kept.get(f"{name} at")
    place = _place(log, *known) if known else None
    fresh, missed = _fresh(log, place, known[1]) if known else ([], 0)
    if known and log.files and place is None:
        yield Note(name, f"what came last before a rotation was not searched: it is not in {wanted.path}.1")
    if log.files:
        memory.kept[f"{name} at"] = [log.files[0].inode, log.files[0].end, log.files[0].head]
    if missed:
        yield Note(name, f"{show(missed, 'B')} were written too fast, or rotated away, to be searched")
    for pattern in log.broken:
        yield Finding(f"{name} {pattern}", f"{name}: the host's grep does not know {pattern}", Status.UNKNOWN)
    yield from _counts(name, wanted, fresh, memory)


def _counts(name: str, wanted: LogSettings, fresh: list[LogMatch], memory: Memory) -> Iterator[Observation]:
    for pattern, how in wanted.patterns.items():
        found = [match for match in fresh if match.pattern == pattern]
        yield from _count(f"{name}: {pattern}", found, how.severity, memory)


def _count(item: str, found: list[LogMatch], severity: str, memory: Memory) -> Iterator[Observation]:
    total, since = memory.kept.get(item, [0, ""])
    total += len(found)
    grown = memory.grown(item, total, over=SPAN)
    count = round(grown.by) if grown else 0
    since = (since or utc_text(memory.at)) if count else ""
    memory.kept[item] = [total, since]
    yield Metric("found", count, item=item, info=True)
    if count:
        yield Finding(
            item, f"{item} was found {plural(count, 'time')} since {since}", Status(severity.upper())
        )
    for match in found[-3:]:
        if match.text:
            yield Note(item, match.text)


def _place(log: Log, inode: int, offset: int, head: int = 0) -> LogFile | None:
    """The file that was searched up to an offset; None when it was moved elsewhere, or cut off.

    A log that was rotated keeps its inode under another name. One that was copied and emptied (copytruncate)
    keeps it under its own, also when it has grown past the offset since: what it began with is in the copy.
    """
    reaching = [file for file in log.files if file.end >= offset]
    moved = (file for file in reaching if file.inode == inode and (not head or file.head in (0, head)))
    copied = (file for file in reaching if head and file.head == head and file is not log.files[0])
    return next(moved, None) or next(copied, None)


def _fresh(log: Log, place: LogFile | None, offset: int) -> tuple[list[LogMatch], int]:
    """What was found since an offset in the file of that time, and how many bytes were not searched."""
    if not log.files:
        return [], 0
    if place is log.files[0]:
        return _since(place, offset)
    now = _since(log.files[0], 0)  # it begins anew
    then = _since(place, offset) if place else ([], 0)
    return then[0] + now[0], then[1] + now[1]


def _since(file: LogFile, offset: int) -> tuple[list[LogMatch], int]:
    found = [match for match in file.matches if match.offset >= offset]
    return found, max(0, file.start - offset)
