"""Checks and incidents as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.checks.model import Status
from lexops.checks.view import CheckDetail, CheckRow, Fleet
from lexops.clock import show_duration, show_moment, utc_text
from lexops.errors import Exit
from lexops.incidents.model import Entry, Incident
from lexops.text import one_line, plural


def exit_code(rows: Iterable[CheckRow]) -> Exit:
    """Problems outweigh not having seen everything, which outweighs success."""
    statuses = {row.status for row in rows}
    if Status.CRITICAL in statuses or Status.WARNING in statuses:
        return Exit.PROBLEMS
    if Status.UNKNOWN in statuses:
        return Exit.UNREACHABLE
    return Exit.OK


def headline(site: str, fleet: Fleet, zone: ZoneInfo) -> str:
    """Who, when, and whether somebody looks."""
    return f"{site} at {show_moment(fleet.at, zone)}, {worker_words(fleet)}"


def worker_words(fleet: Fleet) -> str:
    """Whether somebody looks."""
    if fleet.worker is None:
        return "no worker: nothing is being watched"
    age = show_duration(fleet.at - fleet.worker.beat)
    return f"worker alive {age} ago"


def problem_row(row: CheckRow, now: datetime) -> tuple[str, ...]:
    """One line of a list of checks."""
    return (
        row.status.value if row.status else "not yet",
        row.target,
        row.check,
        with_flags(row),
        show_duration(now - row.since) if row.since else "",
        f"#{row.incident}" if row.incident else "",
    )


def with_flags(row: CheckRow) -> str:
    """The summary with the circumstances in brackets."""
    flags = ", ".join(sorted(row.flags))
    return one_line(row.summary, 2000) + (f" [{flags}]" if flags else "")


def counts(fleet: Fleet) -> str:
    """`97 checks ok, 3 failing, 2 not evaluated; 4 targets`."""
    statuses = [row.status for row in fleet.checks]
    ok = statuses.count(Status.OK)
    parts = [f"{plural(ok, 'check')} ok"]
    for status, word in (
        (Status.CRITICAL, "critical"),
        (Status.WARNING, "warning"),
        (Status.UNKNOWN, "unknown"),
        (Status.PENDING, "pending"),
        (Status.NOT_APPLICABLE, "not applicable"),
        (None, "not looked at yet"),
    ):
        if statuses.count(status):
            parts.append(f"{statuses.count(status):,} {word}")
    return f"{', '.join(parts)}; {plural(len(fleet.targets), 'target')}"


def check_json(row: CheckRow) -> dict[str, Any]:
    """A check on a target as data."""
    return {
        "target": row.target,
        "kind": row.kind.value,
        "environment": row.environment,
        "check": row.check,
        "title": row.title,
        "area": row.area.value,
        "status": row.status.value if row.status else None,
        "flags": sorted(row.flags),
        "summary": row.summary,
        "since": moment(row.since),
        "checked": moment(row.checked),
        "due": moment(row.due),
        "incident": row.incident,
    }


def detail_json(detail: CheckDetail) -> dict[str, Any]:
    """A check on a target with its evidence as data."""
    return check_json(detail.row) | {
        "judged": [{"status": j.status.value, "item": j.item, "text": j.text} for j in detail.judged],
        "findings": [
            {"key": f.key, "status": f.status.value, "text": f.text, "detail": dict(f.detail)}
            for f in detail.findings
        ],
        "notes": [{"label": n.label, "text": n.text} for n in detail.notes],
        "hint": detail.hint,
    }


def incident_row(incident: Incident, now: datetime) -> tuple[str, ...]:
    """One line of a list of incidents."""
    return (
        f"#{incident.id}",
        incident.severity.value,
        incident.state.value,
        incident.owner or "",
        show_duration(now - incident.opened),
        incident.target or "",
        one_line(incident.title),
    )


def incident_json(incident: Incident, entries: Iterable[Entry] | None = None) -> dict[str, Any]:
    """An incident as data, with its timeline when given."""
    document: dict[str, Any] = {
        "incident": incident.id,
        "title": incident.title,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "target": incident.target,
        "check": incident.check,
        "owner": incident.owner,
        "opened": moment(incident.opened),
        "changed": moment(incident.changed),
        "resolved": moment(incident.resolved),
    }
    if entries is not None:
        document["timeline"] = [
            {"at": moment(e.at), "kind": e.kind.value, "author": e.author, "text": e.text} for e in entries
        ]
    return document


def moment(at: datetime | None) -> str | None:
    return None if at is None else utc_text(at)
