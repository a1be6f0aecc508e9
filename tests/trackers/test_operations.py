"""Linking through the gate, on both stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.store.database import Store
from lexops.trackers import store as links
from lexops.trackers.operations import OPERATIONS
from tests.gates import World, world
from tests.trackers.helping import site


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> World:
    made = world(store, tmp_path, operations=(*OPERATIONS, *INCIDENTS))
    settings = site(tmp_path, "desk").settings.trackers
    known = made.gate.file
    made.gate.file = known.model_copy(
        update={"settings": known.settings.model_copy(update={"trackers": settings})}
    )
    for number in (1, 2):
        made.submit("sam", "incident.open", title=f"incident {number}")
    return made


def told(at: World, incident: int = 1) -> list[str]:
    with at.store.read() as connection:
        return [each.text for each in incidents.entries_of(connection, incident, [EntryKind.LINKED])]


def test_a_new_ticket_is_asked_for_once(desk: World) -> None:
    answer = desk.submit("sam", "tracker.link", incident=1, tracker="desk")
    assert "incident #1: the worker makes a ticket in desk" in answer
    with pytest.raises(Refused, match=r"linked with desk/\(new\) already"):
        desk.submit("sam", "tracker.link", incident=1, tracker="desk")
    with desk.store.read() as connection:
        (link,) = links.links(connection)
    assert link.is_new and link.due == desk.clock.now()


def test_a_ticket_that_is_there_belongs_to_one_incident(desk: World) -> None:
    desk.submit("sam", "tracker.link", incident=1, tracker="desk", external="OPS-12")
    assert told(desk) == ["kept in step with desk/OPS-12"]
    with pytest.raises(Refused, match="desk/OPS-12 is linked with incident #1 already"):
        desk.submit("sam", "tracker.link", incident=2, tracker="desk", external="OPS-12")


def test_an_id_that_is_none_is_refused(desk: World) -> None:
    for wrong in ("../x", "a b", "x" * 121, "new:1", "ä"):
        with pytest.raises(InvalidRequest, match="is no id of a ticket"):
            desk.submit("sam", "tracker.link", incident=1, tracker="desk", external=wrong)


def test_what_is_not_there_is_named(desk: World) -> None:
    with pytest.raises(NotFound, match="no tracker 'jra'") as unknown:
        desk.submit("sam", "tracker.link", incident=1, tracker="jra")
    assert unknown.value.hint == "there are: desk"
    with pytest.raises(NotFound, match="no incident #9"):
        desk.submit("sam", "tracker.link", incident=9, tracker="desk")
    with pytest.raises(NotFound, match="incident #1 has no ticket in desk"):
        desk.submit("sam", "tracker.unlink", incident=1, tracker="desk")
    with pytest.raises(Refused, match="nothing is linked"):
        desk.submit("sam", "tracker.sync")


def test_a_link_is_taken_away_and_may_come_back(desk: World) -> None:
    desk.submit("sam", "tracker.link", incident=1, tracker="desk", external="OPS-12")
    desk.submit("sam", "tracker.unlink", incident=1, tracker="desk")
    desk.submit("sam", "tracker.link", incident=1, tracker="desk", external="OPS-12")
    assert told(desk) == [
        "kept in step with desk/OPS-12",
        "no longer kept in step with desk/OPS-12",
        "kept in step with desk/OPS-12",
    ]


def test_a_comparison_is_asked_for_whatever_it_would_wait_for(desk: World) -> None:
    desk.submit("sam", "tracker.link", incident=1, tracker="desk", external="OPS-12")
    with desk.store.begin() as connection:
        found = links.get(connection, 1, "desk")
        links.change(connection, found.id, due=desk.clock.now().replace(year=2099), failures=9)
    desk.clock.advance(minutes=1)
    assert "1 ticket: the worker compares now" in desk.submit("sam", "tracker.sync", tracker="desk")
    with desk.store.read() as connection:
        assert links.get(connection, 1, "desk").due == desk.clock.now()
