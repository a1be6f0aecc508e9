"""Checks, and what runs out next, as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment as moment_of
from lexops.checks.model import Status
from lexops.checks.view import CheckDetail, CheckRow, Fleet
from lexops.clock import show_duration, show_moment, utc_text
from lexops.errors import Exit
from lexops.sla.model import Clock, ClockState
from lexops.sla.view import Ticket
from lexops.text import one_line, plural


def exit_code(rows: Iterable[CheckRow]) -> Exit:
    """Problems outweigh not having seen everything, which outweighs success."""
    statuses = {row.status for row in rows}
    if Status.CRITICAL in statuses or Status.WARNING in statuses:
        return Exit.PROBLEMS
    if Status.UNKNOWN in statuses:
        return Exit.UNREACHABLE
    return Exit.OK


def standing(fleet: Fleet, has_incidents: bool) -> Exit:
    """An open incident is a problem too; where nothing was ever looked at nothing is known."""
    if has_incidents:
        return Exit.PROBLEMS
    if all(row.status is None for row in fleet.checks):
        return Exit.UNREACHABLE
    return exit_code(fleet.checks)


def headline(site: str, fleet: Fleet, zone: ZoneInfo) -> str:
    """Who, when, and whether somebody looks."""
    return f"{site} at {show_moment(fleet.at, zone)}, {worker_words(fleet)}"


def worker_words(fleet: Fleet) -> str:
    """Whether somebody looks."""
    if fleet.worker is None:
        return "no worker: nothing is being watched"
    age = show_duration(fleet.at - fleet.worker.beat)
    if not fleet.worker.lives:
        return f"nobody watches: the worker's last sign of life was {age} ago"
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


def next_due(clock: Clock, now: datetime) -> str:
    """`response in 41 min`, `resolution 2 h 10 over`, `update waits`: how long until a promise is broken."""
    if clock.state is ClockState.PAUSED or clock.due is None:
        return f"{clock.kind.value} waits"
    span = moment_of(clock.due) - now
    if clock.state is ClockState.OVERDUE:
        return f"{clock.kind.value} {show_duration(-span)} over"
    return f"{clock.kind.value} in {show_duration(span)}"


def next_breach(tickets: Sequence[Ticket], now: datetime) -> str:
    """`; next SLA breach: #41 response in 41 min`, for the end of a summary; empty where no clock runs."""
    first = next((each for each in tickets if each.next is not None), None)
    if first is None or first.next is None:
        return ""
    return f"; next SLA breach: #{first.incident.id} {next_due(first.next, now)}"


def moment(at: datetime | None) -> str | None:
    return None if at is None else utc_text(at)
