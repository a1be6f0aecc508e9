"""Service level objectives as lines of text and as JSON. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.checks import quantity
from lexops.cli.present import moment
from lexops.clock import show_moment
from lexops.errors import Exit
from lexops.text import one_line
from lexops.trends.availability import Availability, window_text

if TYPE_CHECKING:
    from lexops.checks.view import Burn, DayOfHours, ObjectiveView

HEAD = ("objective", "promised", "available", "known", "budget left", "burn now", "")
NOTHING = "n/a"
LITTLE = 90.0
"""Percent of the time below which a number is not to be relied on."""
_TONES = ((100.0, "·"), (99.0, "▁"), (90.0, "▄"), (0.0, "█"))
"""Signs of an hour by the least that was available in it."""
LEGEND = "· up  ▁ 99 %  ▄ 90 %  █ less  ? unknown  m maintenance"


def exit_code(views: Iterable[ObjectiveView]) -> Exit:
    """A promise in danger or broken outweighs not knowing, which outweighs success."""
    known = list(views)
    if any(view.is_alerting or view.is_missed for view in known):
        return Exit.PROBLEMS
    return Exit.UNREACHABLE if any(view.availability is None for view in known) else Exit.OK


def objective_row(view: ObjectiveView) -> tuple[str, ...]:
    """One line of the list of objectives."""
    return (
        view.name,
        f"{view.objective:g} % of {window_text(view.window)}",
        percent(view.availability),
        percent(view.coverage),
        _left(view),
        _rate(view.burns[0].rate_long, view.burns[0]),
        _words(view),
    )


def objective_lines(view: ObjectiveView, zone: ZoneInfo) -> list[str]:
    """One objective: its numbers, its alerts, and its days hour by hour."""
    pairs = [
        ("objective", f"{view.name}: {one_line(view.title)}"),
        (
            "promised",
            f"{view.objective:g} % of {window_text(view.window)}, until {show_moment(view.at, zone)}",
        ),
        ("to", one_line(view.client) or "everybody"),
        ("targets", ", ".join(view.targets)),
        ("now", view.state.value),
        ("available", percent(view.availability)),
        ("known", f"{percent(view.coverage)} of the time outside maintenance"),
        ("budget left", _left(view)),
        ("says", _words(view) or "well"),
    ]
    lines = [f"{label:<13}{text}" for label, text in pairs]
    lines += ["", "alerts"]
    lines += [f"  {_burn(burn)}" for burn in view.burns]
    if view.hours:
        lines += ["", f"hours ({zone.key}): {LEGEND}", *map(_day, view.hours)]
    return lines


def percent(value: float | None) -> str:
    """`99.97 %`, cut off instead of rounded: only what is whole is said to be 100 %."""
    if value is None:
        return NOTHING
    if value >= 100:
        return "100 %"
    # 64.1 is 64.09999… as a binary fraction; that is not to be cut off.
    thousandths = min(99_999, math.floor(round(value * 1000, 6)))
    return f"{thousandths / 1000:g} %"


def _left(view: ObjectiveView) -> str:
    if view.left is None or view.allowed is None or view.left_percent is None:
        return NOTHING
    left, allowed = quantity.show(view.left, "s"), quantity.show(view.allowed, "s")
    return f"{left} of {allowed} ({view.left_percent:.1f} %)"


def _rate(rate: float | None, burn: Burn) -> str:
    return NOTHING if rate is None else f"{quantity.show(rate)} over {window_text(burn.long)}"


def _words(view: ObjectiveView) -> str:
    """What has to be known beside the numbers."""
    severe = next((burn.severity.value for burn in view.burns if burn.alerting), "")
    said = [
        f"{severe}: burns too fast" if severe else "",
        "MISSED" if view.is_missed else "",
        f"nobody looks at {', '.join(view.unseen)}" if view.unseen else "",
        "little is known" if view.coverage is not None and 0 < view.coverage < LITTLE else "",
    ]
    return ", ".join(word for word in said if word)


def _burn(burn: Burn) -> str:
    word = burn.severity.value if burn.alerting else "quiet"
    long, short = (
        f"{NOTHING if rate is None else quantity.show(rate)} over {window_text(span)}"
        for rate, span in ((burn.rate_long, burn.long), (burn.rate_short, burn.short))
    )
    return f"{word:<9}{long}, {short}; limit {quantity.show(burn.limit)}"


def _day(day: DayOfHours) -> str:
    whole = sum(day.hours, Availability())
    signs = "".join(map(_sign, day.hours))
    return f"  {day.day}  {signs:<25}  {percent(whole.percent)}".rstrip()


def _sign(hour: Availability) -> str:
    """An outage is seen before anything else, then that little is known."""
    share = hour.percent
    if share is not None and (hour.down or (hour.coverage or 0) >= LITTLE):
        return next(sign for least, sign in _TONES if share >= least)
    return "?" if hour.unknown else "m" if hour.maintenance else " "


def objective_json(view: ObjectiveView, days: bool = False) -> dict[str, Any]:
    """An objective as data; times in seconds, shares in percent, null where nothing is known."""
    document: dict[str, Any] = {
        "objective": view.name,
        "title": view.title,
        "client": view.client or None,
        "targets": list(view.targets),
        "percent": view.objective,
        "window_seconds": view.window.total_seconds(),
        "until": moment(view.at),
        "state": view.state.value,
        "availability": view.availability,
        "coverage": view.coverage,
        **_parts(view.found),
        "budget_seconds": view.allowed,
        "spent_seconds": view.spent,
        "left_seconds": view.left,
        "left_percent": view.left_percent,
        "missed": view.is_missed,
        "alerting": view.is_alerting,
        "unseen": list(view.unseen),
        "burns": [_burn_json(burn) for burn in view.burns],
    }
    if days:
        document["days"] = [
            {"day": day.day.isoformat(), "hours": [_parts(hour) for hour in day.hours]} for day in view.hours
        ]
    return document


def _parts(found: Availability) -> dict[str, float]:
    return {
        "up_seconds": found.up.total_seconds(),
        "down_seconds": found.down.total_seconds(),
        "unknown_seconds": found.unknown.total_seconds(),
        "maintenance_seconds": found.maintenance.total_seconds(),
    }


def _burn_json(burn: Burn) -> dict[str, Any]:
    return {
        "long_seconds": burn.long.total_seconds(),
        "short_seconds": burn.short.total_seconds(),
        "rate_long": burn.rate_long,
        "rate_short": burn.rate_short,
        "limit": burn.limit,
        "alerting": burn.alerting,
        "severity": burn.severity.value,
    }
