"""Mode 2: every check on every target."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from lexops.checks.view import CheckRow
from lexops.text import plural
from lexops.tui.ink import Ink, Tone
from lexops.tui.places import ActivityPlace, CheckPlace, Place, TreePlace, TriagePlace
from lexops.tui.presenters import checks
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.filter_bar import FilterBar
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class HealthScreen(Room):
    """All checks, the worst first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "sort", id="health.sort", tooltip="Sort by severity, target or newest change"),
        Binding("r", "operate('check.run')", "run now", id="health.run", tooltip="Look again now"),
        Binding(
            "a", "operate('check.acknowledge')", "ack", id="health.ack", tooltip="Take the problem in hand"
        ),
        Binding(
            "d",
            "downtime",
            "downtime",
            id="health.downtime",
            tooltip="Announce work on the target; nobody is called",
        ),
        Binding("t", "triage", "triage", id="health.triage", tooltip="Why it fails, and what to do"),
        Binding("l", "activity", "live", id="health.activity", tooltip="What goes on in the database now"),
        Binding(
            "v", "tree", "tree", id="health.tree", tooltip="What runs where; downtimes, silences, freezes"
        ),
        Binding(
            "A",
            "acknowledge_all",
            "ack all",
            show=False,
            id="health.ack_all",
            tooltip="Take all that fails on the target in hand",
        ),
        Binding(
            "z",
            "operate('check.silence')",
            "silence",
            show=False,
            id="health.silence",
            tooltip="Tell nobody for a while; it still counts and shows",
        ),
    ]

    _sort = 0

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield RowList[CheckRow](
            lambda row: CheckPlace(row.target, row.check),
            haystack=checks.haystack,
            heading=True,
            nothing="no checks yet",
            id="checks",
        )

    @property
    def _list(self) -> RowList[CheckRow]:
        return self.query_one("#checks", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        fleet = snapshot.fleet
        columns = checks.columns(fleet.checks, [target.name for target in fleet.targets], now)
        self._list.show(fleet.checks, columns, checks.ORDERS[self._sort][1])

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(RowList.Arranged)
    def _count(self) -> None:
        shown, total = len(self._list.rows), self._list.total
        said = plural(total, "check") if shown == total else f"{shown:,} of {plural(total, 'check')}"
        remark = Ink(f"{said}, by {checks.ORDERS[self._sort][0]}", Tone.QUIET)
        self.query_one(".title", Panel).show(lambda width: (section("HEALTH", width, (remark,)),))
        self.refresh_bindings()

    def only(self, target: str) -> None:
        """Show the checks of one target."""
        self.query_one(FilterBar).set(f"target:{target}")
        self._list.focus()

    def place_of(self, key: object) -> Place | None:
        return key if isinstance(key, CheckPlace) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"target": row.target, "check": row.check} if row else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action != "activity":
            return super().why_not(action, parameters)
        row = self._list.current
        return "" if row and row.kind.is_database else "only databases have sessions"

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(checks.ORDERS)
        self.follow()

    async def action_triage(self) -> None:
        if row := self._list.current:
            await self.console.go(TriagePlace(row.target, row.check))

    async def action_activity(self) -> None:
        if row := self._list.current:
            await self.console.go(ActivityPlace(row.target))

    async def action_tree(self) -> None:
        await self.console.go(TreePlace())

    def action_acknowledge_all(self) -> None:
        if row := self._list.current:
            self.console.operate("check.acknowledge-all", {"target": row.target})

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())
