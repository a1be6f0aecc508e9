"""The record for screens: what is asked for, newest first, a page at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lexops.audit import log
from lexops.audit.log import Filter
from lexops.audit.model import Draft
from tests.audit.record import Record


@pytest.fixture
def kept(record: Record) -> Record:
    """Nine acts of three kinds by two people, a minute apart."""
    for number in range(9):
        kind = ("request.begun", "request.done", "operator.enrolled")[number % 3]
        facts = {"note": f"100% of {number}_x"}
        draft = Draft(kind, f"op:{number % 2}", f"k{number}", record.clock.now(), facts)
        with record.store.begin() as connection:
            record.trail.append(connection, draft)
        record.clock.advance(minutes=1)
    record.sealer.seal()
    return record


def keys(record: Record, wanted: Filter | None = None, **page: str | int) -> list[str]:
    with record.store.read() as connection:
        return [each.key for each in log.entries(connection, wanted, **page)]  # type: ignore[arg-type]


def test_entries_come_newest_first(kept: Record) -> None:
    assert keys(kept) == [f"k{number}" for number in range(8, -1, -1)]


def test_entries_are_found_by_what_they_say(kept: Record) -> None:
    start = kept.clock.now() - timedelta(minutes=9)
    assert keys(kept, Filter(kind="request")) == ["k7", "k6", "k4", "k3", "k1", "k0"]
    assert keys(kept, Filter(kind="request.done")) == ["k7", "k4", "k1"]
    assert keys(kept, Filter(kind="req")) == []
    assert keys(kept, Filter(kind="operator", actor="op:1")) == ["k5"]
    assert keys(kept, Filter(text="100% OF 3_X")) == ["k3"]
    assert keys(kept, Filter(text="100_ of")) == []
    assert keys(kept, Filter(since=start + timedelta(minutes=2), until=start + timedelta(minutes=4))) == [
        "k3",
        "k2",
    ]


def test_pages_follow_each_other_in_both_directions(kept: Record) -> None:
    with kept.store.read() as connection:
        first = log.entries(connection, limit=4)
        second = log.entries(connection, before=first[-1].id, limit=4)
        back = log.entries(connection, after=second[0].id, limit=4)
    assert [each.key for each in second] == ["k4", "k3", "k2", "k1"]
    assert back == first


def test_an_entry_is_found_by_its_identifier_and_by_its_place(kept: Record) -> None:
    with kept.store.read() as connection:
        (newest,) = log.entries(connection, limit=1)
        assert log.entry(connection, newest.id) == newest
        assert log.entry(connection, "#8") == log.entry(connection, "8") == newest
        assert log.entry(connection, "#9") is None
        assert log.entry(connection, "nonsense") is None
