"""One incident and its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.checks.view import CheckRow
from lexops.incidents.model import Entry, Incident, State
from lexops.tui.ink import Line
from lexops.tui.places import CheckPlace, TriagePlace
from lexops.tui.presenters.incidents import incident_lines
from lexops.tui.presenters.status import badge
from lexops.tui.screens.page import Page

Known = tuple[Incident, Sequence[Entry], CheckRow | None]


class IncidentScreen(Page[Known]):
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

    def __init__(self, id: int) -> None:
        super().__init__()
        self.number = id

    @property
    def incident(self) -> Incident | None:
        """The incident, once it has been read."""
        return self.known[0] if self.known else None

    def read(self) -> Known:
        return self.console.port.incident(self.number)

    def lines(self, known: Known, width: int) -> list[Line]:
        return incident_lines(*known, self.console.now(), self.console.port.zone, width)

    def crumbs(self) -> Sequence[str]:
        return (f"#{self.number}",)

    def state(self) -> Line:
        return (badge(self.known[0].severity),) if self.known else ()

    def subject(self) -> dict[str, object]:
        return {"incident": self.number}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        incident = self.incident
        if action in ("check", "triage"):
            return True if incident and incident.target and incident.check else None
        if action == "operate" and incident and parameters != ("incident.note",):
            taken = parameters == ("incident.acknowledge",) and incident.state is not State.OPEN
            return None if taken or not incident.is_open else True
        return super().check_action(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_triage(self) -> None:
        incident = self.incident
        if incident and incident.target and incident.check:
            await self.console.go(TriagePlace(incident.target, incident.check))

    async def action_check(self) -> None:
        incident = self.incident
        if incident and incident.target and incident.check:
            await self.console.go(CheckPlace(incident.target, incident.check))
