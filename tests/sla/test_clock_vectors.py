"""The vectors: what other products and their tests say of due times and pauses."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Day, Interval, Period
from lexops.sla.clock import deadline, spent
from lexops.sla.model import Pause
from tests.sla.tickets import hm

DATA = Path(__file__).parent.parent / "data" / "sla"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def intervals(pairs: list[list[str]]) -> tuple[Interval, ...]:
    return tuple((hm(start), hm(end)) for start, end in pairs)


def read(name: str, given: dict[str, Any]) -> Calendar:
    week = tuple(intervals(given["hours"].get(day, [])) for day in WEEKDAYS)
    closed = {
        date.fromisoformat(day): Day(date.fromisoformat(day), "off") for day in given.get("holidays", [])
    }
    shifts = {
        date.fromisoformat(day): Day(date.fromisoformat(day), "other hours", intervals(pairs))
        for day, pairs in given.get("shifts", {}).items()
    }
    return Calendar(name, (Period(ZoneInfo(given["tz"]), week),), closed | shifts)


def cases() -> list[Any]:
    found = []
    for file in ("edge_vectors", "zammad_vectors"):
        document = json.loads((DATA / f"{file}.json").read_text(encoding="utf-8"))
        times = {name: BusinessTime(read(name, given)) for name, given in document["calendars"].items()}
        for place, vector in enumerate(document["vectors"]):
            called = vector.get("id") or f"zammad-{place:02d}"
            found.append(pytest.param(times[vector["calendar"]], vector, id=f"{called}-{vector['type']}"))
    return found


def second(text: str) -> int:
    return seconds(datetime.fromisoformat(text))


def pauses(vector: dict[str, Any]) -> list[Pause]:
    return [Pause(second(start), None if end is None else second(end)) for start, end in vector["pauses"]]


@pytest.mark.parametrize(("time", "vector"), [case for case in cases() if case.values[1]["type"] == "due"])
def test_a_clock_is_due_when_the_vector_says(time: BusinessTime, vector: dict[str, Any]) -> None:
    budget = vector["seconds"] if "seconds" in vector else vector["minutes"] * 60
    # The exact second, where the other product rounds to minutes; same-day closing, where budgets tie.
    wanted = vector.get("exact_due") or vector["due_end" if "due_end" in vector else "expected_due"]
    due = deadline(time, second(vector["start"]), budget, pauses(vector))
    assert (None if due is None else moment(due)) == (
        None if wanted is None else datetime.fromisoformat(wanted)
    )


@pytest.mark.parametrize(
    ("time", "vector"), [case for case in cases() if case.values[1]["type"] == "elapsed"]
)
def test_a_clock_counts_what_the_vector_says(time: BusinessTime, vector: dict[str, Any]) -> None:
    worked = spent(time, second(vector["start"]), second(vector["end"]), pauses(vector))
    if "seconds" in vector:
        assert worked == vector["seconds"]
    else:
        assert worked // 60 == vector["expected_minutes"]


def test_no_vector_is_left_out() -> None:
    assert len(cases()) == 37 + 78
    assert sum(bool(case.values[1]["pauses"]) for case in cases()) >= 25
    assert {case.values[1]["type"] for case in cases()} == {"due", "elapsed"}
