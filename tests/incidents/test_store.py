"""Incidents on both stores."""

from __future__ import annotations

import pytest

from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.errors import NotFound, Refused, StoreError
from lexops.incidents import following
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Opening, State
from lexops.incidents.policy import Policy
from lexops.store import event
from lexops.store.database import Store
from tests.clock import START


def change(after: Status, check: str = "a.b") -> HardChange:
    return HardChange("db", check, "Title", None, after, f"it is {after}", START)


def follow(store: Store, *changes: HardChange) -> None:
    with store.begin() as connection:
        following.follow(connection, changes, Policy())


def test_one_incident_per_fingerprint_follows_the_severity(store: Store) -> None:
    follow(
        store,
        change(Status.WARNING),
        change(Status.CRITICAL),
        change(Status.CRITICAL),
        change(Status.UNKNOWN),
    )
    with store.read() as connection:
        (incident,) = incidents.incidents(connection)
        told = [(e.kind, e.text) for e in incidents.timeline(connection, incident.id)]
    assert incident.severity is Status.CRITICAL
    assert told == [
        (EntryKind.OPENED, "it is WARNING"),
        (EntryKind.SEVERITY, "CRITICAL: it is CRITICAL"),
        (EntryKind.CLASSIFIED, "priority P2, was P3: it is CRITICAL now"),
        (EntryKind.SEVERITY, "UNKNOWN: it is UNKNOWN"),
    ]


def test_what_could_not_be_seen_is_not_said_to_be_wrong(quick: Store) -> None:
    follow(quick, change(Status.UNKNOWN))
    with quick.read() as connection:
        assert incidents.get(connection, 1).title == "Not seen: Title"
    follow(quick, change(Status.CRITICAL))
    with quick.read() as connection:
        assert incidents.get(connection, 1).title == "Title"


def test_after_a_resolution_the_same_fault_is_a_new_incident(quick: Store) -> None:
    follow(quick, change(Status.CRITICAL), change(Status.OK), change(Status.CRITICAL))
    with quick.read() as connection:
        everything = incidents.incidents(connection, include_resolved=True)
    assert [(i.state, i.id) for i in everything] == [(State.OPEN, 2), (State.RESOLVED, 1)]


def test_the_database_itself_refuses_a_second_open_incident_of_a_kind(store: Store) -> None:
    follow(store, change(Status.CRITICAL))
    with pytest.raises(StoreError), store.begin() as connection:
        incidents.open_(connection, Opening("db/a.b", "again", Status.CRITICAL, START, "x", "y", "db", "a.b"))


def test_a_person_takes_notes_and_ends_it(quick: Store) -> None:
    follow(quick, change(Status.CRITICAL))
    with quick.begin() as connection:
        incidents.acknowledge(connection, 1, START, "ana")
        incidents.note(connection, 1, START, "ana", "looking at the disk")
        incidents.resolve(connection, 1, START, "ana", "disk replaced")
        incidents.note(connection, 1, START, "bo", "thanks")
        found = incidents.get(connection, 1)
        entries = [(e.kind, e.author) for e in incidents.timeline(connection, 1)]
    assert (found.state, found.owner, found.resolved) == (State.RESOLVED, "ana", START)
    assert entries[1:] == [
        (EntryKind.ACKNOWLEDGED, "ana"),
        (EntryKind.NOTE, "ana"),
        (EntryKind.RESOLVED, "ana"),
        (EntryKind.NOTE, "bo"),
    ]


def test_what_is_resolved_or_unknown_is_refused(quick: Store) -> None:
    follow(quick, change(Status.CRITICAL), change(Status.OK))
    with quick.begin() as connection:
        with pytest.raises(Refused):
            incidents.acknowledge(connection, 1, START, "ana")
        with pytest.raises(NotFound):
            incidents.note(connection, 99, START, "ana", "text")


def test_every_entry_is_an_event_for_live_screens(quick: Store) -> None:
    with quick.read() as connection:
        before = event.newest(connection)
    follow(quick, change(Status.CRITICAL))
    with quick.read() as connection:
        assert [e.kind for e in event.after(connection, before)] == ["incident.opened"]


def test_the_worst_and_newest_open_ones_come_first(quick: Store) -> None:
    follow(quick, change(Status.WARNING, "w"), change(Status.CRITICAL, "c"), change(Status.UNKNOWN, "u"))
    with quick.read() as connection:
        assert [i.check for i in incidents.incidents(connection)] == ["c", "u", "w"]


def test_an_incident_is_not_opened_again_while_another_one_tells_of_the_same(quick: Store) -> None:
    follow(quick, change(Status.CRITICAL), change(Status.OK), change(Status.CRITICAL))
    with quick.begin() as connection, pytest.raises(Refused, match="incident #2 is open about the same"):
        incidents.reopen(connection, 1, START, "ana", "again")


def test_an_alarm_is_found_by_who_only_reads(store: Store) -> None:
    with store.begin() as connection:
        incidents.alarm(connection, "blind", "Nobody sees", START)
    with store.read() as connection:
        assert incidents.alarmed(connection, "blind") == 1
        assert incidents.alarmed(connection, "deaf") is None
