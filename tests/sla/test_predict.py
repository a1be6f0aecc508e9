"""What is foreseen is as likely as it is said, where it can be known; and nothing is said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.sla.model import Clock, ClockKind, ClockState, Facts
from lexops.sla.predict import ENOUGH, LEAST, Finished, History, Outcome, hit_rate

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind
HOUR = 3600


def running(worked: int, budget: int = 4 * HOUR, **facts: str) -> Clock:
    return Clock(
        kind=RESOLUTION,
        round=1,
        state=ClockState.RUNNING,
        facts=Facts(**({"priority": "P1"} | facts)),
        start=0,
        end=worked,
        due=budget,
        budget=budget,
        worked=worked,
        paused=0,
        pauses=(),
        warnings=(75, 90),
        policy="standard",
        policy_revision=1,
        calendar="always",
        calendar_revision=1,
    )


def took(
    seconds: list[int], client: str = "", queue: str = "", kind: ClockKind = RESOLUTION
) -> list[Finished]:
    return [Finished(kind, "P1", client, queue, each) for each in seconds]


def test_the_chance_is_the_share_of_those_that_had_lasted_as_long() -> None:
    history = History(took([HOUR] * 30 + [3 * HOUR] * 10 + [5 * HOUR] * 10))
    forecast = history.forecast(running(0))
    assert forecast is not None
    assert (forecast.permille, forecast.similar) == (200, 50)
    later = history.forecast(running(2 * HOUR))
    assert later is not None
    assert (later.permille, later.similar) == (500, 20)


def test_a_budget_that_is_just_used_up_is_kept() -> None:
    forecast = History(took([4 * HOUR] * 30)).forecast(running(4 * HOUR))
    assert forecast is not None
    assert forecast.permille == 0
    forecast = History(took([4 * HOUR + 1] * 30)).forecast(running(4 * HOUR))
    assert forecast is not None
    assert forecast.permille == 1000


def test_too_few_similar_ones_say_nothing() -> None:
    assert History([]).forecast(running(0)) is None
    assert History(took([HOUR] * (LEAST - 1))).forecast(running(0)) is None
    assert History(took([HOUR] * LEAST)).forecast(running(0)) is not None
    assert History(took([HOUR] * 500)).forecast(running(HOUR + 1)) is None, "none has lasted so long"


def test_only_the_same_kind_and_priority_are_similar() -> None:
    history = History(took([HOUR] * 100, kind=RESPONSE))
    assert history.forecast(running(0)) is None
    assert History(took([HOUR] * 100)).forecast(running(0, priority="P2")) is None


def test_the_clients_own_history_counts_where_there_is_enough_of_it() -> None:
    everybody = took([HOUR] * 300)
    few, enough = took([9 * HOUR] * (ENOUGH - 1), "ACME"), took([9 * HOUR] * ENOUGH, "ACME")
    of_all = History(everybody + few).forecast(running(0, client="ACME"))
    own = History(everybody + enough).forecast(running(0, client="ACME"))
    assert of_all is not None and own is not None
    assert of_all.similar == 300 + ENOUGH - 1 and of_all.permille < 100
    assert (own.similar, own.permille) == (ENOUGH, 1000)


def test_the_queue_counts_where_the_client_is_not_known() -> None:
    history = History(took([HOUR] * 300) + took([9 * HOUR] * ENOUGH, queue="night"))
    forecast = history.forecast(running(0, queue="night"))
    assert forecast is not None
    assert (forecast.similar, forecast.permille) == (ENOUGH, 1000)


def test_having_no_client_is_nothing_in_common() -> None:
    history = History(took([HOUR] * 100) + took([9 * HOUR] * 100, "ACME"))
    forecast = history.forecast(running(0))
    assert forecast is not None
    assert forecast.similar == 200


def test_of_what_is_broken_or_over_or_the_laws_nothing_is_foreseen() -> None:
    history = History(took([HOUR] * 100))
    for clock in (
        running(4 * HOUR + 1),
        replace(running(0), state=ClockState.MET),
        replace(running(0), kind=NOTICE),
    ):
        assert history.forecast(clock) is None
    assert history.forecast(replace(running(0), state=ClockState.PAUSED)) is not None


@pytest.mark.parametrize("elapsed", [0, HOUR, 3 * HOUR])
def test_with_a_known_hazard_the_chance_is_the_true_one(elapsed: int) -> None:
    """Of an exponential with a mean of 3 hours the chance only depends on what is left."""
    random = Random(11)
    history = History(took([int(random.expovariate(1 / (3 * HOUR))) for _ in range(4_000)]))
    forecast = history.forecast(running(elapsed))
    assert forecast is not None
    true = exp(-(4 * HOUR - elapsed) / (3 * HOUR))
    error = 4 * (true * (1 - true) / forecast.similar) ** 0.5
    assert abs(forecast.permille / 1000 - true) < error + 0.001


def test_what_is_said_to_be_likely_comes_as_often_as_is_said() -> None:
    """Learnt on one half, put to the test on the other, over every part of the scale."""
    random = Random(12)

    def life() -> int:
        return int(random.weibullvariate(3 * HOUR, 0.8)) + 1

    history = History(took([life() for _ in range(3_000)]))
    said: dict[int, list[tuple[float, bool]]] = {}
    for _ in range(6_000):
        ends, elapsed = life(), random.randint(0, 4 * HOUR)
        forecast = history.forecast(running(elapsed))
        if ends >= elapsed and forecast is not None:
            chance = forecast.permille / 1000
            said.setdefault(int(chance * 5), []).append((chance, ends > 4 * HOUR))
    assert len(said) >= 4
    for pairs in said.values():
        mean = sum(chance for chance, _ in pairs) / len(pairs)
        came = sum(broke for _, broke in pairs) / len(pairs)
        assert abs(mean - came) < 4 * (0.25 / len(pairs)) ** 0.5 + 0.03, (mean, came, len(pairs))


@given(st.lists(st.integers(0, 6 * HOUR), min_size=LEAST, max_size=60), st.integers(0, 4 * HOUR))
def test_a_chance_is_a_share_of_what_is_known(seconds: list[int], worked: int) -> None:
    forecast = History(took(seconds)).forecast(running(worked))
    lasted = [each for each in seconds if each >= worked]
    assert (forecast is None) == (len(lasted) < LEAST)
    if forecast is not None:
        assert forecast.similar == len(lasted)
        assert forecast.permille == 1000 * sum(each > 4 * HOUR for each in lasted) // len(lasted)


def test_the_hit_rate_counts_what_came() -> None:
    found = hit_rate(
        [
            Outcome(800, True),
            Outcome(600, False),
            Outcome(None, True),
            Outcome(None, True),
            Outcome(1000, True),
        ]
    )
    assert (found.predicted, found.hits, found.breached) == (3, 2, 4)
    assert (found.precision, found.recall) == (2 / 3, 2 / 4)
    assert found.brier == pytest.approx((0.2**2 + 0.6**2 + 0) / 3)


def test_without_outcomes_nothing_is_claimed() -> None:
    found = hit_rate([])
    assert (found.precision, found.recall, found.brier) == (None, None, None)
