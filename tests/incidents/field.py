"""A site's checks that fail and recover at a word, and the incidents that follow them, on either store."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update

from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.checks.tables import check_table, of
from lexops.config import SiteFile, parse
from lexops.incidents import following, groups, lasting
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.incidents.policy import Policy, of_site
from lexops.store.database import Store
from tests.clock import ManualClock

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
UP = "up"
"""The check of a target that says whether it can be reached."""
SITE = """
[site]
name = "Test & Partners"
[targets.db]
kind = "sqlite"
url = "sqlite:///db.sqlite"
host = "metal"
[targets.web]
kind = "endpoint"
url = "https://example.com"
host = "metal"
[targets.metal]
kind = "host"
[targets.other]
kind = "sqlite"
url = "sqlite:///other.sqlite"
[targets.trial]
kind = "sqlite"
url = "sqlite:///trial.sqlite"
environment = "staging"
[incidents]
"""


def site_file(folder: Path, settings: str = "") -> SiteFile:
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse(tomllib.loads(f"{SITE}\n{settings}"), path))


@dataclass
class Field:
    """What fails, and what becomes of it."""

    store: Store
    file: SiteFile
    clock: ManualClock = field(default_factory=ManualClock)
    _told: dict[tuple[str, str], Status] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def policy(self) -> Policy:
        targets = self.file.settings.targets
        return of_site(self.file.settings, frozenset((name, UP) for name in targets))

    def says(self, status: Status, target: str = "db", check: str = "a.b") -> None:
        """A check is certain of something, and incidents follow it."""
        before = self._told.get((target, check))
        self.looks(status, target, check)
        change = HardChange(
            target, check, f"{check} of {target}", before, status, f"it is {status}", self.now
        )
        with self.store.begin() as connection:
            following.follow(connection, [change], self.policy)

    def looks(self, status: Status, target: str = "db", check: str = "a.b") -> None:
        """A check is looked at; nothing new comes of it."""
        key = (target, check)
        names = ("status", "hard", "told")
        values = dict.fromkeys(names, status.value) | {"checked": self.now, "summary": f"it is {status}"}
        with self.store.begin() as connection:
            if key in self._told:
                connection.execute(update(check_table).where(of(check_table, *key)).values(**values))
            else:
                rest = {"kind": "sqlite", "environment": "production", "area": "health", "title": check}
                numbers = {"position": 0, "stale_after": 300.0, "availability": check == UP, "due": self.now}
                row = {"target": target, "check": check, **rest, **numbers, **values}
                connection.execute(insert(check_table).values(**row))
        self._told[key] = status

    def later(self, **span: float) -> None:
        self.clock.advance(**span)

    def loosen(self) -> None:
        groups.loosen(self.store, self.file, self.clock)

    def incident(self, number: int = 1) -> Incident:
        with self.store.read() as connection:
            return incidents.get(connection, number)

    def numbers(self) -> list[int]:
        """Of the open incidents."""
        with self.store.read() as connection:
            return sorted(each.id for each in incidents.incidents(connection))

    def entries(self, number: int = 1) -> list[Entry]:
        with self.store.read() as connection:
            return list(incidents.timeline(connection, number))

    def kinds(self, number: int = 1) -> list[EntryKind]:
        return [entry.kind for entry in self.entries(number)]

    def parents(self) -> dict[int, int | None]:
        """Of the open incidents."""
        return {number: self.incident(number).parent for number in self.numbers()}

    def takes(self, who: str = "ana", number: int = 1) -> None:
        with self.store.begin() as connection:
            incidents.acknowledge(connection, number, self.now, who)

    def resolves(self, number: int = 1, who: str = "ana") -> None:
        with self.store.begin() as connection:
            incidents.resolve(connection, number, self.now, who, "done")

    def comes_and_goes(self, times: int, every: timedelta = timedelta(minutes=2)) -> None:
        """Fails and recovers again and again; in the end it is well."""
        for _ in range(times):
            self.says(CRITICAL)
            self.clock.advance(seconds=every.total_seconds() / 2)
            self.says(OK)
            self.clock.advance(seconds=every.total_seconds() / 2)

    def quiet(self) -> set[int]:
        with self.store.read() as connection:
            return lasting.quiet(connection, self.now, self.policy)
