"""The revisions of a calendar or a rota as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.clock import show_moment, utc_text
from lexops.text import one_line

HEAD = ("rev", "recorded", "by", "what", "why")

Changed = tuple[Revision[Any], Sequence[str]]
"""A revision, and what it changed in words."""


def rows(changes: Iterable[Changed], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """One line for each revision, the newest first; `changes` begin with the oldest."""
    for revision, what in reversed(list(changes)):
        mark = " (correction)" if revision.correction else ""
        yield (
            f"{revision.number}{mark}",
            show_moment(revision.recorded, zone),
            one_line(revision.operator, 80),
            "; ".join(what) or "nothing changed",
            one_line(revision.reason),
        )


def as_json(changes: Iterable[Changed]) -> list[dict[str, Any]]:
    """The revisions as data, the oldest first."""
    return [
        {
            "revision": revision.number,
            "recorded": utc_text(revision.recorded),
            "operator": revision.operator,
            "correction": revision.correction,
            "reason": revision.reason,
            "changes": list(what),
        }
        for revision, what in changes
    ]
