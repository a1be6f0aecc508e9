"""Warnings and breaches are told once, in order, with their true time, by however many workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert

from lexops.calendars.business import seconds
from lexops.clock import utc_text
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.sla import reading, watch
from lexops.sla import store as policies
from lexops.sla.model import ClockKind, ClockState
from lexops.sla.tables import clock_table
from lexops.store.database import Store
from tests.races import at_once
from tests.sla.desk import HOUR, Desk, desk

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Desk:
    made = desk(store, tmp_path)
    made.set(budgets="P1 response 1h, resolution 4h; P2 response 2h, resolution 8h")
    return made


def look(firm: Desk) -> None:
    watch.watch(firm.store, firm.file, firm.world.clock)


def told(firm: Desk) -> list[tuple[str, str, object]]:
    return [(each.kind, each.subject, each.data["percent"]) for each in firm.events("sla.")]


def test_nothing_is_told_before_its_time(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=44, seconds=59)
    look(firm)
    assert told(firm) == []
    firm.wait(seconds=1)
    look(firm)
    assert told(firm) == [("sla.warning", "#1 response", 75)]


def test_a_budget_that_is_used_up_is_broken_one_second_later(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(hours=1)
    look(firm)
    assert [percent for _, _, percent in told(firm)] == [75, 90]
    firm.wait(seconds=1)
    look(firm)
    assert told(firm)[-1] == ("sla.breach", "#1 response", 100)


def test_each_is_told_once_with_what_it_is_about(firm: Desk) -> None:
    opened = firm.now
    firm.open(priority="P1")
    for _ in range(5):
        firm.wait(minutes=15)
        look(firm)
    assert [percent for _, _, percent in told(firm)] == [75, 90, 100]
    (first, *_) = firm.events("sla.")
    assert first.data == {
        "percent": 75,
        "round": 1,
        "due": "2026-03-02T10:00:00Z",
        "at": "2026-03-02T09:45:00Z",
    }
    assert utc_text(opened) == "2026-03-02T09:00:00Z"


def test_after_a_night_without_a_worker_all_is_told_in_order_with_true_times(firm: Desk) -> None:
    firm.open(priority="P2")
    firm.wait(minutes=50)
    firm.open(priority="P1")
    firm.wait(hours=12)
    look(firm)
    found = firm.signals()
    assert [(row.incident, row.kind, row.percent) for row in found] == [
        (1, "response", 75),  # 10:30
        (2, "response", 75),  # 10:35
        (2, "response", 90),  # 10:44
        (1, "response", 90),  # 10:48
        (2, "response", 100),  # 10:50:01
        (1, "response", 100),  # 11:00:01
        (2, "resolution", 75),
        (2, "resolution", 90),
        (2, "resolution", 100),
        (1, "resolution", 75),
        (1, "resolution", 90),
        (1, "resolution", 100),
    ]
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert {row.told for row in found} == {firm.now}
    assert [each.data["at"] for each in firm.events("sla.")] == [utc_text(row.at) for row in found]


def test_a_promise_broken_and_ended_while_nobody_looked_is_told(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(hours=5)
    firm.ask("incident.resolve", incident=1, note="done")
    firm.wait(days=1)
    firm.refresh()
    look(firm)
    look(firm)
    assert told(firm) == [("sla.breach", "#1 response", 100), ("sla.breach", "#1 resolution", 100)]


def test_of_what_has_ended_no_warning_is_given(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=50)
    firm.ask("incident.acknowledge", incident=1)
    look(firm)
    assert told(firm) == []


def test_a_paused_clock_warns_when_it_goes_on(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.ask("incident.acknowledge", incident=1)
    firm.wait(hours=2)
    firm.ask("incident.pause", incident=1, reason="the bank")
    firm.wait(hours=10)
    look(firm)
    assert told(firm) == []
    firm.ask("incident.resume", incident=1)
    firm.wait(hours=1)
    look(firm)
    assert told(firm) == [("sla.warning", "#1 resolution", 75)]


def aware(firm: Desk) -> None:
    """Of a breach of data, about which Europe wants to be told."""
    with firm.store.begin() as connection:
        jurisdiction = {"jurisdiction": "EU"}
        incidents.tell(connection, 1, EntryKind.AWARE, firm.now, "ana", "x", firm.now, jurisdiction)


def test_the_law_warns_of_a_ticket_that_was_promised_nothing(firm: Desk) -> None:
    firm.open(priority="P4")
    aware(firm)
    firm.wait(hours=72, seconds=1)
    look(firm)
    assert [(subject, percent) for _, subject, percent in told(firm)] == [
        ("#1 notice", percent) for percent in (50, 75, 90, 100)
    ]


@pytest.mark.parametrize(("act", "why"), [("resolve", "note"), ("cancel", "reason")])
def test_the_law_warns_of_a_ticket_that_is_over(firm: Desk, act: str, why: str) -> None:
    firm.open(priority="P4")
    firm.ask(f"incident.{act}", incident=1, **{why: "the laptop is back"})
    firm.refresh()
    aware(firm)
    firm.refresh()
    for hours in (36, 18, 18, 1):
        firm.wait(hours=hours)
        look(firm)
    assert [(subject, percent) for _, subject, percent in told(firm)] == [
        ("#1 notice", percent) for percent in (50, 75, 90, 100)
    ]


def test_a_question_about_a_resolved_ticket_is_told_of_and_of_its_old_breach_nothing_new(firm: Desk) -> None:
    firm.set(budgets="P1 response 1h, update 1h")
    firm.open(priority="P1")
    firm.wait(hours=2)
    look(firm)
    firm.ask("incident.resolve", incident=1, note="done")
    firm.wait(minutes=1)
    firm.ask("incident.asked", incident=1, text="really?")
    firm.refresh()
    firm.wait(hours=1, seconds=1)
    look(firm)
    assert told(firm)[-4:] == [
        ("sla.breach", "#1 response", 100),
        ("sla.warning", "#1 update", 75),
        ("sla.warning", "#1 update", 90),
        ("sla.breach", "#1 update", 100),
    ]


def test_a_promise_that_is_broken_anew_is_told_anew(firm: Desk) -> None:
    firm.set(budgets="P1 resolution 4h; P3 resolution 24h")
    firm.open(priority="P1")
    firm.wait(hours=5)
    look(firm)
    firm.ask("incident.classify", incident=1, priority="P3")
    for _ in range(3):
        look(firm)
    assert [row.percent for row in firm.signals()] == [], "nothing of 24 h is reached after 5"
    firm.wait(hours=30)
    look(firm)
    look(firm)
    assert [
        (percent, each.data["due"]) for each in firm.events("sla.") for percent in [each.data["percent"]]
    ] == [
        *((percent, "2026-03-02T13:00:00Z") for percent in (75, 90, 100)),
        *((percent, "2026-03-03T09:00:00Z") for percent in (75, 90, 100)),
    ]


def test_what_was_told_of_a_clock_that_is_over_is_not_forgotten(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=50)
    look(firm)
    firm.ask("incident.acknowledge", incident=1)
    look(firm)
    assert [row.percent for row in firm.signals()] == [75]


def test_a_worker_whose_clock_is_behind_forgets_nothing(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=46)
    look(firm)
    firm.wait(minutes=-2)
    look(firm)
    firm.wait(minutes=2)
    look(firm)
    assert told(firm) == [("sla.warning", "#1 response", 75)]


def test_a_second_question_is_told_of_as_a_second_round(firm: Desk) -> None:
    firm.set(budgets="P1 update 1h")
    firm.open(priority="P1")
    for _ in range(2):
        firm.ask("incident.asked", incident=1, text="x")
        firm.wait(hours=2)
        look(firm)
        firm.ask("incident.answer", incident=1, text="x")
        firm.wait(minutes=1)
    found = [(row.round, row.percent) for row in firm.signals()]
    assert found == [(1, 75), (1, 90), (1, 100), (2, 75), (2, 90), (2, 100)]


def test_two_workers_who_saw_the_same_tell_it_once(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=46)
    response = next(clock for clock in firm.ticket().clocks if clock.kind is RESPONSE)
    signal = watch.Signal(1, response, 75, firm.now)
    at_once(firm.store, lambda connection: watch._tell(connection, signal, firm.now))
    assert len(firm.signals()) == 1
    assert told(firm) == [("sla.warning", "#1 response", 75)]


def test_workers_who_look_at_once_tell_everything_once(firm: Desk) -> None:
    for _ in range(10):
        firm.open(priority="P1")
    firm.wait(hours=5)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: look(firm), range(4)))
    assert len(firm.signals()) == len(firm.events("sla.")) == 10 * 2 * 3


def test_a_look_that_fails_has_told_nothing(firm: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.open(priority="P1")
    firm.wait(hours=5)
    append, count = watch.event.append, 0

    def dies(*given: object, **more: object) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise RuntimeError("killed")
        append(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(watch.event, "append", dies)
    with pytest.raises(RuntimeError):
        look(firm)
    assert (firm.signals(), firm.events("sla.")) == ([], [])
    monkeypatch.undo()
    look(firm)
    assert len(firm.signals()) == len(firm.events("sla.")) == 6


def test_an_idle_look_takes_no_write_transaction(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.wait(minutes=50)
    look(firm)
    with firm.store.begin():
        look(firm)  # would wait for this transaction, in vain
    assert len(firm.signals()) == 1


# What is foreseen.


def past(firm: Desk, worked: list[int], client: str = "") -> None:
    """Finished resolution clocks of P1."""
    rows = [
        {
            "incident": 1000 + place,
            "kind": "resolution",
            "round": 1,
            "state": (ClockState.MISSED if took > 4 * HOUR else ClockState.MET).value,
            "priority": "P1",
            "client": client,
            "provider": "",
            "queue": "",
            "target_kind": "",
            "start": seconds(firm.now) - took,
            "end": seconds(firm.now),
            "due": None,
            "budget": 4 * HOUR,
            "worked": took,
            "paused": 0,
            "pauses": [],
            "policy": "standard",
            "policy_revision": 1,
            "calendar": "always",
            "calendar_revision": 1,
            "reopened": 0,
        }
        for place, took in enumerate(worked)
    ]
    with firm.store.begin() as connection:
        connection.execute(insert(clock_table), rows)


def foresee(firm: Desk) -> None:
    watch.foresee(firm.store, firm.file, firm.world.clock)


def test_a_likely_breach_is_kept_the_first_time_it_is_likely(firm: Desk) -> None:
    past(firm, [HOUR] * 60 + [5 * HOUR] * 25)
    firm.open(priority="P1")
    foresee(firm)
    assert firm.predictions() == [], "25 of 85"
    firm.wait(hours=1, seconds=1)
    foresee(firm)
    (kept,) = firm.predictions()
    assert (kept.permille, kept.similar, kept.kind, kept.at) == (1000, 25, "resolution", firm.now)
    firm.wait(hours=1)
    foresee(firm)
    assert firm.predictions() == [kept]


def test_predictions_are_compared_with_what_came(firm: Desk) -> None:
    past(firm, [HOUR] * 10 + [5 * HOUR] * 20)
    firm.wait(seconds=1)
    for _ in range(3):
        firm.open(priority="P1")
    foresee(firm)
    assert [row.permille for row in firm.predictions()] == [666] * 3
    firm.wait(hours=2)
    firm.ask("incident.resolve", incident=1, note="in time")
    firm.ask("incident.cancel", incident=2, reason="none")
    firm.wait(hours=3)
    firm.refresh()
    with firm.store.read() as connection:
        found = watch.rate(connection)
    # Nobody foresaw the two responses that were late; the third ticket is overdue.
    assert (found.predicted, found.hits, found.breached) == (2, 1, 3)
    assert found.precision == 1 / 2
    assert found.brier == pytest.approx((0.666**2 + 0.334**2) / 2)


def test_without_predictions_there_is_no_rate(firm: Desk) -> None:
    with firm.store.read() as connection:
        found = watch.rate(connection)
    assert (found.predicted, found.precision, found.recall, found.brier) == (0, None, None, None)


def test_the_worker_does_it_all(firm: Desk) -> None:
    """As the chores of lexops.app do."""
    from lexops.app import chores

    class Site:
        file, store, clock, gate = firm.file, firm.store, firm.world.clock, firm.world.gate

    firm.open(priority="P1")
    firm.wait(hours=5)
    names = {"watching promises", "keeping clocks", "foreseeing broken promises"}
    found = {each.name: each.act for each in chores(Site()) if each.name in names}  # type: ignore[arg-type]
    assert set(found) == names
    for act in found.values():
        act()
    assert len(firm.signals()) == 6
    assert firm.behind() == 0
    with firm.store.read() as connection:
        assert reading.open_tickets(connection, firm.file, firm.now)[0].clocks
        assert policies.book(connection) is policies.book(connection), "unrolled once"
