"""How we know our own words again, what may leave, and when a ticket is looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.model import Status
from lexops.incidents.model import Entry, EntryKind, Incident, Origin, State
from lexops.trackers import marks
from lexops.trackers.model import Meaning
from lexops.trackers.plan import PUSHED, meaning_of, meanings, next_look, next_try, said, still_fails, wanted
from tests.clock import START

KEY = marks.key_of(41, "db/a.b", START, "jira")
EVERY = timedelta(minutes=1)


def incident(
    state: State = State.OPEN, origin: Origin = Origin.HAND, ended: timedelta | None = None
) -> Incident:
    resolved = START - ended if ended is not None else None
    return Incident(
        41, "x", "x", Status.WARNING, state, None, None, START, START, None, resolved, origin=origin
    )


@given(st.text(max_size=200), st.integers(0, 10**12))
def test_what_we_said_is_known_again_with_its_entry(text: str, entry: int) -> None:
    stamped = marks.stamped(text, KEY, entry)
    assert marks.entry_of(stamped, KEY) == entry
    assert marks.entry_of(stamped.replace("\n", "\r\n").replace("  ", " ") + "\n\n", KEY) == entry
    assert marks.entry_of(stamped.replace("[", "\\[").replace("]", "\\]").replace("*", "\\*"), KEY) == entry
    assert marks.entry_of(f"Thanks!\n{stamped}", KEY) is None
    assert marks.entry_of(f"{stamped}\nbye", KEY) is None
    assert marks.entry_of(stamped, marks.key_of(41, "db/a.b", START, "other")) is None


@given(st.text(max_size=300))
def test_what_others_say_is_never_ours(text: str) -> None:
    assert marks.entry_of(text, KEY) is None
    assert marks.entry_of(f"{text}\n[lexops {KEY} 7 00000000]", KEY) is None


def test_a_ticket_is_known_by_its_mark_and_by_its_incident() -> None:
    text = marks.stamped("Incident #41.", marks.mark_of(KEY, 2), marks.TICKET)
    assert marks.entry_of(text, KEY) == marks.TICKET
    assert marks.mark_of(KEY, 2) in text.split()


@pytest.mark.parametrize("kind", list(PUSHED))
def test_without_titles_only_kind_number_and_time_leave(kind: EntryKind) -> None:
    told = said(41, Entry(START, kind, "ana", "Acme, matter 123", id=7), titles=False)
    assert told == f"Incident #41 {PUSHED[kind]}, 2026-03-02T09:00:00Z."


def test_what_never_leaves() -> None:
    kept = {
        EntryKind.OPENED,
        EntryKind.CLASSIFIED,
        EntryKind.ASKED,
        EntryKind.ANSWERED,
        EntryKind.AWARE,
        EntryKind.NOTIFIED,
        EntryKind.TOLD,
        EntryKind.SYNCED,
        EntryKind.ATTACHED,
        EntryKind.ASSIGNED,
    }
    assert kept.isdisjoint(PUSHED)


def test_with_titles_notes_leave_but_no_names_and_no_mail() -> None:
    def told(kind: EntryKind, author: str, text: str) -> str:
        return said(41, Entry(START, kind, author, text, id=7), titles=True)

    assert told(EntryKind.NOTE, "ana", "disk full").endswith("\n\ndisk full")
    assert "ana" not in told(EntryKind.ACKNOWLEDGED, "ana", "taken by ana")
    assert "matter" not in told(EntryKind.NOTE, "cy@acme.example", "matter 123")


def test_states_are_known_whatever_their_case_and_the_nearest_is_wanted() -> None:
    known = meanings({" To Do ": "open", "DONE": "resolved"})
    assert meaning_of(known, "done") is Meaning.RESOLVED
    assert meaning_of(known, "Review") is None
    assert wanted(incident(State.WAITING), known) is Meaning.OPEN
    assert wanted(incident(State.CANCELLED), known) is Meaning.RESOLVED
    assert wanted(incident(State.RESOLVED), {}) is None


def test_what_opened_by_itself_fails_until_it_has_recovered() -> None:
    def told(*kinds: EntryKind) -> list[Entry]:
        return [Entry(START, kind, "lexops", "") for kind in kinds]

    check, hand = incident(origin=Origin.CHECK), incident()
    assert still_fails(check, told(EntryKind.OPENED))
    assert not still_fails(check, told(EntryKind.OPENED, EntryKind.RECOVERED, EntryKind.NOTE))
    assert still_fails(check, told(EntryKind.OPENED, EntryKind.RECOVERED, EntryKind.SEVERITY))
    assert not still_fails(hand, told(EntryKind.OPENED))


@pytest.mark.parametrize(
    ("ended", "minutes"),
    [(None, 1), (timedelta(hours=1), 1), (timedelta(days=2), 10), (timedelta(days=40), 60)],
)
def test_what_is_over_for_long_is_looked_at_rarely(ended: timedelta | None, minutes: int) -> None:
    assert next_look(incident(ended=ended), EVERY, START) == START + timedelta(minutes=minutes)


def test_failures_wait_longer_and_longer_up_to_an_hour_and_as_long_as_asked() -> None:
    waits = [next_try(n, EVERY, START) - START for n in (1, 2, 3, 7, 500)]
    assert [wait / EVERY for wait in waits] == [1, 2, 4, 60, 60]
    assert next_try(1, EVERY, START, 7200) - START == timedelta(hours=2)
    assert next_try(1, timedelta(hours=3), START) - START == timedelta(hours=3)


def test_a_tracker_is_left_alone_for_no_longer_than_it_has_been_down() -> None:
    def wait(failures: int, down: timedelta, after: float | None = None) -> float:
        return (next_try(failures, EVERY, START, after, down) - START) / EVERY

    assert wait(9, timedelta()) == 1
    assert wait(9, timedelta(minutes=7)) == 7
    assert wait(2, timedelta(days=3)) == 2
    assert wait(9, timedelta(), after=1800) == 30
