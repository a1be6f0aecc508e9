"""What changed is told until it is put back, or old news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lexops.checks.contract import NotYet
from lexops.targets.memory import Memory
from lexops_checks.drift import STANDS, Change, changes

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Looks:
    """One look after the other, each with what the last one kept."""

    def __init__(self, **values: str) -> None:
        self.kept: dict[str, object] = {}
        with pytest.raises(NotYet):
            self(timedelta(), **values)

    def __call__(self, after: timedelta, **values: str) -> list[Change]:
        memory = Memory(self.kept, START + after)
        try:
            return changes(memory, values)
        finally:
            self.kept = memory.packed()


def test_a_change_is_told_with_the_first_look_that_saw_it() -> None:
    look = Looks(mode="strict", size="1")
    assert look(timedelta(hours=1), mode="strict", size="1") == []
    noticed = START + timedelta(hours=2)
    expected = [Change("mode", "strict", "lax", noticed)]
    assert look(timedelta(hours=2), mode="lax", size="1") == expected
    assert look(timedelta(hours=9), mode="lax", size="1") == expected


def test_what_is_put_back_is_no_change_any_more() -> None:
    look = Looks(mode="strict")
    look(timedelta(hours=1), mode="lax")
    assert look(timedelta(hours=2), mode="strict") == []


def test_a_change_that_stands_is_accepted_and_going_back_is_a_change_then() -> None:
    look = Looks(mode="strict")
    look(timedelta(hours=1), mode="lax")
    assert look(timedelta(hours=1) + STANDS, mode="lax") == []
    back = look(timedelta(hours=2) + STANDS, mode="strict")
    assert [(change.before, change.after) for change in back] == [("lax", "strict")]


def test_what_comes_and_goes_is_told_as_such() -> None:
    look = Looks(old="1")
    found = look(timedelta(hours=1), new="2")
    assert [(change.name, change.before, change.after) for change in found] == [
        ("new", None, "2"),
        ("old", "1", None),
    ]


def test_another_change_of_the_same_thing_begins_anew() -> None:
    look = Looks(size="1")
    look(timedelta(hours=1), size="2")
    [change] = look(timedelta(hours=5), size="3")
    assert (change.before, change.after, change.noticed) == ("1", "3", START + timedelta(hours=5))
