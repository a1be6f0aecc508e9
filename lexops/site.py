"""A site put together: what every door is given, and the questions all doors ask."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

from lexops.checks import presence, read, store
from lexops.checks.view import CheckDetail, Fleet
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.operations import Gate, Request
from lexops.store.database import Store

if TYPE_CHECKING:
    from lexops.checks.assignment import Assignment

METRIC_SPAN = timedelta(days=1)
"""How much of a metric a detail shows."""


@dataclass(frozen=True)
class Checks:
    """The site's checks as loaded now, and what could not be loaded."""

    assigned: tuple[Assignment, ...]
    broken: Mapping[str, str]

    def find(self, target: str, check: str) -> Assignment | None:
        wanted = (target, check)
        return next((a for a in self.assigned if (a.target, a.runnable.check.id) == wanted), None)


@dataclass(frozen=True)
class Site:
    """The parts of one installation."""

    file: SiteFile
    clock: Clock
    store: Store
    gate: Gate

    @cached_property
    def checks(self) -> Checks:
        """Every check that fits this site's targets. Loads the plug-ins."""
        from lexops.checks import registry
        from lexops.checks.assignment import assignments

        folder = self.file.settings.worker.checks
        found = registry.load(self.file.resolve(folder) if folder else None)
        assigned, wrong = assignments(self.file.settings, found.checks)
        return Checks(tuple(assigned), found.broken | wrong)

    def submit(
        self, operation: str, arguments: Mapping[str, object], door: str, key: str | None = None
    ) -> str:
        """Ask the gate for an act, as the person whose session this is."""
        return self.gate.run(Request(operation, arguments, operator(), door, key or uuid4().hex))

    def fleet(self) -> Fleet:
        """All checks and targets as they stand."""
        with self.store.read() as connection:
            return read.fleet(connection, self.clock.now(), incidents.open_by_check(connection))

    def details(self, target: str | None = None, check: str | None = None) -> list[CheckDetail]:
        """The evidence of the assigned checks that fit, in the order of the site's file."""
        with self.store.read() as connection:
            now = self.clock.now()
            fleet = read.fleet(connection, now, incidents.open_by_check(connection))
            wanted = set(store.assigned(connection, target, check))
            rows = [row for row in fleet.checks if (row.target, row.check) in wanted]
            known = [(row, self.checks.find(row.target, row.check)) for row in rows]
            return [
                read.detail(connection, found.runnable.check, row, fleet, now - METRIC_SPAN)
                for row, found in known
                if found is not None
            ]

    def assign_checks(self) -> None:
        """Make the store hold the site's checks, where no worker has done so yet."""
        with self.store.begin() as connection:
            now = self.clock.now()
            if not presence.is_worker_alive(connection, now):
                store.assign(connection, self.checks.assigned, now)
                presence.set_broken(connection, self.checks.broken)


def operator() -> str:
    """Who is at the keyboard: the account the process runs as, whatever the environment says."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
