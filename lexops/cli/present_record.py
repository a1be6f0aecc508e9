"""Entries of the record, verdicts and keys: as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment
from lexops.clock import show_duration, show_moment
from lexops.text import one_line, plural

if TYPE_CHECKING:
    from lexops.audit.model import Checkpoint, Entry, WitnessState
    from lexops.audit.verdict import Problem, Report
    from lexops.record import KeyState, Shown

_LESS_TELLING = ("operation", "request", "hash", "session")
"""What a line of the list leaves to the entry itself, or says elsewhere."""


def place(entry: Entry) -> str:
    """Where an entry stands in the tree."""
    return "unsealed" if entry.index is None else f"#{entry.index}"


def entry_row(shown: Shown, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the log."""
    entry = shown.entry
    operation, request = entry.data.get("operation"), entry.data.get("request")
    act = " ".join(filter(None, (str(operation or ""), f"(request {request})" if request else "")))
    facts = [f"{name}={value}" for name, value in entry.data.items() if value is not None]
    told = [fact for fact in facts if not fact.startswith(tuple(f"{name}=" for name in _LESS_TELLING))]
    told += [f"{name}={value}" for name, value in shown.personal.items() if name != "operator"]
    return (
        place(entry),
        show_moment(entry.at, zone),
        entry.kind,
        shown.who,
        act,
        one_line(" ".join(told), 2000),
    )


def entry_rows(
    shown: Shown, seal: Checkpoint | None, witnesses: Sequence[WitnessState], zone: ZoneInfo
) -> list[tuple[str, str]]:
    """Everything about an entry, label and text."""
    entry = shown.entry
    rows = [
        ("entry", f"{place(entry)} {entry.id}"),
        ("at", show_moment(entry.at, zone)),
        ("kind", entry.kind),
        ("who", shown.who),
        ("key", entry.key),
    ]
    rows += [
        (f"  {name}", one_line(value, 20_000)) for name, value in entry.data.items() if value is not None
    ]
    rows += [(f"  {name}", one_line(value, 20_000)) for name, value in shown.personal.items()]
    rows.append(("written by", f"{entry.writer}, its entry number {entry.writer_seq}"))
    if seal is None:
        rows.append(("sealed", "not yet"))
    else:
        rows.append(
            ("sealed", f"{show_moment(seal.at, zone)}, over {seal.size:,} entries, epoch {seal.epoch}")
        )
    holders = [each.name for each in witnesses if entry.index is not None and each.size > entry.index]
    rows.append(("witnessed by", ", ".join(holders) if holders else "nobody"))
    return rows


def entry_json(shown: Shown) -> dict[str, Any]:
    """An entry as data."""
    entry = shown.entry
    return {
        "id": entry.id,
        "index": entry.index,
        "at": moment(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "who": shown.who,
        "key": entry.key,
        "data": dict(entry.data),
        "personal": dict(shown.personal),
    }


def seal_json(entry: Entry, seal: Checkpoint | None, witnesses: Sequence[WitnessState]) -> dict[str, Any]:
    """How an entry is sealed, as data."""
    found = None
    if seal is not None:
        found = {"at": moment(seal.at), "size": seal.size, "root": seal.root.hex(), "epoch": seal.epoch}
    holders = [each.name for each in witnesses if entry.index is not None and each.size > entry.index]
    return {"seal": found, "witnesses": holders}


def report_lines(report: Report, zone: ZoneInfo) -> list[str]:
    """What verification found, the verdict first."""
    lines = [report.summary]
    for problem in report.problems:
        lines += problem_lines(problem, zone)
    sealed = f", the newest seal is of {show_moment(report.sealed, zone)}" if report.sealed else ""
    lines.append(f"{plural(report.checked, 'entry')} of {report.size:,} sealed ones looked at{sealed}")
    if report.unsealed:
        lines.append(f"{plural(report.unsealed, 'entry')} not sealed yet")
    return [*lines, *report.remarks]


def problem_lines(problem: Problem, zone: ZoneInfo) -> list[str]:
    """One thing that is wrong, since when, and what to do about it."""
    where = f"entry #{problem.index}: " if problem.index is not None else ""
    lines = [f"  {problem.verdict}: {where}{problem.what}"]
    if problem.entry_id:
        lines.append(f"    identifier {problem.entry_id}")
    if problem.since:
        lines.append(f"    in order until {show_moment(problem.since, zone)}")
    return [*lines, f"    {problem.advice}"] if problem.advice else lines


def report_json(report: Report) -> dict[str, Any]:
    """What verification found, as data."""
    return {
        "verdict": report.verdict.value,
        "level": report.level.value,
        "origin": report.origin,
        "size": report.size,
        "checked": report.checked,
        "unsealed": report.unsealed,
        "sealed": moment(report.sealed),
        "problems": [
            {
                "verdict": each.verdict.value,
                "what": each.what,
                "entry": each.entry_id,
                "index": each.index,
                "since": moment(each.since),
                "advice": each.advice,
            }
            for each in report.problems
        ],
        "remarks": list(report.remarks),
    }


def keys_rows(found: KeyState, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The record's keys and witnesses, label and text."""
    rows = [
        ("key folder", str(found.folder)),
        ("seals here", found.why_not or "yes"),
        ("epoch", _epoch(found, zone)),
        ("trust", found.anchor or "the log has not begun"),
        ("for witnesses", found.log_key or "the log has not begun"),
    ]
    state = found.state
    if state.newest is not None and state.age is not None:
        text = f"over {state.newest.size:,} entries, {show_duration(state.age)} ago; {state.unsealed:,} wait"
        rows.append(("newest seal", text))
    rows += [("witness", _witness(each, zone)) for each in found.witnesses]
    if not found.witnesses:
        rows.append(("witness", "none; see docs/record.md"))
    return rows


def _epoch(found: KeyState, zone: ZoneInfo) -> str:
    epoch = found.epoch
    return f"{epoch.number}, open since {show_moment(epoch.opened, zone)}" if epoch else "none yet"


def _witness(state: WitnessState, zone: ZoneInfo) -> str:
    covered = f" of {show_moment(state.covered, zone)}" if state.covered else ""
    trouble = f"; {state.trouble}" if state.trouble else ""
    return f"{state.name} has {state.size:,} entries{covered}{trouble}"


def keys_json(found: KeyState) -> dict[str, Any]:
    """The record's keys and witnesses, as data."""
    newest = found.state.newest
    return {
        "folder": str(found.folder),
        "can_seal": not found.why_not,
        "why_not": found.why_not or None,
        "epoch": found.epoch.number if found.epoch else None,
        "anchor": found.anchor,
        "log_key": found.log_key,
        "sealed": newest.size if newest else 0,
        "newest_seal": moment(newest.at) if newest else None,
        "unsealed": found.state.unsealed,
        "witnesses": [
            {
                "name": each.name,
                "size": each.size,
                "covered": moment(each.covered),
                "tried": moment(each.tried),
                "trouble": each.trouble or None,
            }
            for each in found.witnesses
        ],
    }
