"""What all full screens share: header, crumbs, filter, keys, and how they follow the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from lexops.tui.ink import Ink, Line, Tone, spread
from lexops.tui.places import Place
from lexops.tui.presenters.banners import banner_lines
from lexops.tui.presenters.header import joined
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.filter_bar import FilterBar
from lexops.tui.widgets.header import Header
from lexops.tui.widgets.key_line import KeyLine
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from lexops.tui.frame import Frame


class Room(Screen[None]):
    """A full screen of the console."""

    CSS_PATH = "room.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="room.filter", tooltip="Show only rows with what you type"),
        Binding("c", "clear_filter", "clear", show=False, id="room.clear", tooltip="Clear the filter"),
        Binding("escape", "back", "back", show=False, id="room.back", tooltip="Clear the filter, or go back"),
    ]

    def compose(self) -> ComposeResult:
        yield Header()
        yield Panel(id="banners")
        yield Panel(id="crumbs")
        yield from self.body()
        yield FilterBar()
        yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """The widgets between the crumbs and the filter."""
        return ()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        """Show the data; called whenever they are newer, and now and then for the ages."""

    def crumbs(self) -> Sequence[str]:
        """The way from the mode to here; empty at the top."""
        return ()

    def state(self) -> Line:
        """How what is shown stands, for the right end of the crumbs."""
        return ()

    def subject(self) -> Mapping[str, object]:
        """Arguments that an operation asked for here is about."""
        return {}

    def action_downtime(self) -> None:
        """Announce work on the target in sight, not on one check only: work makes others of it fail, too."""
        about = {name: value for name, value in self.subject().items() if name == "target"}
        self.console.operate("check.downtime", about)

    @property
    def console(self) -> Frame:
        """The app, as rooms know it."""
        return cast("Frame", self.app)

    def on_mount(self) -> None:
        self.watch(self, "selections", self._selected, init=False)
        self.follow()

    def on_screen_resume(self) -> None:
        self.follow()

    def _selected(self) -> None:
        self.console.release()

    def follow(self) -> None:
        """Draw what the console knows now."""
        if not self.is_mounted:
            return
        self.tell()
        if snapshot := self.console.snapshot:
            self.draw(snapshot, self.console.now())

    def tell(self) -> None:
        """Say in the header how things stand, and in the crumbs where one is."""
        console = self.console
        self.query_one(Header).tell(console.standing(), console.mode_marks())
        self._warn()
        way = self.crumbs()
        crumbs = self.query_one("#crumbs", Panel)
        crumbs.display = bool(way)
        if way:
            pieces = [Ink(console.mode_title, Tone.QUIET), *(Ink(step, Tone.STRONG) for step in way)]
            left: Line = (Ink(" "), *joined(pieces, " › "))
            right: Line = (*self.state(), Ink(" "))
            crumbs.show(lambda width: (spread(left, right, width),))

    def _warn(self) -> None:
        console = self.console
        snapshot, heads, now = console.snapshot, console.heads, console.now()
        banners = self.query_one("#banners", Panel)
        banners.display = bool(banner_lines(snapshot, heads, now, 80))
        banners.show(lambda width: banner_lines(snapshot, heads, now, width))

    # Filter

    def filter_lists(self, needle: str) -> None:
        """Put a filter on every list of the screen."""
        for rows in self.query(RowList):
            rows.filter(needle)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        """Why a key of this screen does nothing now; empty when it does, or needs no explanation."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter" and self.query_one(FilterBar).typing:
            return False  # the key is a sign of the filter then
        if action in ("filter", "clear_filter", "leave_filter"):
            return bool(self.query(RowList))
        return True

    def action_filter(self) -> None:
        self.query_one(FilterBar).edit()

    def action_clear_filter(self) -> None:
        self.query_one(FilterBar).set("")
        self.action_leave_filter()

    @on(FilterBar.Left)
    def action_leave_filter(self) -> None:
        self.query_one(FilterBar).rest()
        lists = [rows for rows in self.query(RowList) if rows.rows] or list(self.query(RowList))
        if lists:
            lists[0].focus()

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        self.filter_lists(event.text)

    async def action_back(self) -> None:
        if self.query_one(FilterBar).text:
            self.action_clear_filter()
        elif self.get_selected_text():
            self.clear_selection()
        elif len(self.app.screen_stack) > 1:
            await self.app.pop_screen()

    @on(RowList.Selected)
    async def _open(self, event: RowList.Selected) -> None:
        if (place := self.place_of(event.key)) is not None:
            await self.console.go(place)

    def place_of(self, key: object) -> Place | None:
        """Where a row with this key leads."""
        return None
