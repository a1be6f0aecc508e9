"""Mode 3: incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from lexops.errors import LexOpsError
from lexops.incidents.model import Incident
from lexops.text import plural
from lexops.tui.ink import Ink, Tone
from lexops.tui.places import IncidentPlace, Place
from lexops.tui.presenters import incidents
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class IncidentsScreen(Room):
    """Open incidents, or all of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "toggle_all", "open / all", id="incidents.toggle", tooltip="Open incidents, or all"),
        Binding("a", "operate('incident.acknowledge')", "ack", id="incidents.ack", tooltip="Take it in hand"),
        Binding("n", "operate('incident.note')", "note", id="incidents.note", tooltip="Write a note"),
        Binding("x", "operate('incident.resolve')", "resolve", id="incidents.resolve", tooltip="Resolve it"),
        Binding("o", "open_new", "new", id="incidents.open", tooltip="Open an incident by hand"),
    ]

    @dataclass
    class Read(Message):
        """All incidents have been read."""

        incidents: Sequence[Incident]

    @dataclass
    class Failed(Message):
        """They could not be read; what is shown stays."""

        text: str
        hint: str

    everything = False

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield RowList[Incident](
            lambda each: each.id,
            haystack=incidents.haystack,
            heading=True,
            nothing="no open incidents",
            id="incidents",
        )

    @property
    def _list(self) -> RowList[Incident]:
        return self.query_one("#incidents", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if self.everything:
            self._read_all()
        else:
            self._show(snapshot.incidents)

    def _show(self, rows: Sequence[Incident]) -> None:
        self._list.show(rows, incidents.columns(rows, self.console.now()), incidents.order)

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read_all(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.incidents(True)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show_all(self, event: Read) -> None:
        if self.everything:
            self._show(event.incidents)

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.console.say(event.text, event.hint, failed=True)

    @on(RowList.Arranged)
    def _count(self) -> None:
        shown, total = len(self._list.rows), self._list.total
        noun = "incident" if self.everything else "open incident"
        said = plural(total, noun) if shown == total else f"{shown:,} of {plural(total, noun)}"
        remark = (Ink(said, Tone.QUIET),)
        self.query_one(".title", Panel).show(lambda width: (section("INCIDENTS", width, remark),))

    def place_of(self, key: object) -> Place | None:
        return IncidentPlace(key) if isinstance(key, int) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"incident": row.id} if row else {}

    def action_toggle_all(self) -> None:
        self.everything = not self.everything
        self.follow()

    def action_operate(self, name: str) -> None:
        if subject := self.subject():
            self.console.operate(name, subject)

    def action_open_new(self) -> None:
        self.console.operate("incident.open", {})
