"""What a report counts: pure, from rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.sla.model import ClockKind, ClockState, Pause
from lexops.sla.report import (
    Broken,
    Kept,
    Material,
    Month,
    Reason,
    broken,
    broken_at,
    ranked,
    report,
    wilson,
)
from lexops.sla.view import Responsibility

LONDON = ZoneInfo("Europe/London")
OFFICE = BusinessTime(Calendar("office", (Period(ZoneInfo("UTC"), parse_week("mon-fri 09:00-17:00")),)))
HOUR = 3_600


def at(text: str) -> int:
    return seconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def kept(number: int, worked: int, end: str = "2026-10-05T12:00", **more: object) -> Kept:
    given: dict[str, object] = {
        "kind": ClockKind.RESPONSE,
        "round": 1,
        "state": ClockState.MET,
        "priority": "P2",
        "client": "ACME",
        "provider": "",
        "queue": "billing",
        "start": at("2026-10-01T09:00"),
        "end": at(end),
        "due": None,
        "budget": 4 * HOUR,
        "policy": "usual",
        "policy_revision": 1,
        "calendar": "office",
        "calendar_revision": 1,
    }
    return Kept(incident=number, worked=worked, **(given | more))  # type: ignore[arg-type]


def missed(number: int, worked: int, when: str, **more: object) -> Broken:
    row = kept(number, worked, when, state=ClockState.MISSED, due=at(when), **more)
    return Broken(row, at(when), row.end, worked, 0, False)


def material(**more: object) -> Material:
    given: dict[str, object] = {
        "site": "Test",
        "month": Month(2026, 10),
        "zone": LONDON,
        "cutoff": datetime(2026, 11, 2, tzinfo=UTC),
        "client": "",
        "provider": "",
        "met": [],
        "broken": [],
        "before": {},
        "trend": [],
        "still_open": 0,
        "cancelled": 0,
        "reasons": {},
        "warned": {("usual", 1): 75},
    }
    return Material(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("met", "count", "low", "high"), [(9, 10, 59.6, 98.2), (47, 50, 83.8, 97.9), (475, 500, 92.7, 96.6)]
)
def test_wilson_bounds_are_those_of_the_literature(met: int, count: int, low: float, high: float) -> None:
    assert [round(bound, 1) for bound in wilson(met, count)] == [low, high]


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_hold_what_was_counted(counted: tuple[int, int]) -> None:
    met, count = counted
    low, high = wilson(met, count)
    assert 0 <= low <= 100 * met / count <= high <= 100
    assert (low == 0, high == 100) == (met == 0, met == count)


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(values: list[int], percent: int) -> None:
    found = ranked(sorted(values), percent)
    assert found in values

    def share(limit: int) -> int:
        return 100 * sum(value <= limit for value in values)

    assert share(found) >= percent * len(values)
    assert all(share(value) < percent * len(values) for value in values if value < found)


def test_nothing_has_no_percentile() -> None:
    assert ranked([], 50) is None


def test_a_month_begins_at_local_midnight_on_either_side_of_a_change_of_the_clocks() -> None:
    month = Month.parse("2026-10")
    assert month.start(LONDON) == datetime(2026, 9, 30, 23, tzinfo=UTC)
    assert month.end(LONDON) == datetime(2026, 11, 1, tzinfo=UTC)
    assert month.end(LONDON) == month.plus(1).start(LONDON)
    assert (str(month.plus(-10)), month.words) == ("2025-12", "October 2026")


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-1", "26-10", "2026/10", "0000-01", "٢٠٢٦-١٠", "", "2026-10-1"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no month"):
        Month.parse(text)


def test_a_promise_due_at_closing_time_is_broken_by_the_first_second_of_the_next_opening() -> None:
    # Due Friday 30 October 17:00: until Monday 2 November 09:00:01 it can still be kept.
    row = kept(1, 0, start=at("2026-10-30T13:00"), due=at("2026-10-30T17:00"))
    assert broken_at(row, OFFICE) == at("2026-11-02T09:00:01")


def test_a_pause_after_the_due_moment_puts_off_the_breach() -> None:
    pause = Pause(at("2026-10-29T13:00"), at("2026-10-29T15:00"), "client")
    row = kept(1, 0, start=at("2026-10-29T09:00"), due=at("2026-10-29T13:00"), pauses=(pause,))
    assert broken_at(row, OFFICE) == at("2026-10-29T15:00:01")


def test_what_is_fulfilled_after_the_month_does_not_change_the_month() -> None:
    start, month_end = at("2026-10-29T09:00"), at("2026-11-01T00:00")
    running = kept(
        1, 13 * HOUR, "2026-11-01T00:00", start=start, state=ClockState.OVERDUE, due=at("2026-10-29T13:00")
    )
    later = replace(running, state=ClockState.MISSED, end=at("2026-11-04T10:00"), worked=33 * HOUR)
    stood = [
        broken(each, at("2026-10-29T13:00:01"), OFFICE, month_end, month_end) for each in (running, later)
    ]
    assert [(each.worked, each.end, each.is_open) for each in stood] == [(16 * HOUR, month_end, True)] * 2


def test_attainment_has_counts_times_and_the_change_to_the_month_before() -> None:
    everything = ("all", "", ClockKind.RESPONSE)
    found = report(
        material(
            met=[kept(number, number * 60) for number in range(1, 10)],
            broken=[missed(10, 5 * HOUR, "2026-10-09T10:00")],
            before={everything: (8, 2)},
        )
    )
    whole = found.attainments[0]
    assert (whole.group, whole.met, whole.missed, whole.percent, whole.before) == ("all", 9, 1, 90.0, 80.0)
    assert (whole.median, whole.p90, whole.worst) == (300, 540, 5 * HOUR)


@given(st.randoms(use_true_random=False))
def test_each_group_adds_up_to_everything_and_no_order_matters(random: Random) -> None:
    rows = [
        kept(
            number,
            random.randrange(1, 5 * HOUR),
            kind=random.choice(list(ClockKind)),
            client=random.choice(["", "ACME", "ZETA"]),
            priority=random.choice(["P1", "P2"]),
            provider=random.choice(["", "host"]),
        )
        for number in range(40)
    ]
    late = [
        missed(100 + number, 5 * HOUR, "2026-10-09T10:00", client=random.choice(["", "ACME"]))
        for number in range(5)
    ]
    first = report(material(met=rows, broken=late))
    for group in ("priority", "client", "provider", "queue"):
        parts = [each for each in first.attainments if each.group == group]
        assert (sum(each.met for each in parts), sum(each.missed for each in parts)) == (40, 5)
    random.shuffle(rows)
    random.shuffle(late)
    assert report(material(met=rows, broken=late)) == first


def test_what_had_no_occasion_is_told_once_and_without_a_number() -> None:
    before = {("all", "", ClockKind.UPDATE): (3, 0), ("client", "ACME", ClockKind.UPDATE): (3, 0)}
    (only,) = report(material(before=before)).attainments
    assert (only.group, only.kind, only.percent, only.median) == ("all", ClockKind.UPDATE, None, None)


def test_warned_but_kept_begins_at_the_first_warning_of_the_revision_that_counted() -> None:
    rows = [
        kept(1, 3 * HOUR - 1),
        kept(2, 3 * HOUR),
        kept(3, 4 * HOUR),
        kept(4, 4 * HOUR - 1, policy_revision=2),
    ]
    found = report(material(met=rows, warned={("usual", 1): 75, ("usual", 2): 100}))
    assert found.saved == ((3, ClockKind.RESPONSE, 1, 100), (2, ClockKind.RESPONSE, 1, 75))


def test_days_are_those_of_the_site_and_a_breach_is_on_the_day_it_happened() -> None:
    found = report(
        material(
            met=[kept(1, 60, "2026-10-05T22:59:59"), kept(2, 60, "2026-10-05T23:00:00")],
            broken=[missed(3, 5 * HOUR, "2026-10-05T10:00")],
        )
    )
    assert [(each.day, each.met, each.missed) for each in found.days] == [
        (date(2026, 10, 5), 1, 1),
        (date(2026, 10, 6), 1, 0),
    ]


def test_a_breach_tells_by_how_much_why_and_which_pauses_there_were_until_then() -> None:
    pauses = (
        Pause(at("2026-10-02T10:00"), at("2026-10-02T11:00"), "client"),
        Pause(at("2026-10-30T10:00"), at("2026-11-03T11:00"), "bank"),
        Pause(at("2026-11-04T10:00"), None, "later"),
    )
    row = kept(7, 5 * HOUR, "2026-11-05T10:00", due=at("2026-10-09T10:00"), pauses=pauses, title="Broken")
    told = Broken(row, at("2026-10-09T10:00:01"), at("2026-11-01T00:00"), 5 * HOUR, HOUR, True)
    reason = Reason(Responsibility.VENDOR, "disk array", 1)
    (found,) = report(material(broken=[told], reasons={row.key: reason})).breaches
    assert (found.over, found.is_open, found.responsibility, found.changed) == (HOUR, True, "vendor", 1)
    assert found.pauses == (
        (at("2026-10-02T10:00"), at("2026-10-02T11:00"), "client"),
        (at("2026-10-30T10:00"), None, "bank"),
    )
