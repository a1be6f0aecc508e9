"""Two worker processes on one PostgreSQL store, one of which is killed in the middle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lexops.checks.model import Status
from lexops.clock import SystemClock
from lexops.escalation import store as escalations
from lexops.incidents import store as incidents
from tests import servers
from tests.escalation.firm import Firm, firm
from tests.stores import postgresql_store, store_database
from tests.waiting import until

COUNT = 25


@contextmanager
def member(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.escalation.member", url, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close() if process.stdout else None


def told(at: Firm) -> int:
    return len(at.messages(limit=None))


def test_a_worker_that_is_killed_leaves_no_rung_untold_and_none_told_twice(
    postgresql: servers.DatabaseServer, tmp_path: Path
) -> None:
    url = store_database(postgresql)
    store = postgresql_store(url, tmp_path)
    at = firm(store, tmp_path)
    at.policy(steps="0m operator:ana; 0m operator:bo, operator:mia", repeat=0)
    with member(url, tmp_path) as first, member(url, tmp_path):
        with store.begin() as connection:
            for number in range(COUNT):
                now = SystemClock().now()
                incidents.open_by_hand(
                    connection, str(number), "Slow", Status.CRITICAL, now, "sam", None, priority="P2"
                )
        until(lambda: told(at) > 6)
        first.kill()
        until(lambda: told(at) >= 3 * COUNT)
    with store.read() as connection:
        rungs = [len(escalations.told(connection, number)) for number in range(1, COUNT + 1)]
    assert rungs == [2] * COUNT
    assert told(at) == 3 * COUNT
    assert sum(len(at.told(number)) for number in range(1, COUNT + 1)) == 2 * COUNT
    store.close()
