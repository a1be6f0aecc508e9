"""What happened to other products' clocks, and what has to happen to ours.

Numbers as in the test list of shared/reference/incidents.md; issue numbers are those of the products named.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from lexops.calendars.business import BusinessTime, moment
from lexops.calendars.model import DAY, Calendar, Period
from lexops.sla.clock import clocks, deadline, signals, spent
from lexops.sla.model import Book, Change, ClockState, Facts, Happening, Pause
from tests.sla.tickets import (
    BERLIN,
    GLPI,
    LONDON,
    NOTICE,
    OFFICE,
    P1,
    RESOLUTION,
    RESPONSE,
    UPDATE,
    at,
    book,
    calendar,
    clock,
    event,
    happened,
    holiday,
    policy,
    revised,
    second,
    week,
)

DAILY = calendar("daily", BERLIN, "09:00-18:00", "09:00-18:00")
"""Zammad's calendar of ticket_sla_test: every day, in Berlin."""
ZAMMAD = book(
    policy("daily", budgets={RESPONSE: 2, RESOLUTION: 4}, pausing=frozenset({RESPONSE, RESOLUTION})),
    calendars=(DAILY,),
)
AUTUMN = calendar("autumn", BERLIN, "08:00-20:00", days=holiday("2016-11-01", "Allerheiligen"))


def glpi(hours: float) -> Book:
    """GLPI's calendar of SLMTest, with one budget for all clocks."""
    return book(policy("glpi", budgets={RESPONSE: hours, RESOLUTION: hours}), calendars=(GLPI,))


# Pauses: 32-47


def test_32_a_pause_inside_the_hours_moves_the_due_time() -> None:
    ticket = happened(
        """
        2013-06-04 09:00 opened
        2013-06-04 09:30 paused
        2013-06-04 09:45 resumed
        2013-06-04 10:00 resolved
        2013-06-04 10:30 reopened
        """
    )
    found = clock(
        ticket,
        book(policy("daily", budgets={RESOLUTION: 2}), calendars=(DAILY,)),
        "2013-06-04 11:00",
        RESOLUTION,
    )
    assert moment(found.due or 0) == at("2013-06-04 11:45")
    assert found.paused == 45 * 60


def test_33_who_was_opened_and_resolved_in_a_pause_took_no_time() -> None:
    ticket = happened(
        """
        2013-06-04 09:00 opened
        2013-06-04 09:00 paused
        2013-06-04 12:00 resolved
        """
    )
    found = clock(ticket, ZAMMAD, "2013-06-04 13:00", RESOLUTION)
    assert (found.state, found.worked) == (ClockState.MET, 0)


def test_34_a_clock_that_begins_inside_a_pause_counts_from_the_end_of_the_pause() -> None:
    ticket = happened(
        """
        2013-06-04 09:00 opened
        2013-06-04 10:00 paused
        2013-06-04 10:15 asked
        2013-06-04 10:30 resumed
        """
    )
    promised = book(policy("daily", budgets={UPDATE: 3}), calendars=(DAILY,))
    found = clock(ticket, promised, "2013-06-04 11:00", UPDATE)
    assert moment(found.due or 0) == at("2013-06-04 13:30")
    assert found.worked == 30 * 60


def test_35_a_pause_outside_the_hours_costs_nothing() -> None:
    ticket = happened(
        """
        2028-03-01 10:00 opened
        2028-03-01 18:00 paused
        2028-03-02 08:00 resumed
        """
    )
    found = clock(ticket, book(), "2028-03-02 09:00", RESOLUTION)
    assert moment(found.due or 0) == at("2028-03-02 10:00")
    assert found.paused == 0


def test_36_a_pause_over_closing_weekend_and_a_late_monday_takes_its_open_hours() -> None:
    pause = Pause(second("2034-06-07 11:00"), second("2034-06-13 11:00"))
    time = BusinessTime(GLPI)
    start, end = second("2034-06-07 10:00"), second("2034-06-13 19:00")
    assert time.elapsed(start, end) - spent(time, start, end, [pause]) == 144_000


