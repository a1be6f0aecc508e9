"""Several workers on one PostgreSQL store, as processes: for tests and the benchmark."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from lexops.checks import presence
from tests.sites import open_site
from tests.worker.runs import Held, Journal

ROOT = Path(__file__).parents[2]
TARGETS = [f"t{n}" for n in range(6)]


class Team:
    """Workers of one site, and what they wrote down."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.held = Held(folder)
        self.looks = Journal(folder / "looks")
        self.journal = Journal(folder / "journal")
        self._members: list[subprocess.Popen[bytes]] = []
        for name in TARGETS:
            connection = sqlite3.connect(folder / f"{name}.db", isolation_level=None)
            connection.execute("CREATE TABLE me AS SELECT ? AS name", (name,))
            connection.close()
        targets = "\n".join(
            f'[targets.{name}]\nkind = "sqlite"\nurl = "sqlite:///{name}.db"' for name in TARGETS
        )
        more = f'[store]\nurl = "{url}"'
        self.jobs()
        self.site = open_site(folder, targets, checks=[], more=more)

    def jobs(self, *jobs: dict[str, object]) -> None:
        (self.folder / "jobs.new").write_text(json.dumps(jobs))
        (self.folder / "jobs.new").replace(self.folder / "jobs.json")

    def start(self, count: int) -> list[int]:
        command = [sys.executable, "-m", "tests.worker.member", str(self.folder)]
        self._members += [subprocess.Popen(command, cwd=ROOT) for _ in range(count)]
        return [member.pid for member in self._members[-count:]]

    def kill(self, pid: int) -> float:
        """Kill -9; the moment it happened."""
        os.kill(pid, signal.SIGKILL)
        next(m for m in self._members if m.pid == pid).wait(60)
        return time.monotonic()

    def end(self, pid: int) -> int:
        member = next(m for m in self._members if m.pid == pid)
        member.terminate()
        return member.wait(60)

    def lookers(self, since: float = 0.0) -> dict[str, set[int]]:
        """Who has looked at each target."""
        found: dict[str, set[int]] = defaultdict(set)
        for at, _, name, pid in self.looks.timed("begin"):
            if at >= since:
                found[name].add(pid)
        return found

    def holders(self) -> dict[str, str | None]:
        with self.site.store.read() as connection:
            return presence.holders(connection)

    def is_shared(self) -> bool:
        counts: dict[str | None, int] = defaultdict(int)
        for worker in self.holders().values():
            counts[worker] += 1
        return None not in counts and sorted(counts.values()) == [3, 3]

    def all_looked_at(self, since: float) -> float:
        """The moment from which on every target had been looked at."""
        first: dict[str, float] = {}
        for at, _, name, _ in self.looks.timed("begin"):
            if at > since:
                first.setdefault(name, at)
        return max(first[name] for name in TARGETS)

    def stop(self) -> None:
        for member in self._members:
            member.kill()
            member.wait(60)
        self.site.store.close()
