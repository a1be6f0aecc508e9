"""Who is on call: every rota now and over two weeks, and the shifts of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from lexops.oncall.walls import midnight
from lexops.tui.duty import RotaView
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.presenters import oncall
from lexops.tui.presenters.header import section
from lexops.tui.screens.page import Page
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class OnCallScreen(Page[Sequence[RotaView]]):
    """Days are those of the site's zone, shifts those of the rota's, as they are typed."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "oncall.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "o",
            "operate('oncall.override')",
            "override",
            id="oncall.override",
            tooltip="Let somebody else be on call for a while",
        ),
        Binding(
            "s", "operate('oncall.swap')", "swap", id="oncall.swap", tooltip="Let two swap their next shifts"
        ),
        Binding(
            "less_than_sign",
            "weeks(-1)",
            "before",
            id="oncall.before",
            key_display="<",
            tooltip="The two weeks before",
        ),
        Binding(
            "greater_than_sign",
            "weeks(1)",
            "after",
            id="oncall.after",
            key_display=">",
            tooltip="The two weeks after",
        ),
        Binding("tab", "app.focus_next", "shifts", show=False, id="oncall.next", tooltip="To the shifts"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._away = 0
        """How many times two weeks from now."""

    def body(self) -> Iterable[Widget]:
        yield RowList[RotaView](
            lambda rota: rota.name,
            haystack=oncall.haystack,
            heading=True,
            nothing="no rotas; make one: lexops oncall layer",
            id="rotas",
        )
        yield Panel(classes="title")
        with VerticalScroll(classes="page"):
            yield Panel(id="shifts")

    @property
    def _list(self) -> RowList[RotaView]:
        return self.query_one("#rotas", RowList)

    def _first(self) -> date:
        today = self.console.now().astimezone(self.console.port.zone).date()
        return today + timedelta(days=oncall.DAYS * self._away)

    def read(self) -> Sequence[RotaView]:
        zone, first = self.console.port.zone, self._first()
        since, until = (midnight(first + timedelta(days=days), zone) for days in (0, oncall.DAYS))
        return self.console.port.rotas(since, until)

    def redraw(self) -> None:
        now, zone = self.console.now(), self.console.port.zone
        if self.known is not None:
            self._list.show(self.known, oncall.columns(self.known, self._first(), now, zone))

    def refuse(self, text: str, hint: str) -> None:
        self.console.say(text, hint, failed=True)

    def crumbs(self) -> Sequence[str]:
        return ("on call",)

    def state(self) -> Line:
        missing = oncall.unmanned(self.known or ())
        return (Ink(f"✖ nobody now: {', '.join(missing)}", Tone.CRITICAL),) if missing else ()

    @on(RowList.Arranged)
    @on(RowList.Moved)
    def _changed(self) -> None:
        rota, now = self._list.current, self.console.now()
        title = f"{rota.name}  {rota.title}".rstrip() if rota else "SHIFTS"
        own = (Ink(f"times of {rota.zone}", Tone.QUIET),) if rota else ()
        self.query_one(".title", Panel).show(lambda width: (section(title, width, own),))
        shifts = self.query_one("#shifts", Panel)
        shifts.show(lambda width: oncall.shift_lines(rota, now, ZoneInfo(rota.zone), width) if rota else ())
        self.refresh_bindings()

    def subject(self) -> dict[str, object]:
        rota = self._list.current
        return {"rota": rota.name} if rota else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "operate" and not self.console.offers(str(parameters[0])):
            return "it is not offered to you"
        if action == "operate":
            return "" if self._list.current else "there is no rota"
        return super().why_not(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    def action_weeks(self, step: int) -> None:
        self._away += step
        self.look()
