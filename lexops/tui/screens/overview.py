"""Mode 1: the whole site at one glance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget

from lexops.checks.view import CheckDetail, CheckRow, TargetRow
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import (
    CheckPlace,
    IncidentPlace,
    Place,
    RequestPlace,
    TargetPlace,
    TriagePlace,
    is_place,
)
from lexops.tui.presenters import overview
from lexops.tui.presenters.check import trend_lines
from lexops.tui.presenters.checks import haystack as check_words
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


def _target_words(row: TargetRow) -> str:
    return f"target:{row.name}\nenv:{row.environment}\nis:{row.status}"


STEP = 5
"""Lines by which the list of problems grows."""


class OverviewScreen(Room):
    """What is wrong, what waits, the targets, and how much was seen."""

    CSS_PATH = "overview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "a", "acknowledge", "ack", id="overview.ack", tooltip="Take the row under the cursor in hand"
        ),
        Binding("r", "run", "run now", id="overview.run", tooltip="Look again now at the selected check"),
        Binding("t", "triage", "triage", id="overview.triage", tooltip="Why it fails, and what to do"),
        Binding(
            "tab", "app.focus_next", "next list", show=False, id="overview.next", tooltip="To the next list"
        ),
    ]

    @dataclass
    class Trend(Message):
        """The history of the selected problem has been read."""

        place: CheckPlace
        detail: CheckDetail | None

    _trend_of: CheckPlace | None = None

    def body(self) -> Iterable[Widget]:
        with Container(id="quarters"):
            with Vertical(id="now"):
                yield Panel(classes="title")
                yield RowList[CheckRow](
                    lambda row: CheckPlace(row.target, row.check),
                    haystack=check_words,
                    nothing="nothing is wrong with what was seen",
                    id="now-list",
                )
            with Vertical(id="needs"):
                yield Panel(classes="title")
                yield RowList[overview.Need](
                    lambda need: (need.place, need.text),
                    haystack=lambda need: f"{need.text}\n{need.remark}",
                    nothing="nobody is needed",
                    id="needs-list",
                )
            with Vertical(id="targets"):
                yield Panel(classes="title")
                yield RowList[TargetRow](
                    lambda row: TargetPlace(row.name),
                    haystack=_target_words,
                    nothing="no targets; add some to lexops.toml",
                    id="targets-list",
                )
            with Vertical(id="coverage"):
                yield Panel(classes="title")
                yield Panel(id="coverage-lines")
            with Vertical(id="trend"):
                yield Panel(classes="title")
                yield Panel(id="trend-lines")

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        fleet = snapshot.fleet
        narrow = self.has_class("-narrow")
        urgent = overview.urgent(fleet)
        folded = overview.folded(fleet)
        takers = overview.takers(snapshot, urgent, now)
        self._list("now").show(urgent, overview.urgent_columns(urgent, now, takers))
        needs = overview.needs(snapshot, now)
        self._list("needs").show(needs, overview.need_columns(needs, now))
        self._list("targets").show(fleet.targets, overview.target_columns(fleet.targets, narrow=narrow))
        more = Ink(f"{folded:,} more behind unreachable targets" if folded else "", Tone.QUIET)
        self._title("now", "NOW", more)
        self._title("needs", "NEEDS YOU")
        self._title("targets", overview.targets_title(fleet.targets, narrow=narrow))
        self._make_room(len(fleet.targets), proofs=4 + (snapshot.duty.month is not None))
        self._title("coverage", "COVERAGE AND PROOF")
        seen = overview.coverage(fleet, snapshot.record, snapshot.duty.month)
        lines = self.query_one("#coverage-lines", Panel)
        lines.show(lambda width: overview.coverage_lines(seen, now, width))
        self._follow_trend()

    def _make_room(self, targets: int, proofs: int) -> None:
        """What is wrong gets room in steps, so that one problem more or less moves nothing."""
        room = self.query_one("#quarters").size.height
        below = max(6, min(targets + 1, room // 2))
        if self.has_class("-narrow"):
            rows = f"3fr 2fr {min(targets + 2, 6)} {proofs + 1}"
        else:
            shown = max(len(self._list("now").rows), len(self._list("needs").rows)) + 3
            above = max(STEP, min(STEP * math.ceil(shown / STEP), room - below - 1))
            rows = f"{above} {below}"
        self.query_one("#quarters").styles.grid_rows = f"{rows} 1fr" if self.has_class("-wide") else rows

    def _list(self, quarter: str) -> RowList[Any]:
        return self.query_one(f"#{quarter}-list", RowList)

    def _title(self, quarter: str, title: str, remark: Ink | None = None) -> None:
        right: Line = (remark,) if remark else ()
        panel = self.query_one(f"#{quarter} > .title", Panel)
        panel.show(lambda width: (section(title, width, right),))

    def place_of(self, key: object) -> Place | None:
        if isinstance(key, tuple):
            key = key[0]
        return key if is_place(key) else None

    # The trend of the selected target's selected problem

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._follow_trend()

    def on_resize(self) -> None:
        self.call_after_refresh(self.follow)

    def selected(self) -> CheckPlace | None:
        """The check that the cursor means: its row, or the worst of its target."""
        focused = self.focused
        key = focused.current_key if isinstance(focused, RowList) else self._list("now").current_key
        place = self.place_of(key)
        if isinstance(place, CheckPlace):
            return place
        snapshot = self.console.snapshot
        if snapshot is None:
            return None
        if isinstance(place, TargetPlace):
            rows = [row for row in snapshot.fleet.problems if row.target == place.target]
            return CheckPlace(rows[0].target, rows[0].check) if rows else None
        if isinstance(place, IncidentPlace):
            for each in snapshot.incidents:
                if each.id == place.id and each.target and each.check:
                    return CheckPlace(each.target, each.check)
        return None

    def _follow_trend(self) -> None:
        if not self.has_class("-wide"):
            return
        place = self.selected()
        if place is None:
            self._trend_of = None
            self._title("trend", "TREND")
            self.query_one("#trend-lines", Panel).show(
                lambda width: [(Ink(" no problem selected", Tone.QUIET),)]
            )
            return
        self._read_trend(place)

    @work(thread=True, exclusive=True, group="trend", exit_on_error=False)
    def _read_trend(self, place: CheckPlace) -> None:
        try:
            detail = self.console.port.check(place.target, place.check)
        except LexOpsError:
            # The header says already that the store is out of reach.
            self.post_message(self.Trend(place, None))
        else:
            self.post_message(self.Trend(place, detail))

    @on(Trend)
    def _show_trend(self, event: Trend) -> None:
        detail, place = event.detail, event.place
        if place != self.selected() or detail is None:
            return
        self._trend_of = place
        metric = Ink(detail.series[0].metric if detail.series else "", Tone.QUIET)
        self._title("trend", f"TREND  {place.target} {place.check}", metric)
        height = max(4, min(16, self.query_one("#trend").size.height - 1))
        zone = self.console.port.zone
        self.query_one("#trend-lines", Panel).show(lambda width: trend_lines(detail, zone, width, height))

    # Keys

    def subject(self) -> dict[str, object]:
        place = self.place_of(self._focused_key())
        if isinstance(place, IncidentPlace):
            return {"incident": place.id}
        if isinstance(place, RequestPlace):
            return {"request": place.number}
        if isinstance(place, TargetPlace):
            return {"target": place.target}
        if isinstance(place, CheckPlace):
            return {"target": place.target, "check": place.check}
        return {}

    def _focused_key(self) -> object:
        return self.focused.current_key if isinstance(self.focused, RowList) else None

    def action_acknowledge(self) -> None:
        subject = self.subject()
        if "incident" in subject:
            self.console.operate("incident.acknowledge", subject)
        elif "check" in subject:
            self.console.operate("check.acknowledge", subject)

    async def action_triage(self) -> None:
        if place := self.selected():
            await self.console.go(TriagePlace(place.target, place.check))

    def action_run(self) -> None:
        if place := self.selected():
            self.console.operate("check.run", {"target": place.target, "check": place.check})