def test_37_a_pause_that_starts_before_opening_takes_only_open_hours() -> None:
    pause = Pause(second("2034-06-14 07:00"), second("2034-06-14 18:00"))
    time = BusinessTime(GLPI)
    start, end = second("2034-06-14 00:00"), second("2034-06-15 00:00")
    assert time.elapsed(start, end) - spent(time, start, end, [pause]) == 34_200


THREE_PAUSES = """
    2034-06-09 08:46:12 opened
    2034-06-09 08:47:42 paused
    2034-06-09 10:05:54 resumed
    2034-06-09 10:09:13 paused
    2034-06-09 10:34:38 resumed
    2034-06-09 10:43:41 paused
    2034-06-09 11:29:17 resumed
"""


def test_38_three_pauses_with_odd_seconds_add_up_exactly() -> None:
    found = clock(happened(THREE_PAUSES), glpi(0.5), "2034-06-09 11:40", RESOLUTION)
    assert moment(found.due or 0) == at("2034-06-09 11:45:25")
    assert found.paused == 8_953


def test_39_a_pause_that_begins_exactly_when_it_is_due_changes_nothing() -> None:
    ticket = happened(
        """
        2028-03-01 10:00 opened
        2028-03-01 12:00 paused
        2028-03-01 15:00 resumed
        """
    )
    found = clock(ticket, book(policy(budgets={RESOLUTION: 2})), "2028-03-01 15:00", RESOLUTION)
    assert moment(found.due or 0) == at("2028-03-01 12:00")
    assert found.state is ClockState.RUNNING
    later = clock(ticket, book(policy(budgets={RESOLUTION: 2})), "2028-03-01 15:00:01", RESOLUTION)
    assert later.state is ClockState.OVERDUE


def test_40_a_pause_that_begins_after_the_breach_leaves_it_broken() -> None:
    ticket = happened(
        """
        2028-03-01 10:00 opened
        2028-03-01 14:30 paused
        """
    )
    found = clock(ticket, book(policy(budgets={RESOLUTION: 4})), "2028-03-01 16:00", RESOLUTION)
    assert (found.state, moment(found.due or 0)) == (ClockState.OVERDUE, at("2028-03-01 14:00"))
    assert found.worked == 4.5 * 3600


def test_41_nothing_is_due_while_it_waits_and_what_is_left_stands_still() -> None:
    ticket = happened(
        """
        2028-03-01 10:00 opened
        2028-03-01 11:00 paused the bank
        """
    )
    for now in ("2028-03-01 12:00", "2028-03-10 12:00"):
        found = clock(ticket, book(policy(budgets={RESOLUTION: 4})), now, RESOLUTION)
        assert (found.state, found.due, found.left) == (ClockState.PAUSED, None, 3 * 3600)


