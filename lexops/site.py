"""A site put together: what every door is given, and the questions all doors ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

from lexops.auth import store as people
from lexops.auth.identity import Session
from lexops.auth.model import Operator
from lexops.checks import asked, presence, read, store, triage
from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail, Fleet, Happened, Mark, ObjectiveView, QuietSpan
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import InvalidRequest, NotFound
from lexops.gate import Answer, Gate
from lexops.gate import store as requests
from lexops.gate.freezes import freezes
from lexops.gate.model import RequestView
from lexops.gate.stepup import StepUps
from lexops.incidents import store as incidents
from lexops.knowledge import similar as knowledge
from lexops.knowledge.model import Trouble
from lexops.operations import Request
from lexops.store.database import Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lexops.checks.contract import Assignment
    from lexops.checks.registry import Registry
    from lexops.sla.predict import History
    from lexops.sla.view import Explanation, Report, Ticket

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
    """The parts of one installation, in somebody's session."""

    file: SiteFile
    clock: Clock
    store: Store
    gate: Gate
    session: Session

    @cached_property
    def catalogue(self) -> Registry:
        """Every check there is, whether a target of this site has it or not. Loads the plug-ins."""
        from lexops.checks import registry

        folder = self.file.settings.worker.checks
        return registry.load(self.file.resolve(folder) if folder else None)

    @cached_property
    def checks(self) -> Checks:
        """Every check that fits this site's targets."""
        from lexops.checks.assignment import assignments

        found = self.catalogue
        assigned, wrong = assignments(self.file.settings, found.checks)
        return Checks(tuple(assigned), found.broken | wrong)

    def request(
        self,
        operation: str,
        arguments: Mapping[str, object],
        door: str,
        *,
        key: str | None = None,
        confirmed: str = "",
        break_glass: str = "",
    ) -> Request:
        """A request of the person whose session this is."""
        session = self.session
        return Request(
            operation,
            arguments,
            session.operator,
            door,
            key or uuid4().hex,
            session=session.id,
            fingerprint=session.fingerprint,
            read_only=session.read_only,
            confirmed=confirmed,
            break_glass=break_glass,
        )

    def submit(
        self, operation: str, arguments: Mapping[str, object], door: str, key: str | None = None
    ) -> Answer:
        """Ask the gate for an act, as the person whose session this is."""
        return self.gate.submit(self.request(operation, arguments, door, key=key))

    @cached_property
    def step_ups(self) -> StepUps:
        """Where the person of this session proves who it is."""
        return StepUps(self.gate)

    def operator(self) -> Operator | None:
        """The person of this session, when it is an operator of the site."""
        with self.store.read() as connection:
            return people.by_name(connection, self.session.operator)

    def acting(self) -> Operator | None:
        """The person of this session while it may act at all: active, and made an operator by LexOps."""
        person = self.operator()
        if person is None or not person.is_active(self.clock.now()):
            return None
        return person if people.is_genuine(self.gate.keyring, person) else None

    def needing(self) -> list[RequestView]:
        """Requests that wait for people, oldest first."""
        with self.store.read() as connection:
            return requests.needing(connection, self.gate.keyring)

    def fleet(self) -> Fleet:
        """All checks and targets as they stand."""
        with self.store.read() as connection:
            return read.fleet(connection, self.clock.now(), incidents.open_by_check(connection))

    def details(self, target: str | None = None, check: str | None = None) -> list[CheckDetail]:
        """The evidence of the assigned checks that fit, in the order of the site's file."""
        with self.store.read() as connection:
            now = self.clock.now()
            fleet = read.fleet(connection, now, incidents.open_by_check(connection), target)
            wanted = set(store.assigned(connection, target, check))
            rows = [row for row in fleet.checks if (row.target, row.check) in wanted]
            known = [(row, self.checks.find(row.target, row.check)) for row in rows]
            marks = self._marks(connection, target, now) if target and check else ()
            return [
                replace(
                    read.detail(connection, found.runnable.check, row, fleet, now - METRIC_SPAN), marks=marks
                )
                for row, found in known
                if found is not None
            ]

    @staticmethod
    def _marks(connection: Connection, target: str, now: datetime) -> tuple[Mark, ...]:
        """What happened to a target lately: its incidents, and what people changed on it."""
        since = now - METRIC_SPAN
        done = (row for row in requests.acts_on(connection, [target], since, now) if row.state == "done")
        changes = [Mark(row.changed, Happened.CHANGE, row.operation) for row in done]
        known = [*incidents.marks(connection, target, since), *changes]
        return tuple(sorted(known, key=lambda each: each.at))

    def triage(self, target: str, check: str) -> Triage:
        """Everything that helps with a check of a target. Raises NotFound."""
        found = self.checks.find(target, check)
        with self.store.read() as connection:
            now = self.clock.now()
            fleet = read.fleet(connection, now, incidents.open_by_check(connection))
            row = next((each for each in fleet.checks if (each.target, each.check) == (target, check)), None)
            if found is None or row is None:
                raise NotFound(f"{check} is not looked at on {target}", hint="see: lexops check list")
            start = min(now, row.since or now) - METRIC_SPAN / 2
            since = min(start, now - METRIC_SPAN)
            detail = read.detail(connection, found.runnable.check, row, fleet, since)
            print_ = incidents.fingerprint(target, check)
            trouble = Trouble(row.title, target, check, print_, row.summary, row.incident or 0)
            past = knowledge.past(connection, self.file, now, trouble)
            return triage.triage(connection, detail, fleet, self.hosts, past)

    @property
    def hosts(self) -> dict[str, str]:
        """The host target that a target runs on, where the file says so."""
        return {name: known.host for name, known in self.file.settings.targets.items() if known.host}

    def quiet(self) -> list[QuietSpan]:
        """Downtimes, silences and freezes that are going on or still come, the next to end first."""
        now = self.clock.now()
        with self.store.read() as connection:
            spans = list(asked.quiet_spans(connection, now))
            frozen = freezes(connection, self.file, now)
        spans += [
            QuietSpan(
                "freeze",
                ", ".join(sorted(each.environments)),
                "",
                each.starts,
                each.ends,
                each.why,
                each.operator,
                each.number,
            )
            for each in frozen
        ]
        return sorted(spans, key=lambda each: each.ends)

    def tickets(self) -> list[Ticket]:
        """The open incidents with their clocks, what runs out next first. Raises StoreError."""
        from lexops.sla import reading

        with self.store.read() as connection:
            return reading.open_tickets(connection, self.file, self.clock.now())

    def finished_clocks(self) -> History:
        """The finished clocks from which is concluded what becomes of those that run."""
        from lexops.sla import watch

        with self.store.read() as connection:
            return watch.history(connection, self.clock.now())

    def explanation(self, incident: int) -> Explanation:
        """How the clocks of an incident came about. Raises NotFound, StoreError."""
        from lexops.sla import reading
        from lexops.sla.explain import explain
        from lexops.sla.store import book

        with self.store.read() as connection:
            found = reading.ticket(connection, self.file, incident, self.clock.now())
            happened = reading.ticket_events(connection, self.file, incident)
            return explain(found, happened, book(connection))

    def month(self, month: str) -> Report:
        """What was kept and broken in a month, beside what was closed. Raises InvalidRequest, StoreError."""
        from lexops.audit.store import hold_snapshot
        from lexops.sla import closing
        from lexops.sla.report import Month

        try:
            wanted = Month.parse(month)
        except ValueError as error:
            raise InvalidRequest(f"month: {error}") from None
        with self.store.read() as connection:
            hold_snapshot(connection)
            now, keyring = self.clock.now(), self.gate.keyring
            return closing.report(connection, self.file, wanted, now, keyring=keyring)

    def objectives(self) -> list[ObjectiveView]:
        """How available the services were, against what was promised."""
        from lexops.checks import objectives

        with self.store.read() as connection:
            settings, assigned = self.file.settings, self.checks.assigned
            return objectives.views(connection, settings, assigned, self.clock.now(), self.file.zone)

    def assign_checks(self) -> None:
        """Make the store hold the site's checks, where no worker has done so yet."""
        with self.store.begin() as connection:
            now = self.clock.now()
            if not presence.is_worker_alive(connection, now):
                store.assign(connection, self.checks.assigned, now)
                presence.set_broken(connection, self.checks.broken)
