"""What proves a worker alive, on both stores."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url

from lexops.store.database import Store
from lexops.worker.lease import Lease, lease
from lexops.worker.postgresql_lease import PATIENCE, PostgreSQLLease
from tests.servers import HOST, DatabaseServer, HalfOpenProxy, site_url
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from lexops.store.database import Store, open_engine
from lexops.worker.lease import lease
held = lease(Store(open_engine(sys.argv[1], Path("/"))), "first")
print(held.hold(), flush=True)
time.sleep(60)
"""


def _gone(asking: Lease, *names: str) -> set[str]:
    with asking.gone(names) as dead:
        return dead


def test_a_worker_is_gone_when_its_process_was_killed_and_not_before(store: Store) -> None:
    url = store.engine.url.set(drivername=store.engine.url.get_backend_name())
    command = [sys.executable, "-c", HOLDER, url.render_as_string(hide_password=False)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    second = lease(store, "second")
    try:
        assert process.stdout.readline().strip() == "True"
        second.hold()
        assert _gone(second, "first", "second") == set()
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()
    until(lambda: second.hold() and _gone(second, "first") == {"first"})
    second.release()


def test_what_is_held_stays_held_and_can_be_given_up(store: Store) -> None:
    first, again = lease(store, "first"), lease(store, "first")
    assert first.hold() and first.hold()
    assert not again.hold()
    first.release()
    assert again.hold()
    again.release()


def test_who_holds_nothing_tells_nobody_dead(store: Store) -> None:
    first, again = lease(store, "first"), lease(store, "first")
    assert first.hold()
    assert _gone(again, "third") == set()
    first.release()


def test_a_holder_whose_connection_a_firewall_has_forgotten_knows_within_seconds(
    postgresql: DatabaseServer, half_open_proxy: Callable[[int], HalfOpenProxy]
) -> None:
    proxy = half_open_proxy(postgresql.port)
    url = make_url(site_url(postgresql.database())).set(port=proxy.port, host=HOST)
    held = PostgreSQLLease(url, "first")
    assert held.hold() and held.hold()
    proxy.freeze()
    started = time.monotonic()
    assert not held.hold()
    assert time.monotonic() - started < PATIENCE + 30
    held.release()
