"""Triage and the dependency tree as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.checks.model import Status
from lexops.checks.tree import Node
from lexops.checks.triage import Change, Past, Triage
from lexops.checks.view import CheckRow, QuietSpan
from lexops.cli.present import check_json, detail_json, moment, with_flags
from lexops.clock import show_duration, show_moment
from lexops.text import one_line, plural


def triage_lines(triage: Triage, now: datetime, zone: ZoneInfo) -> list[str]:
    """The page of the console as text: cause, evidence, changes, before, what it means, what to do."""
    detail = triage.detail
    row, check = detail.row, detail.definition
    lines = [
        f"{status_word(row)} {row.target} {row.check}: {with_flags(row) or row.title}",
        f"since {show_moment(row.since, zone)}" if row.since else "not looked at yet",
    ]
    if row.incident:
        lines.append(f"incident #{row.incident}")
    if triage.cause:
        lines += _section("likely cause", [f"{_row(triage.cause, now)} ({triage.why})"])
    lines += _section("seen", _evidence(triage))
    lines += _section(
        "changed before",
        [_change(each, row, zone) for each in triage.changed] or ["nothing in the day before it"],
    )
    related = [_row(each, now) for each in triage.related]
    if triage.folded:
        related.append(f"{plural(triage.folded, 'check')} cannot be reached")
    lines += _section("related", related)
    lines += _section("like it before", [_past(each, zone) for each in triage.past])
    lines += _section("what it means", _text(check.meaning))
    lines += _section("why it matters", _text(check.why))
    lines += _section("what to do", [*_text(check.mend), *_text(_runbook(check.runbook))])
    return lines


def status_word(row: CheckRow) -> str:
    """The status, or that there is none yet."""
    return row.status.value if row.status else "not yet"


def _section(title: str, body: Iterable[str]) -> list[str]:
    lines = [f"  {each}" for each in body]
    return ["", title, *lines] if lines else []


def _text(text: str) -> list[str]:
    return [one_line(text, 2000)] if text else []


def _row(row: CheckRow, now: datetime) -> str:
    since = f", for {show_duration(now - row.since)}" if row.since else ""
    return f"{status_word(row)} {row.target} {row.check}: {with_flags(row)}{since}"


def _evidence(triage: Triage) -> list[str]:
    detail = triage.detail
    lines = [f"{each.status.value} {each.item} {each.text}".replace("  ", " ") for each in detail.judged]
    lines += [f"{each.status.value} {each.text}" for each in detail.findings]
    lines += [f"{each.label}: {each.text}" if each.label else each.text for each in detail.notes]
    return [*lines, *([f"hint: {detail.hint}"] if detail.hint else [])]


def _change(change: Change, row: CheckRow, zone: ZoneInfo) -> str:
    status = f"{change.status.value} " if isinstance(change.status, Status) else ""
    who = f", {change.who}" if change.who else ""
    number = f" (request #{change.request})" if change.request else ""
    before = (
        f", {show_duration(row.since - change.at)} before" if row.since and change.at <= row.since else ""
    )
    return f"{show_moment(change.at, zone)} {change.target}: {status}{change.what}{who}{number}{before}"


def _past(past: Past, zone: ZoneInfo) -> str:
    took = f"ended in {show_duration(past.resolved - past.opened)}" if past.resolved else "still open"
    by = f"{'' if past.resolved else ', taken'} by {past.owner}" if past.owner else ""
    ending = f": {one_line(past.ending)}" if past.ending else ""
    return f"#{past.incident} {show_moment(past.opened, zone)} {past.target} {past.title}, {took}{by}{ending}"


def _runbook(runbook: str) -> str:
    return f"runbook {runbook}" if runbook else ""


def triage_json(triage: Triage) -> dict[str, Any]:
    """A triage as data."""
    return {
        "check": detail_json(triage.detail),
        "cause": check_json(triage.cause) if triage.cause else None,
        "why": triage.why,
        "related": [check_json(row) for row in triage.related],
        "unreachable": triage.folded,
        "changed": [
            {
                "at": moment(each.at),
                "target": each.target,
                "what": each.what,
                "who": each.who,
                "status": each.status.value if each.status else None,
                "request": each.request,
            }
            for each in triage.changed
        ],
        "past": [
            {
                "incident": each.incident,
                "target": each.target,
                "title": each.title,
                "opened": moment(each.opened),
                "resolved": moment(each.resolved),
                "owner": each.owner,
                "ending": each.ending,
            }
            for each in triage.past
        ],
        "meaning": triage.detail.definition.meaning,
        "why_it_matters": triage.detail.definition.why,
        "mend": triage.detail.definition.mend,
        "runbook": triage.detail.definition.runbook,
    }


def tree_lines(nodes: Sequence[Node], everything: bool, now: datetime) -> list[str]:
    """Hosts, what runs on them and what fails there; what is well is one line."""
    lines = []
    for node in nodes:
        indent = "  " * node.depth
        word = node.target.status.value if node.target.status else "not yet"
        lines.append(f"{indent}{node.target.name}: {word}, {plural(len(node.checks), 'check')}")
        shown = node.checks if everything else node.failing
        lines += [f"{indent}  {_row(row, now)}" for row in shown]
    return lines


def tree_json(nodes: Sequence[Node], everything: bool) -> list[dict[str, Any]]:
    """The tree as data, parents before children."""
    return [
        {
            "target": node.target.name,
            "depth": node.depth,
            "status": node.target.status.value if node.target.status else None,
            "checks": [check_json(row) for row in (node.checks if everything else node.failing)],
        }
        for node in nodes
    ]


def quiet_row(span: QuietSpan, zone: ZoneInfo) -> tuple[str, ...]:
    """One downtime, silence or freeze."""
    return (
        span.name,
        f"{span.target} {span.check}".rstrip(),
        f"{show_moment(span.starts, zone)} to {show_moment(span.ends, zone)}",
        span.operator,
        span.reason,
    )


def quiet_json(span: QuietSpan) -> dict[str, Any]:
    """The same as data."""
    return {
        "kind": span.kind,
        "target": span.target,
        "check": span.check or None,
        "starts": moment(span.starts),
        "ends": moment(span.ends),
        "reason": span.reason,
        "operator": span.operator or None,
        "number": span.number,
    }
