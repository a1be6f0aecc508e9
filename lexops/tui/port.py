"""What the console needs to know of the rest of LexOps.

Every call may block on a store or a network, so the console only makes them from threads.
Failures are :class:`lexops.errors.LexOpsError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from lexops.activity.model import Activity
from lexops.audit.log import State as RecordState
from lexops.audit.scan import Progress
from lexops.audit.verdict import Report
from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail, CheckRow, Fleet, ObjectiveView, QuietSpan
from lexops.gate.model import Preview, RequestView
from lexops.incidents.model import Entry, Incident
from lexops.outbox.model import Message, MessageView
from lexops.sla.view import Explanation, Ticket
from lexops.sla.view import Report as MonthReport
from lexops.tui.duty import ArticleView, Dossier, Duty, Known, RotaView, Work
from lexops.tui.views import EntryView, HeadsView, Intent, LogRow, Means, SessionView, SigningTask


class Parameter(Protocol):
    """One argument of an operation, as declared."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> object:
        """`str`, `int`, `float` or `bool`: the type or its name."""
        ...

    @property
    def help(self) -> str: ...

    @property
    def required(self) -> bool: ...

    @property
    def choices(self) -> Sequence[object] | None:
        """The only values allowed; None or empty when any value is."""
        ...

    @property
    def privacy(self) -> object:
        """How it is kept: `open`, `personal` or `secret`; what is secret is never shown."""
        ...


class Operation(Protocol):
    """Something a person can ask for; the console draws its form from this."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def effect(self) -> object:
        """What it does to the world, in words."""
        ...

    @property
    def critical(self) -> bool:
        """Whether it is weighty: it may need a second factor."""
        ...

    @property
    def reaches_target(self) -> bool:
        """Whether it acts on what is operated, and not only on LexOps' own records."""
        ...

    @property
    def parameters(self) -> Sequence[Parameter]: ...


class Watching(Protocol):
    """A database that somebody looks at again and again; `look` and `rest` block."""

    def look(self) -> Activity:
        """What goes on there now. Raises LexOpsError."""
        ...

    def rest(self) -> None:
        """Let go of the connection until the next look."""
        ...

    def close(self) -> None:
        """Look no more; returns at once."""
        ...


class Port(Protocol):
    """The one door between the console and the rest."""

    @property
    def site_name(self) -> str: ...

    @property
    def zone(self) -> ZoneInfo: ...

    @property
    def operator(self) -> str:
        """Who is at the console, with the role: `ana, support`."""
        ...

    @property
    def hosts(self) -> Mapping[str, str]:
        """The host target that a target runs on, where the site says so."""
        ...

    def fleet(self) -> Fleet:
        """All checks and targets as they stand."""
        ...

    def check(self, target: str, check: str) -> CheckDetail:
        """Everything about one check on one target. Raises NotFound."""
        ...

    def watch(self, target: str) -> Watching:
        """Begin to look at what goes on in a database, over a connection of its own; opens nothing yet."""
        ...

    def triage(self, target: str, check: str) -> Triage:
        """Everything that helps with a failing check, put together. Raises NotFound."""
        ...

    def quiet(self) -> Sequence[QuietSpan]:
        """Downtimes, silences and freezes that are going on or still come."""
        ...

    def incidents(self, include_resolved: bool) -> Sequence[Incident]:
        """Open incidents, or all of them."""
        ...

    def incident(self, id: int) -> tuple[Incident, Sequence[Entry], CheckRow | None]:
        """An incident, its timeline oldest first, and the check it is about. Raises NotFound."""
        ...

    def tickets(self) -> Sequence[Ticket]:
        """The open incidents with their clocks, what runs out next first."""
        ...

    def explanation(self, incident: int) -> Explanation:
        """How the clocks of an incident came about. Raises NotFound."""
        ...

    def month(self, month: str) -> MonthReport:
        """What was kept and broken in a month (2026-10). Raises InvalidRequest."""
        ...

    def objectives(self) -> Sequence[ObjectiveView]:
        """How available the services were, against what was promised."""
        ...

    # People and incidents

    def duty(self) -> Duty:
        """Of all open incidents who is told next; whether anybody is on call; what did not arrive.

        It is asked for again and again: what cannot be read is left out and said in it.
        """
        ...

    def dossier(self, incident: int) -> Dossier:
        """What belongs to an incident. What cannot be read is left out and said. Raises NotFound."""
        ...

    def known(self, target: str, check: str) -> Known:
        """What helps with a failing check: similar incidents, articles, runbooks. Raises NotFound."""
        ...

    def article(self, name: str) -> ArticleView:
        """An article as it stands. Raises NotFound."""
        ...

    def rotas(self, since: datetime, until: datetime) -> Sequence[RotaView]:
        """Every rota: who is on call now, and the shifts that touch the span."""
        ...

    def work(self) -> Work:
        """What the operator at the console has to do beside incidents and requests."""
        ...

    def messages(self, everything: bool) -> Sequence[Message]:
        """Messages that wait or failed, the newest first; or the newest of all."""
        ...

    def message(self, id: int) -> MessageView:
        """A message with its attempts. Raises NotFound."""
        ...

    def newest_event(self) -> int:
        """A number that grows whenever anything changed."""
        ...

    def operations(self) -> Sequence[Operation]:
        """What this operator may ask for."""
        ...

    # Asking

    def preview(self, intent: Intent) -> Preview:
        """What an act would do and need. Raises Refused when it is not allowed at all."""
        ...

    def submit(self, intent: Intent) -> str:
        """Ask for an operation; gives one line to show. Raises LexOpsError when it is not allowed.

        SecondFactorNeeded is raised where the operator has to prove who they are first.
        """
        ...

    def session(self) -> SessionView:
        """Whose session this is."""
        ...

    # Second factor

    def means(self, scope: str) -> Means:
        """How the operator can prove who they are."""
        ...

    def prove_by_code(self, scope: str, code: str) -> str:
        """With a code of the authenticator, or a recovery code. Raises Refused."""
        ...

    def signing_task(self, scope: str) -> SigningTask:
        """Something to sign with an SSH key. Raises Refused."""
        ...

    def prove_by_signature(self, scope: str, armoured: str) -> str:
        """With a signature over the signing task. Raises Refused."""
        ...

    def prove_by_agent(self, scope: str) -> str:
        """Let the ssh-agent sign. Raises Refused."""
        ...

    # Requests

    def requests(self, everything: bool) -> Sequence[RequestView]:
        """Requests that need people, oldest first; or the newest of all."""
        ...

    def request(self, number: int) -> RequestView:
        """One request as it stands. Raises NotFound."""
        ...

    def denied(self) -> Mapping[str, str]:
        """Which acts on requests the policy does not allow this operator, and why."""
        ...

    # The record

    def record(self) -> RecordState:
        """How well the record is sealed."""
        ...

    def log(self, *, before: str | None = None, limit: int = 500) -> Sequence[LogRow]:
        """Entries of the record, newest first; `before` is the entry to go on from."""
        ...

    def entry(self, id: str) -> EntryView:
        """One entry in full. Raises NotFound."""
        ...

    def verify(self, progress: Progress) -> Report:
        """Look at every entry of the record; tells how far it is (done, total)."""
        ...

    def prove(self, id: str) -> str:
        """Write a proof of an entry to a file; gives where it is. Raises NotFound, StoreError."""
        ...

    def heads(self) -> HeadsView:
        """Compare the record with what is remembered of it outside, and remember its head when it fits."""
        ...