def test_42_of_a_pause_older_than_the_clock_only_what_is_inside_counts() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 paused
        2028-03-01 10:00 asked
        2028-03-01 11:00 resumed
        """
    )
    found = clock(ticket, book(), "2028-03-01 12:00", UPDATE)
    assert moment(found.due or 0) == at("2028-03-01 15:00")
    assert found.paused == 3600
    assert found.pauses == (Pause(second("2028-03-01 10:00"), second("2028-03-01 11:00")),)


def test_43_a_pause_stops_the_resolution_and_not_the_response() -> None:
    found = clock(happened(THREE_PAUSES), glpi(0.5), "2034-06-09 11:40", RESPONSE)
    assert moment(found.due or 0) == at("2034-06-09 09:16:12")
    assert found.paused == 0


def test_44_seconds_are_kept_with_pauses_too() -> None:
    pause = Pause(second("2016-11-01 15:59:58"), second("2016-11-07 13:26:36"))
    due = deadline(BusinessTime(AUTUMN), second("2016-11-07 13:26:36"), 1200 * 60, [pause])
    assert moment(due or 0) == at("2016-11-09 09:26:36")


def test_45_eight_business_hours_before_it_is_due_is_the_day_before() -> None:
    time = BusinessTime(GLPI)
    assert time.elapsed(second("2034-06-15 11:16:12"), second("2034-06-16 08:46:12")) == 8 * 3600


def test_46_ten_business_hours_after_it_was_due_is_after_the_weekend() -> None:
    ticket = happened(
        """
        2034-06-09 08:46:12 opened
        2034-06-09 09:15:27 paused
        2034-06-09 11:23:49 resumed
        """
    )
    found = clock(ticket, glpi(4), "2034-06-09 13:00", RESOLUTION)
    assert moment(found.due or 0) == at("2034-06-09 14:54:34")
    assert moment(BusinessTime(GLPI).due(found.due or 0, 10 * 3600)) == at("2034-06-12 16:24:34")


# Policies, calendars, priorities that change: 48-52


def test_48_a_shorter_promise_brings_the_due_time_forward_and_touches_no_other_ticket() -> None:
    first = policy("glpi", budgets={RESOLUTION: 4}, fits=Facts(client="acme"))
    second_ = replace(first, budgets=policy(budgets={RESOLUTION: 2}).budgets)
    other = policy("glpi", name="others", budgets={RESOLUTION: 4})
    changed = Book(
        {"glpi": revised(GLPI)},
        {"std": revised(first, second_, recorded=(at("2034-08-16 13:30"),)), "others": revised(other)},
    )
    acme = [event("2034-08-16 13:00", Happening.OPENED, facts=Facts("P3", "acme"))]
    assert moment(clock(acme, changed, "2034-08-16 14:00", RESOLUTION).due or 0) == at("2034-08-16 15:00")
    other_ticket = [event("2034-08-16 13:00", Happening.OPENED, facts=Facts("P3", "cole"))]
    assert moment(clock(other_ticket, changed, "2034-08-16 14:00", RESOLUTION).due or 0) == at(
        "2034-08-16 17:00"
    )


def test_49_a_pause_is_kept_when_the_promise_changes() -> None:
    ticket = happened(
        """
        2034-08-16 13:00 opened
        2034-08-16 13:10 paused
        2034-08-16 13:40 resumed
        2034-08-16 14:00 classified P1
        """
    )
    found = clock(ticket, glpi(4), "2034-08-16 14:00", RESOLUTION)
    assert moment(found.due or 0) == at("2034-08-16 15:30")
    assert found.paused == 30 * 60


def test_50_an_edited_calendar_moves_what_runs_and_not_what_is_over() -> None:
    early = calendar("autumn", BERLIN, "04:00-20:00", days=holiday("2016-11-01", "Allerheiligen"))
    promised = policy("autumn", budgets={RESPONSE: 1, RESOLUTION: 20})
    edited = Book(
        {"autumn": revised(AUTUMN, early, recorded=(at("2016-11-02 08:30"),))}, {"std": revised(promised)}
    )
    ticket = [event("2016-11-01 13:56:21", Happening.OPENED)]
    assert moment(clock(ticket, edited, "2016-11-02 08:40", RESPONSE).due or 0) == at("2016-11-02 04:00")
    answered = [*ticket, event("2016-11-02 08:10", Happening.ANSWERED)]
    over = clock(answered, edited, "2016-11-02 08:40", RESPONSE)
    assert (over.state, over.calendar_revision) == (ClockState.MISSED, 1)
    assert moment(over.due or 0) == at("2016-11-02 08:00")


def test_51_a_higher_priority_counts_from_the_opening_without_the_pauses() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 paused
        2028-03-01 12:00 resumed
        2028-03-01 12:00 classified P1
        """
    )
    found = clock(ticket, book(policy(budgets={RESOLUTION: 6})), "2028-03-01 12:00", RESOLUTION)
    assert (found.start, found.worked) == (second("2028-03-01 09:00"), 3600)
    assert (found.state, moment(found.due or 0)) == (ClockState.RUNNING, at("2028-03-01 14:00"))


