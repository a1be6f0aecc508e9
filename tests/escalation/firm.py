"""A firm with policies, people who can be reached, and a channel that keeps what it carries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from lexops.checks import asked
from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.config import SiteFile, parse
from lexops.escalation import store
from lexops.escalation import view as views
from lexops.escalation.model import Escalation, Told
from lexops.escalation.operations import OPERATIONS as ESCALATION
from lexops.escalation.tables import escalation_table
from lexops.escalation.view import LadderView
from lexops.escalation.watch import escalate
from lexops.incidents import store as incidents
from lexops.incidents.following import follow
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.incidents.policy import of_site
from lexops.oncall import store as rotas
from lexops.oncall.model import Layer, Override, Rota, Turn
from lexops.oncall.operations import OPERATIONS as ONCALL
from lexops.outbox import store as outbox
from lexops.outbox.channels import Proof, Undelivered
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Contact, Message, Recipient
from lexops.outbox.model import State as Delivery
from lexops.outbox.rendering import Rendered
from lexops.outbox.tables import message_table
from lexops.sla.policy_operations import OPERATIONS as PROMISES
from lexops.store import event
from lexops.store.database import Store
from tests.clock import ManualClock
from tests.gates import Place, world

SITE = """
[site]
name = "Test & Partners"
[targets.billing-db]
kind = "sqlite"
url = "sqlite:///billing.db"
environment = "demo"
[targets.portal]
kind = "sqlite"
url = "sqlite:///portal.db"
environment = "demo"
[channels.mail]
kind = "webhook"
url = "https://mail.example/"
per_minute = 6000
[channels.room]
kind = "webhook"
url = "https://room.example/"
per_minute = 6000
"""
PEOPLE = ("ana", "bo", "mia", "sam")
STEPS = "0m operator:ana; 10m operator:bo; 30m level management role:manager"


@dataclass
class Wire:
    """A channel that keeps what it carries, and fails where it is told to."""

    clock: ManualClock
    sent: list[tuple[datetime, str, Message]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Addresses to which nothing goes through."""
    retry: bool = False
    before: Callable[[str], None] = lambda _address: None

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        self.before(address)
        if address in self.broken or "*" in self.broken:
            raise Undelivered("the line is dead", retry=self.retry)
        now = self.clock.now()
        self.sent += [(now, address or rendered.recipient, each) for each in rendered.messages]
        return Proof("taken")

    def pages(self) -> list[tuple[str, str]]:
        """To whom what was sent, in order: address and template."""
        return [(address, message.template) for _, address, message in self.sent]


def parse_site(folder: Path, more: str = "") -> SiteFile:
    import tomllib

    path = folder / "lexops.toml"
    document = tomllib.loads(SITE + more)
    return SiteFile(path=path, settings=parse(json.loads(json.dumps(document)), path))


