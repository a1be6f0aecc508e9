"""Freezes that people declare: they hold at once, end by themselves or by an act; only glass breaks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate.freezes import OPERATIONS, freezes
from lexops.gate.model import SecondFactorNeeded
from lexops.store.database import Store
from tests.gates import World, paint, rebuild, tear_down, world


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> World:
    made = world(store, tmp_path, operations=(paint, tear_down, rebuild, *OPERATIONS))
    made.prove("ana")
    return made


def ask_for_rebuild(firm: World, **more: object) -> str:
    return firm.submit("ana", "wall.rebuild", target="wall", confirmed="wall", **more)


def numbers(firm: World) -> list[int | None]:
    with firm.store.read() as connection:
        return [each.number for each in freezes(connection, firm.gate.file, firm.clock.now())]


def test_a_declared_freeze_holds_at_once_and_ends_by_itself(firm: World) -> None:
    said = firm.submit("mia", "freeze.start", until="2h", reason="month end")
    assert said.startswith("freeze #1: no changes on production until ")
    with pytest.raises(Refused, match="changes are frozen: month end"):
        ask_for_rebuild(firm)
    firm.clock.advance(seconds=2 * 3600)
    firm.prove("ana")
    ask_for_rebuild(firm)
    assert numbers(firm) == []


def test_a_freeze_leaves_lexops_own_records_and_other_environments_alone(firm: World) -> None:
    firm.submit("mia", "freeze.start", until="2h", reason="month end", environment="staging")
    ask_for_rebuild(firm)
    firm.submit("mia", "freeze.start", until="2h", reason="month end")
    firm.submit("sam", "wall.paint", target="wall")


def test_a_freeze_that_is_announced_begins_in_time(firm: World) -> None:
    firm.submit("mia", "freeze.start", until="3d", begin="1h", reason="month end")
    ask_for_rebuild(firm)
    firm.clock.advance(seconds=3600)
    firm.prove("ana")
    with pytest.raises(Refused, match="frozen"):
        ask_for_rebuild(firm)


def test_breaking_the_glass_goes_through_a_declared_freeze(firm: World) -> None:
    firm.submit("mia", "freeze.start", until="2h", reason="month end")
    ask_for_rebuild(firm, break_glass="the firm cannot bill")
    assert "freeze.started" in firm.kinds()


def test_ending_a_freeze_needs_a_second_factor_and_is_on_the_record(firm: World) -> None:
    firm.submit("mia", "freeze.start", until="2h", reason="month end")
    with pytest.raises(SecondFactorNeeded):
        firm.submit("mia", "freeze.end", freeze=1, reason="closed early")
    firm.prove("mia", "change:production")
    assert (
        firm.submit("mia", "freeze.end", freeze=1, reason="closed early") == "freeze #1 of production ended"
    )
    firm.prove("ana")
    ask_for_rebuild(firm)
    assert "freeze.ended" in firm.kinds() and "done" in firm.entries()
    with pytest.raises(Refused, match="freeze #1 is over since"):
        firm.submit("mia", "freeze.end", freeze=1, reason="again")


def test_a_freeze_of_the_sites_file_cannot_be_ended_by_an_act(firm: World) -> None:
    firm.prove("mia", "change:production")
    with pytest.raises(NotFound, match="no freeze #7"):
        firm.submit("mia", "freeze.end", freeze=7, reason="there is none")


def test_support_declares_no_freeze(firm: World) -> None:
    with pytest.raises(Refused, match="needs the role"):
        firm.submit("sam", "freeze.start", until="2h", reason="quiet please")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"until": "soon"}, "until: 'soon' is no time"),
        ({"until": "0s"}, "is not within 92 days after the beginning"),
        ({"until": "93d"}, "is not within 92 days after the beginning"),
        ({"until": "2020-01-01"}, "is not within 92 days"),
        ({"until": "99999999999999d"}, "until: '99999999999999d' is no time"),
        ({"until": "2h", "begin": "2020-01-01T00:00"}, "is over"),
        ({"until": "2h", "environment": "moon"}, "'moon' is none of production, staging, demo"),
    ],
)
def test_an_impossible_freeze_is_refused_with_the_reason(
    firm: World, given: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        firm.submit("mia", "freeze.start", reason="month end", **given)
    assert numbers(firm) == []
