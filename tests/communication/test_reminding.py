"""Reminders of promised updates: before the moment and at it, each once, whoever looks and however often."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lexops.auth import store as people
from lexops.communication import store as notices
from lexops.communication.model import Due, Notice, NoticeKind
from lexops.communication.promises import EARLY, Reminder, promise, reminder
from lexops.errors import NotFound
from lexops.incidents.model import EntryKind
from lexops.outbox.model import Message, State, Urgency
from lexops.store.database import Store
from tests.clock import START
from tests.communication.desk import Desk, desk, filled
from tests.stores import sqlite_store


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Desk]:
    store = sqlite_store(tmp_path)
    made = desk(store, tmp_path)
    made.open()
    made.update(next="1h")
    yield made
    store.close()


def reminders(firm: Desk) -> list[Message]:
    return [each for each in firm.messages() if each.subject.startswith("promise/")]


def keys(firm: Desk) -> list[str]:
    return [each.key for each in reminders(firm)]


def test_the_author_is_reminded_before_the_moment_and_at_it(firm: Desk) -> None:
    firm.wait(minutes=49, seconds=59)
    firm.remind()
    assert keys(firm) == []
    firm.wait(seconds=1)
    firm.remind()
    (early,) = reminders(firm)
    assert (str(early.recipient), early.urgency) == ("operator:ana", Urgency.NOTICE)
    assert "update to partners of P1 #1 is due in 10 min" in filled(early).subject
    firm.wait(minutes=10)
    firm.remind()
    _, due = reminders(firm)
    assert (due.urgency, due.priority) == (Urgency.PAGE, "P1")
    assert filled(due).subject == "Broken: update to partners of P1 #1: incident #1"
    assert "lexops notice update 1 partners" in filled(due).body
    assert "lexops incident show 1\n" in filled(due).body, "no clock of the incident explains it"
    assert len(firm.events("notice.due")) == 2


def test_the_owner_is_reminded_as_well(firm: Desk) -> None:
    firm.ask("incident.acknowledge", "sam", incident=1)
    firm.wait(hours=1)
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana", "promise/1/due/sam"]


def test_it_is_asked_often_and_answered_once(firm: Desk) -> None:
    for _ in range(90):
        firm.wait(minutes=1)
        firm.remind()
    assert keys(firm) == ["promise/1/early/ana", "promise/1/due/ana"]


def test_after_a_pause_of_every_worker_only_the_moment_itself_is_told(firm: Desk) -> None:
    firm.wait(days=3)
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_a_clock_that_is_set_back_reminds_of_nothing_twice(firm: Desk) -> None:
    firm.wait(hours=1)
    firm.remind()
    firm.world.clock.jump(START + timedelta(minutes=55))
    firm.remind()
    firm.world.clock.jump(START + timedelta(hours=2))
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_a_newer_update_calls_the_reminder_off(firm: Desk) -> None:
    firm.wait(hours=1)
    firm.remind()
    firm.update(next="-")
    assert [each.state for each in reminders(firm)] == [State.CANCELLED]
    assert [each.state for each in firm.messages("notice/1")] == [State.WAITING]
    firm.wait(hours=5)
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_taking_or_resolving_the_incident_calls_no_reminder_off(firm: Desk) -> None:
    firm.wait(hours=1)
    firm.remind()
    firm.ask("incident.acknowledge", incident=1)
    firm.ask("incident.resolve", incident=1, note="done")
    assert [each.state for each in reminders(firm)] == [State.WAITING]


def test_an_update_to_others_keeps_no_promise(firm: Desk) -> None:
    firm.update(audience="portal-users", next="-")
    firm.wait(hours=1)
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_nobody_who_has_left_is_reminded_while_somebody_is_here(firm: Desk) -> None:
    firm.ask("incident.acknowledge", "sam", incident=1)
    with firm.store.begin() as connection:
        person = people.get(connection, "ana")
        people.remove(connection, firm.world.gate.keyring, person, firm.now)
    firm.wait(hours=1)
    firm.remind()
    assert keys(firm) == ["promise/1/due/sam"]


def test_when_everybody_has_left_it_goes_where_the_outbox_sends_what_nobody_takes(firm: Desk) -> None:
    with firm.store.begin() as connection:
        people.remove(connection, firm.world.gate.keyring, people.get(connection, "ana"), firm.now)
    firm.wait(hours=1)
    firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_one_that_cannot_be_reminded_of_keeps_no_other_waiting(firm: Desk) -> None:
    lost = Notice(0, NoticeKind.UPDATE, "partners", "t", "x", firm.now, "bo", 99, firm.now)
    with firm.store.begin() as connection:
        notices.add(connection, lost)
    firm.wait(hours=1)
    for _ in range(2):
        with pytest.raises(NotFound, match="no incident #99"):
            firm.remind()
    assert keys(firm) == ["promise/1/due/ana"]


def test_a_site_without_channels_lists_what_is_due_and_sends_nothing(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    firm = desk(store, tmp_path, more="")
    firm.open()
    firm.update(by="by telephone", next="1h")
    firm.wait(hours=1)
    firm.remind()
    firm.remind()
    assert firm.messages() == [] and len(firm.events("notice.due")) == 1
    assert [each.due for each in firm.promises()] == [Due.OVERDUE]
    store.close()


def test_the_title_a_person_wrote_stays_in_the_firm(firm: Desk) -> None:
    firm.wait(hours=1)
    firm.remind()
    (found,) = reminders(firm)
    assert "ACME" not in f"{filled(found)} {dict(found.values)}"


def test_two_workers_remind_once(store: Store, tmp_path: Path) -> None:
    firm = desk(store, tmp_path)
    for number in range(1, 9):
        firm.open(title=f"fault {number}")
        firm.update(incident=number, next="1h")
    firm.wait(hours=1)
    start = Barrier(2)

    def work() -> None:
        start.wait(60)
        firm.remind()

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work) for _ in range(2)]:
            done.result(60)
    assert sorted(keys(firm)) == [f"promise/{number}/due/ana" for number in range(1, 9)]
    assert len(firm.events("notice.due")) == 8


def test_an_update_and_a_reminder_at_the_same_moment_leave_nothing_that_is_sent(
    store: Store, tmp_path: Path
) -> None:
    firm = desk(store, tmp_path)
    for number in range(1, 6):
        firm.open(title=f"fault {number}")
        firm.update(incident=number, next="1h")
    firm.wait(hours=1)
    start = Barrier(2)

    def update() -> None:
        start.wait(60)
        for number in range(1, 6):
            firm.update(incident=number, next="-")

    def remind() -> None:
        start.wait(60)
        for _ in range(5):
            firm.remind()

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(update), workers.submit(remind)]:
            done.result(60)
    assert {each.state for each in reminders(firm)} <= {State.CANCELLED}
    assert firm.promises() == [] and len(firm.entries(EntryKind.UPDATED, 5)) == 2


def test_the_newest_of_two_updates_that_were_written_at_once_promises(firm: Desk) -> None:
    with firm.store.begin() as connection:
        for hours in (3, 2):
            given_ = Notice(0, NoticeKind.UPDATE, "partners", "t", "x", firm.now, "bo", 1)
            notices.add(connection, _promising(given_, firm.now + timedelta(hours=hours)))
    assert [each.by for each in firm.promises()] == [firm.now + timedelta(hours=2)]


# Laws.

MINUTES = some.integers(-200, 200).map(lambda n: START + timedelta(minutes=n))


def _promising(notice: Notice, by: datetime | None, reminded: datetime | None = None) -> Notice:
    return replace(notice, promised=by, reminded=reminded)


UPDATE = Notice(1, NoticeKind.UPDATE, "partners", "t", "x", START, "ana", 1)


@given(MINUTES.filter(lambda by: by > START), some.lists(MINUTES, max_size=30))
def test_however_often_one_looks_each_reminder_comes_once_and_in_order(
    by: datetime, looks: list[datetime]
) -> None:
    notice, told = _promising(UPDATE, by), []
    for now in sorted(looks):
        found = reminder(notice, now)
        if found is not None:
            told.append(found)
            notice = _promising(notice, by, now)
    assert told in ([], [Reminder.EARLY], [Reminder.DUE], [Reminder.EARLY, Reminder.DUE])
    assert (Reminder.DUE in told) == any(now >= by for now in looks)
    if by - EARLY <= START:
        assert Reminder.EARLY not in told


@given(MINUTES, MINUTES)
def test_a_promise_is_overdue_from_its_moment_on_and_soon_before(by: datetime, now: datetime) -> None:
    found = promise(_promising(UPDATE, by), now)
    assert found is not None
    assert (found.due is Due.OVERDUE) == (now >= by)
    assert (found.due is Due.LATER) == (now < by - EARLY)


def test_what_promises_nothing_reminds_of_nothing() -> None:
    assert reminder(UPDATE, START) is None and promise(UPDATE, START) is None
