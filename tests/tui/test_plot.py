"""Plots: axis, thresholds, gaps and the hours of the site's zone."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.checks.model import Status
from lexops.checks.thresholds import Levels, levels
from lexops.checks.view import Happened, Mark, Point, Series
from lexops.tui.ink import Tone, cells, plain
from lexops.tui.plot import plot, show_value, thresholds
from lexops.tui.presenters.check import detail_lines, outlook
from tests.tui.port import NOW, ZONE, detail, lag, row


def series(*values: float, every: float = 60, unit: str = "", limit: float | None = None) -> Series:
    points = tuple(
        Point(NOW + timedelta(seconds=every * index), value, value, value)
        for index, value in enumerate(values)
    )
    return Series("metric", "", unit, limit, points)


def test_the_drawing_has_axis_thresholds_and_hours() -> None:
    lines = plot(lag(), levels("60", "300"), ZONE, 80, 12)
    text = "\n".join(plain(line) for line in lines)
    assert len(lines) == 12 and all(cells(line) <= 80 for line in lines)
    assert "15 min │" in text and "0 s │" in text and "crit" in text and "warn" in text and "┄" in text
    assert plain(lines[-1]).split() == ["13:03", "14:02", "15:02", "CET"]
    tones = {piece.tone for line in lines for piece in line}
    assert Tone.CRITICAL in tones and Tone.WARNING in tones


def test_a_gap_stays_empty() -> None:
    points = [Point(NOW + timedelta(minutes=minute), 5, 5, 5) for minute in (*range(10), *range(40, 50))]
    lines = plot(Series("m", "", "", None, tuple(points)), Levels(), ZONE, 60, 4)
    assert "          " in plain(lines[-2]).split("│ ")[1].rstrip()


def test_the_night_the_clocks_change_has_its_own_hours() -> None:
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    points = tuple(Point(start + timedelta(minutes=10 * n), 1, 1, 1) for n in range(19))
    axis = plain(plot(Series("m", "", "", None, points), Levels(), ZoneInfo("Europe/Vienna"), 100, 5)[-1])
    assert axis.split()[0] == "02:00" and axis.split()[-2:] == ["04:00", "CET"]


def test_a_percentage_is_drawn_at_its_share_of_the_limit() -> None:
    assert [each.value for each in thresholds(levels("80%", "95%"), 200)] == [160, 190]
    assert thresholds(levels("80%", "95%"), None) == ()
    assert [each.value for each in thresholds(levels("10:", "@5:8"), None)] == [10, 5, 8]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (850, "s", "14.2 min"),
        (0.12, "s", "120 ms"),
        (90, "s", "90 s"),
        (7200, "s", "2 h"),
        (4.2 * 2**30, "B", "4.2 GiB"),
        (80, "%", "80 %"),
        (1204, "", "1,204"),
        (25_000, "", "25 k"),
        (math.inf, "s", "inf"),
        (0, "s", "0 s"),
    ],
)
def test_values_are_said_as_people_say_them(value: float, unit: str, shown: str) -> None:
    assert show_value(value, unit) == shown


number = st.floats(-1e12, 1e12) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 5e-324])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(number, max_size=40),
    st.integers(1, 200),
    st.integers(1, 40),
    st.sampled_from(["", "s", "B", "%"]),
    st.sampled_from([Levels(), levels("10", "20"), levels("~:5", "10:"), levels("@1:2", "90%")]),
    st.floats(0.001, 1e7),
)
def test_any_series_is_drawn_within_its_room(
    values: list[float], width: int, height: int, unit: str, given_levels: Levels, every: float
) -> None:
    lines = plot(series(*values, every=every, unit=unit, limit=10), given_levels, ZONE, width, height)
    assert len(lines) <= max(1, height)
    if len(lines) > 1:
        assert all(cells(line) <= width for line in lines)


def test_what_is_foreseen_stands_ahead_of_now_and_incidents_under_the_axis() -> None:
    points = tuple(Point(NOW - timedelta(minutes=5 * (96 - n)), *((50 + n / 4,) * 3)) for n in range(97))
    filling = Series("used", "/", "B", 100, points)
    marks = (
        Mark(NOW - timedelta(hours=2), Happened.CHANGE, "wall.paint"),
        Mark(NOW - timedelta(hours=1), Happened.OPENED, "#3"),
        Mark(NOW - timedelta(days=9), Happened.RESOLVED, "#1"),
    )
    given = levels("80%", "90%")
    lines = plot(filling, given, ZONE, 77, 12, outlook=outlook(filling, given), marks=marks)
    text = [plain(line) for line in lines]
    assert len(lines) == 12 and all(cells(line) <= 77 for line in lines)
    assert any("•" in line for line in text)
    assert text[-1].count("◆") == 2 and text[-1].count("▲") == 2 and "▼" not in text[-1]
    assert "opened" in text[-1]


def test_the_zone_is_said_also_where_no_threshold_leaves_room_at_the_side() -> None:
    lines = [plain(line) for line in plot(lag(), Levels(), ZONE, 60, 8)]
    assert lines[-1].endswith("15:02 CET") and max(map(len, lines)) <= 60


def test_signs_are_explained_in_a_gap_between_them_when_both_ends_are_taken() -> None:
    points = tuple(Point(NOW - timedelta(minutes=5 * (96 - n)), 1, 1, 1) for n in range(97))
    marks = (
        Mark(points[1].at, Happened.OPENED, "#3"),
        Mark(points[-2].at, Happened.RESOLVED, "#3"),
    )
    told = plain(plot(Series("m", "", "", None, points), Levels(), ZONE, 77, 12, marks=marks)[-1])
    assert told.split() == ["▲", "▲", "opened", "▼", "resolved", "▼"] and len(told) <= 77


def test_the_page_says_the_thresholds_of_the_metric_that_it_plots() -> None:
    known = detail(row("billing-db", "postgresql.replication_lag", Status.CRITICAL, "14 min behind"))
    each = {"replay lag": levels("200%"), "held WAL": levels(crit="400")}
    known = replace(known, definition=replace(known.definition, levels=Levels(), levels_of=each))
    said = [
        "\n".join(plain(line) for line in detail_lines(known, NOW, ZONE, 100, 40, metric))
        for metric in range(2)
    ]
    assert "warn 200%" in said[0] and "crit 400" in said[1] and "no thresholds" not in said[0] + said[1]


def test_what_stands_still_has_nothing_ahead() -> None:
    points = tuple(Point(NOW + timedelta(minutes=5 * n), 50, 50, 50) for n in range(97))
    assert outlook(Series("used", "/", "B", 100, points), levels("80%", "90%")) is None
    assert outlook(Series("used", "/", "B", None, points), Levels()) is None
