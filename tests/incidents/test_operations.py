"""What people do with incidents, through the gate: facts, waiting, questions, answers, re-opening."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind, Incident, Priority, State
from lexops.incidents.operations import OPERATIONS
from lexops.store.database import Store
from tests.gates import World, world


@pytest.fixture
def desk(quick: Store, tmp_path: Path) -> World:
    made = world(quick, tmp_path, operations=OPERATIONS)
    made.submit("sam", "incident.open", title="Portal is slow", client="ACME-1", priority="P2")
    made.clock.advance(seconds=3600)
    return made


def test_a_client_is_written_as_the_latest_ticket_has_it(desk: World) -> None:
    desk.submit("sam", "incident.open", title="Portal is slow again", client="acme-1")
    assert seen(desk, 2).client == "ACME-1"
    desk.submit("sam", "incident.classify", incident=2, client="Acme-1")
    desk.submit("sam", "incident.open", title="And again", client="ACME-1")
    assert seen(desk, 3).client == "Acme-1"


def seen(desk: World, number: int = 1) -> Incident:
    with desk.store.read() as connection:
        return incidents.get(connection, number)


def told(desk: World, number: int = 1) -> list[Entry]:
    with desk.store.read() as connection:
        return list(incidents.timeline(connection, number))


def test_an_incident_has_a_priority_after_its_severity_until_it_is_classified(desk: World) -> None:
    desk.submit("sam", "incident.open", title="All is lost", severity="critical")
    assert seen(desk, 2).priority is Priority.P2
    desk.submit("sam", "incident.open", title="Something is odd")
    assert seen(desk, 3).priority is Priority.P3


def test_classifying_keeps_all_facts_from_then_on_in_the_timeline(desk: World) -> None:
    desk.submit("sam", "incident.classify", incident=1, priority="P1", queue="portal", reason="many clients")
    entry = told(desk)[-1]
    assert entry.kind is EntryKind.CLASSIFIED
    assert entry.text == "priority P1, was P2, queue portal, was none: many clients"
    assert entry.data == {"priority": "P1", "client": "ACME-1", "provider": "", "queue": "portal"}
    desk.submit("sam", "incident.classify", incident=1, client="-")
    assert seen(desk).client == ""
    with pytest.raises(Refused, match="is that already"):
        desk.submit("sam", "incident.classify", incident=1, priority="P1")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "name what changes"),
        ({"client": "Müller & Co"}, "client: 'Müller & Co' is no code"),
        ({"provider": "nobody"}, "there is no provider 'nobody'"),
        ({"priority": "P0"}, "priority: 'P0' is none of P1, P2, P3, P4"),
    ],
)
def test_impossible_facts_are_refused_with_the_reason(
    desk: World, given: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        desk.submit("sam", "incident.classify", incident=1, **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": " \t "}, "needs title"),
        ({"title": "Slow", "target": "wal"}, "target: there is no target 'wal'"),
    ],
)
def test_an_incident_about_nothing_is_not_opened(desk: World, given: dict[str, str], said: str) -> None:
    """A target that is not there fits no policy that is for it, and whoever should be told is not."""
    with pytest.raises(InvalidRequest, match=said):
        desk.submit("sam", "incident.open", **given)
    with pytest.raises(NotFound):
        seen(desk, 2)
    desk.submit("sam", "incident.open", title="Slow", target="wall")
    desk.submit("sam", "incident.open", title="No checks run", target="lexops")


def test_waiting_ends_where_it_began(desk: World) -> None:
    desk.submit("sam", "incident.pause", incident=1, reason="the client sends a log")
    assert seen(desk).state is State.WAITING
    with pytest.raises(Refused, match="is waiting"):
        desk.submit("sam", "incident.pause", incident=1, reason="again")
    desk.submit("sam", "incident.resume", incident=1)
    assert seen(desk).state is State.OPEN
    desk.submit("sam", "incident.acknowledge", incident=1)
    desk.submit("sam", "incident.pause", incident=1, reason="again")
    desk.submit("sam", "incident.resume", incident=1)
    assert seen(desk).state is State.ACKNOWLEDGED
    with pytest.raises(Refused, match="is not waiting"):
        desk.submit("sam", "incident.resume", incident=1)


def test_what_is_told_late_says_when_it_happened_and_when_it_was_written(desk: World) -> None:
    now = desk.clock.now()
    desk.submit("sam", "incident.asked", incident=1, text="when will it be back", when="30m")
    entry = told(desk)[-1]
    assert (entry.kind, entry.at, entry.recorded) == (EntryKind.ASKED, now - timedelta(minutes=30), now)
    desk.submit("sam", "incident.answer", incident=1, text="tonight")
    assert told(desk)[-1].recorded is None
    desk.submit("sam", "incident.resolve", incident=1, note="it is back", when="10m")
    assert seen(desk).resolved == now - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("when", "said"), [("2h", "was opened"), ("2100-01-01", "is still to come"), ("then", "is no time")]
)
def test_what_cannot_have_happened_then_is_refused(desk: World, when: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        desk.submit("sam", "incident.answer", incident=1, text="told", when=when)
    assert len(told(desk)) == 1


def test_a_resolved_incident_is_opened_again(desk: World) -> None:
    with pytest.raises(Refused, match="is not resolved"):
        desk.submit("sam", "incident.reopen", incident=1, reason="not yet over")
    desk.submit("sam", "incident.resolve", incident=1, note="over")
    desk.submit("sam", "incident.reopen", incident=1, reason="it is slow again")
    again = seen(desk)
    assert (again.state, again.resolved) == (State.OPEN, None)
    desk.submit("sam", "incident.resolve", incident=1, note="over")
    with pytest.raises(NotFound, match="no incident #9"):
        desk.submit("sam", "incident.reopen", incident=9, reason="which")


def test_a_cancelled_incident_is_closed_for_good(desk: World) -> None:
    desk.submit("sam", "incident.cancel", incident=1, reason="duplicate of #7")
    assert seen(desk).state is State.CANCELLED and not seen(desk).is_open
    with pytest.raises(Refused):
        desk.submit("sam", "incident.reopen", incident=1, reason="changed my mind")


def test_who_takes_a_waiting_incident_does_not_end_its_waiting(desk: World) -> None:
    desk.submit("sam", "incident.pause", incident=1, reason="the client sends a log")
    desk.submit("bo", "incident.acknowledge", incident=1)
    assert (seen(desk).state, seen(desk).owner) == (State.WAITING, "bo")
    desk.submit("bo", "incident.resume", incident=1)
    assert seen(desk).state is State.ACKNOWLEDGED


def test_waiting_does_not_end_before_it_began(desk: World) -> None:
    desk.submit("sam", "incident.pause", incident=1, reason="the client sends a log", since="20m")
    with pytest.raises(Refused, match="incident #1 was paused after that"):
        desk.submit("sam", "incident.resume", incident=1, since="30m")
    desk.submit("sam", "incident.resume", incident=1, since="10m")
    with pytest.raises(Refused, match="was resumed after that"):
        desk.submit("sam", "incident.pause", incident=1, reason="again", since="15m")


@pytest.mark.parametrize(
    "acts",
    [
        (("assign", {"owner": "mia"}), ("pause", {"reason": "a log"}), ("resume", {})),
        (("pause", {"reason": "a log"}), ("assign", {"owner": "mia"}), ("resume", {})),
        (("assign", {"owner": "mia"}), ("resolve", {"note": "over"}), ("reopen", {"reason": "not so"})),
        (("acknowledge", {}), ("resolve", {"note": "over"}), ("reopen", {"reason": "not so"})),
    ],
)
def test_who_was_only_given_an_incident_has_not_taken_it_after_a_wait_or_an_end(
    desk: World, acts: tuple[tuple[str, dict[str, object]], ...]
) -> None:
    for act, given in acts:
        desk.submit("sam", f"incident.{act}", incident=1, **given)
    taken = acts[0][0] == "acknowledge"
    assert seen(desk).state is (State.ACKNOWLEDGED if taken else State.OPEN)
    assert seen(desk).owner == ("sam" if taken else "mia")


def test_who_takes_what_they_were_given_while_it_waits_has_it_afterwards(desk: World) -> None:
    desk.submit("sam", "incident.assign", incident=1, owner="mia")
    desk.submit("sam", "incident.pause", incident=1, reason="the client sends a log")
    desk.submit("mia", "incident.acknowledge", incident=1)
    desk.submit("sam", "incident.resume", incident=1)
    assert seen(desk).state is State.ACKNOWLEDGED


def test_nobody_says_that_it_was_over_before_it_was_opened_again_or_waited(desk: World) -> None:
    desk.submit("sam", "incident.resolve", incident=1, note="over")
    desk.clock.advance(minutes=60)
    desk.submit("sam", "incident.reopen", incident=1, reason="slow again")
    desk.clock.advance(minutes=10)
    with pytest.raises(Refused, match="incident #1 was reopened after that"):
        desk.submit("sam", "incident.resolve", incident=1, note="over", when="30m")
    desk.submit("sam", "incident.pause", incident=1, reason="the client sends a log")
    desk.clock.advance(minutes=10)
    with pytest.raises(Refused, match="incident #1 was paused after that"):
        desk.submit("sam", "incident.resolve", incident=1, note="over", when="15m")
    desk.submit("sam", "incident.resolve", incident=1, note="over", when="5m")
    assert seen(desk).resolved == desk.clock.now() - timedelta(minutes=5)


def test_a_recovery_that_was_seen_before_it_was_opened_again_ends_it_after_that(desk: World) -> None:
    looked = desk.clock.now()
    desk.submit("sam", "incident.resolve", incident=1, note="over")
    desk.clock.advance(minutes=1)
    desk.submit("sam", "incident.reopen", incident=1, reason="slow again")
    again = desk.clock.now()
    with desk.store.begin() as connection:
        incidents.resolve(connection, 1, looked, incidents.LEXOPS, "resolved by recovery")
    assert seen(desk).resolved == again
