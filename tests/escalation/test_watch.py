"""Several workers, broken rows, a store that is away, and what other rooms say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from lexops.checks.model import Status
from lexops.errors import StoreError
from lexops.escalation import store
from lexops.escalation.model import State
from lexops.escalation.tables import escalation_table, policy_table
from lexops.escalation.watch import escalate
from lexops.incidents import store as incidents
from lexops.outbox import store as outbox
from lexops.store.database import Store, open_engine
from tests.escalation.firm import Firm
from tests.escalation.simulation import simulate


def test_many_workers_at_once_tell_each_rung_once(both: Firm) -> None:
    both.policy(steps="0m operator:ana, operator:bo; 0m operator:mia", repeat=0)
    for _ in range(12):
        both.open()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(escalate, both.store, both.file, both.world.clock) for _ in range(8)]:
            done.result()
    escalate(both.store, both.file, both.world.clock)  # whatever another one had locked
    assert [len(both.rungs(number)) for number in range(1, 13)] == [2] * 12
    assert len(both.messages()) == 36


@pytest.mark.parametrize("snapshot", ['{"policy": 1}', "no JSON at all"])
def test_what_cannot_be_read_is_told_once_and_stops_nobody_else(at: Firm, snapshot: str) -> None:
    at.policy()
    at.open()
    at.open(title="Another one")
    at.look()
    with at.store.begin() as connection:
        connection.execute(text("UPDATE escalation SET snapshot = :s WHERE incident = 1"), {"s": snapshot})
    assert at.view().alarming and "cannot be read" in at.view().words
    at.run(22)
    with at.store.read() as connection:
        alarm = incidents.alarmed(connection, "escalation:1")
    assert alarm == 3 and "cannot be read" in at.incident(3).title
    assert at.escalation().generation == 2 and at.escalation().state is State.RUNNING
    told = [message.values["incident"] for _, address, message in at.wire.sent if address == "bo"]
    assert sorted(told) == ["1", "2", "3"], "the broken one too, from the first rung on"


def test_a_fault_with_one_incident_is_told_once_and_stops_nobody_else(
    at: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.policy()
    at.open()
    at.open(title="Another one")
    real = store.keep

    def broken(connection: Any, escalation: Any, *, new: bool) -> None:
        if escalation.incident == 1:
            raise KeyError("ACME & Co v. Smith")
        real(connection, escalation, new=new)

    monkeypatch.setattr(store, "keep", broken)
    at.run(3)
    assert {message.values["incident"] for _, _, message in at.wire.sent} == {"2", "3"}
    assert at.incident(3).title == "The escalation of incident #1 fails: KeyError"
    monkeypatch.undo()
    at.tick(seconds=1)
    assert at.rungs(1) != []


def test_a_policy_that_cannot_be_read_leaves_the_others(both: Firm) -> None:
    both.policy()
    both.policy("urgent", priority="P1")
    with both.store.begin() as connection:
        broken = update(policy_table).where(policy_table.c.name == "urgent").values(document={"steps": 1})
        connection.execute(broken)
    both.open()
    both.run(2)
    assert both.wire.pages()[0] == ("ana", "page")
    assert "escalation policy urgent cannot be used" in both.incident(2).title


def test_a_store_that_is_away_loses_nothing(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    gone = Store(open_engine("postgresql://nobody@127.0.0.1:9/none", at.world.folder))
    at.world.clock.advance(minutes=10)
    with pytest.raises(StoreError):
        escalate(gone, at.file, at.world.clock)
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]


def test_a_store_that_is_busy_loses_nothing(at: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    at.policy()
    at.open()
    monkeypatch.setattr("lexops.store.database.BUSY_SECONDS", 0)
    impatient = Store(open_engine("sqlite:///lexops.db", at.world.folder))
    with at.store.begin(), pytest.raises(StoreError):
        escalate(impatient, at.file, at.world.clock)
    escalate(impatient, at.file, at.world.clock)
    impatient.close()
    assert len(at.messages()) == 1


def test_nothing_is_written_while_nothing_is_due(at: Firm) -> None:
    at.policy(remind="4h")
    at.open()
    at.open(title="Taken")
    at.silence(600)
    at.change(Status.CRITICAL)
    at.ask("incident.acknowledge", "bo", incident=2)
    at.say("sla.warning", "#1 resolution", round=1, percent=75)
    at.look()
    at.look()

    def written() -> Any:
        with at.store.read() as connection:
            return connection.execute(text("PRAGMA data_version")).scalar()

    with at.store.read() as watching:
        before = watching.execute(text("PRAGMA data_version")).scalar()
    begins: list[int] = []
    real = Store.begin
    Store.begin = lambda self: begins.append(1) or real(self)  # type: ignore[assignment,method-assign,func-returns-value]
    try:
        for _ in range(5):
            at.world.clock.advance(seconds=1)
            escalate(at.store, at.file, at.world.clock)
    finally:
        Store.begin = real  # type: ignore[method-assign]
    assert begins == [] and before == written()


# What others say.


def test_a_promise_that_runs_out_is_told_to_whoever_is_at_it(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.say("sla.warning", "#1 resolution", round=1, percent=75, due="2026-03-02T12:00:00Z")
    at.run(2)
    assert at.wire.pages() == [("ana", "page"), ("ana", "warning")]
    assert at.wire.sent[-1][2].values["due"] == "2026-03-02 12:00:00 UTC"
    at.ask("incident.acknowledge", "bo", incident=1)
    at.look()
    at.say("sla.warning", "#1 resolution", round=1, percent=90)
    at.run(2)
    assert at.wire.pages()[2:] == [("bo", "warning")]
    assert at.told()[-1] == "the resolution promise runs out: bo"


def test_a_broken_promise_tells_the_next_rung_at_once_and_the_owner(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "breach")]
    at.ask("incident.acknowledge", "bo", incident=1)
    at.look()
    at.say("sla.breach", "#1 resolution", round=1, percent=100)
    at.run(3)
    assert sorted(at.wire.pages()[2:]) == [("bo", "breach"), ("mia", "breach")]
    assert at.incident().owner == "bo"


def test_a_promise_that_breaks_while_a_rung_is_overdue_makes_nobody_wait_longer(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.world.clock.advance(minutes=15)  # and nobody looks when the second rung is due
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "breach")]
    assert at.escalation().due == at.escalation().started + timedelta(minutes=10 + 30)


def test_a_promise_that_is_broken_anew_is_told_anew_and_each_once(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100, at="2026-03-02T10:00:00Z")
    at.run(2)
    for _ in range(2):
        at.say("sla.breach", "#1 response", round=1, percent=100, at="2026-03-03T10:00:00Z")
        at.run(2)
    assert [each for each in at.wire.pages() if each[1] == "breach"] == [("bo", "breach"), ("mia", "breach")]


def test_the_clock_of_a_law_that_outlives_its_incident_pages_whoever_had_it(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.say("sla.breach", "#1 resolution", round=1, percent=100)
    at.ask("incident.resolve", "bo", incident=1, note="disk replaced")
    at.run(3)
    before = at.wire.pages()
    assert ("bo", "breach") not in before, "it was over before anybody heard of it"
    at.world.clock.advance(minutes=30)
    at.say("sla.warning", "#1 notice", round=1, percent=90)
    at.run(2)
    at.say("sla.breach", "#1 notice", round=1, percent=100)
    at.run(3)
    told = at.wire.pages()[len(before) :]
    assert told[0] == ("bo", "warning") and ("bo", "breach") in told and len(told) == len(set(told))
    assert at.escalation().state == "over"


def test_what_was_said_is_told_once_whoever_listens_and_however_often(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    for _ in range(2):
        at.say("sla.breach", "#1 response", round=1, percent=100)
    other = Store(open_engine("sqlite:///lexops.db", at.world.folder))
    for _ in range(3):
        at.look()
        escalate(other, at.file, at.world.clock)  # a process that has heard nothing so far
    other.close()
    assert at.wire.pages() == [("ana", "page"), ("bo", "breach")]


def test_a_promise_broken_when_everybody_was_told_goes_to_the_fallback(at: Firm) -> None:
    at.policy(steps="0m operator:ana", repeat=0, fallback="operator:mia")
    at.open()
    at.run(5)
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.run(2)
    assert at.escalation().state is State.EXHAUSTED
    assert at.wire.pages()[-1] == ("mia", "breach")


def test_a_silenced_incident_tells_nobody_of_its_promises(at: Firm) -> None:
    at.policy()
    at.silence(60)
    at.change(Status.CRITICAL)
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.run(5)
    assert at.wire.sent == []


def test_a_promise_that_breaks_in_a_silence_brings_the_next_rung_when_it_ends(at: Firm) -> None:
    at.policy(steps="0m operator:ana; 8h operator:bo")
    at.change(Status.CRITICAL)
    at.look()
    at.silence(10)
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.run(9)
    assert at.wire.pages() == [("ana", "page")]
    at.run(2)
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]


def test_what_is_said_while_somebody_else_has_the_incident_is_heard_a_second_later(
    at: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.policy()
    at.open()
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100)
    monkeypatch.setattr(store, "lock", lambda _connection, _incident: False)
    at.tick(seconds=1)
    assert at.wire.pages() == [("ana", "page")]
    monkeypatch.undo()
    for _ in range(store.OVERLAP + 1):
        at.say("noise", "elsewhere")
    at.tick(seconds=1)
    at.tick(seconds=1)
    assert at.wire.pages() == [("ana", "page"), ("bo", "breach")]


def test_what_is_said_while_a_turn_fails_is_heard_when_it_works_again(
    at: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.policy(client="ACME-1")
    at.open(client="ACME-1")
    at.look()
    at.say("sla.breach", "#1 response", round=1, percent=100)

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError

    monkeypatch.setattr(store, "keep", broken)
    at.tick(seconds=1)
    monkeypatch.undo()
    at.tick(seconds=1)
    assert at.wire.pages() == [("ana", "page"), ("bo", "breach")]


def test_what_is_said_while_an_escalation_cannot_be_read_is_heard_by_the_one_after_it(at: Firm) -> None:
    at.policy(client="ACME-1")
    at.open(client="ACME-1")
    at.look()
    with at.store.begin() as connection:
        connection.execute(text("UPDATE escalation SET snapshot = '1'"))
    at.say("sla.breach", "#1 response", round=1, percent=100)
    at.tick(seconds=1)
    at.tick(seconds=1)
    assert at.wire.pages() == [("ana", "page"), ("ana", "breach")], "it begins anew"


def test_what_is_said_of_an_incident_that_is_gone_is_not_come_back_to(
    at: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.policy()
    at.say("sla.breach", "#99 response", round=1, percent=100)
    looked: list[int] = []
    real = store.lock

    def lock(connection: Any, id: int) -> bool:
        looked.append(id)
        return real(connection, id)

    monkeypatch.setattr(store, "lock", lock)
    at.tick(seconds=1)
    at.tick(seconds=1)
    assert looked == [99]


def test_a_page_that_nobody_got_brings_the_next_rung_at_once(at: Firm) -> None:
    at.policy()
    at.wire.broken = {"ana"}
    at.open()
    at.run(2)
    assert at.wire.pages() == [("bo", "page")]
    assert [each.failed for each in at.view().told] == [True, False]
    assert at.events(outbox.FAILED) == ["incident/1"]


def test_when_no_page_gets_through_the_ladder_does_not_race_to_its_end(at: Firm) -> None:
    at.policy(steps="0m operator:ana; 10m operator:bo", repeat=2)
    at.wire.broken = {"*"}
    at.open()
    at.run(0.9)
    assert len(at.rungs()) == 2
    at.run(4)
    assert len(at.rungs()) == 6
    at.run(2)
    assert at.escalation().state is State.EXHAUSTED


# Nobody is left out silently.


def test_a_rung_with_nobody_is_told_to_the_fallback_and_says_why(at: Firm) -> None:
    at.policy(steps="0m operator:sam; 10m operator:bo", fallback="role:manager")
    at.contact("operator:sam")
    at.open()
    at.look()
    assert at.told() == ["level 1: mia (manager); sam has no contacts; told instead: the fallback"]


def test_without_a_fallback_the_last_resort_is_told(tmp_path: Any) -> None:
    from tests.escalation.firm import firm
    from tests.stores import sqlite_store

    at = firm(sqlite_store(tmp_path), tmp_path, '[notify]\nlast_resort = ["room"]\n')
    at.policy(steps="0m operator:sam")
    at.contact("operator:sam")
    at.open()
    at.look()
    assert at.wire.pages() == [("room", "page")]
    assert at.told() == [
        "level 1: channel room (last resort); sam has no contacts; told instead: the last resort"
    ]
    at.store.close()


def test_when_nobody_at_all_can_be_told_it_says_so_and_asks_the_next_rung_at_once(at: Firm) -> None:
    at.policy(steps="0m operator:sam; 30m operator:bo")
    at.contact("operator:sam")
    at.open()
    at.look()
    assert at.told() == ["level 1: nobody; sam has no contacts; nobody could be told"]
    assert at.events("escalation.nobody") == ["#1"]
    at.tick(seconds=1)
    assert at.wire.pages() == [("bo", "page")]


def test_a_damaged_rota_counts_as_nobody_on_call(at: Firm) -> None:
    at.rota("ana")
    at.policy(steps="0m rota:dba", fallback="operator:mia")
    with at.store.begin() as connection:
        connection.execute(text("UPDATE oncall_rota SET document = '{}'"))
    at.open()
    at.look()
    assert at.wire.pages() == [("mia", "page")]
    assert "rota dba" in at.rungs()[0].note


def test_somebody_who_is_no_operator_any_more_is_not_told(at: Firm) -> None:
    at.rota("bo")
    at.policy(steps="0m rota:dba", fallback="operator:mia")
    with at.store.begin() as connection:
        connection.execute(text("UPDATE operator SET removed = 1 WHERE name = 'bo'"))
    at.open()
    at.look()
    assert at.told() == [
        "level 1: mia; bo is no longer an operator (on call for dba); told instead: the fallback"
    ]


def test_an_unknown_state_is_mended(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    with at.store.begin() as connection:
        connection.execute(update(escalation_table).values(state="climbing"))
    at.look()
    assert at.escalation().generation == 2


def test_some_bad_days_are_survived() -> None:
    found = simulate(3_000, seed=3)
    assert found.problems == []
    assert found.rungs > 300 and found.pages > 300 and found.kills > 10
