"""The vectors of tests/data/sla: calendars of other products and their answers.

`edge_vectors.json` was made for LexOps (both conventions for a budget that ends at closing time; ours is
`due_end`); `zammad_vectors.json` are times taken from the tests of Zammad.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import Calendar, Day, Interval, Period
from lexops.calendars.notation import DAYS

FOLDER = Path(__file__).parents[1] / "data" / "sla"
FILES = ("edge", "zammad")
Vector = Mapping[str, Any]


@cache
def document(file: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((FOLDER / f"{file}_vectors.json").read_text(encoding="utf-8"))
    return found


def vectors(file: str, kind: str) -> Iterator[tuple[str, Vector]]:
    """The vectors of a file that ask for `due` or `elapsed` and have no pauses, with a readable name."""
    for place, vector in enumerate(document(file)["vectors"]):
        if vector["type"] == kind and not vector["pauses"]:
            label = vector.get("id", f"{file}-{place}")
            yield f"{label} {vector.get('note', vector.get('kind', ''))}", vector


@cache
def business_time(file: str, name: str) -> BusinessTime:
    """The open time of a calendar of a file."""
    told = document(file)["calendars"][name]
    week = tuple(tuple(_interval(pair) for pair in told["hours"].get(day, ())) for day in DAYS)
    days = [Day(date.fromisoformat(on), "holiday") for on in told.get("holidays", ())]
    days += [
        Day(date.fromisoformat(on), "shift", tuple(_interval(pair) for pair in pairs))
        for on, pairs in told.get("shifts", {}).items()
    ]
    return BusinessTime(
        Calendar(name, (Period(ZoneInfo(told["tz"]), week),), {day.date: day for day in days})
    )


def at(text: str) -> int:
    """A moment of ISO 8601 in seconds since 1970 UTC."""
    return seconds(datetime.fromisoformat(text))


def _interval(pair: list[str]) -> Interval:
    start, end = (int(text[:2]) * 3600 + int(text[3:]) * 60 for text in pair)
    return start, end
