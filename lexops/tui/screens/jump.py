"""The `:` prompt: type where to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from lexops.tui.ink import Ink, Tone, line
from lexops.tui.places import Place
from lexops.tui.presenters.jump import Destination, answers, columns
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class JumpScreen(ModalScreen[Place | None]):
    """Completes modes, targets, checks and incidents; enter goes to the marked one."""

    CSS_PATH = "jump.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", id="jump.close", tooltip="Stay where you are"),
        Binding("down,tab", "step(1)", "next", priority=True, id="jump.next", tooltip="Next answer"),
        Binding(
            "up,shift+tab", "step(-1)", "previous", priority=True, id="jump.up", tooltip="Previous answer"
        ),
    ]

    @dataclass
    class Found(Message):
        """What was typed has been looked up."""

        query: str
        answers: Sequence[Destination]

    def __init__(self, known: Sequence[Destination]) -> None:
        super().__init__()
        self._known = known
        self._answered: str | None = None
        self._waiting = False

    def compose(self) -> ComposeResult:
        with Vertical(id="jump"):
            with Horizontal(id="jump-line"):
                yield Panel(id="jump-sign")
                yield Input(id="jump-input", compact=True, placeholder="mode, target, check or incident")
            yield RowList[Destination](
                lambda each: each.place, nothing="nothing of that name", id="jump-list"
            )

    def on_mount(self) -> None:
        self.query_one("#jump-sign", Panel).show(lambda width: (line(Ink(" : ", Tone.CHIP)),))
        rows = self.query_one(RowList)
        rows.can_focus, rows.mark = False, True
        self.query_one(Input).focus()
        self._look_up("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._look_up(event.value)

    @work(thread=True, exclusive=True, group="look-up", exit_on_error=False)
    def _look_up(self, query: str) -> None:
        self.post_message(self.Found(query, answers(query, self._known)))

    @on(Found)
    def _show(self, event: Found) -> None:
        if event.query != self.query_one(Input).value:
            return
        rows = self.query_one(RowList)
        rows.show(event.answers, columns())
        rows.move_to(0)
        self._answered = event.query
        if self._waiting:
            self._enter()

    @on(Input.Submitted)
    def _enter(self) -> None:
        # Who types faster than the answers come means what they typed, not what is still shown.
        self._waiting = self._answered != self.query_one(Input).value
        if not self._waiting:
            row = self.query_one(RowList).current
            self.dismiss(row.place if row else None)

    @on(RowList.Selected)
    def _chosen(self, event: RowList.Selected) -> None:
        row = self.query_one(RowList).current
        self.dismiss(row.place if row else None)

    def action_step(self, step: int) -> None:
        self.query_one(RowList).action_move(step)
