"""One check on one target."""

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

from lexops.checks.view import CheckDetail
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone, line
from lexops.tui.places import ActivityPlace, IncidentPlace, TriagePlace
from lexops.tui.presenters.check import crumb, detail_lines
from lexops.tui.presenters.forms import error_lines
from lexops.tui.screens.findings import FindingsScreen
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel


class CheckScreen(Room):
    """Status, numbers, plot, meaning, evidence, relations and history of a check."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "operate('check.run')", "run now", id="check.run", tooltip="Look again now"),
        Binding(
            "a",
            "operate('check.acknowledge')",
            "acknowledge",
            id="check.ack",
            tooltip="Take the problem in hand",
        ),
        Binding(
            "d",
            "operate('check.downtime')",
            "downtime",
            id="check.downtime",
            tooltip="Announce work on the target; nobody is called",
        ),
        Binding("i", "incident", "incident", id="check.incident", tooltip="Go to its incident, or open one"),
        Binding("t", "triage", "triage", id="check.triage", tooltip="Why it fails, and what to do"),
        Binding("l", "activity", "live", id="check.activity", tooltip="What goes on in the database now"),
        Binding(
            "s",
            "operate('check.silence')",
            "silence",
            show=False,
            id="check.silence",
            tooltip="Tell nobody for a while; it still counts and shows",
        ),
        Binding("f", "findings", "findings", id="check.findings", tooltip="All findings as a list"),
        Binding("m", "metric", "metric", show=False, id="check.metric", tooltip="Plot the next metric"),
    ]

    @dataclass
    class Read(Message):
        """The detail has been read."""

        detail: CheckDetail

    @dataclass
    class Failed(Message):
        """It could not be read; what is shown stays."""

        text: str
        hint: str

    def __init__(self, target: str, check: str) -> None:
        super().__init__()
        self.target = target
        self.check = check
        self.detail: CheckDetail | None = None
        self._metric = 0

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page"):
            yield Panel(id="page")

    def crumbs(self) -> Sequence[str]:
        return (self.target, self.check)

    def state(self) -> Line:
        return crumb(self.detail.row if self.detail else None, self.console.now())

    def subject(self) -> dict[str, object]:
        return {"target": self.target, "check": self.check}

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.check(self.target, self.check)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        self.detail = event.detail
        self.tell()
        self._redraw()
        self.refresh_bindings()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.detail is None:
            self.query_one("#page", Panel).show(lambda width: error_lines(event.text, event.hint, width))
        else:
            self.console.say(event.text, event.hint, failed=True)

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        detail, zone, now, metric = self.detail, self.console.port.zone, self.console.now(), self._metric
        height = self.size.height
        if detail is None:
            self.query_one("#page", Panel).show(lambda width: [line(Ink(" reading", Tone.QUIET))])
            return
        self.query_one("#page", Panel).show(
            lambda width: detail_lines(detail, now, zone, width, height, metric)
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "findings":
            return True if self.detail and self.detail.findings else None
        if action == "activity":
            return True if self.detail and self.detail.row.kind.is_database else None
        if action == "metric":
            return True if self.detail and len(self.detail.series) > 1 else None
        return super().check_action(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_incident(self) -> None:
        if self.detail is None:
            return
        row = self.detail.row
        if row.incident:
            await self.console.go(IncidentPlace(row.incident))
        else:
            self.console.operate("incident.open", {"target": self.target})

    async def action_triage(self) -> None:
        await self.console.go(TriagePlace(self.target, self.check))

    async def action_activity(self) -> None:
        await self.console.go(ActivityPlace(self.target))

    def action_findings(self) -> None:
        if self.detail:
            self.app.push_screen(FindingsScreen(self.detail))

    def action_metric(self) -> None:
        self._metric += 1
        self._redraw()
