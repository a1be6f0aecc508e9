"""A screen that lists things: at first those that matter now, and on a key all of them, read in a thread."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from textual import on, work
from textual.message import Message

from lexops.errors import LexOpsError
from lexops.text import plural
from lexops.tui.ink import Ink, Tone
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.row_list import RowList

R = TypeVar("R")


class Listing(Room, Generic[R]):
    """One list; what is shown stays when all of them cannot be read."""

    @dataclass
    class Read(Message):
        """They have been read."""

        rows: Sequence[Any]
        everything: bool

    @dataclass
    class Failed(Message):
        """They could not be read."""

        text: str
        hint: str

    noun: ClassVar[str]
    """What a row is."""
    current_noun: ClassVar[str]
    """What a row is while only those that matter now are shown."""
    known: ClassVar[bool] = True
    """Whether those that matter now are known without reading."""

    everything = False

    def current(self, snapshot: Snapshot) -> Sequence[R]:
        """Those that matter now, where they are known."""
        return ()

    @abstractmethod
    def read(self) -> Sequence[R]:
        """All of them, or where they are not known those that matter now; called in a thread.

        Raises LexOpsError.
        """

    @abstractmethod
    def show(self, rows: Sequence[R]) -> None:
        """Put rows into the list, in columns."""

    @abstractmethod
    def count(self) -> None:
        """Say how many there are; called whenever the rows in sight are others."""

    @property
    def _list(self) -> RowList[R]:
        return self.query_one(RowList)

    @property
    def counted(self) -> Ink:
        """How many there are, and how many of them are in sight."""
        if not self._list.known:
            return Ink("")
        shown, total = len(self._list.rows), self._list.total
        said = plural(total, self.noun if self.everything else self.current_noun)
        return Ink(said if shown == total else f"{shown:,} of {said}", Tone.QUIET)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if self.everything or not self.known:
            self._read_all(self.everything)
        else:
            self.show(self.current(snapshot))

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read_all(self, everything: bool) -> None:
        try:
            self.post_message(self.Read(self.read(), everything))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show_all(self, event: Read) -> None:
        if self.everything is event.everything:
            self.show(event.rows)

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.console.say(event.text, event.hint, failed=True)

    @on(RowList.Arranged)
    def _arranged(self) -> None:
        self.count()

    def action_toggle_all(self) -> None:
        self.everything = not self.everything
        self.follow()
