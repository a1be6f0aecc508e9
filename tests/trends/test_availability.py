"""Availability: what looks saw, what nobody saw, what was announced, and how fast a budget burns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.trends.availability import (
    Availability,
    Pair,
    State,
    Stretch,
    Timeline,
    behind,
    budget,
    burn_rate,
    held,
    maintained,
    measured,
    measured_between,
    pairs,
    together,
    window_text,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GAP = timedelta(minutes=3)
UP, DOWN, UNKNOWN, MAINTENANCE = State.UP, State.DOWN, State.UNKNOWN, State.MAINTENANCE


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def looks(signs: str) -> list[Stretch]:
    """A look a minute: `+` up, `-` down, `?` unknown; nobody looked at a space."""
    meaning = {"+": UP, "-": DOWN, "?": UNKNOWN}
    return [Stretch(at(n), at(n), meaning[sign]) for n, sign in enumerate(signs) if sign != " "]


def hour(signs: str) -> list[Stretch]:
    return held(looks(signs), GAP, at(60))


def rounded(found: Availability) -> tuple[float, float]:
    assert found.percent is not None and found.coverage is not None
    return round(found.percent, 2), round(found.coverage, 1)


# The numbers of the reference (shared/reference/incidents.md, section 4).


def test_two_minutes_down_and_one_unknown_in_an_hour() -> None:
    found = measured(hour("+" * 20 + "--" + "+" * 20 + "?" + "+" * 17), at(0), at(60))
    assert rounded(found) == (96.61, 98.3)
    assert found == Availability(minutes(57), minutes(2), minutes(1))


def test_maintenance_over_the_outage_is_cut_out() -> None:
    service = maintained(hour("+" * 20 + "--" + "+" * 38), [(at(20), at(22))])
    found = measured(service, at(0), at(60))
    assert rounded(found) == (100.0, 100.0)
    assert found.maintenance == minutes(2)


def test_a_hole_of_half_an_hour_is_unknown_after_the_last_look_has_held() -> None:
    found = measured(hour("++" + "--" + "+" * 6 + " " * 30 + "+" * 20), at(0), at(60))
    assert rounded(found) == (93.75, 53.3)


@pytest.mark.parametrize(
    "service",
    [
        pytest.param([], id="no looks"),
        pytest.param(maintained(hour("+" * 60), [(at(-5), at(65))]), id="all maintenance"),
        pytest.param(hour("?" * 60), id="looked at and not seen"),
    ],
)
def test_where_nothing_is_known_there_is_no_number(service: Timeline) -> None:
    found = measured(service, at(0), at(60))
    assert (found.percent, budget(found, 99.9), burn_rate(found, 99.9)) == (None, None, None)


def test_all_maintenance_has_no_coverage_either_and_no_looks_have_none_of_it() -> None:
    assert measured([], at(0), at(60)).coverage == 0
    assert measured(maintained([], [(at(0), at(60))]), at(0), at(60)).coverage is None


# The borders of a window.


def test_an_outage_that_outlives_the_window_counts_to_its_end() -> None:
    service = held([Stretch(at(0), at(29), UP), Stretch(at(30), at(500), DOWN)], GAP, at(500))
    assert measured(service, at(0), at(60)).down == minutes(30)


def test_what_was_seen_before_the_window_holds_into_it() -> None:
    service = held([Stretch(at(-600), at(-1), DOWN), Stretch(at(1), at(60), UP)], GAP, at(60))
    assert measured(service, at(0), at(60)) == Availability(minutes(59), minutes(1))


def test_the_last_look_holds_to_now_and_no_longer_than_it_may() -> None:
    assert held([Stretch(at(0), at(10), UP)], GAP, at(11))[-1].end == at(11)
    assert held([Stretch(at(0), at(10), UP)], GAP, at(20))[-1].end == at(13)
    assert held([Stretch(at(0), at(0), UP)], GAP, at(0)) == []


def test_looks_of_a_clock_that_was_set_back_do_not_overlap() -> None:
    found = held([Stretch(at(0), at(60), UP), Stretch(at(30), at(40), DOWN)], GAP, at(41))
    assert found == [Stretch(at(0), at(30), UP), Stretch(at(30), at(41), DOWN)]


def test_hours_are_measured_in_one_go_as_they_are_one_by_one() -> None:
    service = maintained(hour("+" * 25 + "-" * 10 + " " * 10 + "+" * 15), [(at(33), at(38))])
    cuts = [at(n) for n in (-10, 7, 26, 30, 47, 75)]
    one_by_one = [measured(service, start, end) for start, end in pairwise(cuts)]
    assert measured_between(service, cuts) == one_by_one


# Services of several parts.


def test_a_service_is_down_while_any_part_is_and_up_only_while_all_are() -> None:
    found = together([hour("+" * 30 + "-" * 30), hour("+" * 10 + "?" * 30 + "-" * 20)])
    assert found == [
        Stretch(at(0), at(10), UP),
        Stretch(at(10), at(30), UNKNOWN),
        Stretch(at(30), at(60), DOWN),
    ]
    assert together([hour("+" * 60), []]) == [Stretch(at(0), at(60), UNKNOWN)]


def test_what_cannot_be_seen_is_down_with_what_is_below_it() -> None:
    own, host = hour("+" * 20 + "?" * 40), hour("-" * 40 + "+" * 20)
    assert behind(own, [host]) == [
        Stretch(at(0), at(20), UP),
        Stretch(at(20), at(40), DOWN),
        Stretch(at(40), at(60), UNKNOWN),
    ]


# Budgets and how fast they burn.


def test_a_month_at_three_nines_has_43_minutes_and_12_seconds() -> None:
    found = Availability(timedelta(days=30) - minutes(50), minutes(50))
    spent = budget(found, 99.9)
    assert spent is not None
    assert (spent.allowed, spent.spent) == (timedelta(minutes=43, seconds=12), minutes(50))
    assert spent.left == -timedelta(minutes=6, seconds=48)
    assert round(spent.percent, 2) == -15.74


def test_a_burn_rate_is_exact_where_binary_fractions_are_not() -> None:
    assert burn_rate(Availability(timedelta(seconds=856), timedelta(seconds=144)), 99.0) == Fraction("14.4")
    assert burn_rate(Availability(timedelta(seconds=9_856), timedelta(seconds=144)), 99.9) == Fraction("14.4")


def _shown(found: Pair) -> tuple[float, float, float, bool]:
    hours = timedelta(hours=1)
    return found.long / hours, found.short / minutes(1), float(found.limit), found.pages


def test_the_pairs_of_a_month_are_those_of_the_workbook() -> None:
    assert [_shown(pair) for pair in pairs(timedelta(days=30))] == [
        (1, 5, 14.4, True),
        (6, 30, 6, True),
        (24, 120, 3, False),
        (72, 360, 1, False),
    ]


def test_a_week_has_its_own_pairs() -> None:
    assert [_shown(pair) for pair in pairs(timedelta(days=7))] == [
        (1, 5, 13.44, True),
        (6, 30, 3.5, True),
        (24, 120, 1.4, False),
        (72, 360, 0.98, False),
    ]


def test_other_windows_stretch_the_pairs_and_keep_what_they_may_spend() -> None:
    assert [_shown(pair) for pair in pairs(timedelta(days=90))] == [
        (3, 15, 14.4, True),
        (18, 90, 6, True),
        (72, 360, 3, False),
        (216, 1080, 1, False),
    ]


@pytest.mark.parametrize(
    ("number", "text"), [(5, "5 min"), (60, "1 h"), (2057, "1 d 10 h 17 min"), (4320, "3 d")]
)
def test_a_window_is_named_to_the_minute(number: int, text: str) -> None:
    assert window_text(minutes(number)) == text


@given(st.integers(1, 4000))
def test_a_pair_is_never_longer_than_its_window_and_spends_its_share(hours: int) -> None:
    window = timedelta(hours=hours)
    for pair, share in zip(pairs(window), (8, 12.5, 20, 42) if hours <= 336 else (2, 5, 10, 10), strict=True):
        assert minutes(1) <= pair.short <= pair.long <= window
        assert float(pair.limit) * (pair.long / window) == pytest.approx(share / 100)


# Laws.

STATES = st.sampled_from([UP, DOWN, UNKNOWN])
SPANS = st.lists(st.tuples(st.integers(-50, 250), st.integers(0, 60)), max_size=6).map(
    lambda found: [(at(start), at(start + length)) for start, length in found]
)


@st.composite
def timelines(draw: st.DrawFn) -> list[Stretch]:
    """Runs of looks with holes between them, as they are kept."""
    runs, now = [], draw(st.integers(-30, 30))
    for state, length, hole in draw(st.lists(st.tuples(STATES, st.integers(0, 40), st.integers(1, 12)))):
        runs.append(Stretch(at(now), at(now + length), state))
        now += length + hole
    return held(runs, GAP, at(200))


def _as(timeline: Timeline, which: State, other: State) -> list[Stretch]:
    return [Stretch(s.start, s.end, other if s.state is which else s.state) for s in timeline]


@given(timelines(), SPANS, st.lists(st.integers(0, 200), min_size=2, unique=True))
def test_parts_add_up_to_the_whole(
    timeline: Timeline, spans: list[tuple[datetime, datetime]], c: list[int]
) -> None:
    service, cuts = maintained(timeline, spans), [at(n) for n in sorted(c)]
    whole = measured(service, cuts[0], cuts[-1])
    assert sum(measured_between(service, cuts), Availability()) == whole
    assert whole.up + whole.down + whole.unknown + whole.maintenance == cuts[-1] - cuts[0]


@given(timelines(), SPANS, st.floats(1, 99.999))
def test_no_number_is_outside_its_bounds(
    timeline: Timeline, spans: list[tuple[datetime, datetime]], goal: float
) -> None:
    found = measured(maintained(timeline, spans), at(0), at(200))
    for percent in (found.percent, found.coverage):
        assert percent is None or 0 <= percent <= 100
    left = budget(found, goal)
    if left is not None and found.percent is not None:
        assert (left.left >= timedelta()) == (found.percent >= goal) or abs(left.left) < minutes(0.001)
        rate = burn_rate(found, goal)
        assert rate is not None and 0 <= rate <= 1 / (1 - Fraction(str(goal)) / 100)


@given(timelines(), st.data())
def test_unknown_time_never_improves_anything(timeline: Timeline, data: st.DataObject) -> None:
    """Whoever forgets good time has less availability, coverage and budget; nobody gains by a hole."""
    blank = data.draw(st.sets(st.integers(0, max(0, len(timeline) - 1))))
    poorer = [
        Stretch(s.start, s.end, UNKNOWN) if n in blank and s.state is UP else s
        for n, s in enumerate(timeline)
    ]
    before, after = measured(timeline, at(0), at(200)), measured(poorer, at(0), at(200))
    assert (after.coverage or 0) <= (before.coverage or 0)
    if after.percent is not None:
        assert before.percent is not None and after.percent <= before.percent
        old, new = budget(before, 99.0), budget(after, 99.0)
        assert old is not None and new is not None and new.left <= old.left


@given(timelines(), SPANS)
def test_what_happens_in_maintenance_makes_no_difference(
    timeline: Timeline, spans: list[tuple[datetime, datetime]]
) -> None:
    known = [Stretch(at(-100), at(400), UP)]
    inside = [s for s in maintained(known, spans) if s.state is MAINTENANCE]
    found = measured(maintained(timeline, spans), at(0), at(200))
    for state in (UP, DOWN):
        painted = _painted(timeline, inside, state)
        assert measured(maintained(painted, spans), at(0), at(200)) == found
    assert found.maintenance == sum(
        (max(timedelta(), min(s.end, at(200)) - max(s.start, at(0))) for s in inside), timedelta()
    )


def _painted(timeline: Timeline, inside: Timeline, state: State) -> list[Stretch]:
    """The timeline with something else in the spans of maintenance."""
    cut = maintained(timeline, [(s.start, s.end) for s in inside])
    return [*_as(cut, MAINTENANCE, state)]


@given(st.lists(timelines(), min_size=1, max_size=4))
def test_a_service_is_never_better_than_its_worst_part(parts: list[Timeline]) -> None:
    whole = measured(together(parts), at(0), at(200))
    assert whole.down >= max(measured(part, at(0), at(200)).down for part in parts)
    assert whole.up <= min(measured(part, at(0), at(200)).up for part in parts)


@given(timelines(), st.lists(timelines(), max_size=3))
def test_what_is_below_only_explains_what_was_not_seen(own: Timeline, below: list[Timeline]) -> None:
    alone, explained = measured(own, at(0), at(200)), measured(behind(own, below), at(0), at(200))
    assert explained.up == alone.up
    assert explained.down >= alone.down
