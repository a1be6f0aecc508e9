"""The record: its list, one entry with its proof, what verification found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from lexops.audit.log import State
from lexops.audit.verdict import Report, Verdict
from lexops.clock import show_moment
from lexops.text import plural
from lexops.tui.ink import EMPTY, Ink, Line, Tone, line, wrapped
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.facts import facts
from lexops.tui.presenters.status import age
from lexops.tui.views import EntryView, LogRow

LATE = timedelta(minutes=5)
"""An entry is sealed within seconds; one that waits longer waits for somebody."""


def record_line(state: State | None, now: datetime) -> Line:
    """`sealed to #18,204, witness 40 s ago`."""
    if state is None:
        return (Ink("not read yet", Tone.QUIET),)
    if state.newest is None or not state.newest.size:
        return (Ink("nothing sealed yet", Tone.QUIET),)
    pieces = [Ink(f"sealed to #{state.newest.size - 1:,}")]
    if state.unsealed and now - state.newest.at > LATE:
        since = age(state.newest.at, now)
        pieces.append(Ink(f", {state.unsealed:,} not sealed for {since}", Tone.WARNING))
    return (*pieces, _witness(state, now))


def _witness(state: State, now: datetime) -> Ink:
    troubled = next((each for each in state.witnesses if each.trouble), None)
    if troubled is not None:
        return Ink(f", {troubled.name}: {troubled.trouble}", Tone.WARNING)
    seen = max((each.covered for each in state.witnesses if each.covered), default=None)
    if seen is None:
        return Ink(", no witness", Tone.QUIET)
    return Ink(f", witness {age(seen, now)} ago", Tone.QUIET)


# The list


class ReadLog(Protocol):
    """Reads entries, newest first."""

    def __call__(self, *, before: str | None = None, limit: int = 500) -> Sequence[LogRow]: ...


def grown(
    known: Sequence[LogRow], read: ReadLog, first: int, page: int, most: int
) -> tuple[Sequence[LogRow], bool]:
    """The rows known, with what is newer, and a page of what is older; and whether that is the whole record.

    The newest `first` are read again: they may have been sealed since.
    """
    waiting = max((place for place, row in enumerate(known) if row.index is None), default=0)
    newest = list(read(limit=min(page, max(first, waiting + 1))))
    ids = {row.id: place for place, row in enumerate(known)}
    joint = next((ids[row.id] + len(newest) - at for at, row in enumerate(newest) if row.id in ids), None)
    if joint is None:
        # Nothing known among them: the first look, or so much is new that it begins anew.
        return newest, len(newest) < first
    rows = [*newest, *known[joint:]]
    if len(rows) >= most:
        return rows[:most], False
    older = read(before=rows[-1].id, limit=min(page, most - len(rows)))
    return [*rows, *older], not older


def log_haystack(row: LogRow) -> str:
    """What a filter looks through."""
    return "\n".join(
        (
            row.kind,
            row.operation,
            f"actor:{row.actor}",
            f"kind:{row.kind}",
            f"operation:{row.operation}",
            f"target:{row.target}",
            f"env:{row.environment}",
            f"request:{row.request or ''}",
            "is:sealed" if row.index is not None else "is:waiting",
        )
    )


def log_columns(rows: Sequence[LogRow], zone: ZoneInfo) -> tuple[Column[LogRow], ...]:
    """Number, when, who, what happened to which operation, on what."""
    some = rows[:500]
    return (
        Column("no.", _number, 9, right=True),
        Column("at", lambda row: (Ink(row.at.astimezone(zone).strftime("%d %b %H:%M:%S"), Tone.QUIET),), 15),
        Column("who", lambda row: (Ink(row.actor),), widest((row.actor for row in some), most=14)),
        Column(
            "what",
            lambda row: (Ink(row.kind, _kind_tone(row.kind)),),
            widest((row.kind for row in some), most=16),
        ),
        Column("operation", lambda row: (Ink(row.operation),), 16, grow=1),
        Column("request", lambda row: (Ink(_request(row), Tone.QUIET),), 7, priority=2, right=True),
        Column(
            "target",
            lambda row: (Ink(row.target, Tone.QUIET),),
            widest((row.target for row in some), most=18),
            priority=1,
        ),
    )


def _request(row: LogRow) -> str:
    return "" if row.request is None else f"#{row.request}"


def _number(row: LogRow) -> Line:
    if row.index is None:
        return (Ink("· waits", Tone.QUIET),)
    return (Ink(f"#{row.index:,}"),)


def _kind_tone(kind: str) -> Tone:
    if kind in ("failed", "interrupted", "void"):
        return Tone.CRITICAL
    return Tone.WARNING if kind in ("refused", "expired", "step-up-refused") else Tone.PLAIN


# One entry


def entry_lines(entry: EntryView, now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    """An entry with its fields and its proof."""
    row = entry.row
    lines: list[Line] = [
        line(" ", Ink(row.kind, Tone.STRONG), Ink(f" {row.operation}")),
        EMPTY,
        *_facts("at", f"{show_moment(row.at, zone)}, {age(row.at, now)} ago", width),
        *_facts("who", row.actor, width),
        *_facts("writer", f"{entry.writer}, its entry {entry.writer_seq:,}", width),
        EMPTY,
        line(Ink(" FIELDS", Tone.TITLE)),
    ]
    for name, value in entry.data.items():
        lines += _facts(name, "" if value is None else str(value), width)
    for name, value in entry.personal.items():
        closed = value in ("(sealed)", "(erased)")
        lines += _facts(name, value, width, Tone.QUIET if closed else Tone.PLAIN)
    return [*lines, EMPTY, line(Ink(" PROOF", Tone.TITLE)), *_proof(entry, now, zone, width)]


def _proof(entry: EntryView, now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    lines = _facts("hash", entry.hash, width)
    index, head = entry.row.index, entry.checkpoint
    if index is None or head is None:
        return [*lines, *_facts("place", "waits for its seal; nothing is proven yet", width, Tone.WARNING)]
    lines += _facts("place", f"entry #{index:,} of the tree", width)
    sealed = f"by checkpoint {head.id:,} over {plural(head.size, 'entry')}, {show_moment(head.at, zone)}"
    lines += _facts("sealed", f"{sealed}, epoch {head.epoch:,}", width, Tone.OK)
    for each in entry.witnesses:
        since = f", head of {age(each.at, now)} ago" if each.at else ""
        lines += _facts("witness", f"{each.witness}{since}", width, Tone.OK)
    if not entry.witnesses:
        lines += _facts("witness", "none remembers it yet", width, Tone.QUIET)
    return lines


# Verification


def progress_line(done: int, total: int, width: int) -> Line:
    """A bar, and how far it is."""
    share = done / total if total else 0.0
    room = max(4, min(40, width - 34))
    filled = round(share * room)
    said = f"  {done:,} of {total:,} entries" if total else "  looking"
    bar = (Ink("█" * filled, Tone.KEY), Ink("░" * (room - filled), Tone.QUIET))
    return line(*bar, Ink(f" {share:4.0%}{said}", Tone.QUIET))


def report_lines(report: Report, zone: ZoneInfo, width: int) -> list[Line]:
    """The verdict in words, what is wrong and since when, and what to do."""
    intact = report.verdict is Verdict.INTACT
    sign, tone = ("✔", Tone.OK) if intact else ("✖", Tone.CRITICAL)
    first, *rest = wrapped(report.summary, width - 2)
    lines: list[Line] = [line(Ink(f"{sign} {first}", tone)), *(line(Ink(f"  {part}", tone)) for part in rest)]
    checked = f"{plural(report.checked, 'entry')} looked at, {report.unsealed:,} not sealed yet"
    lines += [EMPTY, *_facts("looked", checked, width)]
    if report.sealed:
        lines += _facts("sealed", f"to {show_moment(report.sealed, zone)}", width)
    for each in report.remarks:
        lines += _facts("also", each, width)
    for problem in report.problems[:MOST]:
        lines += [EMPTY, *_facts(str(problem.verdict).lower(), problem.what, width, Tone.CRITICAL)]
        if problem.index is not None:
            lines += _facts("entry", f"#{problem.index:,} {problem.entry_id or ''}".rstrip(), width)
        if problem.since:
            lines += _facts("in order", f"until {show_moment(problem.since, zone)}", width)
        lines += _facts("do", problem.advice, width)
    if len(report.problems) > MOST:
        more = f"and {len(report.problems) - MOST:,} more: lexops audit verify --json"
        lines += [EMPTY, *_facts("", more, width)]
    return lines


MOST = 20
"""Problems that are listed here."""


def _facts(label: str, text: str, width: int, tone: Tone = Tone.PLAIN) -> list[Line]:
    return facts(f" {label}", text, width - 1, 14, tone)
