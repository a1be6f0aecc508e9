"""How a due time came about, in words and second by second."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from lexops.calendars.business import seconds
from lexops.calendars.model import Calendar, Period
from lexops.checks.model import Status
from lexops.incidents.model import Incident, State
from lexops.sla.clock import clocks, ordered, spent
from lexops.sla.explain import account, explain, length
from lexops.sla.model import Book, Change, Clock, ClockKind, ClockState, Facts, Happening, TicketEvent
from lexops.sla.view import Explanation, Part, Ticket, Told
from tests.sla.test_clock_laws import NOWS, books, tickets
from tests.sla.tickets import (
    LONDON,
    NOTICE,
    OFFICE,
    RESOLUTION,
    RESPONSE,
    UPDATE,
    at,
    book,
    calendar,
    event,
    happened,
    holiday,
    policy,
    revised,
    second,
    week,
)

EASTER = calendar(
    "london",
    LONDON,
    "09:00-17:00",
    days=holiday("2026-04-03", "Good Friday") | holiday("2026-04-06", "Easter Monday"),
)
PROMISED = book(policy(contract="4.2", budgets={RESPONSE: 4, UPDATE: 4, RESOLUTION: 16}), calendars=(EASTER,))
HARD = """
    2026-03-27 16:00 opened the portal is down
    2026-03-30 10:00 paused the client's bank
    2026-03-30 11:00 resumed
    2026-03-30 11:30 classified P1
    2026-03-30 12:00 answered
    2026-03-30 14:00 resolved
    2026-04-02 16:00 reopened
    2026-04-02 16:30 paused the court
    2026-04-07 10:00 resumed
    2026-04-07 12:45 resolved
