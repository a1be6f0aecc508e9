"""The filter: a line to type in, and a chip that says that something is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.widgets.panel import Panel


class FilterInput(Input):
    """Where the filter is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "clear", id="filter.clear", tooltip="Clear the filter"),
        Binding("enter", "submit", "keep", id="filter.keep", tooltip="Keep the filter, go to the list"),
        Binding("down", "screen.leave_filter", "list", show=False, id="filter.leave", tooltip="To the list"),
    ]


class FilterBar(Horizontal):
    """Hidden until there is a filter or one is being typed."""

    @dataclass
    class Changed(Message):
        """The filter reads otherwise; an older one no longer matters."""

        text: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FilterBar.Changed)

    @dataclass
    class Left(Message):
        """Typing is over; the filter stays."""

    def compose(self) -> ComposeResult:
        yield Panel(id="filter-chip")
        yield FilterInput(id="filter-input", compact=True)

    @property
    def text(self) -> str:
        """The filter in force."""
        return self.query_one(FilterInput).value

    @property
    def typing(self) -> bool:
        """Whether the filter has the focus."""
        return self.query_one(FilterInput).has_focus

    def edit(self) -> None:
        """Start or go on typing, at once: what follows in the same packet is meant for the filter."""
        self.add_class("-typing")
        self.app.stylesheet.update(self)
        self.screen.set_focus(self.query_one(FilterInput))
        self._tell()

    def set(self, text: str) -> None:
        """Put a filter in force without typing."""
        with self.prevent(Input.Changed):
            self.query_one(FilterInput).value = text
        self._changed(text)

    def rest(self) -> None:
        """Stop typing; the chip stays as long as something is hidden."""
        self.remove_class("-typing")
        self._tell()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._changed(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())

    def _changed(self, text: str) -> None:
        self.set_class(bool(text), "-filtered")
        self._tell()
        self.post_message(self.Changed(text))

    def _tell(self) -> None:
        text, typing = self.text, self.has_class("-typing")

        def draw(width: int) -> Sequence[Line]:
            if typing:
                return (line(" ", Ink(" / ", Tone.CHIP)),)
            return (line(" ", Ink(f" / {text} ", Tone.CHIP), Ink("  esc clears", Tone.QUIET)),)

        self.query_one(Panel).show(draw)
