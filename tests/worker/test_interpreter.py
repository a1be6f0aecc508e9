"""The order of a run, wherever its process dies: cut at every possible point, as often as examples want."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.worker.interpreter import Interpreter
from tests.worker.runs import Run

STEPS = 3


class Death(BaseException):
    """The process is gone."""


class World:
    """An engine's checkpoints and what steps did; it dies at given moments, counted over all its lives."""

    def __init__(self, deaths: Sequence[int], stops_at: int | None = None) -> None:
        self._deaths = set(deaths)
        self._moment = 0
        self._stops_at = stops_at
        self.kept: dict[str, Any] = {}
        self.performed: list[tuple[int, bool]] = []
        self.finished = 0

    def moment(self) -> None:
        self._moment += 1
        if self._moment in self._deaths:
            raise Death

    def checkpoint(self, name: str, act: Callable[..., Any], *values: object) -> Any:
        if name not in self.kept:
            self.moment()
            found = act(*values)
            self.moment()
            self.kept[name] = found
        return self.kept[name]

    def released(self) -> Sequence[Run]:
        return ()

    def taken(self, key: str, attempt: int, worker: str) -> None: ...

    def intend(self, key: str, step: int, boot: str) -> None:
        self.moment()

    def perform(self, key: str, step: int, interrupted: bool) -> bool:
        self.performed.append((step, interrupted))
        self.moment()
        return step != self._stops_at

    def finish(self, key: str) -> None:
        self.finished += 1
        self.moment()

    def live(self, first: int = 0) -> str:
        """One life after the other, until a run comes to its end."""
        while True:
            try:
                return Interpreter(self).run(self.checkpoint, "key", 1, STEPS, first)
            except Death:
                continue


@given(st.sets(st.integers(1, 40), max_size=8))
def test_however_often_it_dies_every_step_is_done_in_order_and_only_cut_ones_again(deaths: set[int]) -> None:
    world = World(sorted(deaths))
    assert world.live() == "done"
    steps = [step for step, _ in world.performed]
    assert steps == sorted(steps) and set(steps) == set(range(STEPS))
    assert world.finished >= 1
    for step in range(STEPS):
        flags = [interrupted for at, interrupted in world.performed if at == step]
        assert flags == sorted(flags), "an interrupted step never comes back as a fresh one"
        assert all(flags[1:]), "a step that comes again says so"


@given(st.sets(st.integers(1, 40), max_size=8), st.integers(0, STEPS - 1))
def test_nothing_follows_a_step_that_ends_the_run(deaths: set[int], stop: int) -> None:
    world = World(sorted(deaths), stops_at=stop)
    assert world.live() == "stopped"
    assert max(step for step, _ in world.performed) == stop
    assert world.finished == 0


@pytest.mark.parametrize("first", range(STEPS + 1))
def test_a_resumed_run_begins_with_the_step_it_is_told(first: int) -> None:
    world = World([])
    assert world.live(first) == "done"
    assert world.performed == [(step, False) for step in range(first, STEPS)]


def test_a_run_that_never_died_is_never_interrupted() -> None:
    world = World([])
    assert world.live() == "done"
    assert world.performed == [(step, False) for step in range(STEPS)] and world.finished == 1