@dataclass
class Firm(Place):
    """On Monday 2 March 2026, 09:00 UTC."""

    wire: Wire
    dispatcher: Dispatcher

    def ask(self, name: str, /, who: str = "ana", **arguments: object) -> str:
        """An act of ana's, or of somebody else; a moment passes."""
        self.world.clock.advance(milliseconds=1)
        return self.world.submit(who, name, **arguments)

    def policy(self, name: str = "dba", steps: str = STEPS, **arguments: object) -> str:
        return self.ask("escalation.set", **({"name": name, "steps": steps, "reason": "agreed"} | arguments))

    def open(self, who: str = "sam", **arguments: object) -> int:
        said = self.ask("incident.open", who, **({"title": "Portal is slow"} | arguments))
        return int(said.split("#")[1].split()[0])

    def change(
        self, after: Status, before: Status | None = None, check: str = "c", target: str = "portal"
    ) -> None:
        """A check has changed for good."""
        self.world.clock.advance(milliseconds=1)
        hard = hard_change(target, check, before, after, self.now)
        with self.store.begin() as connection:
            follow(connection, [hard], of_site(self.file.settings))

    def silence(self, minutes: int, target: str = "portal", *, downtime: bool = False) -> None:
        with self.store.begin() as connection:
            span = timedelta(minutes=minutes)
            asked.add_downtime(connection, target, None, span, "ana", "work", self.now, silence=not downtime)

    def tick(self, **span: float) -> None:
        """Time passes; then a worker escalates, and sends."""
        self.world.clock.advance(**span)
        self.look()

    def look(self) -> None:
        escalate(self.store, self.file, self.world.clock)
        self.dispatcher.turn()

    def run(self, minutes: float) -> None:
        """Time passes, and a worker looks whenever something is due and a second later, and at the end."""
        ends = self.now + timedelta(minutes=minutes)
        due: datetime | None = self.now
        while due is not None and due < ends:
            self.tick(seconds=max(0.0, (due - self.now).total_seconds()))
            self.tick(seconds=1)
            due = self._next_due()
            if due is not None and due <= self.now:  # a notice that waits for others of its kind
                due = self.now + timedelta(seconds=20)
        self.tick(seconds=max(0.0, (ends - self.now).total_seconds()))

    def _next_due(self) -> datetime | None:
        waits = message_table.c.state.in_([Delivery.WAITING.value, Delivery.SENDING.value])
        with self.store.read() as connection:
            dues = (
                connection.scalar(select(func.min(escalation_table.c.due))),
                connection.scalar(select(func.min(message_table.c.due)).where(waits)),
            )
        return min(filter(None, dues), default=None)

    def contact(self, owner: str, *addresses: str) -> None:
        """`operator:ana` is reached at these addresses; none: not at all."""
        recipient = Recipient.parse(owner)
        ways = [Contact(recipient, rank, "mail", each) for rank, each in enumerate(addresses)]
        with self.store.begin() as connection:
            outbox.set_contacts(connection, recipient, ways, self.now)

    def rota(self, *people: str, name: str = "dba", start: str = "2026-01-05T09:00") -> None:
        """A rota with a weekly hand-off on Monday, 09:00 UTC; without people nobody is on call."""
        layer = Layer("week", people, Turn.WEEKLY, datetime.fromisoformat(start))
        with self.store.begin() as connection:
            known = rotas.book(connection).rotas.get(name, ())
            wanted = Rota(name, "UTC", (layer,) if people else ())
            rotas.add(
                connection,
                wanted,
                at=self.now - timedelta(days=100),
                operator="ana",
                reason="r",
                correction=True,
                after=len(known),
            )

    def override(self, person: str, hours: int = 24, rota: str = "dba") -> None:
        made = Override(
            0, rota, self.now, self.now + timedelta(hours=hours), person, "", "r", "ana", self.now
        )
        with self.store.begin() as connection:
            rotas.add_override(connection, made)

    def escalation(self, number: int = 1) -> Escalation:
        with self.store.read() as connection:
            found = store.escalation(connection, number)
        assert found is not None
        return found

    def rungs(self, number: int = 1) -> list[Told]:
        with self.store.read() as connection:
            return store.told(connection, number)

    def view(self, number: int = 1) -> LadderView:
        with self.store.read() as connection:
            return views.ladder_view(connection, self.file, number, self.now)

    def incident(self, number: int = 1) -> Incident:
        with self.store.read() as connection:
            return incidents.get(connection, number)

    def told(self, number: int = 1) -> list[str]:
        """What the timeline says of telling."""
        return [each.text for each in self.entries(number) if each.kind is EntryKind.TOLD]

    def entries(self, number: int = 1) -> tuple[Entry, ...]:
        with self.store.read() as connection:
            return incidents.timeline(connection, number)

    def messages(self, **wanted: Any) -> list[Message]:
        with self.store.read() as connection:
            return sorted(outbox.messages(connection, **wanted), key=lambda each: each.id)

    def say(self, kind: str, subject: str, **data: object) -> None:
        """An event of another room."""
        with self.store.begin() as connection:
            event.append(connection, self.now, kind, subject, data)

    def events(self, prefix: str) -> list[str]:
        with self.store.read() as connection:
            return [each.subject for each in event.after(connection, 0) if each.kind.startswith(prefix)]


def hard_change(target: str, check: str, before: Status | None, after: Status, at: datetime) -> HardChange:
    return HardChange(target, check, f"{check} fails", before, after, f"{check} is {after.value}", at)


def firm(store_: Store, folder: Path, more: str = "") -> Firm:
    """In the demo environment, where nobody is asked for a second factor and no time passes for it."""
    made = world(
        store_,
        folder,
        environment="demo",
        operations=(*INCIDENTS, *ESCALATION, *ONCALL, *PROMISES),
        enrol=False,
    )
    made.gate.file = parse_site(folder, more)
    wire = Wire(made.clock)
    dispatcher = Dispatcher(
        store_, made.gate.file, made.clock, "w", threads=0, opener=lambda _settings, _file: wire
    )
    found = Firm(made, wire, dispatcher)
    for name in PEOPLE:
        found.contact(f"operator:{name}", name)
    return found
