"""A port that only ever fails as declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from lexops.activity.model import Activity
from lexops.audit.log import State as RecordState
from lexops.audit.scan import Progress
from lexops.audit.verdict import Report
from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail, CheckRow, Fleet, ObjectiveView, QuietSpan
from lexops.errors import LexOpsError, StoreError
from lexops.gate.model import Preview, RequestView
from lexops.incidents.model import Entry, Incident
from lexops.outbox.model import Message, MessageView
from lexops.sla.view import Explanation, Ticket
from lexops.sla.view import Report as MonthReport
from lexops.tui.duty import ArticleView, Dossier, Duty, Known, RotaView, Work
from lexops.tui.port import Operation, Port, Watching
from lexops.tui.views import EntryView, HeadsView, Intent, LogRow, Means, SessionView, SigningTask

T = TypeVar("T")
OnCrash = Callable[[BaseException], str]
"""Keeps the traceback of a fault and gives the reference under which it can be found."""


class GuardedPort:
    """Turns a fault behind the port into an error with a reference: the console keeps its last data."""

    def __init__(self, port: Port, on_crash: OnCrash) -> None:
        self._port = port
        self._on_crash = on_crash
        self._told: tuple[str, str] = ("", "")

    @property
    def site_name(self) -> str:
        return self._port.site_name

    @property
    def zone(self) -> ZoneInfo:
        return self._port.zone

    @property
    def operator(self) -> str:
        return self._port.operator

    @property
    def hosts(self) -> Mapping[str, str]:
        return self._port.hosts

    def fleet(self) -> Fleet:
        return self.guard(self._port.fleet)

    def check(self, target: str, check: str) -> CheckDetail:
        return self.guard(lambda: self._port.check(target, check))

    def watch(self, target: str) -> Watching:
        return GuardedWatching(self._port.watch(target), self.guard)

    def triage(self, target: str, check: str) -> Triage:
        return self.guard(lambda: self._port.triage(target, check))

    def quiet(self) -> Sequence[QuietSpan]:
        return self.guard(self._port.quiet)

    def incidents(self, include_resolved: bool) -> Sequence[Incident]:
        return self.guard(lambda: self._port.incidents(include_resolved))

    def incident(self, id: int) -> tuple[Incident, Sequence[Entry], CheckRow | None]:
        return self.guard(lambda: self._port.incident(id))

    def tickets(self) -> Sequence[Ticket]:
        return self.guard(self._port.tickets)

    def explanation(self, incident: int) -> Explanation:
        return self.guard(lambda: self._port.explanation(incident))

    def month(self, month: str) -> MonthReport:
        return self.guard(lambda: self._port.month(month))

    def objectives(self) -> Sequence[ObjectiveView]:
        return self.guard(self._port.objectives)

    def duty(self) -> Duty:
        return self.guard(self._port.duty)

    def dossier(self, incident: int) -> Dossier:
        return self.guard(lambda: self._port.dossier(incident))

    def known(self, target: str, check: str) -> Known:
        return self.guard(lambda: self._port.known(target, check))

    def article(self, name: str) -> ArticleView:
        return self.guard(lambda: self._port.article(name))

    def rotas(self, since: datetime, until: datetime) -> Sequence[RotaView]:
        return self.guard(lambda: self._port.rotas(since, until))

    def work(self) -> Work:
        return self.guard(self._port.work)

    def messages(self, everything: bool) -> Sequence[Message]:
        return self.guard(lambda: self._port.messages(everything))

    def message(self, id: int) -> MessageView:
        return self.guard(lambda: self._port.message(id))

    def newest_event(self) -> int:
        return self.guard(self._port.newest_event)

    def operations(self) -> Sequence[Operation]:
        return self.guard(self._port.operations)

    def preview(self, intent: Intent) -> Preview:
        return self.guard(lambda: self._port.preview(intent))

    def submit(self, intent: Intent) -> str:
        return self.guard(lambda: self._port.submit(intent))

    def session(self) -> SessionView:
        return self.guard(self._port.session)

    def means(self, scope: str) -> Means:
        return self.guard(lambda: self._port.means(scope))

    def prove_by_code(self, scope: str, code: str) -> str:
        return self.guard(lambda: self._port.prove_by_code(scope, code))

    def signing_task(self, scope: str) -> SigningTask:
        return self.guard(lambda: self._port.signing_task(scope))

    def prove_by_signature(self, scope: str, armoured: str) -> str:
        return self.guard(lambda: self._port.prove_by_signature(scope, armoured))

    def prove_by_agent(self, scope: str) -> str:
        return self.guard(lambda: self._port.prove_by_agent(scope))

    def requests(self, everything: bool) -> Sequence[RequestView]:
        return self.guard(lambda: self._port.requests(everything))

    def request(self, number: int) -> RequestView:
        return self.guard(lambda: self._port.request(number))

    def denied(self) -> Mapping[str, str]:
        return self.guard(self._port.denied)

    def record(self) -> RecordState:
        return self.guard(self._port.record)

    def log(self, *, before: str | None = None, limit: int = 500) -> Sequence[LogRow]:
        return self.guard(lambda: self._port.log(before=before, limit=limit))

    def entry(self, id: str) -> EntryView:
        return self.guard(lambda: self._port.entry(id))

    def verify(self, progress: Progress) -> Report:
        return self.guard(lambda: self._port.verify(progress))

    def prove(self, id: str) -> str:
        return self.guard(lambda: self._port.prove(id))

    def heads(self) -> HeadsView:
        return self.guard(self._port.heads)

    def guard(self, call: Callable[[], T]) -> T:
        """What a call gives. Raises LexOpsError, also for a fault of LexOps itself, which is kept."""
        try:
            return call()
        except LexOpsError:
            raise
        except Exception as error:
            # The same fault each second needs one traceback.
            seen, reference = self._told
            if repr(error) != seen:
                reference = self._on_crash(error)
                self._told = (repr(error), reference)
            raise StoreError("LexOps failed while reading its data", hint=f"Details: {reference}") from error


class GuardedWatching:
    """The same for a database that is looked at again and again."""

    def __init__(self, watching: Watching, guard: Callable[[Callable[[], Activity]], Activity]) -> None:
        self._watching = watching
        self._guard = guard

    def look(self) -> Activity:
        return self._guard(self._watching.look)

    def rest(self) -> None:
        self._watching.rest()

    def close(self) -> None:
        self._watching.close()
