"""Faults that others have had, by the number under which they were reported; see the list of references."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.checks.model import Status
from lexops.escalation import turning
from lexops.escalation.model import State
from lexops.escalation.scene import scene
from lexops.escalation.watch import escalate
from lexops.incidents import store as incidents
from tests.escalation.firm import Firm
from tests.races import at_once

OK, WARN, CRIT = Status.OK, Status.WARNING, Status.CRITICAL


def test_oncall_3161_taken_in_the_same_second_as_a_rung_is_due_nobody_is_paged(both: Firm) -> None:
    both.policy()
    both.open()
    both.look()
    both.world.clock.advance(minutes=10)
    at_once(
        both.store,
        lambda connection: turning.turn(scene(connection, both.file, both.now), 1),
        lambda connection: incidents.acknowledge(connection, 1, both.now, "bo"),
    )
    both.look()
    assert both.wire.pages() == [("ana", "page")], "the rung was told first, and called off by who took it"
    assert [message.state for message in both.messages()] == ["delivered", "cancelled"]
    assert both.escalation().state is State.TAKEN and both.incident().state == "acknowledged"


def test_oncall_3161_who_takes_it_first_keeps_it(both: Firm) -> None:
    both.policy()
    both.open()
    both.look()
    both.world.clock.advance(minutes=10)
    at_once(
        both.store,
        lambda connection: incidents.acknowledge(connection, 1, both.now, "bo"),
        lambda connection: turning.turn(scene(connection, both.file, both.now), 1),
    )
    both.look()
    assert [each.step for each in both.rungs()] == [0]
    assert both.wire.pages() == [("ana", "page")]


def test_oncall_4654_what_was_not_sent_yet_is_not_sent_once_it_is_taken(both: Firm) -> None:
    both.policy()
    both.open()
    escalate(both.store, both.file, both.world.clock)
    both.ask("incident.acknowledge", "bo", incident=1)
    both.dispatcher.turn()
    assert both.wire.sent == []


def test_oncall_1206_a_ladder_outside_its_hours_goes_on_when_they_begin(both: Firm) -> None:
    _office(both)
    both.policy(calendar="office")
    both.world.clock.jump(datetime.fromisoformat("2026-03-06T16:55:00+00:00"))
    both.open()
    both.look()
    both.run(66 * 60)
    assert [str(each.due)[:16] for each in both.rungs()][:2] == ["2026-03-06 16:55", "2026-03-09 09:05"]


def test_oncall_2781_hours_are_those_of_the_calendars_zone(both: Firm) -> None:
    _office(both, "America/New_York")
    both.policy(calendar="office")
    both.world.clock.jump(datetime.fromisoformat("2026-03-09T09:00:00+00:00"))  # the day after their change
    both.open()
    both.run(5 * 60)
    assert str(both.rungs()[0].due)[:16] == "2026-03-09 13:00", "09:00 in New York, and not 09:00 UTC"


def _office(at: Firm, zone: str = "UTC") -> None:
    week = parse_week("mon-fri 09:00-17:00")
    with at.store.begin() as connection:
        office = Calendar("office", (Period(ZoneInfo(zone), week),))
        calendars.add(connection, office, at=at.now, operator="ana", reason="r")


def test_oncall_4846_nobody_on_call_is_told_to_the_fallback_at_once(at: Firm) -> None:
    at.rota()
    at.policy(steps="0m rota:dba; 10m operator:bo", fallback="operator:mia")
    at.open()
    at.look()
    assert at.wire.pages() == [("mia", "page")]
    assert at.told() == ["level 1: mia; nobody is on call for dba; told instead: the fallback"]
    assert at.rungs()[0].note == "nobody is on call for dba; told instead: the fallback"


def test_incidentrelay_71_a_child_of_the_same_priority_pages_nobody_again(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.look()
    at.open(title="Portal is slow, too")
    at.ask("incident.group", incident=2, under=1)
    at.run(120)
    assert at.incident().state == "acknowledged"
    assert at.wire.pages() == [("ana", "page")]


def test_icinga2_8644_what_was_taken_before_the_hours_begin_pages_nobody_then(both: Firm) -> None:
    _office(both)
    both.policy(calendar="office")
    both.world.clock.jump(datetime.fromisoformat("2026-03-06T23:00:00+00:00"))
    both.open()
    both.look()
    both.ask("incident.acknowledge", "bo", incident=1)
    both.run(70 * 60)
    assert both.wire.sent == []


def test_icinga2_6047_only_who_was_told_of_the_problem_hears_of_the_recovery(at: Firm) -> None:
    at.policy()
    at.wire.broken, at.wire.retry = {"bo"}, True
    at.change(CRIT)
    at.look()
    at.run(12)
    at.change(OK, CRIT)
    at.run(10)
    assert at.wire.pages() == [("ana", "page"), ("ana", "resolved")], "bo got none, mia was not due"


def test_alertmanager_226_what_ends_while_it_is_silenced_is_told_to_who_was_paged_before(at: Firm) -> None:
    at.policy()
    at.change(CRIT)
    at.look()
    at.silence(120)
    at.run(10)
    at.change(OK, CRIT)
    at.run(5)
    assert at.wire.pages() == [("ana", "page"), ("ana", "resolved")]


def test_keep_2481_a_resolved_incident_swallows_nothing_that_fails_anew(at: Firm) -> None:
    at.policy()
    at.change(CRIT)
    at.look()
    at.ask("incident.resolve", "bo", incident=1, note="gone")
    at.change(OK, CRIT)
    at.run(5)
    at.change(CRIT, OK)
    at.look()
    pages = [each for each in at.wire.pages() if each[1].startswith("page")]
    assert pages == [("ana", "page"), ("ana", "page")]


def test_goalert_2490_and_3681_maintenance_ends_by_itself_and_what_outlives_it_is_told(at: Firm) -> None:
    at.policy()
    at.silence(45)
    at.change(CRIT)
    at.run(44)
    assert at.wire.sent == [] and at.incident().state == "open", "recorded, and told to nobody"
    at.run(2)
    assert at.wire.pages() == [("ana", "page")]


def test_zammad_4432_nobody_is_reminded_at_midnight_by_a_calendar_of_office_hours(both: Firm) -> None:
    _office(both)
    both.policy(calendar="office", remind="4h", release="1h")
    both.world.clock.jump(datetime.fromisoformat("2026-03-06T15:00:00+00:00"))
    both.open()
    both.look()
    both.ask("incident.acknowledge", "bo", incident=1)
    both.look()
    both.tick(hours=67)
    both.run(3 * 60)
    moments = [(str(when)[:16], message.template) for when, _, message in both.wire.sent]
    assert moments[:3] == [
        ("2026-03-06 15:00", "page"), ("2026-03-09 11:00", "reminder"), ("2026-03-09 12:00", "page"),
    ]  # fmt: skip


def test_glpi_15429_nothing_escalates_at_its_creation_that_is_due_hours_later(at: Firm) -> None:
    _office(at)
    at.policy(steps="8h operator:ana", calendar="office")
    at.world.clock.jump(datetime.fromisoformat("2026-03-06T16:00:00+00:00"))
    at.open()
    at.look()
    assert at.wire.sent == []
    assert str(at.escalation().due)[:16] == "2026-03-09 16:00"


def test_what_was_due_while_nothing_ran_is_told_in_order_with_its_true_time_once_to_each(
    both: Firm,
) -> None:
    both.policy(steps="0m operator:ana; 10m operator:ana, operator:bo; 30m operator:mia", repeat=1)
    both.open()
    opened = both.now
    both.tick(hours=2)
    assert sorted(both.wire.pages()) == [("ana", "page"), ("bo", "page"), ("mia", "page")]
    assert [each.due - opened for each in both.rungs()] == [
        timedelta(0), timedelta(minutes=10), timedelta(minutes=40),
    ]  # fmt: skip
    assert {each.at for each in both.rungs()} == {both.now}
    assert both.told()[0] == "level 1 (due 2026-03-02 09:00:00 UTC): ana"
    both.tick(seconds=59)
    assert len(both.wire.sent) == 3, "who has just been told gets the time that is theirs"
    both.tick(seconds=1)
    assert both.wire.pages()[3:] == [("ana", "page-again")]
