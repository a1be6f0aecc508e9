"""One incident and its timeline."""

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

from lexops.checks.view import CheckRow
from lexops.errors import LexOpsError
from lexops.incidents.model import Entry, Incident, State
from lexops.tui.ink import Line
from lexops.tui.places import CheckPlace, TriagePlace
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.incidents import incident_lines
from lexops.tui.presenters.status import badge
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel


class IncidentScreen(Room):
    """What happened, who has it, and what was done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "a",
            "operate('incident.acknowledge')",
            "acknowledge",
            id="incident.ack",
            tooltip="Take it in hand",
        ),
        Binding("n", "operate('incident.note')", "note", id="incident.note", tooltip="Write a note"),
        Binding("x", "operate('incident.resolve')", "resolve", id="incident.resolve", tooltip="Resolve it"),
        Binding("enter", "check", "check", id="incident.check", tooltip="Go to the check it is about"),
        Binding("t", "triage", "triage", id="incident.triage", tooltip="Why it fails, and what to do"),
    ]

    @dataclass
    class Read(Message):
        """The incident has been read."""

        incident: Incident
        timeline: Sequence[Entry]
        check: CheckRow | None

    @dataclass
    class Failed(Message):
        """It could not be read; what is shown stays."""

        text: str
        hint: str

    def __init__(self, id: int) -> None:
        super().__init__()
        self.number = id
        self.known: IncidentScreen.Read | None = None

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="page"):
            yield Panel(id="page")

    def crumbs(self) -> Sequence[str]:
        return (f"#{self.number}",)

    def state(self) -> Line:
        return (badge(self.known.incident.severity),) if self.known else ()

    def subject(self) -> dict[str, object]:
        return {"incident": self.number}

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        try:
            self.post_message(self.Read(*self.console.port.incident(self.number)))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        self.known = event
        self.tell()
        self.refresh_bindings()
        zone, now = self.console.port.zone, self.console.now()
        self.query_one("#page", Panel).show(
            lambda width: incident_lines(event.incident, event.timeline, event.check, now, zone, width)
        )

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.known is None:
            self.query_one("#page", Panel).show(lambda width: error_lines(event.text, event.hint, width))
        else:
            self.console.say(event.text, event.hint, failed=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        incident = self.known.incident if self.known else None
        if action in ("check", "triage"):
            return True if incident and incident.target and incident.check else None
        if action == "operate" and incident and parameters != ("incident.note",):
            taken = parameters == ("incident.acknowledge",) and incident.state is not State.OPEN
            return None if taken or not incident.is_open else True
        return super().check_action(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_triage(self) -> None:
        incident = self.known.incident if self.known else None
        if incident and incident.target and incident.check:
            await self.console.go(TriagePlace(incident.target, incident.check))

    async def action_check(self) -> None:
        incident = self.known.incident if self.known else None
        if incident and incident.target and incident.check:
            await self.console.go(CheckPlace(incident.target, incident.check))
