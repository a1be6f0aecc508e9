"""Soft and hard, flapping, unreachable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.flapping import change_percent, is_flapping
from lexops.checks.model import Area, Check, Outcome, Status, Verdict
from lexops.checks.schedule import LEAST_RETRY, next_due, phase
from lexops.checks.state import HardChange, State, advance, announce
from lexops.targets.model import Kind
from tests.clock import START

EVERY = timedelta(minutes=1)
OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def make_check(attempts: int = 3, availability: bool = False) -> Check:
    kinds = frozenset({Kind.POSTGRESQL})
    return Check(
        "a.b", "Title", Area.HEALTH, kinds, every=EVERY, attempts=attempts, availability=availability
    )


def outcome(status: Status, minute: int = 0, check: Check | None = None, **more: bool) -> Outcome:
    at = START + timedelta(minutes=minute)
    return Outcome("db", check or make_check(), Verdict(status, "text", **more), at, at, 0.1)


def run(*statuses: Status, attempts: int = 3) -> tuple[State, list[HardChange]]:
    state, changes = None, []
    for minute, status in enumerate(statuses):
        state, change = announce(advance(state, outcome(status, minute, make_check(attempts))), "Title")
        changes += [change] if change else []
    assert state is not None
    return state, changes


def test_a_problem_is_certain_only_after_its_attempts() -> None:
    state, changes = run(OK, CRITICAL, CRITICAL)
    assert state.soft and changes == []
    state, changes = run(OK, CRITICAL, CRITICAL, CRITICAL)
    assert not state.soft
    assert [(c.before, c.after) for c in changes] == [(OK, CRITICAL)]


def test_one_good_result_ends_a_problem() -> None:
    _, changes = run(CRITICAL, CRITICAL, CRITICAL, OK)
    assert [c.after for c in changes] == [CRITICAL, OK]


def test_a_first_good_result_is_no_news() -> None:
    assert run(OK)[1] == []


def test_a_certain_problem_that_gets_worse_is_told_at_once() -> None:
    _, changes = run(WARNING, WARNING, WARNING, CRITICAL)
    assert [c.after for c in changes] == [WARNING, CRITICAL]


def test_unknown_counts_as_bad_and_never_as_recovery() -> None:
    _, changes = run(CRITICAL, CRITICAL, CRITICAL, UNKNOWN, UNKNOWN)
    assert OK not in [c.after for c in changes]


def test_what_was_in_the_way_once_is_not_certain_where_one_finding_is() -> None:
    check, state, hard = make_check(attempts=1), None, []
    for minute in range(3):
        state = advance(state, outcome(UNKNOWN, minute, check, busy=True))
        hard.append(state.hard)
        assert state.status is UNKNOWN
    assert hard == [None, None, UNKNOWN]
    assert advance(None, outcome(UNKNOWN, 0, check)).hard is UNKNOWN, "a right that is missing stays missing"
    known = advance(None, outcome(CRITICAL, 0, check))
    locked = advance(known, outcome(UNKNOWN, 1, check, busy=True))
    assert (locked.hard, locked.status) == (CRITICAL, UNKNOWN)
    assert advance(locked, outcome(WARNING, 2, check)).hard is WARNING


def test_unreachable_moves_neither_counters_nor_certainty() -> None:
    before, _ = run(CRITICAL, CRITICAL)
    after = advance(before, outcome(UNKNOWN, 5, unreachable=True))
    assert (after.bad, after.hard, after.unreachable, after.soft) == (before.bad, before.hard, True, False)


def test_the_availability_check_tells_that_its_target_is_gone_unless_its_host_is() -> None:
    check = make_check(attempts=1, availability=True)
    gone = outcome(CRITICAL, 0, check, unreachable=True)
    assert advance(None, gone).hard is CRITICAL
    below = advance(None, gone, parent_down=True)
    assert below.unreachable and below.hard is None


def test_a_flapping_check_is_quiet_until_it_settles() -> None:
    state, changes = run(*[OK, CRITICAL] * 12, attempts=1)
    assert state.flapping
    told = len(changes)
    for minute in range(30, 60):
        state, change = announce(advance(state, outcome(OK, minute, make_check(1))), "Title")
        changes += [change] if change else []
    assert not state.flapping
    assert [c.after for c in changes[told:]] in ([OK], [])
    assert state.told is OK


def test_a_soft_problem_is_looked_at_again_sooner() -> None:
    state, _ = run(OK, CRITICAL)
    assert LEAST_RETRY <= state.due - state.checked <= EVERY


@given(
    st.lists(st.sampled_from([OK, WARNING, CRITICAL, UNKNOWN]), min_size=1, max_size=60), st.integers(1, 5)
)
def test_what_was_told_last_is_true_whenever_it_does_not_flap(statuses: list[Status], attempts: int) -> None:
    state, changes = run(*statuses, attempts=attempts)
    if not state.flapping and state.hard is not None:
        assert state.told is state.hard
    assert all(c.before is not c.after for c in changes)


@given(st.lists(st.sampled_from([OK, CRITICAL]), min_size=4, max_size=60))
def test_soft_problems_alone_never_become_news(statuses: list[Status]) -> None:
    longest = max((len(run_) for run_ in "".join(s.value[0] for s in statuses).split("O")), default=0)
    _, changes = run(*statuses, attempts=longest + 1)
    assert changes == []


@pytest.mark.parametrize(
    ("history", "flaps"),
    [
        ("O" * 20, False),
        ("OC" * 10, True),
        ("O" * 19 + "C", False),
        ("O" * 15 + "OCOCO", False),
        ("OC" * 5 + "O" * 10, True),
    ],
)
def test_flapping_follows_the_weighted_share_of_changes(history: str, flaps: bool) -> None:
    assert is_flapping(history, False) is flaps


def test_the_weights_of_a_full_alternation_add_up_to_everything() -> None:
    assert change_percent("OC" * 10) == pytest.approx(100.0)


@given(st.text(min_size=1), st.integers(1, 86400), st.datetimes(timezones=st.just(START.tzinfo)))  # type: ignore[arg-type]
def test_due_times_form_a_grid_that_survives_restarts(target: str, seconds: int, at: object) -> None:
    every = timedelta(seconds=seconds)
    first = next_due(target, every, START)
    assert START < first <= START + every
    assert next_due(target, every, first) == first + every
    assert next_due(target, every, first - timedelta(microseconds=1)) == first


def test_all_checks_of_a_target_share_one_cycle() -> None:
    assert phase("db", timedelta(minutes=5)) % timedelta(minutes=1) == phase("db", timedelta(minutes=1))


def test_pending_leaves_what_was_certain_as_it_was() -> None:
    certain, _ = run(CRITICAL, CRITICAL, CRITICAL)
    pending = advance(certain, outcome(Status.PENDING, 60))
    assert (pending.status, pending.hard, pending.bad) == (CRITICAL, CRITICAL, certain.bad)
    assert pending.checked == START + timedelta(hours=1)
    first = advance(None, outcome(Status.PENDING))
    assert (first.status, first.hard, first.status.is_problem) == (Status.PENDING, None, False)
