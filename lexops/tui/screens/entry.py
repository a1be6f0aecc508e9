"""One entry of the record, and how it is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters.proof import entry_lines
from lexops.tui.screens.page import Page
from lexops.tui.screens.verify import VerifyScreen
from lexops.tui.views import EntryView


class EntryScreen(Page[EntryView]):
    """Its fields, as far as this operator may read them, and its proof."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prove", "write proof", id="entry.prove", tooltip="Write a proof that others can check"),
        Binding("v", "verify", "verify", id="entry.verify", tooltip="Look at every entry and every seal"),
    ]

    @dataclass
    class Proven(Message):
        """The proof is written; one line that says where."""

        text: str

    def __init__(self, id: str) -> None:
        super().__init__()
        self.entry_id = id

    def read(self) -> EntryView:
        return self.console.port.entry(self.entry_id)

    def lines(self, known: EntryView, width: int) -> list[Line]:
        return entry_lines(known, self.console.now(), self.console.port.zone, width)

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
