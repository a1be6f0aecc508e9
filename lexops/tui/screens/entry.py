"""One entry of the record, and how it is proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.proof import entry_lines
from lexops.tui.screens.room import Room
from lexops.tui.screens.verify import VerifyScreen
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import EntryView
from lexops.tui.widgets.panel import Panel


class EntryScreen(Room):
    """Its fields, as far as this operator may read them, and its proof."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prove", "write proof", id="entry.prove", tooltip="Write a proof that others can check"),
        Binding("v", "verify", "verify", id="entry.verify", tooltip="Look at every entry and every seal"),
    ]

    @dataclass
    class Read(Message):
        """The entry has been read."""

        entry: EntryView

    @dataclass
    class Proven(Message):
        """The proof is written; one line that says where."""

        text: str

    @dataclass
    class Failed(Message):
        """It could not be read or proven; what is shown stays."""

        text: str
        hint: str

    def __init__(self, id: str) -> None:
        super().__init__()
        self.entry_id = id
        self.known: EntryView | None = None

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page"):
            yield Panel(id="page")

    def crumbs(self) -> Sequence[str]:
        if self.known is None or self.known.row.index is None:
            return ("entry",)
        return (f"#{self.known.row.index:,}",)

    def state(self) -> Line:
        if self.known is None:
            return ()
        if self.known.checkpoint is None:
            return (Ink("▲ NOT SEALED YET", Tone.WARNING),)
        return (Ink("✔ SEALED", Tone.OK),)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.entry(self.entry_id)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        self.known = entry = event.entry
        self.tell()
        self.refresh_bindings()
        zone, now = self.console.port.zone, self.console.now()
        self.query_one("#page", Panel).show(lambda width: entry_lines(entry, now, zone, width))

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.known is None:
            self.query_one("#page", Panel).show(lambda width: error_lines(event.text, event.hint, width))
        else:
            self.console.say(event.text, event.hint, failed=True)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        sealed = self.known is not None and self.known.checkpoint is not None
        return "it is not sealed yet" if action == "prove" and not sealed else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    @work(thread=True, exclusive=True, group="prove", exit_on_error=False)
    def action_prove(self) -> None:
        try:
            self.post_message(self.Proven(self.console.port.prove(self.entry_id)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Proven)
    def _proven(self, event: Proven) -> None:
        self.console.say(event.text, "check it anywhere: python verifier.py and this file")

    def action_verify(self) -> None:
        self.app.push_screen(VerifyScreen(self.console.port))