def test_51_or_from_the_change_where_the_contract_says_so() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 12:00 classified P1
        """
    )
    restarting = book(policy(budgets={RESOLUTION: 6}, change=Change.RESTART))
    found = clock(ticket, restarting, "2028-03-01 13:00", RESOLUTION)
    assert moment(found.due or 0) == at("2028-03-01 15:00")


def test_what_is_changed_without_another_promise_restarts_nothing() -> None:
    ticket = [
        event("2028-03-01 09:00", Happening.OPENED, facts=Facts("P3")),
        event("2028-03-01 12:00", Happening.CLASSIFIED, facts=Facts("P3", queue="billing")),
    ]
    restarting = book(policy(budgets={RESOLUTION: 6}, change=Change.RESTART))
    assert clock(ticket, restarting, "2028-03-01 13:00", RESOLUTION).start == second("2028-03-01 09:00")


def test_52_a_client_that_moves_is_counted_in_the_old_zone_before_and_in_the_new_one_after() -> None:
    moved = Calendar(
        "london",
        (
            Period(LONDON, week("09:00-17:00")),
            Period(ZoneInfo("America/New_York"), week("09:00-17:00"), since=date(2028, 3, 2)),
        ),
    )
    ticket = [event("2028-03-01 13:00", Happening.OPENED)]
    found = clock(ticket, book(calendars=(moved,)), "2028-03-02 15:00", RESOLUTION)
    # Four hours in London on the first day, then from nine in New York.
    assert moment(found.due or 0) == at("2028-03-02 18:00")
    assert found.worked == 5 * 3600


# Re-opening, exchanges: 53, 56


def test_53_a_reopened_ticket_goes_on_with_its_clock_and_the_time_between_is_a_pause() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 12:00 resolved
        2028-03-02 10:00 reopened
        2028-03-02 12:00 resolved
        """
    )
    found = clock(ticket, book(), "2028-03-09 12:00", RESOLUTION)
    assert (found.state, found.worked, found.paused) == (ClockState.MET, 5 * 3600, 6 * 3600)
    assert (found.reopened, found.first_end) == (1, second("2028-03-01 12:00"))
    assert found.end == second("2028-03-02 12:00")


def test_56_every_exchange_has_its_clock_and_the_longest_one_is_kept() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:10 asked
        2028-03-01 09:20 answered
        2028-03-01 10:00 asked
        2028-03-01 10:05 answered
        """
    )
    found = [each for each in clocks(ticket, book(), at("2028-03-01 12:00")) if each.kind is UPDATE]
    assert [(each.round, each.worked, each.left) for each in found] == [(1, 600, 13_800), (2, 300, 14_100)]


def test_56_more_words_of_the_client_do_not_move_the_clock_and_an_answer_clears_it() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 asked
        2028-03-01 11:00 asked
        """
    )
    assert moment(clock(ticket, book(), "2028-03-01 11:30", UPDATE).due or 0) == at("2028-03-01 14:00")
    answered = [*ticket, event("2028-03-01 11:45", Happening.ANSWERED)]
    found = clock(answered, book(), "2028-03-09 12:00", UPDATE)
    assert (found.state, found.worked) == (ClockState.MET, 105 * 60)


# The bugs of section 2


def test_the_start_is_not_moved_by_the_seconds_of_a_pause_over_night() -> None:
    """frappe #2449, ERPNext #47884, #49414: hold from 17:00 to 09:00 pushed the due time by a day."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 17:00 paused
        2028-03-02 09:00 resumed
        """
    )
    found = clock(ticket, book(policy(budgets={RESOLUTION: 10})), "2028-03-02 09:00", RESOLUTION)
    assert moment(found.due or 0) == at("2028-03-02 11:00")


def test_a_pause_before_a_new_priority_is_not_lost() -> None:
    """GLPI #6902, #15605: time already spent waiting was lost with the new SLA."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:30 paused
        2028-03-01 15:30 resumed
        2028-03-01 15:40 classified P1
        """
    )
    found = clock(ticket, book(), "2028-03-01 15:40", RESOLUTION)
    assert (found.worked, found.paused, found.state) == (40 * 60, 6 * 3600, ClockState.RUNNING)


