"""Kept clocks are what the timelines and the promises say, however these come to change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete, func, insert, select, update

from lexops.calendars.model import Calendar, Day
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, State
from lexops.incidents.store import entry_table, incident_table
from lexops.sla import keeping, reading
from lexops.sla import store as policies
from lexops.sla.model import ClockKind, ClockState, Policy
from lexops.sla.tables import clock_table, ticket_table
from lexops.store.database import Store
from tests.sla.desk import HOUR, Desk, desk, office

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind
LIMIT = keeping.BATCH


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Desk:
    made = desk(store, tmp_path)
    made.set()
    return made


def same(firm: Desk) -> None:
    """The cache says what is so, of every ticket and every clock."""
    with firm.store.read() as connection:
        known = incidents.incidents(connection, include_resolved=True)
        book = policies.book(connection)
        wanted = {
            (ticket.incident.id, clock.kind.value, clock.round): (
                ClockState.CANCELLED.value
                if ticket.incident.state is State.CANCELLED and clock.kind is not NOTICE
                else clock.state.value,
                clock.worked,
                clock.due,
                clock.budget,
                clock.end,
                [[pause.start, pause.end, pause.why] for pause in clock.pauses],
                clock.policy_revision,
                clock.calendar_revision,
            )
            for ticket in reading.tickets(connection, firm.file, known, book, firm.now)
            for clock in ticket.clocks
        }
        c = clock_table.c
        found = {
            (row.incident, row.kind, row.round): (
                row.state,
                row.worked,
                row.due,
                row.budget,
                row.end,
                row.pauses,
                row.policy_revision,
                row.calendar_revision,
            )
            for row in connection.execute(select(clock_table).order_by(c.incident))
        }
    assert found == wanted


def settle(firm: Desk) -> None:
    """Long enough after the end for nothing to run any more."""
    firm.wait(minutes=5)
    while firm.refresh():
        pass
    firm.refresh()


def test_a_ticket_is_kept_through_its_life(firm: Desk) -> None:
    firm.open()
    for name, arguments in (
        ("incident.acknowledge", {}),
        ("incident.pause", {"reason": "the bank"}),
        ("incident.resume", {}),
        ("incident.classify", {"priority": "P1"}),
        ("incident.resolve", {"note": "done"}),
        ("incident.reopen", {"reason": "not done"}),
        ("incident.resolve", {"note": "done"}),
    ):
        firm.wait(minutes=30)
        firm.ask(name, incident=1, **arguments)
        assert firm.behind() == 1
        assert firm.refresh() == 1
        assert firm.behind() == 0
        same(firm)


def test_what_is_over_is_not_computed_again(firm: Desk) -> None:
    firm.open()
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    assert firm.kept_ticket().is_over
    with firm.store.begin() as connection:
        connection.execute(update(clock_table).values(worked=12345))
    firm.wait(days=1)
    firm.set(budgets="P2 resolution 9h")
    assert firm.refresh() == 0
    assert firm.kept()[RESOLUTION].worked == 12345, "nobody has touched it"


def test_what_runs_is_brought_up_to_date_though_nothing_was_told(firm: Desk) -> None:
    firm.open()
    firm.refresh()
    firm.wait(hours=9)
    assert firm.refresh() == 0, "nothing had changed"
    assert firm.kept()[RESOLUTION].state == ClockState.OVERDUE.value
    same(firm)


def test_a_late_entry_is_found_by_its_number(firm: Desk) -> None:
    firm.open()
    firm.wait(hours=3)
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    assert firm.kept()[RESPONSE].state == ClockState.MISSED.value
    firm.ask("incident.answer", incident=1, text="by phone", when="2026-03-02T09:30")
    assert firm.refresh() == 1
    assert firm.kept()[RESPONSE].state == ClockState.MET.value
    same(firm)


def test_cancelled_tickets_count_nowhere_but_the_law_goes_on(firm: Desk) -> None:
    firm.open()
    with firm.store.begin() as connection:
        told = {"jurisdiction": "EU"}
        incidents.tell(connection, 1, EntryKind.AWARE, firm.now, "ana", "x", firm.now, told)
    firm.ask("incident.acknowledge", incident=1)
    firm.wait(minutes=5)
    firm.ask("incident.cancel", incident=1, reason="a duplicate")
    firm.refresh()
    kept = firm.kept()
    assert {kept[kind].state for kind in (RESPONSE, RESOLUTION)} == {ClockState.CANCELLED.value}
    assert kept[NOTICE].state == ClockState.RUNNING.value
    assert not firm.kept_ticket().is_over
    same(firm)


def test_a_changed_promise_restates_what_runs_and_leaves_what_is_over(firm: Desk) -> None:
    firm.open()
    firm.ask("incident.resolve", incident=1, note="done")
    firm.open()
    settle(firm)
    firm.set(budgets="P2 resolution 2h")
    assert firm.refresh() == 1
    assert firm.kept(1)[RESOLUTION].budget == 8 * HOUR
    assert firm.kept(2)[RESOLUTION].budget == 2 * HOUR
    same(firm)


def test_a_correction_restates_what_is_over_too(firm: Desk) -> None:
    firm.open()
    firm.wait(hours=3)
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    assert firm.kept()[RESOLUTION].state == ClockState.MET.value
    firm.set(budgets="P2 resolution 2h", correction=True)
    assert (firm.behind(), firm.refresh(), firm.behind()) == (1, 1, 0)
    assert firm.kept()[RESOLUTION].state == ClockState.MISSED.value
    same(firm)


def test_a_deleted_holiday_restates_by_correction_only(firm: Desk) -> None:
    day = date(2026, 3, 3)
    with_holiday = Calendar("office", office().periods, {day: Day(day, "Carnival")})
    firm.enter(with_holiday)
    firm.set("hours", calendar="office", budgets="P2 resolution 8h", queue="portal")
    firm.open(queue="portal")
    firm.wait(hours=30)
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    assert firm.kept()[RESOLUTION].worked == 8 * HOUR
    firm.enter(office(), after=1)
    assert firm.refresh() == 0
    same(firm)
    firm.enter(office(), after=2, correction=True)
    assert firm.refresh() == 1
    assert firm.kept()[RESOLUTION].worked == 14 * HOUR
    assert firm.kept()[RESOLUTION].calendar_revision == 3
    same(firm)


def test_a_calendar_that_no_policy_names_makes_nothing_be_computed_again(firm: Desk) -> None:
    firm.open()
    firm.open()
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    firm.refresh()
    firm.enter(office("unused"))
    firm.enter(office("unused", "Europe/London"), correction=True, after=1)
    assert firm.behind() == 0
    firm.set(calendar="unused")
    assert firm.behind() == 2
    firm.refresh()
    assert firm.behind() == 0
    same(firm)


def test_a_promise_recorded_while_a_ticket_ended_is_not_missed(firm: Desk) -> None:
    firm.open()
    recorded = firm.now
    firm.wait(seconds=1)
    firm.ask("incident.resolve", incident=1, note="done")
    firm.refresh()
    with firm.store.begin() as connection:
        late = Policy("standard", "always", {"P2": {RESOLUTION: HOUR}})
        policies.add(connection, late, at=recorded, operator="ana", reason="r", after=1)
    assert firm.refresh() == 1
    same(firm)


def test_a_first_promise_finds_the_tickets_that_had_none(store: Store, tmp_path: Path) -> None:
    firm = desk(store, tmp_path)
    firm.open()
    firm.open()
    firm.ask("incident.resolve", incident=1, note="done")
    settle(firm)
    assert firm.kept(1) == firm.kept(2) == {}
    firm.set()
    assert firm.refresh() == 2
    assert (RESOLUTION in firm.kept(1)) and (RESOLUTION in firm.kept(2))
    same(firm)


def test_a_call_does_a_bounded_piece_and_the_next_ones_the_rest(firm: Desk) -> None:
    for _ in range(7):
        firm.open()
    assert [firm.refresh(3) for _ in range(4)] == [3, 3, 1, 0]
    for number in (1, 2, 3, 4, 5):
        firm.ask("incident.answer", incident=number, text="x")
    firm.open()
    assert firm.behind() == 6
    assert [firm.refresh(3) for _ in range(3)] == [3, 3, 0]
    firm.refresh()
    same(firm)


def test_those_that_run_have_their_turn_when_there_are_many(firm: Desk) -> None:
    for _ in range(5):
        firm.open()
    firm.refresh()
    firm.wait(hours=9)
    for _ in range(3):
        firm.refresh(2)
    assert {firm.kept(n)[RESOLUTION].state for n in range(1, 6)} == {ClockState.OVERDUE.value}


def test_a_lost_cache_is_built_again(firm: Desk) -> None:
    for _ in range(3):
        firm.open()
    firm.refresh()
    with firm.store.begin() as connection:
        connection.execute(delete(ticket_table))
        connection.execute(delete(clock_table))
    assert (firm.behind(), firm.refresh()) == (3, 3)
    same(firm)


def test_of_an_incident_that_is_gone_nothing_is_kept(firm: Desk) -> None:
    firm.open()
    firm.refresh()
    with firm.store.begin() as connection:
        connection.execute(delete(entry_table))
        connection.execute(delete(incident_table))
    firm.set(budgets="P2 resolution 1h")
    assert (firm.refresh(), firm.refresh(), firm.behind()) == (1, 0, 0)
    assert firm.kept() == {}


def test_a_piece_that_fails_leaves_everything_as_it_was(firm: Desk) -> None:
    firm.open()
    firm.refresh()
    before = (firm.kept(), firm.kept_ticket())
    firm.wait(hours=1)
    firm.ask("incident.resolve", incident=1, note="done")
    with pytest.raises(RuntimeError), firm.store.begin() as connection:
        keeping.refresh(connection, firm.file, firm.now)
        raise RuntimeError("killed")
    assert (firm.kept(), firm.kept_ticket()) == before
    assert firm.refresh() == 1
    same(firm)


def test_nothing_is_locked_while_there_is_nothing_to_do(store: Store, tmp_path: Path) -> None:
    firm = desk(store, tmp_path)
    with firm.store.begin():
        keeping.keep(firm.store, firm.file, firm.world.clock)  # would wait for this transaction, in vain
    firm.open()
    keeping.keep(firm.store, firm.file, firm.world.clock)
    assert firm.behind() == 0


def test_what_comes_while_a_worker_computes_is_seen_by_its_next_look(firm: Desk) -> None:
    firm.open()
    with firm.store.read() as connection:
        piece = keeping._computed(connection, firm.file, firm.now, LIMIT)
    firm.wait(minutes=5)
    firm.ask("incident.acknowledge", incident=1)
    firm.set(budgets="P2 response 2h")
    with firm.store.begin() as connection:
        keeping._write(connection, piece)
    assert firm.kept()[RESPONSE].state == ClockState.RUNNING.value, "as it was when it was read"
    keeping.keep(firm.store, firm.file, firm.world.clock)
    assert firm.behind() == 0
    same(firm)


def test_workers_who_keep_at_once_do_not_disturb_each_other(firm: Desk) -> None:
    for _ in range(20):
        firm.open()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: keeping.keep(firm.store, firm.file, firm.world.clock), range(8)))
    assert firm.behind() == 0
    same(firm)


def test_whatever_happens_in_whatever_order_the_cache_agrees(firm: Desk) -> None:
    """A hundred random acts, kept after each few; among them late ones, corrections and new rules."""
    random = Random(5)
    firm.enter(office())
    revision = 1
    for step in range(100):
        firm.wait(minutes=random.choice((1, 10, 90, 600)))
        number = random.randint(1, 6)
        name, arguments = random.choice(_ACTS)
        try:
            if name == "open":
                firm.open(priority=random.choice(("P1", "P2")), client=random.choice(("A", "B")))
            elif name == "rules":
                firm.set(budgets=f"P1 resolution {step + 1}h; P2 response 1h", correction=step % 2 == 0)
            elif name == "calendar":
                firm.enter(office(zone=random.choice(_ZONES)), correction=step % 2 == 0, after=revision)
                revision += 1
            else:
                firm.ask(name, incident=number, **arguments)
        except (InvalidRequest, NotFound, Refused):
            pass
        if random.random() < 0.3:
            while firm.refresh(4):
                pass
            firm.refresh()
            same(firm)


_ACTS: list[tuple[str, dict[str, object]]] = [
    ("open", {}),
    ("open", {}),
    ("rules", {}),
    ("calendar", {}),
    ("incident.acknowledge", {}),
    ("incident.pause", {"reason": "x"}),
    ("incident.resume", {"since": "5m"}),
    ("incident.asked", {"text": "x"}),
    ("incident.answer", {"text": "x", "when": "30m"}),
    ("incident.classify", {"priority": "P1"}),
    ("incident.classify", {"priority": "P2", "client": "B"}),
    ("incident.resolve", {"note": "x"}),
    ("incident.reopen", {"reason": "x"}),
    ("incident.cancel", {"reason": "x"}),
]
_ZONES = ("Europe/London", "Asia/Kathmandu", "America/New_York")


def test_entries_that_become_visible_out_of_order_are_found(firm: Desk) -> None:
    """On PostgreSQL a transaction may commit an entry with a lower number after one with a higher."""
    firm.open()
    firm.open()
    with firm.store.begin() as connection:
        high = (connection.scalar(select(func.max(entry_table.c.id))) or 0) + 10
        values = {"incident": 2, "at": firm.now, "kind": "note", "author": "x", "text": "x"}
        connection.execute(insert(entry_table).values(values | {"id": high}))
    firm.refresh()
    firm.wait(minutes=1)
    with firm.store.begin() as connection:
        values |= {"incident": 1, "at": firm.now, "kind": EntryKind.ACKNOWLEDGED.value, "id": high - 1}
        connection.execute(insert(entry_table).values(values))
    assert firm.refresh() == 1
    assert firm.kept()[RESPONSE].state == ClockState.MET.value


def test_finished_clocks_are_given_newest_first(firm: Desk) -> None:
    for hours in (1, 2, 3):
        firm.open()
        firm.wait(hours=hours)
        firm.ask("incident.resolve", incident=hours, note="done")
    firm.refresh()
    with firm.store.read() as connection:
        found = keeping.finished(connection, firm.now - timedelta(hours=5), 3)
    assert [each.worked for each in found] == [3 * HOUR] * 2 + [2 * HOUR]
