"""LexOps looks whether somebody is on call, now and in the week to come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lexops.auth import store as auth
from lexops.checks.engine import observe
from lexops.checks.history import LEXOPS, History
from lexops.checks.model import Status, Verdict
from lexops.oncall import store as rotas
from lexops.oncall.model import Layer, Override
from lexops.oncall.operations import OPERATIONS
from lexops.store.database import Store
from tests.clock import START
from tests.gates import World, world
from tests.oncall.helping import layer, rota
from tests.shipped.looking import shipped

WEEK = layer("ana bo", "2026-03-02T09:00")


class Firm:
    """A site with rotas, and its check looked at."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.world: World = world(store, folder, operations=OPERATIONS, enrol=False)
        self.revisions = 0

    def plan(self, *layers: Layer) -> None:
        with self.world.store.begin() as connection:
            now = self.world.clock.now()
            rotas.add(connection, rota(*layers), at=now, operator="mia", reason="x", after=self.revisions)
        self.revisions += 1

    def override(self, person: str, hours: int) -> None:
        with self.world.store.begin() as connection:
            now = self.world.clock.now()
            ends = now + timedelta(hours=hours)
            rotas.add_override(connection, Override(0, "support", now, ends, person, "", "x", "sam", now))

    def remove(self, name: str) -> None:
        with self.world.store.begin() as connection:
            person = auth.get(connection, name)
            auth.remove(connection, self.world.gate.keyring, person, self.world.clock.now())

    def look(self) -> Verdict:
        return observe(shipped("lexops.on-call-gap"), History(self.world.store, LEXOPS, self.world.clock))


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Firm:
    return Firm(store, tmp_path)


@pytest.mark.fires("lexops.on-call-gap")
def test_operators_who_are_removed_leave_a_gap_until_somebody_stands_in(firm: Firm) -> None:
    assert firm.look().status is Status.NOT_APPLICABLE
    firm.plan(WEEK)
    assert firm.look().status is Status.OK
    firm.remove("bo")
    firm.world.clock.advance(hours=1)
    verdict = firm.look()
    assert verdict.status is Status.WARNING
    assert "support has only bo, who may not act here, from Mon 2026-03-09 09:00 GMT" in verdict.summary
    firm.remove("ana")
    assert firm.look().status is Status.CRITICAL
    firm.override("sam", hours=24 * 8)
    assert firm.look().status is Status.OK


def test_a_gap_within_a_week_is_a_warning_and_one_now_is_critical(firm: Firm) -> None:
    firm.plan(layer("ana", "2026-03-02T09:00", hours="mon-sat 00:00-24:00"))
    assert firm.look().status is Status.WARNING
    firm.world.clock.jump(START + timedelta(days=6))
    assert firm.look().status is Status.CRITICAL
    firm.plan(WEEK)
    assert firm.look().status is Status.OK


def test_a_gap_that_somebody_wanted_is_no_problem_and_neither_is_a_rota_that_has_ended(firm: Firm) -> None:
    firm.plan(WEEK)
    firm.override("", hours=2)
    assert firm.look().status is Status.OK
    firm.plan()
    assert firm.look().status is Status.NOT_APPLICABLE


def test_a_rota_that_has_not_begun_misses_nobody(firm: Firm) -> None:
    firm.plan(layer("ana", "2026-03-04T09:00"))
    assert firm.look().status is Status.OK