def test_nothing_is_broken_while_it_waits() -> None:
    """GLPI #24481: violated while pending."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 16:59:59 paused
        """
    )
    found = clock(ticket, book(), "2028-06-01 12:00", RESOLUTION)
    assert (found.state, found.left) == (ClockState.PAUSED, 1)


def test_a_pause_over_a_weekend_takes_no_days_from_a_budget_of_several_days() -> None:
    """GLPI #10594, #14937: a target in days counted pending time over a weekend as days."""
    ticket = happened(
        """
        2028-03-03 12:00 opened
        2028-03-03 16:00 paused
        2028-03-06 10:00 resumed
        """
    )
    found = clock(ticket, book(policy(budgets={RESOLUTION: 24})), "2028-03-06 10:00", RESOLUTION)
    assert (found.paused, found.worked) == (2 * 3600, 4 * 3600)
    assert moment(found.due or 0) == at("2028-03-08 14:00")


def test_a_reopened_ticket_is_not_late_for_the_time_it_was_closed() -> None:
    """GLPI #9267, Zammad #188."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 resolved
        2028-03-31 10:00 reopened
        """
    )
    found = clock(ticket, book(), "2028-03-31 11:00", RESOLUTION)
    assert (found.state, found.worked) == (ClockState.RUNNING, 2 * 3600)


def test_the_due_time_of_a_reopened_ticket_does_not_begin_anew() -> None:
    """osTicket #5206: counted from the re-opening."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 16:00 resolved
        2028-03-02 09:00 reopened
        """
    )
    assert moment(clock(ticket, book(), "2028-03-02 09:30", RESOLUTION).due or 0) == at("2028-03-02 10:00")


def test_nothing_runs_for_the_next_update_once_it_was_given() -> None:
    """Zammad #3140: the update clock ran although the agent had answered."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 asked
        2028-03-01 11:00 answered
        """
    )
    found = clocks(ticket, book(), at("2028-03-09 11:00"))
    assert [each.kind for each in found if not each.state.is_over] == [RESOLUTION]


def test_a_shorter_update_does_not_overrule_the_response() -> None:
    """Zammad #5177."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 asked
        """
    )
    found = clocks(ticket, book(policy(budgets={RESPONSE: 4, UPDATE: 1})), at("2028-03-01 09:30"))
    assert {each.kind: moment(each.due or 0) for each in found} == {
        RESPONSE: at("2028-03-01 13:00"),
        UPDATE: at("2028-03-01 10:00"),
    }


def test_another_queue_keeps_the_update_clock() -> None:
    """Zammad #5624: the update target did not follow a change of the group."""
    ticket = [
        event("2028-03-01 09:00", Happening.OPENED),
        event("2028-03-01 10:00", Happening.ASKED),
        event("2028-03-01 10:30", Happening.CLASSIFIED, facts=Facts("P3", queue="billing")),
    ]
    found = clock(ticket, book(), "2028-03-01 11:00", UPDATE)
    assert (found.worked, moment(found.due or 0)) == (3600, at("2028-03-01 14:00"))


def test_what_a_resolution_took_is_known_though_nothing_is_due_any_more() -> None:
    """Zammad #2579: close_in_min was never set."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 paused
        2028-03-01 11:00 resolved
        """
    )
    found = clock(ticket, book(), "2028-03-09 12:00", RESOLUTION)
    assert (found.state, found.worked) == (ClockState.MET, 3600)


def test_an_answer_meets_the_response_and_not_the_resolution() -> None:
    """frappe #1542."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 answered
        """
    )
    found = {each.kind: each.state for each in clocks(ticket, book(), at("2028-03-01 11:00"))}
    assert found == {RESPONSE: ClockState.MET, RESOLUTION: ClockState.RUNNING}


def test_a_silent_client_makes_nothing_overdue() -> None:
    """osTicket #1684: the agent had answered, the client said nothing, and the ticket was overdue."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 answered
        2028-03-01 10:00 paused for the client
        """
    )
    found = clocks(ticket, book(), at("2028-06-01 11:00"))
    assert not any(each.is_breached for each in found)


