"""Trying a promise changes nothing, and tells exactly what entering it would change."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lexops.errors import InvalidRequest, Refused
from lexops.sla import store as policies
from lexops.sla.drafting import drafted
from lexops.sla.model import ClockKind
from lexops.sla.trying import tried, wanted
from lexops.sla.what_if import Kept, Tried, last_quarter
from lexops.store.database import Store
from tests.sla.desk import HOUR, Desk, at, desk

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Desk:
    made = desk(store, tmp_path)
    made.set(budgets="P1 response 1h, resolution 4h; P2 resolution 8h")
    return made


def attempt(firm: Desk, name: str = "standard", correction: bool = False, **given: str) -> Tried:
    with firm.store.read() as connection:
        book = policies.book(connection)
        before = book.policies.get(name)
        typed = wanted(name, given, before[-1].value if before else None)
        policy = drafted(typed, book, firm.file, firm.now, correction=correction)
        return tried(connection, firm.file, policy, firm.now, correction=correction)


def test_nothing_is_changed_by_trying(firm: Desk) -> None:
    firm.open(priority="P1")
    before = firm.ticket()
    attempt(firm, budgets="P1 resolution 1h")
    assert firm.ticket() == before
    with firm.store.read() as connection:
        assert len(policies.history(connection, "standard")) == 1


def test_the_same_promise_again_changes_nothing(firm: Desk) -> None:
    firm.open(priority="P1")
    assert attempt(firm).shifts == []


def test_what_is_told_is_what_entering_it_does(firm: Desk) -> None:
    firm.open(priority="P1")
    firm.open(priority="P2")
    firm.open(priority="P3")
    firm.wait(hours=2)
    budgets = "P1 response 3h, resolution 90m; P2 resolution 6h; P3 update 1h"
    found = attempt(firm, budgets=budgets)
    now = {(n, c.kind): c for n in (1, 2, 3) for c in firm.ticket(n).clocks}
    firm.set(budgets=budgets)
    then = {(n, c.kind): c for n in (1, 2, 3) for c in firm.ticket(n).clocks}
    told = {(each.incident, each.kind): (each.before, each.after) for each in found.shifts}
    assert told == {key: (now[key], then[key]) for key in now}
    assert {(each.incident, each.kind) for each in found.shifts if each.is_newly_breached} == {
        (1, RESOLUTION)
    }
    assert {(each.incident, each.kind) for each in found.shifts if each.is_saved} == {(1, RESPONSE)}
    assert found.newly_breached == 1


def test_what_is_no_longer_promised_is_told(firm: Desk) -> None:
    firm.open(priority="P1")
    found = attempt(firm, budgets="P1 resolution 4h")
    (shift,) = found.shifts
    assert (shift.kind, shift.after, shift.is_saved) == (RESPONSE, None, False)


def test_a_new_policy_is_tried_beside_the_others(firm: Desk) -> None:
    firm.open(priority="P2", client="ACME-1")
    firm.open(priority="P2")
    found = attempt(firm, "acme", calendar="always", budgets="P2 resolution 1h", client="ACME-1")
    (shift,) = found.shifts
    assert shift.incident == 1
    assert shift.after is not None
    assert shift.after.policy == "acme"


def finish(firm: Desk, hours: float, **facts: object) -> int:
    number = firm.open(**facts)
    firm.wait(hours=hours)
    firm.ask("incident.resolve", incident=number, note="done")
    return number


def test_the_last_quarter_is_counted_as_it_was_and_as_it_would_have_been(firm: Desk) -> None:
    for hours in (1, 2, 3, 5):
        finish(firm, hours, priority="P1")
    number = firm.open(priority="P1")
    firm.wait(hours=9)
    firm.ask("incident.cancel", incident=number, reason="a duplicate")
    firm.world.clock.jump(at("2026-04-01 09:00"))
    finish(firm, 9, priority="P1")
    found = attempt(firm, budgets="P1 response 1h, resolution 2h")
    assert (found.since, found.until) == (at("2026-01-01"), at("2026-04-01"))
    assert [(each.kind, each.priority, each.before, each.after) for each in found.would] == [
        (RESOLUTION, "P1", Kept(3, 1), Kept(2, 2)),
        (RESPONSE, "P1", Kept(1, 3), Kept(1, 3)),
    ]


def test_what_was_not_promised_then_is_counted_as_if_it_had_been(firm: Desk) -> None:
    finish(firm, 2, priority="P3")
    firm.world.clock.jump(at("2026-04-01 09:00"))
    found = attempt(firm, budgets="P3 resolution 1h")
    assert [(each.before, each.after) for each in found.would] == [(Kept(0, 0), Kept(0, 1))]
    assert found.would[0].before.percent is None


def test_what_cannot_be_entered_cannot_be_tried(firm: Desk) -> None:
    with pytest.raises(InvalidRequest, match="no calendar 'lunar'"):
        attempt(firm, calendar="lunar")
    with pytest.raises(Refused, match="for the same tickets"):
        attempt(firm, "other", calendar="always", budgets="P1 resolution 1h")


def test_what_is_left_out_is_as_it_was(firm: Desk) -> None:
    firm.set(
        "acme",
        client="ACME-1",
        budgets="P2 resolution 1h",
        warnings="50",
        pauses="-",
        change="restart",
        contract="C-1",
        since="2026-01-01",
        until="2028-01-01",
    )
    with firm.store.read() as connection:
        book = policies.book(connection)
    before = book.policies["acme"][-1].value
    assert drafted(wanted("acme", {}, before), book, firm.file, firm.now) == before


@pytest.mark.parametrize(
    ("now", "zone", "since", "until"),
    [
        ("2026-11-22 12:00", "UTC", "2026-07-01", "2026-10-01"),
        ("2026-02-01 00:00", "UTC", "2025-10-01", "2026-01-01"),
        ("2026-03-31 23:30", "UTC", "2025-10-01", "2026-01-01"),
        ("2026-03-31 23:30", "Europe/London", "2026-01-01", "2026-03-31 23:00"),
        ("2026-12-31 23:59", "America/New_York", "2026-07-01 04:00", "2026-10-01 04:00"),
    ],
)
def test_the_last_quarter_is_that_of_the_sites_zone(now: str, zone: str, since: str, until: str) -> None:
    found: tuple[datetime, datetime] = last_quarter(at(now), ZoneInfo(zone))
    assert found == (at(since), at(until))


def test_a_quarter_holds_what_ended_in_it(firm: Desk) -> None:
    firm.world.clock.jump(at("2026-03-31 22:00"))
    number = finish(firm, 2, priority="P2")  # ends at midnight, in the next quarter
    firm.wait(days=1)
    assert attempt(firm, budgets="P2 resolution 1h").would == []
    assert firm.ticket(number).clocks[0].worked == 2 * HOUR
