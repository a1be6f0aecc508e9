"""All checks in one list: columns, order and what a filter finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from lexops.checks.view import CheckRow, Flag
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.status import NOT_YET, age, flag_words, short_badge

Order = Callable[[CheckRow], tuple[object, ...]]


def _by_severity(row: CheckRow) -> tuple[object, ...]:
    since = row.since.timestamp() if row.since else 0.0
    rank = row.status.rank if row.status else -1
    return (-rank, Flag.UNREACHABLE in row.flags, since, row.target, row.check)


def _by_target(row: CheckRow) -> tuple[object, ...]:
    return (row.target, *_by_severity(row))


def _by_age(row: CheckRow) -> tuple[object, ...]:
    return (-(row.since.timestamp() if row.since else 0.0), row.target, row.check)


ORDERS: tuple[tuple[str, Order], ...] = (
    ("severity", _by_severity),
    ("target", _by_target),
    ("newest change", _by_age),
)


def haystack(row: CheckRow) -> str:
    """What a filter looks through; each line can be asked for exactly."""
    words = [
        f"target:{row.target}",
        f"check:{row.check}",
        f"env:{row.environment}",
        f"area:{row.area}",
        f"is:{row.status or NOT_YET}",
        *(f"is:{flag}" for flag in row.flags),
        row.title,
        row.summary,
        f"#{row.incident}" if row.incident else "",
    ]
    return "\n".join(words)


def columns(rows: Sequence[CheckRow], targets: Sequence[str], now: datetime) -> tuple[Column[CheckRow], ...]:
    """Status, target, check, what it says, circumstances, age; the environment where several are mixed."""
    first = [
        Column[CheckRow]("status", lambda row: (short_badge(row.status),), 10),
        Column[CheckRow]("target", lambda row: (Ink(row.target),), widest(targets)),
    ]
    environments = {row.environment for row in rows}
    if len(environments) > 1:
        width = widest(environments, least=11, most=12)
        first.append(
            Column("environment", lambda row: (Ink(row.environment, Tone.QUIET),), width, priority=3)
        )
    return (
        *first,
        Column("check", lambda row: (Ink(row.check),), 26, priority=1),
        Column("says", _said, 22, grow=1),
        Column("incident", _incident, 8, priority=4, right=True),
        Column("since", lambda row: (Ink(age(row.since, now), Tone.QUIET),), 5, right=True),
    )


def _said(row: CheckRow) -> Line:
    marks = flag_words(row.flags)
    return (Ink(f"({marks}) " if marks else ""), Ink(row.summary or row.title, Tone.QUIET))


def _incident(row: CheckRow) -> Line:
    return (Ink(f"#{row.incident}" if row.incident else ""),)