def test_a_resolution_without_an_answer_is_the_response() -> None:
    """dbt_zendesk #116: solved without a reply counted as a breach."""
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:30 resolved
        """
    )
    assert clock(ticket, book(), "2028-06-01 09:00", RESPONSE).state is ClockState.MET


def test_a_ticket_of_the_night_has_its_whole_budget() -> None:
    """GLPI #687: opened outside the hours, the delay was 0."""
    found = clock([event("2028-03-01 22:00", Happening.OPENED)], book(), "2028-03-02 08:00", RESOLUTION)
    assert (found.worked, found.left, moment(found.due or 0)) == (0, 8 * 3600, at("2028-03-02 17:00"))


def test_no_warning_comes_before_its_hours_are_used_up() -> None:
    """GLPI #15429: levels computed without the calendar escalated at the opening."""
    ticket = [event("2028-03-01 16:00", Happening.OPENED)]
    promised = book()
    assert list(signals(clock(ticket, promised, "2028-03-02 08:59", RESOLUTION), promised)) == []
    late = clock(ticket, promised, "2028-03-06 09:00", RESOLUTION)
    assert list(signals(late, promised)) == [
        (75, at("2028-03-02 14:00")),
        (90, at("2028-03-02 15:12")),
        (100, at("2028-03-02 16:00:01")),
    ]


def test_a_holiday_taken_away_later_does_not_rewrite_what_is_over() -> None:
    """frappe #2449: finished tickets changed with the list of holidays."""
    with_day = calendar("london", LONDON, "09:00-17:00", days=holiday("2028-03-02", "Founder's day"))
    ticket = happened(
        """
        2028-03-01 16:00 opened
        2028-03-03 10:00 resolved
        """
    )
    removed = (at("2028-03-10 10:00"),)
    kept = Book({"london": revised(with_day, OFFICE, recorded=removed)}, {"std": revised(policy())})
    found = clock(ticket, kept, "2028-03-11 10:00", RESOLUTION)
    assert (found.worked, found.calendar_revision) == (2 * 3600, 1)
    corrected = Book(
        {"london": revised(with_day, OFFICE, recorded=removed, corrections=(2,))}, {"std": revised(policy())}
    )
    restated = clock(ticket, corrected, "2028-03-11 10:00", RESOLUTION)
    assert (restated.worked, restated.calendar_revision) == (10 * 3600, 2)
    assert restated.state is ClockState.MISSED


# Decisions of our own


def test_stop_wins_over_pause_and_pause_over_start() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 paused
        2028-03-01 10:00 resumed
        2028-03-01 12:00 paused
        2028-03-01 12:00 resolved
        """
    )
    found = clock(ticket, book(), "2028-03-01 13:00", RESOLUTION)
    assert (found.worked, found.state, found.end) == (2 * 3600, ClockState.MET, second("2028-03-01 12:00"))


def test_a_pause_that_was_resumed_at_its_own_moment_is_none() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 paused
        2028-03-01 10:00 resumed
        """
    )
    found = clock(ticket, book(), "2028-03-01 11:00", RESOLUTION)
    assert (found.state, found.worked) == (ClockState.RUNNING, 2 * 3600)


def test_one_pause_may_follow_another_at_once() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 paused the bank
        2028-03-01 11:00 resumed
        2028-03-01 11:00 paused the court
        """
    )
    found = clock(ticket, book(), "2028-03-01 12:00", RESOLUTION)
    assert (found.state, found.worked) == (ClockState.PAUSED, 3600)
    assert [each.why for each in found.pauses] == ["the bank", "the court"]


def test_a_resolution_ends_the_waiting_for_good() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 paused the bank
        2028-03-01 12:00 resolved
        2028-03-01 14:00 reopened
        """
    )
    found = clock(ticket, book(), "2028-03-01 15:00", RESOLUTION)
    assert (found.state, found.worked, found.paused) == (ClockState.RUNNING, 2 * 3600, 4 * 3600)
    assert [each.why for each in found.pauses] == ["the bank", "resolved"]


