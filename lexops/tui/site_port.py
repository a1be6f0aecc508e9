"""The console's view of a site: a thin adapter over the store and the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from lexops.checks.view import CheckDetail, CheckRow, Fleet
from lexops.errors import NotFound
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, Incident
from lexops.site import Site, operator
from lexops.store import event
from lexops.tui.port import Operation


class SitePort:
    """What the console asks, answered by a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.site_name = site.file.settings.site.name
        self.zone: ZoneInfo = site.file.zone
        self.operator = operator()

    def fleet(self) -> Fleet:
        return self._site.fleet()

    def check(self, target: str, check: str) -> CheckDetail:
        found = [detail for detail in self._site.details(target, check) if detail.row.check == check]
        if not found:
            raise NotFound(f"{check} is not looked at on {target}", hint="see: lexops check list")
        return found[0]

    def incidents(self, include_resolved: bool) -> Sequence[Incident]:
        with self._site.store.read() as connection:
            return incidents.incidents(connection, include_resolved)

    def incident(self, id: int) -> tuple[Incident, Sequence[Entry], CheckRow | None]:
        with self._site.store.read() as connection:
            found = incidents.get(connection, id)
            entries = incidents.timeline(connection, id)
        rows = self._site.fleet().checks
        about = (found.target, found.check)
        return found, entries, next((row for row in rows if (row.target, row.check) == about), None)

    def newest_event(self) -> int:
        with self._site.store.read() as connection:
            return event.newest(connection)

    def operations(self) -> Sequence[Operation]:
        return tuple(self._site.gate.catalogue)

    def submit(self, name: str, arguments: Mapping[str, object]) -> str:
        return self._site.submit(name, arguments, "console")
