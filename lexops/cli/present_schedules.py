"""Schedules as lines of text and as JSON. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment
from lexops.clock import show_moment

if TYPE_CHECKING:
    from lexops.schedules.model import ScheduleView

HEAD = ("schedule", "cron", "runs", "as", "last", "next", "missed", "outcome")


def schedule_row(view: ScheduleView, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list of schedules."""
    return (
        view.name,
        f"{view.cron} {view.zone}",
        view.operation,
        view.operator,
        _when(view.last_due, zone, "never"),
        _when(view.next_due, zone, "disabled"),
        f"{view.missed:,}",
        view.last_outcome or "",
    )


def _when(at: datetime | None, zone: ZoneInfo, otherwise: str) -> str:
    return show_moment(at, zone) if at else otherwise


def schedule_json(view: ScheduleView) -> dict[str, Any]:
    """A schedule as data."""
    return {
        "schedule": view.name,
        "cron": view.cron,
        "zone": view.zone,
        "operation": view.operation,
        "operator": view.operator,
        "enabled": view.enabled,
        "last": moment(view.last_due),
        "last_key": view.last_key,
        "last_outcome": view.last_outcome,
        "next": moment(view.next_due),
        "missed": view.missed,
    }
