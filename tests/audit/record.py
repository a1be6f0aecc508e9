"""A record for tests: with a writer, sealing keys, a moved clock; and what an attacker can do to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from lexops.audit.heads import gather
from lexops.audit.keys import SealingKeys
from lexops.audit.model import Draft, Entry, Personal, Plain
from lexops.audit.sealing import Sealer
from lexops.audit.trail import Trail
from lexops.audit.verdict import Level, Report
from lexops.audit.verify import verify
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store
from tests.clock import ManualClock

TABLES = ("entry", "tile", "checkpoint", "epoch", "cosignature")


@dataclass
class Record:
    """The record of a store, as one machine with the keys sees it."""

    store: Store
    clock: ManualClock
    folder: Path

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.folder / "keys")
        self.keys = SealingKeys(self.folder / "keys")
        self.trail = Trail(self.keyring, "host/1")
        self.sealer = Sealer(self.store, self.keys, self.clock, pause=lambda seconds: None)
        self.written = 0

    def act(self, count: int = 1, name: str | None = None, **data: Plain) -> Entry:
        """Put acts on the record; gives the last entry. `name` is a personal value of them."""
        personal = {"name": Personal("person:1", name)} if name else {}
        with self.store.begin() as connection:
            for _ in range(count):
                self.written += 1
                facts: dict[str, Plain] = {"n": self.written, **data}
                key, at = f"key-{self.written}", self.clock.now()
                entry = self.trail.append(connection, Draft("demo.act", "op:7", key, at, facts, personal))
        return entry

    def live(self, epochs: int = 2, acts: int = 40) -> None:
        """Act and seal for some epochs."""
        for _ in range(epochs):
            for _ in range(2):
                self.act(acts // 2)
                self.sealer.seal()
                self.clock.advance(minutes=8)

    def verify(self, level: Level = Level.FULL, *, key_folder: bool = True) -> Report:
        """Verify with what the key folder remembers, or without."""
        memories = gather(None, self.keys, []) if key_folder else []
        return verify(self.store, memories, self.keys.anchor(), level=level, keyring=self.keyring)

    @contextmanager
    def attacked(self) -> Iterator[Connection]:
        """A transaction of somebody who may do everything in the database: no trigger stops them."""
        with self.store.begin() as connection:
            for table in TABLES:
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"ALTER TABLE audit_{table} DISABLE TRIGGER USER"))
                else:
                    for act in ("update", "delete"):
                        connection.execute(text(f"DROP TRIGGER IF EXISTS audit_{table}_{act}"))
            yield connection
