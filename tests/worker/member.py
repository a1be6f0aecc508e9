"""A real worker process on a site of the tests: `python -m tests.worker.member FOLDER`.

Its checks write into the journal when a look begins and ends; its runs are those of FOLDER/jobs.json.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lexops import app
from lexops.checks.assignment import assignments
from lexops.checks.contract import Metric, Observation, SQLite, check
from lexops.site import Checks
from tests.waiting import PATIENCE
from tests.worker.driver import Effects
from tests.worker.runs import Journal, Run

LOOK = 0.05
"""Seconds a look takes, so that two at once would be seen."""


class Member(Effects):
    """The jobs are read again each time, as from a store."""

    def released(self) -> Sequence[Run]:
        self.jobs = [Run(**job) for job in json.loads((self.folder / "jobs.json").read_text())]
        return super().released()


def main(folder: Path) -> None:
    from lexops.worker import postgresql_lease
    from lexops.worker.loop import Worker

    # Who is dead is told by a killed process here, never by a server that a busy machine lets answer late.
    postgresql_lease.PATIENCE = PATIENCE
    postgresql_lease.CLIENT_KEEPALIVES = postgresql_lease.CLIENT_KEEPALIVES | {
        "connect_timeout": round(PATIENCE)
    }
    journal = Journal(folder / "looks")

    @check("sqlite.look", target=SQLite, every="1s", attempts=1)
    def look(db: SQLite) -> Iterator[Observation]:
        """Looks."""
        name = str(db.scalar("SELECT name FROM me"))
        journal.write("begin", name, os.getpid())
        time.sleep(LOOK)
        yield Metric("one", 1, info=True)
        journal.write("end", name, os.getpid())

    @check("sqlite.rare", target=SQLite, every="1h", attempts=1)
    def rare(db: SQLite) -> Iterator[Observation]:
        """Looks seldom."""
        journal.write("rare", str(db.scalar("SELECT name FROM me")), os.getpid())
        yield Metric("one", 1, info=True)

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    site = app.open_site(folder / "lexops.toml")
    assigned, wrong = assignments(site.file.settings, {"sqlite.look": look, "sqlite.rare": rare})
    site.__dict__["checks"] = Checks(tuple(assigned), wrong)
    Worker(site, performer=Member(folder)).run(stop.is_set)
    site.store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
