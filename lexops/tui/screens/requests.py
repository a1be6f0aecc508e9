"""The requests that need people, and all the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from lexops.gate.model import RequestView
from lexops.tui.ink import Line
from lexops.tui.places import Place, RequestPlace
from lexops.tui.presenters import requests
from lexops.tui.screens.listing import Listing
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.row_list import RowList


class RequestsScreen(Listing[RequestView]):
    """Approvals, decisions and reviews that wait; or the newest of all requests."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "toggle_all", "waiting / all", id="requests.toggle", tooltip="Waiting, or all"),
    ]

    noun = "request"
    current_noun = "waiting request"

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
        return (self.counted,)

    def current(self, snapshot: Snapshot) -> Sequence[RequestView]:
        return snapshot.requests

    def read(self) -> Sequence[RequestView]:
        return self.console.port.requests(True)

    def show(self, rows: Sequence[RequestView]) -> None:
        snapshot = self.console.snapshot
        me, denied = (snapshot.session, snapshot.denied) if snapshot else (None, {})
        self._list.show(rows, requests.columns(rows, me, denied, self.console.now()))

    def count(self) -> None:
        self.tell()

    def place_of(self, key: object) -> Place | None:
        return RequestPlace(key) if isinstance(key, int) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"request": row.id, "hash": row.hash} if row else {}
