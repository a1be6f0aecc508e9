"""A process that drives durable runs and nothing else: `python -m tests.worker.driver URL FOLDER NAME DEAD…`.

The runs are in FOLDER/jobs.json; every act is done once by its key, in a database of its own, and then waits
while it is held. So a kill in the wait is one after the act's commit and before the engine's record of it.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from sqlalchemy import make_url

from lexops.worker.durable import Durable
from lexops.worker.engine import Place
from tests.worker.runs import Held, Performer, Run


class Effects(Performer):
    """Steps that leave a mark exactly once, and a last act that does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, self._once)
        self._held = Held(folder)
        self._database = folder / "effects.db"
        self._mark("CREATE TABLE IF NOT EXISTS effect (key TEXT PRIMARY KEY)")

    def finish(self, key: str) -> None:
        self._mark("INSERT OR IGNORE INTO effect VALUES (?)", f"{key} finish")
        super().finish(key)
        self._held.pause(key, "finish")

    def _once(self, key: str, step: int, interrupted: bool) -> bool:
        self._mark("INSERT OR IGNORE INTO effect VALUES (?)", f"{key} {step}")
        self._held.pause(key, step)
        return not key.endswith(f"fails-at-{step}")

    def _mark(self, statement: str, *values: str) -> None:
        connection = sqlite3.connect(self._database, timeout=30, isolation_level=None)
        connection.execute(statement, values)
        connection.close()


def main(url: str, folder: Path, name: str, dead: list[str]) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    performer = Effects(folder)
    durable = Durable(Place(make_url(url)), name, performer)
    durable.take_over(dead)
    while not stop.is_set():
        performer.jobs = [Run(**job) for job in json.loads((folder / "jobs.json").read_text())]
        durable.dispatch()
        stop.wait(0.1)
    durable.close(1.0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