"""
"""A DST night, two bank holidays, two pauses, a priority change and a re-opening, in London."""


def incident(title: str = "the portal is down") -> Incident:
    when = at("2026-03-27 16:00")
    return Incident(41, "by hand/1", title, Status.CRITICAL, State.OPEN, None, None, when, when)


def explained(events: list[TicketEvent], book: Book, now: str) -> Explanation:
    return explain(Ticket(incident(), clocks(events, book, at(now))), events, book)


def only(found: Explanation, kind: ClockKind) -> Told:
    (told,) = (each for each in found.told if each.clock.kind is kind)
    return told


def story(told: Told) -> str:
    return "\n".join(told.lines)


def total(told: Told, part: Part, until: int | None = None) -> int:
    end = told.clock.end if until is None else until
    return sum(each.end - each.start for each in told.segments if each.part is part and each.end <= end)


def is_accounted_for(told: Told, events: list[TicketEvent], book: Book) -> None:
    """Every second of a clock is in one segment and in one line, and the sums are those of the clock."""
    clock = told.clock
    last = max(clock.end, clock.due or clock.end)
    for found in (
        [(each.start, each.end) for each in told.segments],
        [(each.start, each.end) for each in account(clock, ordered(events), book) if each.end > each.start],
    ):
        edges = [clock.start, *(end for _, end in found)]
        assert [start for start, _ in found] == edges[:-1]
        assert edges[-1] == last
    assert total(told, Part.COUNTED) == clock.worked
    assert total(told, Part.PAUSED) == clock.paused
    assert total(told, Part.CLOSED) == clock.end - clock.start - clock.worked - clock.paused
    if clock.due is not None:
        assert total(told, Part.COUNTED, clock.due) == clock.budget


def test_a_hard_ticket_is_accounted_for_to_the_second_at_every_moment_of_its_life() -> None:
    events = happened(HARD, LONDON)
    moment = at("2026-03-27 16:00")
    while moment < at("2026-04-08 00:00"):
        found = explain(Ticket(incident(), clocks(events, PROMISED, moment)), events, PROMISED)
        assert {each.clock.kind for each in found.told} == {RESPONSE, RESOLUTION}
        for told in found.told:
            is_accounted_for(told, [each for each in events if each.at <= moment], PROMISED)
        moment += timedelta(hours=1, minutes=17, seconds=13)


def test_a_hard_ticket_reads_like_this() -> None:
    events = happened(HARD, LONDON)
    found = explained(events, PROMISED, "2026-04-20 09:00")
    lines = [
        line for told in found.told for line in (f"{told.clock.kind}: {told.clock.state}", *told.lines, "")
    ]
    snapshot = Path(__file__).parent / "hard_ticket.txt"
    said = "\n".join(lines)
    if os.environ.get("LEXOPS_WRITE_SNAPSHOTS"):
        snapshot.write_text(said, encoding="utf-8")
    assert said == snapshot.read_text(encoding="utf-8")


def test_the_hard_ticket_by_hand() -> None:
    told = only(explained(happened(HARD, LONDON), PROMISED, "2026-04-20 09:00"), RESOLUTION)
    # Fri 16-17, Mon 9-10, 11-14, Thu 16-16:30, Tue 10-12:45.
    assert told.clock.worked == 3600 * (1 + 1 + 3) + 1800 + 9900
    # Mon 10-11; resolved Mon 14-17, Tue, Wed, Thu 9-16; the court Thu 16:30-17 and Tue 9-10.
    assert told.clock.paused == 3600 * (1 + 3 + 8 + 8 + 7) + 1800 + 3600
    assert told.clock.budget == 8 * 3600
    assert told.clock.state is ClockState.MISSED


@given(tickets(), books(), NOWS)
def test_every_second_of_every_clock_is_told_once(
    events: list[TicketEvent], book: Book, now: datetime
) -> None:
    known = [each for each in events if each.at <= now]
    found = explain(Ticket(incident(), clocks(known, book, now)), known, book)
    for told in found.told:
        is_accounted_for(told, known, book)
        assert all(told.lines)


@given(tickets(), books(), NOWS)
def test_counted_stretches_are_open_and_outside_of_pauses(
    events: list[TicketEvent], book: Book, now: datetime
) -> None:
    for told in explain(Ticket(incident(), clocks(events, book, now)), events, book).told:
        if told.clock.kind is NOTICE:
            continue
        time = book.revised(told.clock.calendar, told.clock.calendar_revision)
        for each in told.segments:
            opened = time.elapsed(each.start, each.end)
            assert opened == (0 if each.part is Part.CLOSED else each.end - each.start)
            counted = spent(time, each.start, each.end, told.clock.pauses)
            assert counted == (each.end - each.start if each.part is Part.COUNTED else 0)
            assert bool(each.why) == (each.part is not Part.COUNTED)


def test_the_head_names_the_promise_and_what_it_rests_on() -> None:
    said = only(
        explained([event("2026-03-27 16:00", Happening.OPENED)], PROMISED, "2026-03-27 16:30"), RESOLUTION
    )
    assert said.lines[:3] == (
        "Opened Fri 27 Mar 2026 16:00 GMT as P3.",
        "Promised: resolution within 16 h (policy std, contract 4.2, revision 1).",
        "Counted: mon-fri 09:00-17:00, Europe/London (calendar london, revision 1).",
    )


def test_the_night_in_which_the_clocks_change_is_said() -> None:
    spring = only(
        explained([event("2026-03-27 16:00", Happening.OPENED)], PROMISED, "2026-03-27 16:30"), RESPONSE
    )
    assert (
        "Fri 27 Mar 17:00 GMT - Mon 30 Mar 09:00 BST: outside 09:00-17:00, weekend; the clocks go forward"
        in spring.lines
    )
    autumn = only(
        explained([event("2026-10-23 15:00", Happening.OPENED)], PROMISED, "2026-10-26 10:00"), RESPONSE
    )
    assert (
        "Fri 23 Oct 17:00 BST - Mon 26 Oct 09:00 GMT: outside 09:00-17:00, weekend; the clocks went back"
        in autumn.lines
    )


def test_a_night_shift_over_the_change_counts_its_real_length() -> None:
    nights = Calendar("london", (Period(LONDON, week("22:00-24:00 00:00-06:00", "22:00-24:00 00:00-06:00")),))
    promised = book(policy(budgets={RESOLUTION: 40}), calendars=(nights,))
    told = only(
        explained([event("2026-03-28 20:00", Happening.OPENED)], promised, "2026-03-29 08:00"), RESOLUTION
    )
    assert "Sat 28 Mar 22:00 GMT - Sun 29 Mar 06:00 BST: 7 h counted; the clocks went forward" in told.lines


def test_an_hour_that_comes_twice_is_told_with_its_zone() -> None:
    always = Calendar("london", (Period(LONDON, week("00:00-24:00", "00:00-24:00")),))
    promised = book(policy(budgets={RESOLUTION: 40}), calendars=(always,))
    events = [
        event("2026-10-25 00:00", Happening.OPENED),
        event("2026-10-25 00:30", Happening.PAUSED, "the bank"),
        event("2026-10-25 01:15", Happening.RESUMED),
    ]
    told = only(explained(events, promised, "2026-10-25 04:00"), RESOLUTION)
    assert (
        "Sun 25 Oct 01:30 BST - Sun 25 Oct 01:15 GMT: paused, waiting: the bank; 45 min not counted; "
        "the clocks went back" in told.lines
    )


def test_half_an_hour_of_change_is_said_as_such() -> None:
    lord_howe = calendar("london", ZoneInfo("Australia/Lord_Howe"), "00:00-24:00", "00:00-24:00")
    told = only(
        explained(
            [event("2026-04-04 12:00", Happening.OPENED)],
            book(policy(budgets={RESOLUTION: 40}), calendars=(lord_howe,)),
            "2026-04-05 00:00",
        ),
        RESOLUTION,
    )
    assert "the clocks went back by 30 min" in story(told)


def test_a_holiday_is_called_by_its_name() -> None:
    told = only(
        explained([event("2026-04-02 15:30", Happening.OPENED)], PROMISED, "2026-04-07 09:00"), RESPONSE
    )
    assert (
        "Thu 2 Apr 17:00 - Tue 7 Apr 09:00: outside 09:00-17:00, Good Friday (Fri 3 Apr), weekend, "
        "Easter Monday (Mon 6 Apr)" in told.lines
    )


def test_a_half_day_says_its_hours() -> None:
    half = calendar(
        "london", LONDON, "09:00-17:00", days=holiday("2026-12-24", "Christmas Eve", "09:00-12:00")
    )
    told = only(
        explained([event("2026-12-24 10:00", Happening.OPENED)], book(calendars=(half,)), "2026-12-24 18:00"),
        RESOLUTION,
    )
    assert "Thu 24 Dec 12:00-18:00: Christmas Eve, open 09:00-12:00" in told.lines
    assert "Thu 24 Dec 10:00-12:00: 2 h counted" in told.lines


def test_a_lunch_break_is_outside_the_hours() -> None:
    lunch = calendar("london", LONDON, "09:00-12:30 13:30-17:30")
    told = only(
        explained(
            [event("2026-06-01 10:15", Happening.OPENED)], book(calendars=(lunch,)), "2026-06-01 16:30"
        ),
        RESPONSE,
    )
    assert "Mon 1 Jun 12:30-13:30: outside 09:00-12:30 13:30-17:30" in told.lines


def test_a_priority_change_says_what_was_promised_before_and_after() -> None:
    told = only(explained(happened(HARD, LONDON), PROMISED, "2026-03-30 10:45"), RESOLUTION)
    assert "Promised then: resolution within 16 h (policy std, contract 4.2, revision 1)." in told.lines
    assert (
        "Priority P1 (was P3) from Mon 30 Mar 11:30 BST: resolution within 8 h (policy std, contract 4.2, "
        "revision 1), counted from the opening, as the contract says" in told.lines
    )


def test_a_clock_that_begins_anew_says_so() -> None:
    restarting = book(policy(budgets={RESOLUTION: 16}, change=Change.RESTART), calendars=(EASTER,))
    told = only(explained(happened(HARD, LONDON)[:4], restarting, "2026-03-30 11:00"), RESOLUTION)
    assert "counted anew from here, as the contract says" in story(told)
    assert told.segments[0].start == second("2026-03-30 10:30")


def test_what_changes_no_promise_is_said_to() -> None:
    events = [
        event("2026-03-30 10:00", Happening.OPENED),
        event("2026-03-30 11:00", Happening.CLASSIFIED, facts=Facts("P3", queue="billing")),
    ]
    told = only(explained(events, PROMISED, "2026-03-30 11:30"), RESOLUTION)
    assert "Queue billing from Mon 30 Mar 12:00 BST: the promise stays the same" in told.lines


def test_a_clock_that_does_not_wait_says_that_the_ticket_did() -> None:
    told = only(explained(happened(HARD, LONDON), PROMISED, "2026-04-20 09:00"), RESPONSE)
    assert (
        "Mon 30 Mar 10:00-11:00: the ticket waited (the client's bank); "
        "this clock goes on, as the contract says" in told.lines
    )


def test_a_pause_over_days_says_what_it_took_and_what_was_closed_anyway() -> None:
    told = only(explained(happened(HARD, LONDON), PROMISED, "2026-04-20 09:00"), RESOLUTION)
    assert (
        "Thu 2 Apr 16:30 - Tue 7 Apr 10:00: paused, waiting: the court; 1 h 30 min not counted; closed: "
        "outside 09:00-17:00, Good Friday (Fri 3 Apr), weekend, Easter Monday (Mon 6 Apr)" in told.lines
    )
    assert "Mon 30 Mar 14:00 - Thu 2 Apr 16:00: resolved until it was re-opened; 26 h not counted" in story(
        told
    )
    assert "Resolved first Mon 30 Mar 14:00 BST, re-opened once." in told.lines


def test_a_pause_outside_the_hours_is_told_and_takes_nothing() -> None:
    events = happened(
        """
        2026-03-30 16:00 opened
        2026-03-30 18:00 paused the bank
        2026-03-30 20:00 resumed
        """,
        LONDON,
    )
    told = only(explained(events, PROMISED, "2026-03-31 09:00"), RESOLUTION)
    assert (
        "Mon 30 Mar 18:00-20:00: paused, waiting: the bank; nothing of it counts anyway; "
        "closed: outside 09:00-17:00" in told.lines
    )
    assert total(told, Part.PAUSED) == 0


ENDINGS = {
    ("03-30 15:12 resolved", "04-20 09:00"): "Resolved Mon 30 Mar 15:12 BST: 7 h 12 min used of 8 h: kept.",
    ("03-31 09:30 resolved", "04-20 09:00"): (
        "Resolved Tue 31 Mar 09:30 BST: 9 h 30 min used of 8 h: broken by 1 h 30 min."
    ),
    ("03-30 12:00 cancelled", "04-20 09:00"): (
        "Cancelled Mon 30 Mar 12:00 BST: 4 h used of 8 h; it counts nowhere."
    ),
    ("03-30 12:00 paused", "03-30 13:00"): (
        "Now, Mon 30 Mar 14:00 BST: it waits; 4 h used of 8 h, 4 h left, and nothing is due meanwhile."
    ),
    ("03-30 12:00 asked", "03-30 13:00"): "Now, Mon 30 Mar 14:00 BST: 6 h used of 8 h, 2 h left.",
    ("03-30 12:00 asked", "03-31 08:00:05"): (
        "Now, Tue 31 Mar 09:00:05 BST: 9 h 5 s used of 8 h: overdue by 1 h 5 s."
    ),
}


@pytest.mark.parametrize(("ending", "now", "line"), [(*given, line) for given, line in ENDINGS.items()])
def test_the_last_line_is_what_became_of_it(ending: str, now: str, line: str) -> None:
    events = happened(f"2026-03-27 16:00 opened\n2026-{ending}", LONDON)
    found = explained(events, book(policy(budgets={RESOLUTION: 8})), f"2026-{now}")
    assert only(found, RESOLUTION).lines[-1] == line


def test_the_due_time_is_told_with_its_zone_and_at_closing_time_as_that() -> None:
    events = [event("2026-03-27 16:00", Happening.OPENED)]
    told = explained(events, book(policy(budgets={RESPONSE: 8, RESOLUTION: 9})), "2026-03-27 16:30")
    assert "Due Mon 30 Mar 16:00 BST." in only(told, RESPONSE).lines
    assert "Due Mon 30 Mar 17:00 BST, at closing time." in only(told, RESOLUTION).lines


def test_what_is_not_used_yet_is_to_come_and_what_is_not_used_any_more_is_not_needed() -> None:
    events = [event("2026-03-30 09:00", Happening.OPENED)]
    told = only(explained(events, PROMISED, "2026-03-30 10:00"), RESPONSE)
    assert "Mon 30 Mar 11:00-14:00: 3 h to come" in told.lines
    events.append(event("2026-03-30 10:30", Happening.ANSWERED))
    told = only(explained(events, PROMISED, "2026-03-30 12:00"), RESPONSE)
    assert "Mon 30 Mar 11:30-14:00: 2 h 30 min not needed" in told.lines


def test_sixty_days_are_a_few_lines() -> None:
    promised = book(policy(budgets={RESOLUTION: 480}), calendars=(EASTER,))
    told = only(
        explained([event("2026-02-27 15:00", Happening.OPENED)], promised, "2026-05-05 09:00"), RESOLUTION
    )
    assert len(told.lines) <= 12
    assert (
        "Fri 27 Feb 17:00 GMT - Tue 5 May 09:00 BST: 352 h counted: 44 days of 09:00-17:00; the rest "
        "is closed: outside 09:00-17:00, weekend, Good Friday (Fri 3 Apr), Easter Monday (Mon 6 Apr); "
        "the clocks went forward on Sun 29 Mar" in told.lines
    )


def test_days_of_other_hours_are_counted_apart() -> None:
    half = calendar(
        "london", LONDON, "09:00-17:00", days=holiday("2026-12-24", "Christmas Eve", "09:00-12:00")
    )
    told = only(
        explained(
            [event("2026-12-21 10:00", Happening.OPENED)],
            book(policy(budgets={RESOLUTION: 100}), calendars=(half,)),
            "2026-12-29 10:00",
        ),
        RESOLUTION,
    )
    assert "35 h counted: 4 days of 09:00-17:00, 1 day of 09:00-12:00" in story(told)


def test_other_hours_from_a_day_on_are_said_where_they_begin() -> None:
    moved = Calendar(
        "london",
        (
            Period(LONDON, week("09:00-17:00")),
            Period(ZoneInfo("Europe/Berlin"), week("08:00-16:00"), since=date(2026, 6, 2)),
        ),
    )
    told = only(
        explained(
            [event("2026-06-01 12:00", Happening.OPENED)], book(calendars=(moved,)), "2026-06-02 10:00"
        ),
        RESOLUTION,
    )
    assert "From Tue 2 Jun 00:00 CEST: mon-fri 08:00-16:00, Europe/Berlin" in told.lines
    assert "Tue 2 Jun 08:00-12:00: 4 h counted" in told.lines


def test_an_exchange_begins_with_the_clients_word() -> None:
    events = happened(
        """
        2026-03-30 09:00 opened
        2026-03-30 10:00 asked when is it back
        2026-03-30 11:00 answered soon
        2026-03-30 12:00 asked when
        """,
        LONDON,
    )
    found = explained(events, PROMISED, "2026-03-30 12:00")
    second_ = [each for each in found.told if each.clock.kind is UPDATE][1]
    assert second_.lines[0] == (
        "Opened Mon 30 Mar 2026 09:00 BST as P3. The client asked Mon 30 Mar 2026 12:00 BST: exchange 2."
    )
    assert second_.lines[1].startswith("Promised: an answer within 4 h")


def test_the_laws_clock_names_the_law_and_never_waits() -> None:
    events = happened(
        """
        2026-03-30 09:00 opened
        2026-03-30 10:00 aware EU
        2026-03-30 11:00 paused
        """,
        LONDON,
    )
    found = explained(events, PROMISED, "2026-03-31 09:00")
    told = only(found, NOTICE)
    assert told.lines[1] == (
        "Aware of a breach of personal data Mon 30 Mar 2026 09:00 UTC. European Union and EEA, "
        "GDPR art. 33(1): supervisory authority to be told within 72 h; counted day and night, never paused."
    )
    assert [each.part for each in told.segments] == [Part.COUNTED, Part.COUNTED]
    assert "aware of a breach of personal data (EU); the law's clock is its own" in story(
        only(found, RESOLUTION)
    )


def test_a_breach_known_before_the_ticket_is_explained_too() -> None:
    events = happened(
        """
        2026-03-29 09:00 aware EU
        2026-03-29 12:00 notified EU
        2026-03-30 09:00 opened
        """
    )
    told = only(explained(events, PROMISED, "2026-03-31 09:00"), NOTICE)
    assert told.lines[-1] == "Notified Sun 29 Mar 12:00 UTC: 3 h used of 72 h: kept."


def test_hostile_words_stay_words() -> None:
    events = happened("2026-03-30 09:00 opened\n2026-03-30 10:00 paused x\x1b[2J\u202e[@click=app.quit()]y")
    told = only(explained(events, PROMISED, "2026-03-30 12:00"), RESOLUTION)
    assert "\x1b" not in story(told)
    assert "\u202e" not in story(told)
    assert all("\x1b" not in each.why for each in told.segments)


def test_what_happened_after_a_clock_stopped_is_not_its_story() -> None:
    events = happened(HARD, LONDON)
    before = only(explained(events[:5], PROMISED, "2026-03-30 11:00"), RESPONSE)
    after = only(explained(events, PROMISED, "2026-04-20 09:00"), RESPONSE)
    assert before == after


def test_a_calendar_that_hardly_ever_opens_makes_nothing_due() -> None:
    closed = replace(OFFICE, periods=(Period(LONDON, week("")),))
    calendars = {"london": revised(OFFICE, closed, recorded=(at("2026-03-30 10:00"),))}
    promised = Book(calendars, {"std": revised(policy())})
    told = only(
        explained([event("2026-03-30 09:00", Happening.OPENED)], promised, "2026-03-30 12:00"), RESOLUTION
    )
    assert told.lines[-2] == "Never due: the calendar hardly ever opens."
    assert "Mon 30 Mar 10:00-13:00: closed on Mondays" in told.lines


def test_lengths_are_said_as_people_say_them() -> None:
    assert [length(each) for each in (0, 5, 60, 3600, 22_320, 259_200, 4_000_000)] == [
        "0 s",
        "5 s",
        "1 min",
        "1 h",
        "6 h 12 min",
        "72 h",
        "1,111 h 6 min 40 s",
    ]


def test_the_segments_of_a_clock_begin_with_its_start() -> None:
    clock: Clock = clocks([event("2026-03-28 10:00", Happening.OPENED)], book(), at("2026-03-28 10:00"))[0]
    told = explain(Ticket(incident(), (clock,)), [event("2026-03-28 10:00", Happening.OPENED)], book()).told[
        0
    ]
    assert told.segments[0].start == seconds(at("2026-03-28 10:00"))
    assert told.segments[0].why == "weekend"
    assert told.segments[-1].end == clock.due
    assert OFFICE.name == clock.calendar