def test_a_pause_within_one_second_is_not_kept() -> None:
    opened = event("2028-03-01 09:00", Happening.OPENED)
    paused = event(at("2028-03-01 10:00") + timedelta(milliseconds=200), Happening.PAUSED)
    resumed = event(at("2028-03-01 10:00") + timedelta(milliseconds=700), Happening.RESUMED)
    found = clock([opened, paused, resumed], book(), "2028-03-01 11:00", RESOLUTION)
    assert (found.pauses, found.worked) == ((), 2 * 3600)


def test_taking_a_ticket_is_a_response_and_no_answer() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 asked
        2028-03-01 09:30 taken
        """
    )
    found = {each.kind: each.state for each in clocks(ticket, book(), at("2028-03-01 10:00"))}
    assert (found[RESPONSE], found[UPDATE]) == (ClockState.MET, ClockState.RUNNING)


def test_a_priority_changed_after_the_answer_is_not_the_answers() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:30 answered
        2028-03-01 11:00 classified P1
        """
    )
    found = clock(ticket, book(), "2028-03-01 12:00", RESPONSE)
    assert (found.facts.priority, found.budget, found.state) == ("P3", 2 * 3600, ClockState.MET)


def test_a_notice_from_before_we_knew_stops_nothing() -> None:
    ticket = happened(
        """
        2028-03-01 08:00 opened
        2028-03-01 08:30 notified EU
        2028-03-01 09:00 aware EU
        """
    )
    assert clock(ticket, book(), "2028-03-01 10:00", NOTICE).state is ClockState.RUNNING


def test_what_happens_after_the_cancellation_belongs_to_nobody() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 10:00 cancelled
        2028-03-01 11:00 answered
        2028-03-01 12:00 asked
        """
    )
    found = clocks(ticket, book(), at("2028-03-02 11:00"))
    assert {(each.kind, each.state, each.end) for each in found} == {
        (RESPONSE, ClockState.CANCELLED, second("2028-03-01 10:00")),
        (RESOLUTION, ClockState.CANCELLED, second("2028-03-01 10:00")),
    }


def test_the_law_waits_for_no_pause_no_resolution_and_no_cancellation() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 aware EU
        2028-03-01 10:00 paused
        2028-03-01 11:00 resolved
        2028-03-01 12:00 reopened
        2028-03-01 13:00 cancelled
        """
    )
    found = clock(ticket, book(), "2028-03-02 09:00", NOTICE)
    assert (found.state, found.worked, found.paused) == (ClockState.RUNNING, DAY, 0)
    assert moment(found.due or 0) == at("2028-03-04 09:00")
    notified = [*ticket, event("2028-03-04 09:00", Happening.NOTIFIED, "EU")]
    assert clock(notified, book(), "2028-03-09 09:00", NOTICE).state is ClockState.MET


def test_awareness_counts_from_when_it_was_and_not_from_when_the_ticket_was_opened() -> None:
    ticket = happened(
        """
        2028-02-29 18:00 aware EU
        2028-03-01 09:00 opened
        """
    )
    found = clock(ticket, book(), "2028-03-01 10:00", NOTICE)
    assert (found.worked, found.facts.priority) == (16 * 3600, "P3")
    notified = [*ticket, event("2028-02-29 20:00", Happening.NOTIFIED, "EU")]
    assert clock(notified, book(), "2028-03-01 10:00", NOTICE).worked == 2 * 3600


def test_a_breach_told_later_takes_no_others_place() -> None:
    first = event("2028-03-01 10:00", Happening.AWARE, "EU", number=5)
    told_later = event("2028-03-01 08:00", Happening.AWARE, "UK", number=9)
    ticket = [event("2028-03-01 09:00", Happening.OPENED), told_later, first]
    found = [each for each in clocks(ticket, book(), at("2028-03-01 11:00")) if each.kind is NOTICE]
    assert {each.policy: each.round for each in found} == {"EU": 1, "UK": 2}


