"""What was kept and broken in a month: by client and day, in numbers, and each broken promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widget import Widget

from lexops.sla.report import Month
from lexops.sla.view import Breach, Report
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.places import ExplanationPlace, IncidentPlace, Place
from lexops.tui.presenters import months
from lexops.tui.presenters.header import section
from lexops.tui.screens.sla_view import VIEWS, SeldomRead
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class MonthScreen(SeldomRead[Report]):
    """One month in the site's zone."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "sla.tcss", "sla_month.tcss"]  # type: ignore[assignment]
    view = "month"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "less_than_sign",
            "month(-1)",
            "before",
            id="sla.before",
            key_display="<",
            tooltip="The month before",
        ),
        Binding(
            "greater_than_sign",
            "month(1)",
            "after",
            id="sla.after",
            key_display=">",
            tooltip="The month after",
        ),
        Binding(
            "o", "incident", "incident", id="sla.broken", tooltip="To the incident of the broken promise"
        ),
        *VIEWS,
        Binding("tab", "app.focus_next", "next part", show=False, id="sla.next", tooltip="To the next part"),
    ]

    def __init__(self, month: str = "") -> None:
        super().__init__()
        self._wanted = Month.parse(month) if month else None

    @property
    def month(self) -> Month:
        """The one that is shown."""
        return self._wanted or self._this_month

    @property
    def _this_month(self) -> Month:
        return Month.of(self.console.now(), self.console.port.zone)

    def content(self) -> Iterable[Widget]:
        with Container(id="month"):
            with VerticalScroll(id="heat"):
                yield Panel(id="heat-lines")
            with VerticalScroll(id="attained"):
                yield Panel(id="attained-lines")
            with Vertical(id="broken"):
                yield Panel(classes="title")
                yield RowList[Breach](
                    months.broken,
                    haystack=months.breach_haystack,
                    heading=True,
                    nothing="no promise was broken",
                    id="breaches",
                )

    @property
    def _list(self) -> RowList[Breach]:
        return self.query_one("#breaches", RowList)

    def on_mount(self) -> None:
        self._list.focus()

    def read(self) -> Report:
        return self.console.port.month(str(self.month))

    def show(self) -> None:
        known, zone = self.known, self.console.port.zone
        heat, attained = self.query_one("#heat-lines", Panel), self.query_one("#attained-lines", Panel)
        if known is None:
            heat.show(lambda width: [line(Ink(" reading", Tone.QUIET))])
            attained.show(lambda width: ())
            self._list.forget()
            return
        heat.show(lambda width: months.heat_lines(known, width))
        attained.show(
            lambda width: [
                section("ATTAINED", width),
                *months.attainment_lines(known.attainments, width),
                *months.summary_lines(known, zone, width),
            ]
        )
        self._list.show(known.breaches, months.breach_columns(known.breaches, zone))

    @on(RowList.Arranged)
    def _count(self) -> None:
        shown, total = len(self._list.rows), self._list.total
        said = f"{total:,}" if shown == total else f"{shown:,} of {total:,}"
        said = said if self._list.known else ""
        remark = (Ink(said, Tone.QUIET),)
        self.query_one("#broken > .title", Panel).show(lambda width: (section("BROKEN", width, remark),))

    def crumbs(self) -> Sequence[str]:
        return ("month", self.month.words)

    def state(self) -> Line:
        known = self.known
        if known is None:
            return ()
        if known.is_accused:
            return (Ink("✖ closed, then tampered with", Tone.CRITICAL),)
        if known.tampered:
            return (Ink("? closed, not proven", Tone.WARNING),)
        if known.restatements:
            return (Ink(f"▲ closed, {plural(len(known.restatements), 'restatement')}", Tone.WARNING),)
        if known.closed:
            return (Ink("✔ closed", Tone.OK),)
        return (Ink("so far" if self.month == self._this_month else "not closed", Tone.QUIET),)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "month" and parameters == (1,) and self.month >= self._this_month:
            return "that month is still to come"
        if action == "incident" and not (self.known and self.known.breaches):
            return "no promise was broken"
        return super().why_not(action, parameters)

    def action_month(self, by: int) -> None:
        self._wanted = self.month.plus(by)
        self.look_anew()
        self.refresh_bindings()

    def place_of(self, key: object) -> Place | None:
        return key if isinstance(key, ExplanationPlace) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        about = {"incident": row.incident} if row else {}
        return {"month": str(self.month), **about}

    async def action_incident(self) -> None:
        if row := self._list.current:
            await self.console.go(IncidentPlace(row.incident))
