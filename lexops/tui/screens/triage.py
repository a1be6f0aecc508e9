"""Triage of one failing check: why, since when, what changed before, what else fails, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from lexops.checks.triage import Triage
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.places import ActivityPlace, CheckPlace, IncidentPlace, TriagePlace
from lexops.tui.presenters.check import crumb
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.triage import triage_lines
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel


class TriageScreen(Room):
    """Everything that helps with a failing check on one page, and the keys to act on it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "operate('check.run')", "run now", id="triage.run", tooltip="Look again now"),
        Binding(
            "a",
            "operate('check.acknowledge')",
            "acknowledge",
            id="triage.ack",
            tooltip="Take the problem in hand",
        ),
        Binding(
            "s",
            "operate('check.silence')",
            "silence",
            id="triage.silence",
            tooltip="Tell nobody for a while; it still counts and shows",
        ),
        Binding("l", "activity", "live", id="triage.activity", tooltip="What goes on in the database now"),
        Binding("t", "cause", "cause", id="triage.cause", tooltip="On to the triage of the likely cause"),
        Binding("i", "incident", "incident", id="triage.incident", tooltip="Go to its incident, or open one"),
        Binding("enter", "check", "check", id="triage.check", tooltip="To the page of the check"),
        Binding("m", "metric", "metric", show=False, id="triage.metric", tooltip="Plot the next metric"),
    ]

    @dataclass
    class Read(Message):
        """All has been read."""

        triage: Triage

    @dataclass
    class Failed(Message):
        """It could not be read; what is shown stays."""

        text: str
        hint: str

    def __init__(self, target: str, check: str) -> None:
        super().__init__()
        self.target = target
        self.check = check
        self.known: Triage | None = None
        self._metric = 0

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page"):
            yield Panel(id="page")

    def crumbs(self) -> Sequence[str]:
        return (self.target, self.check, "triage")

    def state(self) -> Line:
        return crumb(self.known.detail.row if self.known else None, self.console.now())

    def subject(self) -> dict[str, object]:
        return {"target": self.target, "check": self.check}

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.triage(self.target, self.check)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        self.known = event.triage
        self.tell()
        self._redraw()
        self.refresh_bindings()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.known is None:
            self.query_one("#page", Panel).show(lambda width: error_lines(event.text, event.hint, width))
        else:
            self.console.say(event.text, event.hint, failed=True)

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        known, zone, now, metric = self.known, self.console.port.zone, self.console.now(), self._metric
        height = self.size.height
        page = self.query_one("#page", Panel)
        if known is None:
            page.show(lambda width: [line(Ink(" reading", Tone.QUIET))])
        else:
            page.show(lambda width: triage_lines(known, now, zone, width, height, metric))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("activity", "cause", "metric"):
            return None if self.why_not(action, parameters) else True
        return super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        known = self.known
        if action == "activity":
            return "" if known and known.database else "only databases have sessions"
        if action == "cause":
            return "" if known and known.cause else "nothing else that fails explains it"
        if action == "metric":
            return "" if known and len(known.detail.series) > 1 else "there is no other metric"
        return super().why_not(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_activity(self) -> None:
        await self.console.go(ActivityPlace(self.target))

    async def action_cause(self) -> None:
        if self.known and (cause := self.known.cause):
            await self.console.go(TriagePlace(cause.target, cause.check))

    async def action_check(self) -> None:
        await self.console.go(CheckPlace(self.target, self.check))

    async def action_incident(self) -> None:
        row = self.known.detail.row if self.known else None
        if row and row.incident:
            await self.console.go(IncidentPlace(row.incident))
        elif row:
            self.console.operate("incident.open", {"target": self.target})

    def action_metric(self) -> None:
        self._metric += 1
        self._redraw()
