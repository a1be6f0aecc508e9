"""What clocks, months and budgets look like: pure, and never rosier than they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.incidents.model import State
from lexops.sla.model import ClockKind, ClockState, Facts
from lexops.sla.view import DayCell, Part, Restatement, Segment, Ticket, Told
from lexops.trends.availability import Availability
from lexops.tui.clocks import ClockRow, clock_rows, nexts
from lexops.tui.ink import Tone, cells, plain
from lexops.tui.places import ExplanationPlace
from lexops.tui.presenters import clocks, incidents, months, objectives, queue
from lexops.tui.presenters.columns import place, row_line
from lexops.tui.presenters.explanation import chosen, exact, explanation_lines
from tests.tui.port import (
    INCIDENTS,
    NOW,
    ZONE,
    breach,
    clock,
    explained,
    month_report,
    objective,
    tickets,
)

RUNNING, PAUSED, OVERDUE, MET = ClockState.RUNNING, ClockState.PAUSED, ClockState.OVERDUE, ClockState.MET


def text(lines: list[object]) -> str:
    return "\n".join(plain(each) for each in lines)  # type: ignore[arg-type]


# Time left


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "00:00"),
        (59, "00:00"),
        (41 * 60 + 59, "00:41"),
        (86_400, "24:00"),
        (2 * 86_400 - 1, "47:59"),
        (2 * 86_400, "2 d"),
        (-5, "00:00"),
    ],
)
def test_time_left_is_hours_and_minutes_and_then_days(seconds: int, said: str) -> None:
    assert clocks.span(seconds) == said


@given(st.integers(0, 10**8))
def test_no_more_time_is_shown_than_there_is_and_it_changes_once_a_minute_at_most(seconds: int) -> None:
    said = clocks.span(seconds)
    days, hours = said.endswith("d"), said.partition(":")
    shown = int(said[:-1].replace(",", "")) * 86_400 if days else int(hours[0]) * 3600 + int(hours[2]) * 60
    assert shown <= seconds < shown + (86_400 if days else 60)
    assert clocks.span(seconds - seconds % 60) == said


def test_what_is_left_runs_by_the_clock_on_the_wall() -> None:
    running = clock(left=41)
    assert clocks.left(running, NOW).text == "00:41"
    assert clocks.left(running, NOW + timedelta(minutes=2)).text == "00:39"


def test_an_overdue_clock_says_in_words_and_colour_how_far_over_it_is() -> None:
    late = clock(left=-12, state=OVERDUE)
    said = clocks.left(late, NOW)
    assert (said.text, said.tone) == ("over 00:12", Tone.CRITICAL)
    assert clocks.badge(late).text == "✖ overdue"
    assert clocks.countdown(late, NOW).text == "over 00:12"


def test_past_its_due_time_but_outside_its_hours_a_clock_is_not_called_overdue() -> None:
    evening = clock(left=-30, state=RUNNING, worked=7200)
    assert clocks.left(evening, NOW).text == "00:00" and "overdue" not in clocks.badge(evening).text


def test_a_paused_clock_shows_the_open_time_that_is_left_and_does_not_tick() -> None:
    waiting = clock(left=95, state=PAUSED)
    assert clocks.left(waiting, NOW) == clocks.left(waiting, NOW + timedelta(days=3))
    assert clocks.left(waiting, NOW).text == "1:35" and clocks.countdown(waiting, NOW).text == "paused"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ClockKind.RESPONSE, "resp. 00:41"),
        (ClockKind.UPDATE, "upd. 00:41"),
        (ClockKind.RESOLUTION, "due 00:41"),
        (ClockKind.NOTICE, "law 00:41"),
    ],
)
def test_a_countdown_says_what_runs_out(kind: ClockKind, said: str) -> None:
    assert clocks.countdown(clock(kind), NOW).text == said


def test_the_open_time_of_a_paused_clock_is_never_told_in_days() -> None:
    assert clocks.left(clock(left=60 * 60, state=PAUSED), NOW).text == "60:00"


def test_a_clock_that_is_over_has_nothing_left() -> None:
    assert clocks.left(clock(state=MET), NOW).text == ""


def test_a_clock_is_warned_from_the_first_warning_on() -> None:
    assert clocks.is_warned(clock(left=30)) and not clocks.is_warned(clock(left=31))
    assert not clocks.is_warned(clock(left=1, warnings=()))
    assert not clocks.is_warned(clock(left=1, state=PAUSED))
    assert clocks.badge(clock(left=30)).text == "▲ warned"


# Lists


def test_overdue_clocks_come_first_then_what_is_due_next_then_what_waits() -> None:
    given_ = (
        clock(left=1, state=PAUSED),
        clock(left=90),
        clock(left=5, state=MET),
        clock(left=-2, state=OVERDUE),
        clock(left=20),
        clock(left=-60, state=OVERDUE),
    )
    rows = clock_rows([Ticket(INCIDENTS[0], given_)])
    assert [(row.clock.state, row.clock.left // 60) for row in rows] == [
        (OVERDUE, -60),
        (OVERDUE, -2),
        (RUNNING, 20),
        (RUNNING, 90),
        (PAUSED, 1),
    ]


def test_a_forecast_stays_with_its_clock() -> None:
    rows = clock_rows(tickets())
    assert [row.clock.kind for row in rows if row.forecast] == [ClockKind.RESPONSE]
    assert "62 %" in plain(row_line(rows[0], place(clocks.columns(rows, NOW, ZONE), 160)))


def test_the_header_counts_what_is_overdue_and_names_the_next_breach() -> None:
    late = Ticket(INCIDENTS[1], (clock(left=-1, state=OVERDUE), clock(left=-9, state=OVERDUE)))
    said = clocks.next_words(clock_rows([*tickets(), late]), NOW)
    assert [each.text for each in said] == ["✖ 2 overdue", "next breach 00:41"]
    assert clocks.next_words(clock_rows([Ticket(INCIDENTS[1], (clock(state=PAUSED),))]), NOW) == []
    assert clocks.next_words((), NOW) == []


def test_the_next_clock_of_an_incident_is_its_most_urgent() -> None:
    found = nexts(clock_rows(tickets()))
    assert found[41].kind is ClockKind.RESPONSE and found[39].state is PAUSED


@given(st.integers(-10_000, 10_000), st.integers(1, 40))
def test_a_bar_is_always_as_long_as_it_should_be(percent: int, width: int) -> None:
    drawn = clocks.bar(percent, width, Tone.PLAIN)
    assert cells(drawn) == width
    assert len(drawn[0].text) == max(0, min(width, (percent * width + 50) // 100))


@pytest.mark.parametrize("width", [78, 98, 158])
def test_ticket_clock_state_left_due_and_used_are_there_at_any_width(width: int) -> None:
    rows = clock_rows(tickets())
    said = plain(row_line(rows[0], place(clocks.columns(rows, NOW, ZONE), width)))
    for each in ("#41", "P1", "acme", "response", "▸ running", "00:41", "21 Nov 15:43", "65 %"):
        assert each in said, each


def test_each_exchange_and_each_law_has_its_own_name() -> None:
    assert clocks.name(clock(ClockKind.UPDATE, round=2)) == "update 2"
    assert clocks.name(clock(ClockKind.NOTICE, policy="EU")) == "notice EU"


# What may be done


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (State.OPEN, {"acknowledge", "resolve", "pause", "classify", "cancel"}),
        (State.ACKNOWLEDGED, {"resolve", "pause", "classify", "cancel"}),
        (State.WAITING, {"acknowledge", "resolve", "resume", "classify", "cancel"}),
        (State.RESOLVED, {"reopen"}),
        (State.CANCELLED, set()),
    ],
)
def test_only_what_can_be_done_with_an_incident_is_offered(state: State, possible: set[str]) -> None:
    every = {
        "acknowledge",
        "resolve",
        "pause",
        "resume",
        "classify",
        "cancel",
        "reopen",
        "note",
        "answer",
        "asked",
    }
    known = replace(INCIDENTS[0], state=state)
    offered = {name for name in every if not incidents.why_not(known, f"incident.{name}")}
    assert offered == possible | {"note", "answer", "asked"}


def test_every_state_of_an_incident_can_be_listed() -> None:
    rows = [replace(INCIDENTS[0], state=state) for state in State]
    placed = place(queue.columns(rows, queue.Around(NOW)), 100)
    assert all(str(each.state) in plain(row_line(each, placed)) for each in rows)


# Explained


def test_the_explanation_shows_every_stretch_and_what_they_add_up_to() -> None:
    said = text(explanation_lines(explained(tickets()[0]), 0, NOW, ZONE, 100))
    for each in (
        "Promised: response within 2 h (contract 4.2).",
        "Sat 21 Nov 13:43:09    0:10:00  counted",
        "1:09:00  paused   waiting: for the client's bank",
        "0:41:00  closed   night, to come",
        "Sat 21 Nov 15:43:09             due",
        "counted 0:10:00, closed 0:00:00, paused 1:09:00; promised 2:00:00",
        "OTHER CLOCKS",
    ):
        assert each in said, each


@given(st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(Part)), min_size=1, max_size=30))
def test_the_totals_are_the_whole_life_of_the_clock(parts: list[tuple[int, Part]]) -> None:
    known, at, segments = clock(state=MET), 1_700_000_000, []
    for length, part in parts:
        segments.append(Segment(at, at + length, part))
        at += length
    told = Told(replace(known, start=1_700_000_000, end=at, due=at), tuple(segments), ())
    explanation = replace(explained(Ticket(INCIDENTS[0], (told.clock,))), told=(told,))
    lines = [plain(each) for each in explanation_lines(explanation, 0, NOW, ZONE, 120)]
    totals = next(each for each in lines if "promised" in each)
    for part in Part:
        assert f"{part} {exact(sum(n for n, each in parts if each is part))}" in totals


def test_the_clock_that_is_asked_for_is_explained_else_the_one_that_runs_out_next() -> None:
    known = explained(tickets()[2])
    assert chosen(known, ExplanationPlace(39, "response")) == 0
    assert chosen(known, ExplanationPlace(39)) == 1
    assert chosen(known, ExplanationPlace(39, "update", 7)) == 1


# Months


def test_the_client_with_most_broken_promises_is_the_first_row() -> None:
    lines = [plain(each) for each in months.heat_lines(month_report("2026-11"), 100)]
    assert lines[1].strip().startswith("beta") and lines[2].strip().startswith("acme")


@pytest.mark.parametrize("width", [78, 100, 158])
def test_the_cells_stand_under_their_days(width: int) -> None:
    dates, _, acme, *_ = [plain(each) for each in months.heat_lines(month_report("2026-10"), width)]
    assert acme.index("▄1") == dates.index("12") if width > 110 else acme.index("▄1") < dates.index("13")


def test_days_differ_by_sign_and_not_only_by_colour() -> None:
    day = date(2026, 11, 1)
    counts = ((0, 0), (4, 0), (3, 1), (1, 3))
    signs = [months.day_cell(DayCell("acme", day, *each), 3).text for each in counts]
    assert signs == ["·  ", "▁  ", "▄1 ", "█3 "]


@given(st.integers(0, 500), st.integers(0, 500), st.integers(2, 4))
def test_a_cell_never_outgrows_its_room_nor_hides_a_broken_promise(met: int, missed: int, room: int) -> None:
    cell = months.day_cell(DayCell("acme", date(2026, 11, 1), met, missed), room)
    assert len(cell.text) == room
    assert (cell.tone in (Tone.WARNING, Tone.CRITICAL)) == bool(missed)


def test_a_month_in_which_nothing_ended_says_so() -> None:
    empty = month_report("2026-11", days=(), attainments=(), trend=(("2026-11", 0, 0),))
    assert "no promise came to its end" in text(months.heat_lines(empty, 80))
    assert "nothing was promised" in text(months.attainment_lines((), 80))
    assert "nothing that was promised" in text(months.trend_lines(months.totals(empty), ZONE, 80, 8))
    assert months.totals(empty)[0].attained is None


def test_what_was_restated_tampered_with_or_not_yet_counted_is_said() -> None:
    report = month_report(
        "2026-10",
        closed=NOW,
        digest="ab" * 32,
        restatements=(Restatement("breach #33 resolution", "none", "1 h over"),),
        behind=3,
        tampered="TAMPERED: the digest differs",
    )
    said = text(months.summary_lines(report, ZONE, 100))
    for each in (
        "3 clocks still open, 2 cancelled",
        "closed 2026-11-21 15:02:09 CET, digest abababababab",
        "restated: breach #33 resolution: none, now 1 h over",
        "3 tickets to catch up with",
        "✖ TAMPERED: the digest differs",
    ):
        assert each in said, each


def test_attainment_has_counts_bounds_and_the_change_and_no_number_where_there_is_none() -> None:
    known = month_report("2026-10").attainments[0]
    said = text(months.attainment_lines((known, replace(known, met=0, missed=0, before=None)), 120))
    for each in ("196 of 200", "98.0 %", "95.0–99.2", "-0.6", "0:25", "1:30", "3:15", "n/a"):
        assert each in said, each


@pytest.mark.parametrize(("worst", "foot"), [(95, "90 %"), (85, "80 %"), (65, "60 %"), (20, "0 %")])
def test_the_trend_begins_where_differences_can_be_seen_and_below_the_worst(worst: int, foot: str) -> None:
    trend = tuple(
        (f"2026-{n:02d}", worst if n == 3 else 99, 100 - (worst if n == 3 else 99)) for n in range(1, 13)
    )
    lines = months.trend_lines(months.totals(month_report("2026-12", trend=trend)), ZONE, 100, 10)
    bottom = plain(lines[-2])
    assert bottom.strip().startswith(f"{foot} │") and "█" in bottom
    assert plain(lines[0]).strip().startswith("100 %")


@pytest.mark.parametrize("width", [60, 79, 109, 199])
def test_a_bad_month_does_not_vanish_between_good_ones(width: int) -> None:
    trend = tuple((f"2026-{n:02d}", 860 if n == 7 else 970, 140 if n == 7 else 30) for n in range(1, 13))
    lines = months.trend_lines(months.totals(month_report("2026-12", trend=trend)), ZONE, width, 9)
    high = next(plain(each) for each in lines if "90 %" in plain(each)).partition("│")[2]
    assert len(high.strip()) - high.count("█") >= (width - 10) // 12 - 2, "about a twelfth is lower"


def test_what_rounds_to_whole_is_not_called_whole() -> None:
    (total,) = months.totals(month_report("2026-10", trend=(("2026-10", 2_999, 1),)))
    assert "99.9 %" in plain(row_line(total, place(months.total_columns(), 79)))
    attained = replace(month_report("2026-10").attainments[0], met=2_999, missed=1)
    assert "99.9 %" in text(months.attainment_lines([attained], 109))


def test_a_broken_promise_shows_whose_fault_it_was_or_that_nobody_said() -> None:
    rows = (breach(), breach(responsibility=None, is_open=True))
    placed = place(months.breach_columns(rows, ZONE), 100)
    first, second = (plain(row_line(row, placed)) for row in rows)
    assert "vendor" in first and "1:15" in first and "the disk" in first
    assert "?" in second and "1:15 …" in second


# Budgets


@given(st.floats(0, 100), st.integers(1, 4))
def test_a_percentage_is_never_rounded_up(value: float, digits: int) -> None:
    shown = float(objectives.percent(value, digits).text.removesuffix(" %"))
    assert shown <= value + 1e-9 and value - shown <= 10.0**-digits + 1e-9


def test_nothing_known_is_no_number() -> None:
    known = objective(found=Availability(unknown=timedelta(days=30)), burns=(), hours=())
    said = plain(row_line(known, place(objectives.columns([known]), 158)))
    assert said.count("n/a") == 4 and "100.000" not in said
    assert "n/a: nothing is known of it" in text(objectives.objective_lines(known, 100))


def test_a_number_of_which_little_is_known_says_so() -> None:
    day, month = timedelta(days=1), timedelta(days=30)
    little = objective(found=Availability(day, unknown=month - day))
    assert "3.3 % of the time: little is known" in text(objectives.objective_lines(little, 79))
    assert "little" not in text(objectives.objective_lines(objective(), 79))


def test_a_missed_objective_has_a_negative_budget_and_says_so() -> None:
    known = objective(down=60, burns=())
    said = plain(row_line(known, place(objectives.columns([known]), 98)))
    assert "✖ missed" in said and "-39 %" in said and "-16 min" in said


def test_a_day_is_told_by_its_sign() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    day = objective().hours[0]
    said = [
        objectives.day_sign(replace(day, hours=hours), 99.9).text
        for hours in (
            (Availability(24 * hour),),
            (Availability(24 * hour - minute, minute),),
            (Availability(20 * hour, 4 * hour),),
            (Availability(hour, unknown=23 * hour),),
            (Availability(maintenance=24 * hour),),
            (),
        )
    ]
    assert said == ["▁", "▄", "█", "░", "·", "·"]


def test_facts_of_the_clock_can_be_filtered_for() -> None:
    row = ClockRow(INCIDENTS[0], clock(left=10, facts=Facts("P1", "acme", "hoster", "billing")))
    words = clocks.haystack(row).split("\n")
    for each in (
        "#41",
        "client:acme",
        "clock:response",
        "priority:P1",
        "queue:billing",
        "is:running",
        "is:warned",
    ):
        assert each in words, each
