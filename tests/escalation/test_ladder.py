"""Laws of the ladder: every rung once, in order, in the end an end; however often somebody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.escalation import ladder
from lexops.escalation.ladder import After, open_time
from lexops.escalation.model import Escalation, Policy, State, Step, Who, WhoKind

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANA = (Who(WhoKind.OPERATOR, "ana"),)
OFFICE = BusinessTime(
    Calendar("office", (Period(ZoneInfo("Europe/London"), parse_week("mon-fri 09:00-17:00")),))
)
ELAPSED, OPEN = open_time(None), open_time(OFFICE)
Place = tuple[int, int]

delays = st.one_of(st.integers(0, 1800), st.sampled_from([0, 60, 600, 3600]))
policies = st.builds(
    lambda after, repeat, fallback: Policy(
        "p", tuple(Step(each, ANA) for each in after), repeat=repeat, fallback=ANA if fallback else ()
    ),
    st.lists(delays, min_size=1, max_size=5),
    st.integers(0, 3),
    st.booleans(),
)
afters = st.sampled_from([ELAPSED, OPEN])


def begun(policy: Policy, after: After, at: datetime = START) -> Escalation:
    empty = Escalation(1, policy, 1, 1, 0, 0, None, State.RUNNING, at, at)
    return ladder.start(empty, at, after)


def climbed(policy: Policy, after: After, looks: list[datetime]) -> list[ladder.Rung]:
    """All that is told by these looks."""
    now, told = begun(policy, after), []
    for look in looks:
        climb = ladder.climb(now, look, after)
        told += climb.rungs
        now = climb.after
    return told


def everything(policy: Policy) -> list[Place]:
    rungs = [(round_, step) for round_ in range(policy.repeat + 1) for step in range(len(policy.steps))]
    return rungs + ([(policy.repeat + 1, 0)] if policy.fallback else [])


def places(rungs: list[ladder.Rung]) -> list[Place]:
    return [(each.round, each.step) for each in rungs]


gaps = st.lists(st.integers(1, 20_000), min_size=1, max_size=60)


@given(policies, afters, gaps)
def test_every_rung_is_told_once_and_in_order_however_often_somebody_looks(
    policy: Policy, after: After, gaps: list[int]
) -> None:
    looks = [START + timedelta(seconds=sum(gaps[: count + 1])) for count in range(len(gaps))]
    told = places(climbed(policy, after, looks))
    assert told == everything(policy)[: len(told)]


@given(policies, afters, gaps)
def test_due_times_never_go_back_and_nothing_is_told_before_its_time(
    policy: Policy, after: After, gaps: list[int]
) -> None:
    now, last = begun(policy, after), START
    for gap in gaps:
        look = START + timedelta(seconds=gap)
        climb = ladder.climb(now, look, after)
        for rung in climb.rungs:
            assert last <= rung.due <= look
            last = rung.due
        now = climb.after
        assert now.due is not None and now.due >= last


@given(policies, afters)
def test_every_ladder_has_an_end(policy: Policy, after: After) -> None:
    now, looks = begun(policy, after), 0
    while not ladder.is_spent(now):
        assert now.due is not None
        now = ladder.climb(now, now.due, after).after
        looks += 1
    assert looks <= len(everything(policy))
    assert places(list(ladder.ahead(begun(policy, after), after, 1000))) == everything(policy)


@given(policies, afters, st.integers(1, 30))
def test_who_looks_every_few_seconds_sees_the_due_times_of_who_looks_always(
    policy: Policy, after: After, every: int
) -> None:
    exact = ladder.ahead(begun(policy, after), after, 1000)
    now, told = begun(policy, after), list[ladder.Rung]()
    for rung in exact:
        span = (rung.due - START).total_seconds()
        look = START + timedelta(seconds=-(-span // every) * every)
        climb = ladder.climb(now, look, after)
        told += climb.rungs
        now = climb.after
    assert [(each.round, each.step, each.due) for each in told] == [
        (each.round, each.step, each.due) for each in exact
    ]


@given(policies, afters, st.integers(0, 10_000_000))
def test_one_late_look_tells_at_most_one_round_and_then_gives_time(
    policy: Policy, after: After, late: int
) -> None:
    look = START + timedelta(seconds=late)
    climb = ladder.climb(begun(policy, after), look, after)
    assert len({rung.round for rung in climb.rungs}) <= 1
    assert climb.after.due is not None
    if climb.rungs:
        assert climb.after.due > look
    if climb.after.round > 0:
        assert climb.after.due >= after(look, 0)


@given(policies, st.integers(0, 365 * 86_400))
def test_nothing_is_due_while_the_calendar_is_closed(policy: Policy, later: int) -> None:
    at = START + timedelta(seconds=later)
    for rung in ladder.ahead(begun(policy, OPEN, at), OPEN, 40):
        local = rung.due.astimezone(ZoneInfo("Europe/London"))
        assert local.weekday() < 5
        assert 9 * 3600 <= local.hour * 3600 + local.minute * 60 + local.second <= 17 * 3600


def test_zammad_4432_a_step_at_once_waits_for_the_opening() -> None:
    policy = Policy("p", (Step(0, ANA), Step(3600, ANA)), repeat=0)
    night = datetime(2026, 3, 6, 23, 30, tzinfo=UTC)  # a Friday
    dues = [rung.due for rung in ladder.ahead(begun(policy, OPEN, night), OPEN)]
    assert dues == [datetime(2026, 3, 9, 9, tzinfo=UTC), datetime(2026, 3, 9, 10, tzinfo=UTC)]


def test_glpi_15429_delays_count_open_time_from_the_first_rung_on() -> None:
    policy = Policy("p", (Step(7200, ANA), Step(7200, ANA)), repeat=0)
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    dues = [rung.due for rung in ladder.ahead(begun(policy, OPEN, friday), OPEN)]
    assert dues == [datetime(2026, 3, 9, 10, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)]


def test_delays_are_the_same_over_a_change_of_the_clocks() -> None:
    policy = Policy("p", (Step(0, ANA), Step(3600, ANA)), repeat=0)
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before London's spring gap
    dues = [rung.due for rung in ladder.ahead(begun(policy, ELAPSED, before), ELAPSED)]
    assert dues[1] - dues[0] == timedelta(hours=1)


def test_a_calendar_that_hardly_opens_is_counted_as_open() -> None:
    week = parse_week("mon 09:00-09:01")
    seldom = open_time(BusinessTime(Calendar("seldom", (Period(ZoneInfo("UTC"), week),))))
    assert seldom(START, 3_000_000) == START + timedelta(seconds=3_000_000)


def test_a_rung_that_is_hurried_moves_those_after_it() -> None:
    policy = Policy("p", (Step(0, ANA), Step(600, ANA), Step(600, ANA)), repeat=0)
    now = ladder.climb(begun(policy, ELAPSED), START, ELAPSED).after
    soon = START + timedelta(seconds=100)
    climb = ladder.climb(ladder.hurry(now, soon), soon, ELAPSED)
    assert places(list(climb.rungs)) == [(0, 1)]
    assert climb.after.due == soon + timedelta(seconds=600)


def test_a_policy_that_goes_on_counts_its_rounds_on() -> None:
    first, then = (
        Policy("a", (Step(0, ANA),), repeat=1, fallback=ANA),
        Policy("b", (Step(60, ANA),), repeat=1),
    )
    now, told = begun(first, ELAPSED), list[Place]()
    for _ in range(10):
        if ladder.is_spent(now) and now.policy is first:
            now = ladder.go_on(now, then, 1, ELAPSED)
        assert now.due is not None
        climb = ladder.climb(now, now.due, ELAPSED)
        told += places(list(climb.rungs))
        now = climb.after
    assert told == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]
    assert now.progress.passed == ("a",) and ladder.is_spent(now)
    assert ladder.climb(replace(now, due=START), START, ELAPSED).rungs == ()