def test_who_had_answered_before_the_ticket_was_opened_used_nothing() -> None:
    ticket = happened(
        """
        2028-03-01 08:50 answered
        2028-03-01 09:00 opened
        """
    )
    found = clock(ticket, book(), "2028-03-01 12:00", RESPONSE)
    assert (found.state, found.worked, found.end) == (ClockState.MET, 0, found.start)


def test_a_pause_after_the_answer_is_not_the_answered_clocks() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 asked
        2028-03-01 10:00 answered
        2028-03-01 11:00 paused
        """
    )
    found = clock(ticket, book(), "2028-03-02 10:00", UPDATE)
    assert (moment(found.due or 0), found.pauses) == (at("2028-03-01 13:00"), ())


def test_who_is_answered_while_it_waits_has_a_due_time_all_the_same() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:00 asked
        2028-03-01 10:00 paused
        2028-03-01 11:00 answered
        """
    )
    before = clock(ticket, book(), "2028-03-01 12:00", UPDATE)
    after = clock([*ticket, event("2028-03-01 13:00", Happening.RESUMED)], book(), "2028-03-02 12:00", UPDATE)
    assert before == after
    assert (moment(before.due or 0), before.paused) == (at("2028-03-01 14:00"), 3600)


def test_a_question_about_what_is_resolved_is_answered_in_time_or_not_whether_or_not_it_is_reopened() -> None:
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 09:30 resolved
        2028-03-01 10:00 asked
        """
    )
    assert clock(ticket, book(), "2028-03-01 15:00", UPDATE).state is ClockState.OVERDUE
    reopened = [*ticket, event("2028-03-01 15:00", Happening.REOPENED)]
    found = clock(reopened, book(), "2028-03-01 15:00", UPDATE)
    assert (found.state, found.worked, found.pauses) == (ClockState.OVERDUE, 5 * 3600, ())


def test_a_policy_entered_later_takes_no_finished_clock_from_the_one_that_was_known() -> None:
    special = policy(name="acme", budgets={RESOLUTION: 1}, fits=Facts(client="acme"))
    std = policy()
    later = Book(
        {"london": revised(OFFICE)},
        {
            "std": revised(std),
            "acme": [replace(revised(special)[0], recorded=at("2028-03-05 09:00"))],
        },
    )
    ticket = [
        event("2028-03-01 09:00", Happening.OPENED, facts=Facts("P3", "acme")),
        event("2028-03-01 12:00", Happening.RESOLVED),
    ]
    assert clock(ticket, later, "2028-03-06 09:00", RESOLUTION).policy == "std"
    assert clock(ticket[:1], later, "2028-03-06 09:00", RESOLUTION).policy == "acme"


def test_what_was_finished_before_any_promise_was_entered_is_measured_by_the_first() -> None:
    entered = Book(
        {"london": revised(OFFICE)}, {"std": [replace(revised(policy())[0], recorded=at("2028-03-05 09:00"))]}
    )
    ticket = happened(
        """
        2028-03-01 09:00 opened
        2028-03-01 12:00 resolved
        """
    )
    assert clock(ticket, entered, "2028-03-06 09:00", RESOLUTION).policy == "std"


@pytest.mark.parametrize(("spring", "due"), [(True, "2026-03-30 15:00"), (False, "2026-10-26 16:00")])
def test_a_budget_over_the_change_of_the_clocks_is_the_same_working_day(spring: bool, due: str) -> None:
    opened = "2026-03-27 16:00" if spring else "2026-10-23 15:00"
    found = clock([event(opened, Happening.OPENED)], book(), at(opened) + timedelta(hours=1), RESOLUTION)
    assert moment(found.due or 0) == at(due)


def test_a_more_urgent_ticket_has_a_shorter_clock() -> None:
    found = clock(
        [event("2028-03-01 09:00", Happening.OPENED, facts=P1)], book(), "2028-03-01 09:00", RESOLUTION
    )
    assert found.budget == 4 * 3600
