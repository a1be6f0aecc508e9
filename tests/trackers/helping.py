"""An incident and its ticket, for tests of what goes between them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from lexops.checks.model import Status
from lexops.config import SiteFile, parse
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident, Opening, Origin
from lexops.store.database import Store
from lexops.trackers import joining, store
from lexops.trackers.model import Link
from lexops.trackers.port import Tracker
from lexops.trackers.sync import sync
from tests.clock import ManualClock
from tests.trackers.board import Board, OnBoard

STATES = """
[trackers.{name}.states]
"To Do" = "open"
"In Progress" = "open"
"Waiting" = "waiting"
"Done" = "resolved"
"Closed" = "resolved"
"Dropped" = "cancelled"
"""


def site(folder: Path, *names: str, more: str = "") -> SiteFile:
    """A site with trackers of these names."""
    text = '[site]\nname = "x"\n'
    for name in names or ("desk",):
        text += (
            f'[trackers.{name}]\nkind = "rest"\nurl = "http://127.0.0.1:9"\n{more}{STATES.format(name=name)}'
        )
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse(tomllib.loads(text), path))


@dataclass
class Pair:
    """One side and the other."""

    database: Store
    file: SiteFile
    clock: ManualClock
    boards: dict[str, Board] = field(default_factory=dict)
    faults: dict[str, Callable[[str], None]] = field(default_factory=dict)

    def tracker(self, name: str) -> Tracker:
        board = self.boards.setdefault(name, Board())
        return OnBoard(board, self.faults.get(name, lambda _when: None))

    @property
    def board(self) -> Board:
        return self.boards.setdefault("desk", Board())

    def open(self, origin: Origin = Origin.HAND, title: str = "Acme cannot pay", number: int = 1) -> int:
        check = "a.b" if origin is Origin.CHECK else None
        opening = Opening(
            f"p{number}",
            title,
            Status.WARNING,
            self.clock.now(),
            "ana",
            "secret words",
            "db",
            check,
            origin,
            facts={"client": "acme"},
        )
        with self.database.begin() as connection:
            return incidents.open_(connection, opening)

    def link(self, incident: int = 1, tracker: str = "desk") -> None:
        with self.database.begin() as connection:
            joining.make(connection, incidents.get(connection, incident), tracker, self.clock.now())

    def sync(self, **later: float) -> None:
        """Let the worker compare, after a while."""
        self.clock.advance(**(later or {"minutes": 1}))
        for board in self.boards.values():
            board.at = max(board.at, self.clock.now() - timedelta(seconds=30))
        sync(self.database, self.file, self.clock, self.tracker)

    def act(self, name: str, *words: str) -> None:
        """Somebody here does something with incident 1."""
        now = self.clock.now()
        with self.database.begin() as connection:
            match name:
                case "ack":
                    incidents.acknowledge(connection, 1, now, "ana")
                case "note":
                    incidents.note(connection, 1, now, "ana", *words)
                case "pause":
                    incidents.pause(connection, 1, now, "ana", "for Cy", now)
                case "resume":
                    incidents.resume(connection, 1, now, "ana", "Cy came", now)
                case "recover":
                    incidents.tell(connection, 1, EntryKind.RECOVERED, now, "lexops", "well", now)
                case "resolve":
                    incidents.resolve(connection, 1, now, "ana", "mended")
                case "reopen":
                    incidents.reopen(connection, 1, now, "ana", "not over")
                case "cancel":
                    incidents.cancel(connection, 1, now, "ana", "no fault")

    def incident(self, id: int = 1) -> Incident:
        with self.database.read() as connection:
            return incidents.get(connection, id)

    def told(self, kind: EntryKind | None = None, id: int = 1) -> list[tuple[str, str]]:
        """Author and text of the timeline's entries of a kind."""
        with self.database.read() as connection:
            entries = incidents.timeline(connection, id)
        return [(each.author, each.text) for each in entries if kind in (None, each.kind)]

    def found(self, incident: int = 1, tracker: str = "desk") -> Link:
        with self.database.read() as connection:
            return store.get(connection, incident, tracker)
