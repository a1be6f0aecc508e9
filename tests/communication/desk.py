"""A site that tells people outside: with channels, audiences, promises and the gate in front of it all."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from lexops.audit.trail import Trail
from lexops.checks.model import Status
from lexops.communication import store as notices
from lexops.communication.model import Notice, Promise
from lexops.communication.operations import OPERATIONS
from lexops.communication.reminding import remind
from lexops.config import SiteFile, parse
from lexops.gate import Gate
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.incidents.store import alarm
from lexops.outbox import store as outbox
from lexops.outbox.model import Contact, Message, Recipient
from lexops.outbox.template import Filled, shipped
from lexops.sla.policy_operations import OPERATIONS as POLICIES
from lexops.store import event
from lexops.store.database import Store
from tests.gates import Place, world

SITE = """
[site]
name = "Test & Partners"
zone = "Europe/London"
[targets.client-portal]
kind = "sqlite"
url = "sqlite:///portal.db"
environment = "demo"
description = "the portal for clients"
[targets.billing-db]
kind = "sqlite"
url = "sqlite:///billing.db"
environment = "demo"
"""
CHANNELS = """
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:9/"
"""
AUDIENCES = ("partners", "portal-users")


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Desk(Place):
    """A site whose clock stands on Monday 2 March 2026, 09:00 UTC, with its people."""

    def ask(self, name: str, who: str = "ana", /, **arguments: object) -> str:
        """An act of ana's, or of somebody else."""
        return self.world.submit(who, name, **arguments)

    def open(self, **arguments: object) -> int:
        usual = {
            "title": "ACME cannot log in",
            "priority": "P1",
            "target": "client-portal",
            "client": "ACME-1",
        }
        said = self.ask("incident.open", **(usual | arguments))
        return int(said.split("#")[1].split()[0])

    def update(self, who: str = "ana", /, **arguments: object) -> str:
        usual = {"incident": 1, "audience": "partners", "text": "We look into it.", "next": "1h"}
        return self.ask("notice.update", who, **(usual | arguments))

    def maintain(self, **arguments: object) -> str:
        usual = {
            "targets": "client-portal",
            "starts": "2026-03-07T22:00",
            "ends": "4h",
            "audience": "partners",
            "title": "New disks",
            "text": "You cannot log in.",
        }
        return self.ask("notice.maintenance", **(usual | arguments))

    def remind(self) -> None:
        remind(self.store, self.file, self.world.clock)

    def notices(self) -> list[Notice]:
        with self.store.read() as connection:
            return notices.notices(connection)

    def promises(self) -> list[Promise]:
        with self.store.read() as connection:
            return notices.promises(connection, self.now)

    def timeline(self, incident: int = 1) -> list[Entry]:
        with self.store.read() as connection:
            return list(incidents.timeline(connection, incident))

    def entries(self, kind: EntryKind, incident: int = 1) -> list[Entry]:
        return [each for each in self.timeline(incident) if each.kind is kind]

    def messages(self, subject: str | None = None) -> list[Message]:
        """What is in the outbox, the oldest first."""
        with self.store.read() as connection:
            return outbox.messages(connection, subject=subject)[::-1]

    def events(self, kind: str) -> list[event.Event]:
        with self.store.read() as connection:
            return [each for each in event.after(connection, 0) if each.kind == kind]

    def write(self, incident: int, kind: EntryKind, text: str, author: str = "ana", **data: str) -> None:
        """An entry that another room writes."""
        with self.store.begin() as connection:
            incidents.add_entry(connection, incident, self.now, kind, author, text, data)

    def found_by_check(self, title: str, check: str, parent: int | None = None) -> int:
        """An incident of a check."""
        with self.store.begin() as connection:
            number = incidents.open_by_hand(
                connection, uuid4().hex, title, Status.CRITICAL, self.now, "lexops", "billing-db"
            )
            incidents.change(connection, number, self.now, check=check, parent=parent)
        return number


def filled(message: Message) -> Filled:
    """What a message says, by the text that is shipped."""
    text = shipped(message.template)
    assert text is not None
    return text.fill(message.values)


def desk(store: Store, folder: Path, more: str = CHANNELS) -> Desk:
    """In the demo environment, where nobody is asked for a second factor and no time passes for it."""
    operations = (*INCIDENTS, *POLICIES, *OPERATIONS)
    made = world(store, folder, environment="demo", operations=operations)
    path = folder / "lexops.toml"
    file = SiteFile(path=path, settings=parse(tomllib.loads(SITE + more), path))
    old, trail = made.gate, Trail(made.gate.keyring, uuid4().hex)
    gate = Gate(old.catalogue, store, made.clock, file, old.keyring, trail, old.sealer, alarm)
    with store.begin() as connection:
        for name in AUDIENCES:
            owner = Recipient.parse(f"audience:{name}")
            outbox.set_contacts(connection, owner, [Contact(owner, 0, "hook", "")], made.clock.now())
    return Desk(replace(made, gate=gate))
