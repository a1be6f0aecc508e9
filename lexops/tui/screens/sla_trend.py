"""What was kept in the last twelve months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from lexops.sla.report import Month
from lexops.sla.view import Report
from lexops.tui.ink import Ink, Tone, line
from lexops.tui.places import MonthPlace, Place
from lexops.tui.presenters import months
from lexops.tui.presenters.header import section
from lexops.tui.screens.sla_view import VIEWS, SeldomRead
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class AttainmentScreen(SeldomRead[Report]):
    """A plot, and the months as a list; each leads to its own page."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "sla.tcss"]  # type: ignore[assignment]
    view = "trend"
    BINDINGS: ClassVar[list[BindingType]] = [*VIEWS]

    def content(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield Panel(id="attainment")
        yield RowList[months.Total](
            lambda each: MonthPlace(str(each.month)),
            haystack=months.total_haystack,
            heading=True,
            nothing="nothing that was promised has come to its end",
            id="months",
        )

    def read(self) -> Report:
        console = self.console
        return console.port.month(str(Month.of(console.now(), console.port.zone)))

    def show(self) -> None:
        known = self.known
        plot, rows = self.query_one("#attainment", Panel), self.query_one("#months", RowList)
        self.query_one(".title", Panel).show(lambda width: (section("ATTAINED, ALL CLOCKS", width),))
        if known is None:
            plot.show(lambda width: [line(Ink(" reading", Tone.QUIET))])
            rows.forget()
            return
        listed, zone = months.totals(known), self.console.port.zone
        height = max(3, plot.size.height - 1)
        plot.show(lambda width: months.trend_lines(listed, zone, width, height))
        rows.show(listed, months.total_columns())

    def on_resize(self) -> None:
        self.call_after_refresh(self.follow)

    def crumbs(self) -> Sequence[str]:
        return ("twelve months",)

    def place_of(self, key: object) -> Place | None:
        return key if isinstance(key, MonthPlace) else None
