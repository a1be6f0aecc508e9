"""The watchdog against a network that swallows packets, where every server-side timeout waits for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lexops.checks import engine as engine_module
from lexops.checks.assignment import assignments
from lexops.checks.contract import MariaDB, Metric, Observation, PostgreSQL, RunnableCheck, check
from lexops.checks.engine import Engine, Session
from lexops.checks.lanes import lanes
from lexops.checks.model import Outcome, Status
from lexops.clock import SystemClock
from lexops.config import load
from tests.servers import DatabaseServer, HalfOpenProxy, site_url
from tests.sites import write_site
from tests.waiting import PATIENCE

links: list[HalfOpenProxy] = []
"""What dies as soon as the connection stands: the check itself does it, for nobody else is surely in time."""


def _sleeps(db: PostgreSQL | MariaDB, sql: str) -> Iterator[Observation]:
    links.pop().freeze()
    db.scalar(sql)
    yield Metric("never", 1)


@check("postgresql.sleeps", target=PostgreSQL, timeout="1s", attempts=1)
def postgresql_sleeps(db: PostgreSQL) -> Iterator[Observation]:
    """Sleeps."""
    yield from _sleeps(db, "SELECT pg_sleep(120)")


@check("mariadb.sleeps", target=MariaDB, timeout="1s", attempts=1)
def mariadb_sleeps(db: MariaDB) -> Iterator[Observation]:
    """Sleeps."""
    yield from _sleeps(db, "SELECT SLEEP(120)")


@check("postgresql.quick", target=PostgreSQL, attempts=1)
def quick(db: PostgreSQL) -> Iterator[Observation]:
    """Quick."""
    yield Metric("one", db.scalar("SELECT 1"), info=True)


def no_history(target: str) -> Session:
    raise AssertionError(f"nobody asks for the past of {target}")


def look(folder: Path, targets: str, *checks: RunnableCheck) -> list[Outcome]:
    site = load(write_site(folder, targets))
    assigned, _ = assignments(site.settings, {c.check.id: c for c in checks})
    engine = Engine(lanes(site, assigned, no_history), SystemClock(), 8)
    now = SystemClock().now()
    for lane in engine.lanes.values():
        assert engine.start(lane, [(c, now) for c in lane.checks])
    outcomes: list[Outcome] = []
    end = time.monotonic() + PATIENCE
    while not engine.idle and time.monotonic() < end:
        outcomes += engine.poll(0.02)
    return outcomes


@pytest.mark.parametrize(("kind", "slow"), [("postgresql", postgresql_sleeps), ("mariadb", mariadb_sleeps)])
def test_a_link_that_dies_under_a_query_costs_its_timeout_and_no_other_target_anything(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    half_open_proxy: Callable[[int], HalfOpenProxy],
    postgresql: DatabaseServer,
    kind: str,
    slow: RunnableCheck,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    proxy = half_open_proxy(server.port)
    dead = site_url(server.database()).replace(f":{server.port}/", f":{proxy.port}/")
    targets = (
        f'[targets.dead]\nkind = "{kind}"\nurl = "{dead}"\n'
        f'[targets.well]\nkind = "postgresql"\nurl = "{site_url(postgresql.database())}"\n'
        '[checks."postgresql.sleeps".targets.well]\nenabled = false\n'
        '[checks."postgresql.quick".targets.dead]\nenabled = false\n'
    )
    monkeypatch.setattr(engine_module, "GRACE", PATIENCE)  # the abort has to end it, not being abandoned
    links[:] = [proxy]
    outcomes = look(tmp_path, targets, slow, quick)
    found = {(o.target, o.check.id): o for o in outcomes}
    hung, well = found["dead", slow.check.id], found["well", "postgresql.quick"]
    assert not links
    assert hung.verdict.status is Status.UNKNOWN
    assert "no answer within 1 s" in hung.verdict.summary
    assert hung.seconds < PATIENCE  # after which it is abandoned
    assert well.verdict.status is Status.OK
    assert well.seconds < PATIENCE
