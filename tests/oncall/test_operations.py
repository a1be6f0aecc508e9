"""Rotas and overrides changed through the gate; what is impossible or does nothing is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lexops.auth import store as auth
from lexops.auth.model import Operator
from lexops.calendars import store as calendars
from lexops.errors import InvalidRequest, LexOpsError, NotFound, Refused, StoreError
from lexops.gate.model import SecondFactorNeeded
from lexops.oncall import rotation
from lexops.oncall import store as rotas
from lexops.oncall.model import Book
from lexops.oncall.operations import OPERATIONS
from lexops.oncall.tables import rota_table
from lexops.store.database import Store
from tests.calendars.helping import OFFICE, calendar, day
from tests.clock import START
from tests.gates import World, world
from tests.oncall.helping import at, told
from tests.stores import sqlite_store

WEEK = {
    "rota": "support",
    "layer": "week",
    "people": "ana, bo",
    "turn": "weekly",
    "start": "2026-03-02T09:00",
    "zone": "Europe/London",
    "reason": "we begin",
}


def made(store: Store, folder: Path) -> World:
    """A firm whose rotas are changed without a second factor, which would take a minute."""
    return world(store, folder, operations=OPERATIONS, environment="demo", enrol=False)


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[World]:
    store = sqlite_store(tmp_path)
    yield made(store, tmp_path)
    store.close()


@pytest.fixture
def support(firm: World) -> World:
    set_layer(firm)
    return firm


def set_layer(firm: World, **changes: object) -> str:
    return firm.submit("mia", "oncall.layer", **WEEK | changes)


def override(firm: World, person: str, **more: object) -> str:
    more.setdefault("reason", "a cold")
    return firm.submit("sam", "oncall.override", rota="support", person=person, **more)


def book(firm: World) -> Book:
    with firm.store.read() as connection:
        return rotas.book(connection)


def who(firm: World, when: str) -> str:
    return rotation.who(book(firm), "support", at(when))


# Rotas.


def test_a_rota_is_made_changed_overridden_and_ended(store: Store, tmp_path: Path) -> None:
    firm = made(store, tmp_path)
    assert set_layer(firm) == (
        "support revision 1: ana from Mon 2026-03-02 09:00 GMT until Mon 2026-03-09 09:00 GMT"
    )
    assert set_layer(firm, people="ana, bo, sam", reason="one more").startswith("support revision 2: ana")
    assert override(firm, "sam", starts="2026-03-04T09:00", ends="2026-03-04T18:00") == (
        "sam is on call in support from Wed 2026-03-04 09:00 GMT until Wed 2026-03-04 18:00 GMT (override 1)"
    )
    assert (who(firm, "2026-03-04T08:59"), who(firm, "2026-03-04T09:00")) == ("ana", "sam")
    firm.clock.advance(days=2, hours=1)
    taken = firm.submit("sam", "oncall.unoverride", override=1, reason="well again")
    assert taken.startswith("override 1 of support taken back: ana from Wed 2026-03-04 10:00 GMT")
    assert (who(firm, "2026-03-04T09:30"), who(firm, "2026-03-04T10:30")) == ("sam", "ana")
    ended = firm.submit("mia", "oncall.unlayer", rota="support", layer="week", reason="over", gaps=True)
    assert ended == "support revision 3: the rota has ended"
    found = book(firm)
    assert [each.number for each in found.rotas["support"]] == [1, 2, 3]
    assert [each.reason for each in found.rotas["support"]] == ["we begin", "one more", "over"]
    assert told(rotation.shifts(found, "support", at("2026-03-02T09:00"), at("2026-03-05T09:00"))) == [
        "ana 2026-03-02 09:00 GMT - 2026-03-04 09:00 GMT",
        "sam 2026-03-04 09:00 GMT - 2026-03-04 10:00 GMT",
        "nobody 2026-03-04 10:00 GMT - 2026-03-05 09:00 GMT",
    ]
    kinds = [kind for kind in firm.kinds() if kind.startswith("oncall.")]
    assert kinds == ["oncall.changed"] * 2 + ["oncall.overridden", "oncall.unoverridden", "oncall.changed"]


def test_a_layer_goes_on_top_or_where_it_is_wanted_and_stays_where_it_was(support: World) -> None:
    set_layer(support, layer="office", people="sam", hours=OFFICE)
    set_layer(support, layer="base", people="mia", place=1)
    set_layer(support, people="bo")
    layers = book(support).rotas["support"][-1].value.layers
    assert [(each.name, each.people[0]) for each in layers] == [
        ("base", "mia"),
        ("week", "bo"),
        ("office", "sam"),
    ]


def test_holidays_of_a_calendar_reach_the_rota(support: World) -> None:
    with support.store.begin() as connection:
        london = calendar(OFFICE, "Europe/London", day("2026-03-05"))
        calendars.add(connection, london, at=START, operator="ana", reason="x")
    set_layer(support, layer="feast", people="mia", holidays="+test")
    assert [who(support, f"2026-03-0{number}T12:00") for number in (4, 5, 6)] == ["ana", "mia", "ana"]
    with pytest.raises(Refused, match="nobody from Thu 2026-03-05 00:00"):
        set_layer(support, rota="other", holidays="-test")


@pytest.mark.parametrize(
    ("changes", "error", "wrong"),
    [
        ({"rota": "Our Rota"}, InvalidRequest, "cannot name a rota"),
        ({"layer": "override"}, InvalidRequest, "layer: override"),
        ({"people": ","}, InvalidRequest, "people: nobody"),
        ({"people": "ana, zoe"}, InvalidRequest, "'zoe' is no active operator"),
        ({"start": "2026-03-02"}, InvalidRequest, "start: 2026-03-02 has no time"),
        ({"length": 0}, InvalidRequest, "length: 0 is less than one turn"),
        ({"hours": "mon-fri"}, InvalidRequest, "hours: "),
        ({"holidays": "-mars"}, InvalidRequest, "there is no calendar 'mars'"),
        ({"zone": "Europe/Londn"}, InvalidRequest, "'Europe/Londn' is no time zone"),
        ({"place": 3}, InvalidRequest, "place: 3 is not between 1 and 1"),
        ({"start": "2026-03-02T09:00"}, Refused, "support is so already"),
        (
            {"hours": OFFICE},
            Refused,
            r"support would have nobody from .* and 9 more gaps in the next 14 days",
        ),
        ({"start": "2026-03-04T09:00"}, Refused, "nobody from Mon 2026-03-02 09:00 GMT until Wed 2026-03-04"),
    ],
)
def test_a_layer_that_cannot_be_is_refused_with_the_reason(
    support: World, changes: dict[str, object], error: type[LexOpsError], wrong: str
) -> None:
    with pytest.raises(error, match=wrong) as caught:
        set_layer(support, **changes)
    assert isinstance(caught.value, LexOpsError)
    assert len(book(support).rotas["support"]) == 1


def test_gaps_that_somebody_knows_of_are_allowed(support: World) -> None:
    assert "revision 2" in set_layer(support, hours=OFFICE, gaps=True)
    assert who(support, "2026-03-02T20:00") == ""


def test_a_new_rota_is_looked_at_for_gaps_from_its_first_hand_off_on(firm: World) -> None:
    said = set_layer(firm, start="2026-03-09T09:00")
    assert said.startswith("support revision 1: nobody until")
    assert who(firm, "2026-03-09T09:00") == "ana"


def test_the_last_layer_is_taken_out_only_by_somebody_who_says_so(support: World) -> None:
    arguments = {"rota": "support", "layer": "week", "reason": "x"}
    with pytest.raises(Refused, match="week is the last layer of support"):
        support.submit("mia", "oncall.unlayer", **arguments)
    with pytest.raises(NotFound, match="no layer 'day'"):
        support.submit("mia", "oncall.unlayer", **arguments | {"layer": "day"})
    set_layer(support, layer="office", people="sam", hours=OFFICE)
    with pytest.raises(Refused, match="nobody from"):
        support.submit("mia", "oncall.unlayer", **arguments)
    assert "revision 3: ana" in support.submit("mia", "oncall.unlayer", **arguments | {"layer": "office"})


def test_a_correction_says_that_the_past_was_wrong(support: World) -> None:
    support.clock.advance(days=3)
    set_layer(support, people="bo, ana", correction=True, reason="it was bo all week")
    assert who(support, "2026-03-03T12:00") == "bo"


def test_support_may_not_plan_but_may_stand_in(firm: World) -> None:
    with pytest.raises(Refused, match="manager"):
        firm.submit("sam", "oncall.layer", **WEEK)
    set_layer(firm)
    assert "sam is on call" in override(firm, "sam", minutes=60)


def test_planning_needs_a_second_factor_in_production(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    firm = world(store, tmp_path, operations=OPERATIONS)
    with pytest.raises(SecondFactorNeeded):
        firm.submit("mia", "oncall.layer", **WEEK)
    store.close()


# Overrides.


@pytest.mark.parametrize(
    ("arguments", "error", "wrong"),
    [
        ({"person": "zoe", "minutes": 60}, InvalidRequest, "'zoe' is no active operator"),
        ({"person": "sam"}, InvalidRequest, "until when"),
        ({"person": "sam", "minutes": 60, "ends": "2h"}, InvalidRequest, "until when"),
        ({"person": "sam", "minutes": 0}, InvalidRequest, "minutes: 0"),
        ({"person": "sam", "ends": "2026-03-01T09:00"}, InvalidRequest, "is not after"),
        ({"person": "sam", "starts": "2h", "ends": "1h"}, InvalidRequest, "is not after"),
        ({"person": "sam", "ends": "2027-06-01T09:00"}, InvalidRequest, "for a year at most"),
        ({"person": "sam", "ends": "someday"}, InvalidRequest, "ends: 'someday' is no time"),
        ({"person": "ana", "minutes": 60}, Refused, "it is so already: ana from Mon 2026-03-02 09:00"),
        ({"person": "sam", "minutes": 60, "instead_of": "bo"}, Refused, "bo is not on call then"),
        ({"person": "sam", "minutes": 60, "rota": "nights"}, NotFound, "no rota 'nights'"),
    ],
)
def test_an_override_that_cannot_be_or_does_nothing_is_refused(
    support: World, arguments: dict[str, object], error: type[LexOpsError], wrong: str
) -> None:
    with pytest.raises(error, match=wrong):
        support.submit("sam", "oncall.override", **{"rota": "support", "reason": "x"} | arguments)
    assert book(support).overrides == ()


def test_an_override_begins_now_even_where_it_should_have_begun_before(support: World) -> None:
    support.clock.advance(hours=3)
    said = override(support, "sam", starts="2026-03-02T10:00", ends="2026-03-02T18:00")
    assert said.startswith("sam is on call in support from Mon 2026-03-02 12:00 GMT")


def test_nobody_is_on_call_where_somebody_wants_it_so(support: World) -> None:
    assert override(support, "-", minutes=30).startswith("nobody is on call in support")
    (gap,) = rotation.gaps(book(support), "support", START, START + timedelta(days=1))
    assert gap.is_wanted_gap


def test_an_override_that_is_over_or_unknown_cannot_be_taken_back(support: World) -> None:
    override(support, "sam", minutes=30)
    back = {"override": 1, "reason": "x"}
    support.submit("sam", "oncall.unoverride", **back)
    with pytest.raises(Refused, match="was taken back Mon 2026-03-02 09:00 GMT"):
        support.submit("sam", "oncall.unoverride", **back)
    override(support, "sam", minutes=30)
    support.clock.advance(hours=1)
    with pytest.raises(Refused, match="override 2 ended"):
        support.submit("sam", "oncall.unoverride", **back | {"override": 2})
    with pytest.raises(NotFound, match="no override 7"):
        support.submit("sam", "oncall.unoverride", **back | {"override": 7})


def test_two_people_swap_their_shifts_from_end_to_end(support: World) -> None:
    support.clock.advance(days=1)
    swap = {"rota": "support", "one": "1h", "other": "2026-03-12T12:00", "reason": "a wedding"}
    assert support.submit("sam", "oncall.swap", **swap) == (
        "bo is on call in support from Tue 2026-03-03 09:00 GMT until Mon 2026-03-09 09:00 GMT,"
        " instead of ana (override 1);"
        " ana is on call in support from Mon 2026-03-09 09:00 GMT until Mon 2026-03-16 09:00 GMT,"
        " instead of bo (override 2)"
    )
    found = rotation.shifts(book(support), "support", at("2026-03-02T09:00"), at("2026-03-23T09:00"))
    assert [each.person for each in found] == ["ana", "bo", "ana", "ana"]


@pytest.mark.parametrize(
    ("changes", "error", "wrong"),
    [
        ({"one": "2026-03-01T09:00"}, InvalidRequest, "is over"),
        ({"other": "2026-03-03T12:00"}, Refused, "ana is on call at both times"),
        ({"other": "never"}, InvalidRequest, "other: 'never' is no time"),
    ],
)
def test_a_swap_that_cannot_be_is_refused(
    support: World, changes: dict[str, object], error: type[LexOpsError], wrong: str
) -> None:
    swap = {"rota": "support", "one": "1h", "other": "2026-03-12T12:00", "reason": "x"}
    with pytest.raises(error, match=wrong):
        support.submit("sam", "oncall.swap", **swap | changes)


def test_a_shift_without_end_or_anybody_is_not_swapped(support: World) -> None:
    set_layer(support, people="ana")
    swap = {"rota": "support", "one": "1h", "other": "2026-03-12T12:00", "reason": "x"}
    with pytest.raises(Refused, match="more than half a year"):
        support.submit("sam", "oncall.swap", **swap)
    override(support, "-", minutes=120)
    with pytest.raises(Refused, match="there is nobody"):
        support.submit("sam", "oncall.swap", **swap)


# The store.


def test_of_two_who_change_a_rota_at_once_the_second_has_to_look_again(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path).submit("mia", "oncall.layer", **WEEK)
    with store.begin() as connection:
        (known,) = rotas.history(connection, "support")
        with pytest.raises(Refused, match="changed by somebody else") as caught:
            rotas.add(connection, known.value, at=START, operator="bo", reason="x", after=0)
    assert caught.value.hint.endswith("lexops oncall show support")


def test_an_override_is_taken_back_once(support: World) -> None:
    override(support, "sam", minutes=30)
    with support.store.begin() as connection:
        done = [rotas.remove_override(connection, 1, START + timedelta(minutes=each)) for each in (1, 2)]
        assert rotas.override(connection, 1).removed == START + timedelta(minutes=1)
    assert done == [True, False]


def test_a_damaged_rota_is_told_and_not_guessed(support: World) -> None:
    with support.store.begin() as connection:
        connection.execute(update(rota_table).values(document={"zone": "Europe/London"}))
    with pytest.raises(StoreError, match="revision 1 of the rota support cannot be used"):
        book(support)


def test_overrides_that_are_over_can_be_left_out(support: World) -> None:
    override(support, "sam", minutes=30)
    override(support, "sam", starts="2h", ends="3h")
    with support.store.read() as connection:
        kept = rotas.book(connection, since=START + timedelta(hours=1)).overrides
    assert [each.id for each in kept] == [2]


def test_who_may_act_is_who_is_an_operator_and_until_when(support: World) -> None:
    with support.store.begin() as connection:
        keyring = support.gate.keyring
        leaving: Operator = auth.get(connection, "bo")
        auth.remove(connection, keyring, leaving, START)
        auth.add(connection, keyring, "temp", leaving.role, START, START + timedelta(days=1))
        able = rotas.able(connection, START)
        later = rotas.able(connection, START + timedelta(days=2))
    assert "bo" not in able and able["ana"] is None and able["temp"] == START + timedelta(days=1)
    assert "temp" not in later
