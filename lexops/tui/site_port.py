"""The console's view of a site: a thin adapter over the store and the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail, CheckRow, Fleet, ObjectiveView, QuietSpan
from lexops.errors import NotFound
from lexops.gate import store as requests
from lexops.gate.model import Preview, RequestView
from lexops.gate.operations import OPERATIONS as ON_REQUESTS
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, Incident
from lexops.operations import Request
from lexops.site import Site
from lexops.sla.predict import History
from lexops.sla.view import Explanation, Ticket
from lexops.sla.view import Report as MonthReport
from lexops.store import event
from lexops.tui.port import Operation, Watching
from lexops.tui.site_duty import SiteDuty
from lexops.tui.site_proving import SiteProving
from lexops.tui.site_record import SiteRecord
from lexops.tui.views import Intent, SessionView

DOOR = "console"
FORESEEN = timedelta(minutes=10)
"""How long what was concluded from finished clocks is good enough; there may be many of them."""


class SitePort(SiteRecord, SiteProving, SiteDuty):
    """What the console asks, answered by a site."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.site_name = site.file.settings.site.name
        self.zone: ZoneInfo = site.file.zone
        self.operator = site.session.operator
        self._finished: tuple[datetime, History] | None = None

    # What is known

    @property
    def hosts(self) -> Mapping[str, str]:
        return self._site.hosts

    def fleet(self) -> Fleet:
        return self._site.fleet()

    def check(self, target: str, check: str) -> CheckDetail:
        found = [detail for detail in self._site.details(target, check) if detail.row.check == check]
        if not found:
            raise NotFound(f"{check} is not looked at on {target}", hint="see: lexops check list")
        return found[0]

    def watch(self, target: str) -> Watching:
        from lexops.activity.watch import watch  # drivers of databases, which few screens need

        return watch(self._site.file, target)

    def triage(self, target: str, check: str) -> Triage:
        return self._site.triage(target, check)

    def quiet(self) -> Sequence[QuietSpan]:
        return self._site.quiet()

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

    def tickets(self) -> Sequence[Ticket]:
        known = self._history()
        return [
            replace(ticket, forecasts=tuple(known.forecast(clock) for clock in ticket.clocks))
            for ticket in self._site.tickets()
        ]

    def _history(self) -> History:
        now = self._site.clock.now()
        if self._finished is None or now - self._finished[0] > FORESEEN:
            self._finished = (now, self._site.finished_clocks())
        return self._finished[1]

    def explanation(self, incident: int) -> Explanation:
        return self._site.explanation(incident)

    def month(self, month: str) -> MonthReport:
        return self._site.month(month)

    def objectives(self) -> Sequence[ObjectiveView]:
        return self._site.objectives()

    def newest_event(self) -> int:
        with self._site.store.read() as connection:
            return event.newest(connection)

    def operations(self) -> Sequence[Operation]:
        return tuple(self._site.gate.catalogue)

    def session(self) -> SessionView:
        session, person = self._site.session, self._site.acting()
        return SessionView(
            session.operator,
            person.id if person else "",
            person.role.value if person else "",
            session.how,
            session.remote or "",
            session.read_only or self._site.file.settings.site.read_only,
        )

    # Asking

    def preview(self, intent: Intent) -> Preview:
        return self._site.gate.preview(self._request(intent))

    def submit(self, intent: Intent) -> str:
        return str(self._site.gate.submit(self._request(intent)))

    def _request(self, intent: Intent) -> Request:
        return self._site.request(
            intent.operation,
            intent.arguments,
            DOOR,
            key=intent.key,
            confirmed=intent.confirmed,
            break_glass=intent.break_glass,
        )

    # Requests

    def requests(self, everything: bool) -> Sequence[RequestView]:
        if not everything:
            return self._site.needing()
        with self._site.store.read() as connection:
            return requests.views(connection, self._site.gate.keyring)

    def request(self, number: int) -> RequestView:
        with self._site.store.read() as connection:
            found = requests.numbered(connection, number)
            return requests.view(connection, self._site.gate.keyring, found)

    def denied(self) -> Mapping[str, str]:
        gate = self._site.gate
        asked = {each.name: self._site.request(each.name, {}, DOOR) for each in ON_REQUESTS}
        decisions = {name: gate.explain(request) for name, request in asked.items()}
        return {name: each.why for name, each in decisions.items() if not each.permitted}
