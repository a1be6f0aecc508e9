"""The requests that need people, and all the others."""

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
from lexops.gate.model import RequestView
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import Place, RequestPlace
from lexops.tui.presenters import requests
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.row_list import RowList


class RequestsScreen(Room):
    """Approvals, decisions and reviews that wait; or the newest of all requests."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "toggle_all", "waiting / all", id="requests.toggle", tooltip="Waiting, or all"),
    ]

    @dataclass
    class Read(Message):
        """All requests have been read."""

        requests: Sequence[RequestView]

    @dataclass
    class Failed(Message):
        """They could not be read; what is shown stays."""

        text: str
        hint: str

    everything = False

    def body(self) -> Iterable[Widget]:
        yield RowList[RequestView](
            lambda each: each.id,
            haystack=requests.haystack,
            heading=True,
            nothing="no request needs anybody",
            id="requests",
        )

    def crumbs(self) -> Sequence[str]:
        return ("requests",)

    def state(self) -> Line:
        shown, total = len(self._list.rows), self._list.total
        noun = "request" if self.everything else "waiting request"
        said = plural(total, noun) if shown == total else f"{shown:,} of {plural(total, noun)}"
        return (Ink(said, Tone.QUIET),)

    @property
    def _list(self) -> RowList[RequestView]:
        return self.query_one("#requests", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if self.everything:
            self._read_all()
        else:
            self._show(snapshot.requests)

    def _show(self, rows: Sequence[RequestView]) -> None:
        snapshot = self.console.snapshot
        me, denied = (snapshot.session, snapshot.denied) if snapshot else (None, {})
        self._list.show(rows, requests.columns(rows, me, denied, self.console.now()))

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read_all(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.requests(True)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show_all(self, event: Read) -> None:
        if self.everything:
            self._show(event.requests)

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.console.say(event.text, event.hint, failed=True)

    @on(RowList.Arranged)
    def _count(self) -> None:
        self.tell()

    def place_of(self, key: object) -> Place | None:
        return RequestPlace(key) if isinstance(key, int) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"request": row.id, "hash": row.hash} if row else {}

    def action_toggle_all(self) -> None:
        self.everything = not self.everything
        self.follow()
