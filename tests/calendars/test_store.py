"""Revisions of calendars: added in order, never changed, read back whole, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from lexops.calendars import store as calendars
from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.model import Calendar, known
from lexops.errors import NotFound, Refused, StoreError
from lexops.store.database import Store
from tests.calendars.helping import calendar, day

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def enter(store: Store, entered: Calendar, after: int = 0, correction: bool = False) -> int:
    with store.begin() as connection:
        return calendars.add(
            connection,
            entered,
            at=AT.replace(day=2 + after),
            operator="ana",
            reason="the contract",
            correction=correction,
            after=after,
        ).number


def test_revisions_are_read_back_in_order_with_who_when_and_why(store: Store) -> None:
    first, second = calendar(), calendar("mon-fri 08:00-18:00", "Europe/London", day("2026-12-25"))
    assert [enter(store, first), enter(store, second, 1, correction=True)] == [1, 2]
    with store.read() as connection:
        found = calendars.revisions(connection)
        assert found["test"] == calendars.history(connection, "test")
        assert calendars.get(connection, "test") == found["test"][1] == calendars.newest(connection, "test")
        assert calendars.get(connection, "test", 1) == found["test"][0]
    one, two = found["test"]
    assert (one.value, two.value) == (first, second)
    assert (one.number, one.recorded, one.operator, one.reason) == (1, AT, "ana", "the contract")
    assert (one.correction, two.correction) == (False, True)
    assert known(found["test"], AT) == two, "a correction counts for what was finished before it"


def test_every_site_has_the_calendar_that_is_always_open(store: Store) -> None:
    with store.read() as connection:
        assert calendars.revisions(connection) == {"always": [calendars.BUILT_IN]}
        assert calendars.get(connection, "always").value == ALWAYS_OPEN
        assert calendars.newest(connection, "always") == calendars.BUILT_IN
        assert calendars.newest(connection, "london") is None
        with pytest.raises(NotFound, match="no calendar 'london'") as missing:
            calendars.get(connection, "london")
    assert missing.value.hint == "there are: always"


def test_a_revision_that_is_not_there_is_named_with_the_newest(store: Store) -> None:
    enter(store, calendar())
    with store.read() as connection, pytest.raises(NotFound, match="no revision 7") as missing:
        calendars.get(connection, "test", 7)
    assert missing.value.hint == "the newest is 1"


def test_of_two_who_change_the_same_calendar_the_second_is_told(store: Store) -> None:
    enter(store, calendar())
    enter(store, calendar("always"), 1)
    with pytest.raises(Refused, match="changed by somebody else just now"):
        enter(store, calendar("daily 09:00-17:00"), 1)
    with store.read() as connection:
        assert calendars.get(connection, "test").value == calendar("always")


def test_a_refused_revision_leaves_the_transaction_of_the_act_whole(store: Store) -> None:
    enter(store, calendar())
    with store.begin() as connection:
        with pytest.raises(Refused):
            calendars.add(connection, calendar("always"), at=AT, operator="bo", reason="")
        assert len(calendars.history(connection, "test")) == 1


def test_a_damaged_revision_is_an_error_that_names_it(store: Store) -> None:
    enter(store, calendar())
    with store.begin() as connection:
        connection.execute(update(calendars.calendar_table).values(document={"periods": "gone"}))
    with store.read() as connection:
        for read in (calendars.revisions, lambda each: calendars.get(each, "test")):
            with pytest.raises(StoreError, match="revision 1 of the calendar test cannot be used"):
                read(connection)
