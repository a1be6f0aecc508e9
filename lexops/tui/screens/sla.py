"""Mode 9: the clocks that run, what is broken or breaks first at the top."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from lexops.tui.clocks import ClockRow
from lexops.tui.ink import Ink, Tone
from lexops.tui.places import ExplanationPlace, IncidentPlace, Place
from lexops.tui.presenters import clocks
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.header import section
from lexops.tui.screens.sla_view import VIEWS, SlaView
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class SlaScreen(SlaView):
    """Every clock that runs."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "sla.tcss"]  # type: ignore[assignment]
    view = "now"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "incident", "incident", id="sla.incident", tooltip="To the incident of the clock"),
        *VIEWS,
        Binding("a", "operate('incident.acknowledge')", "ack", id="sla.ack", tooltip="Take it in hand"),
        Binding(
            "u",
            "operate('incident.answer')",
            "answered",
            id="sla.answer",
            tooltip="Note what the client was told",
        ),
    ]

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield Panel(id="unread")
        yield RowList[ClockRow](
            lambda row: row.place,
            haystack=clocks.haystack,
            heading=True,
            nothing="no clock runs: nothing is open that something was promised for",
            id="clocks",
        )

    @property
    def _list(self) -> RowList[ClockRow]:
        return self.query_one("#clocks", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        unclear = snapshot.unclear
        unread = self.query_one("#unread", Panel)
        unread.display = bool(unclear)
        if unclear:
            unread.show(lambda width: error_lines(unclear.text, unclear.hint, width))
            self._list.forget()
        else:
            self._list.show(snapshot.clocks, clocks.columns(snapshot.clocks, now, self.console.port.zone))

    @on(RowList.Arranged)
    def _count(self) -> None:
        said = clocks.counted(self._list.rows, self._list.total) if self._list.known else ""
        remark = (Ink(said, Tone.QUIET),)
        self.query_one(".title", Panel).show(lambda width: (section("CLOCKS", width, remark),))

    def place_of(self, key: object) -> Place | None:
        return key if isinstance(key, ExplanationPlace) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"incident": row.incident.id} if row else {}

    async def action_incident(self) -> None:
        if row := self._list.current:
            await self.console.go(IncidentPlace(row.incident.id))

    def action_operate(self, name: str) -> None:
        if subject := self.subject():
            self.console.operate(name, subject)
