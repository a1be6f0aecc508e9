"""An outbox for tests: a real store, a real lexops.toml, channels that write down what they are given."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from lexops.config import ChannelSettings, SiteFile, parse
from lexops.outbox import store as outbox
from lexops.outbox.channels import Proof, Undelivered
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Contact, Habits, Message, MessageView, Recipient, RecipientKind, Urgency
from lexops.outbox.rendering import Rendered
from lexops.store import event
from lexops.store.database import Store
from tests.clock import START, ManualClock
from tests.stores import sqlite_store

MAIL = '[channels.mail]\nkind = "smtp"\nhost = "mail.example"\nsender = "lexops@firm.example"\n'
HOOK = '[channels.{name}]\nkind = "webhook"\nurl = "https://hook.example/{name}"\n'
CHANNELS = MAIL + "".join(HOOK.format(name=name) for name in ("pager", "sms", "ops"))
VALUES = {"incident": "41", "priority": "P1", "title": "Connections run out", "target": "billing-db"}


@cache
def _empty() -> bytes:
    """A store in which nothing is, as a file: it is copied, since making one takes a while."""
    with TemporaryDirectory() as folder:
        sqlite_store(Path(folder)).close()
        return (Path(folder) / "lexops.db").read_bytes()


def fresh_store(folder: Path) -> Store:
    """An empty SQLite store."""
    (folder / "lexops.db").write_bytes(_empty())
    return sqlite_store(folder)


def ana() -> Recipient:
    return Recipient(RecipientKind.OPERATOR, "ana")


def audience(name: str = "partners") -> Recipient:
    return Recipient(RecipientKind.AUDIENCE, name)


def page(key: str = "k", **changes: Any) -> Message:
    """A page about incident 41 to ana."""
    made = Message(
        key=key,
        subject="incident/41",
        recipient=ana(),
        template="page",
        values=VALUES,
        urgency=Urgency.PAGE,
        created=START,
        due=START,
        priority="P1",
    )
    return replace(made, **changes)


def notice(key: str = "n", **changes: Any) -> Message:
    """Something that is good to know, for ana."""
    return replace(page(key, template="watch", urgency=Urgency.NOTICE), **changes)


def site_file(folder: Path, channels: str = CHANNELS, notify: str = "") -> SiteFile:
    text = f'[site]\nname = "Test & Partners"\nzone = "Europe/London"\n{channels}\n[notify]\n{notify}\n'
    path = folder / "lexops.toml"
    path.write_text(text, encoding="utf-8")
    return SiteFile(path=path, settings=parse(tomllib.loads(text), path))


@dataclass
class Delivery:
    """What a channel was given."""

    channel: str
    address: str
    key: str
    rendered: Rendered

    @property
    def messages(self) -> list[str]:
        return [each.key for each in self.rendered.messages]


@dataclass
class Room:
    """Channels in memory: each takes everything until it is told what to say instead."""

    taken: list[Delivery] = field(default_factory=list)
    tried: list[Delivery] = field(default_factory=list)
    says: dict[str, Callable[[Delivery], None]] = field(default_factory=dict)
    """By channel: raises Undelivered, or whatever the test wants to happen."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def opener(self, settings: ChannelSettings, file: SiteFile) -> InMemory:
        names = {id(each): name for name, each in file.settings.channels.items()}
        return InMemory(self, names[id(settings)])

    def fails(
        self, channel: str, why: str = "550 no", *, retry: bool = False, after: float | None = None
    ) -> None:
        def say(_: Delivery) -> None:
            raise Undelivered(why, retry, after)

        self.says[channel] = say

    def works(self, channel: str) -> None:
        self.says.pop(channel, None)

    def take(self, delivery: Delivery) -> Proof:
        with self._lock:
            self.tried.append(delivery)
        self.says.get(delivery.channel, lambda _: None)(delivery)
        with self._lock:
            self.taken.append(delivery)
        return Proof("250 taken")


@dataclass
class InMemory:
    room: Room
    name: str

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        return self.room.take(Delivery(self.name, address, key, rendered))


class Post:
    """A store with an outbox, its channels in memory, and a clock."""

    def __init__(
        self, store: Store, folder: Path, clock: ManualClock, channels: str = CHANNELS, notify: str = ""
    ) -> None:
        self.store, self.clock, self.folder = store, clock, folder
        self.file = site_file(folder, channels, notify)
        self.room = Room()
        self.dispatcher = self.another()

    def another(self, name: str = "host/1/x", threads: int = 0) -> Dispatcher:
        """One more worker's dispatcher."""
        return Dispatcher(self.store, self.file, self.clock, name, threads=threads, opener=self.room.opener)

    def put(self, *messages: Message) -> list[int]:
        with self.store.begin() as connection:
            for message in messages:
                assert outbox.put(connection, message)
        return [self.find(message.key).message.id for message in messages]

    def contacts(self, *ways: tuple[str, str], owner: Recipient | None = None) -> None:
        owner = owner or ana()
        contacts = [Contact(owner, rank, channel, address) for rank, (channel, address) in enumerate(ways)]
        with self.store.begin() as connection:
            outbox.set_contacts(connection, owner, contacts, self.clock.now())

    def habits(self, **wanted: Any) -> None:
        with self.store.begin() as connection:
            outbox.set_habits(connection, Habits(ana(), **wanted), self.clock.now())

    def cancel(self, subject: str = "incident/41", urgency: Urgency = Urgency.PAGE) -> int:
        with self.store.begin() as connection:
            return outbox.cancel(connection, subject, self.clock.now(), "taken by bo", urgency)

    def find(self, key: str) -> MessageView:
        with self.store.read() as connection:
            ids = [each.id for each in outbox.messages(connection, key_prefix=key) if each.key == key]
            return outbox.message(connection, ids[0])

    def turn(self, **span: Any) -> list[Delivery]:
        """Let time pass and the dispatcher work; answers what arrived in this turn."""
        before = len(self.room.taken)
        self.clock.advance(**span)
        self.dispatcher.turn()
        return self.room.taken[before:]

    def run(self, seconds: int, step: int = 0) -> list[Delivery]:
        """Turn after turn for a while; without a step about a dozen of them."""
        before, passed = len(self.room.taken), 0
        while passed < seconds:
            span = min(step or max(1, seconds // 12), seconds - passed)
            self.turn(seconds=span)
            passed += span
        return self.room.taken[before:]

    def events(self) -> list[tuple[str, str]]:
        with self.store.read() as connection:
            return [(each.kind, each.subject) for each in event.after(connection, 0)]


def summary(deliveries: Sequence[Delivery]) -> list[tuple[str, str]]:
    return [(each.channel, each.address) for each in deliveries]


def everything(store: Store) -> str:
    """All rows of the outbox and the events, as text: what could leak."""
    from lexops.outbox.tables import attempt_table, message_table
    from lexops.store.event import event_table

    with store.read() as connection:
        rows: list[Mapping[str, Any]] = []
        for table in (message_table, attempt_table, event_table):
            rows += [row._mapping for row in connection.execute(select(table))]
    return "\n".join(str(dict(row)) for row in rows)
