"""What the keys of a screen do, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from lexops.tui.presenters.keys import KeyHelp, help_lines
from lexops.tui.widgets.panel import Panel


class HelpScreen(ModalScreen[None]):
    """A page over the screen it explains."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "close", id="help.close", tooltip="Close the help"),
    ]

    def __init__(self, title: str, keys: Sequence[KeyHelp]) -> None:
        super().__init__()
        self._title_text = title
        self._keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Panel(id="help-lines")

    def on_mount(self) -> None:
        self.query_one(Panel).show(lambda width: help_lines(self._title_text, self._keys, width))
