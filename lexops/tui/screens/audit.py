"""Mode 0: the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from lexops.errors import LexOpsError
from lexops.text import plural
from lexops.tui.ink import Ink, Tone
from lexops.tui.places import EntryPlace, Place
from lexops.tui.presenters import proof
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.screens.verify import VerifyScreen
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import LogRow
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList

MOST = 100_000
"""Entries that are kept at hand; `lexops audit log` reads any."""
FIRST, PAGE = 500, 5_000


class AuditScreen(Room):
    """Every act on the record, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "verify", id="audit.verify", tooltip="Look at every entry and every seal"),
    ]

    @dataclass
    class Read(Message):
        """The record has been read, or some more of it."""

        rows: Sequence[LogRow]
        is_all: bool

    @dataclass
    class Failed(Message):
        """It could not be read; what is shown stays."""

        text: str
        hint: str

    rows: Sequence[LogRow] = ()
    is_all = True

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield RowList[LogRow](
            lambda row: row.id,
            haystack=proof.log_haystack,
            heading=True,
            nothing="nothing is on the record yet",
            id="log",
        )

    @property
    def _list(self) -> RowList[LogRow]:
        return self.query_one("#log", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._count()
        self._read(self.rows)

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self, known: Sequence[LogRow]) -> None:
        worker, port = get_current_worker(), self.console.port
        try:
            while not worker.is_cancelled:
                rows, is_all = proof.grown(known, port.log, FIRST, PAGE, MOST)
                self.post_message(self.Read(rows, is_all))
                if is_all or len(rows) == len(known):
                    return
                known = rows
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        if event.rows != self.rows:
            self.rows = event.rows
            self._list.show(event.rows, proof.log_columns(event.rows, self.console.port.zone))
        self.is_all = event.is_all
        self._count()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.console.say(event.text, event.hint, failed=True)

    @on(RowList.Arranged)
    def _count(self) -> None:
        shown, total = len(self._list.rows), self._list.total
        said = plural(total, "entry") if self.is_all else f"the newest {plural(total, 'entry')}"
        counted = Ink(said if shown == total else f"{shown:,} of {said}", Tone.QUIET)
        snapshot = self.console.snapshot
        standing = proof.record_line(snapshot.record if snapshot else None, self.console.now())
        remark = (counted, Ink(" · ", Tone.QUIET), *standing)
        self.query_one(".title", Panel).show(lambda width: (section("RECORD", width, remark),))

    def place_of(self, key: object) -> Place | None:
        return EntryPlace(key) if isinstance(key, str) else None

    def action_verify(self) -> None:
        self.app.push_screen(VerifyScreen(self.console.port))
