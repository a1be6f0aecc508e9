"""A screen that shows one thing as text: read in a thread, anew whenever something has happened."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from textual import on, work
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.presenters.forms import error_lines
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel

T = TypeVar("T")


class Page(Room, Generic[T]):
    """What is shown stays when it cannot be read again."""

    @dataclass
    class Read(Message):
        """It has been read."""

        known: object

    @dataclass
    class Failed(Message):
        """It could not be read, or something that was asked of it failed."""

        text: str
        hint: str

    def __init__(self) -> None:
        super().__init__()
        self.known: T | None = None

    @abstractmethod
    def read(self) -> T:
        """What to show; called in a thread. Raises LexOpsError."""

    def lines(self, known: T, width: int) -> list[Line]:
        """The page, drawn; unless it has a body of its own."""
        return []

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page"):
            yield Panel(id="page")

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self.look()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def look(self) -> None:
        """Read it again."""
        try:
            self.post_message(self.Read(self.read()))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        before, self.known = self.known, event.known  # type: ignore[assignment]
        self.tell()
        if before != self.known:
            self.refresh_bindings()
        self.redraw()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.known is None:
            self.refuse(event.text, event.hint)
        else:
            self.console.say(event.text, event.hint, failed=True)

    def refuse(self, text: str, hint: str) -> None:
        """Say why there is nothing to show."""
        self._page.show(lambda width: error_lines(text, hint, width))

    def redraw(self) -> None:
        """Draw what is known."""
        known = self.known
        if known is None:
            self._page.show(lambda width: [line(Ink(" reading", Tone.QUIET))])
        else:
            self._page.show(lambda width: self.lines(known, width))

    @property
    def _page(self) -> Panel:
        return self.query_one("#page", Panel)
