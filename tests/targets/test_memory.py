"""What checks keep from one look to the next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lexops.targets.memory import FEWEST, Grown, Memory

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def look(before: Memory | None, minutes: float) -> Memory:
    """The memory of a look so long after START, as it comes back from the store."""
    kept = json.loads(json.dumps(before.packed())) if before else None
    return Memory(kept, START + timedelta(minutes=minutes))


def test_the_first_look_waits_and_the_second_tells_the_growth() -> None:
    first = look(None, 0)
    assert first.grown("deadlocks", 5) is None and first.waits
    second = look(first, 2)
    assert second.grown("deadlocks", 11) == Grown(6, 120) and not second.waits
    assert Grown(6, 120).per_second == 0.05


def test_a_reset_says_nothing_until_the_next_look() -> None:
    first = look(None, 0)
    first.grown("deadlocks", 5, epoch="monday")
    for value, epoch in ((3, "monday"), (9, "tuesday")):
        reset = look(first, 1)
        assert reset.grown("deadlocks", value, epoch=epoch) is None and reset.waits
        after = look(reset, 2)
        assert after.grown("deadlocks", value + 2, epoch=epoch) == Grown(2, 60)


def test_growth_over_a_span_counts_from_its_start() -> None:
    memory = None
    for minute in range(30):
        memory = look(memory, minute)
        grown = memory.grown("waits", 100 * minute, over="10m")
        if minute:
            assert grown == Grown(100 * min(minute, 10), 60 * min(minute, 10))
    assert memory is not None
    assert len(memory.packed()["counters"]["waits"]["seen"]) <= FEWEST


def test_missed_looks_reset_nothing() -> None:
    first = look(None, 0)
    first.grown("deadlocks", 5, over="10m")
    assert look(first, 600).grown("deadlocks", 8, over="10m") == Grown(3, 36_000)


def test_what_a_check_keeps_comes_back_and_counters_nobody_asks_for_are_forgotten() -> None:
    first = look(None, 0)
    first.kept["offset"] = 42
    first.grown("gone", 1)
    second = look(first, 1)
    assert second.kept == {"offset": 42}
    assert "counters" not in second.packed()


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 10**6)), min_size=2, max_size=60))
def test_growth_is_never_negative_and_samples_stay_few(steps: list[tuple[int, int]]) -> None:
    memory, minute, value = None, 0, 0
    for wait, more in steps:
        minute, value = minute + wait, value + more
        memory = look(memory, minute / 60)
        grown = memory.grown("counter", value, over="5m")
        assert grown is None or (grown.by >= 0 and grown.seconds > 0)
        assert len(memory.packed()["counters"]["counter"]["seen"]) <= FEWEST + 2
