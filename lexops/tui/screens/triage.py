"""Triage of one failing check: why, since when, what changed before, what else fails, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.checks.triage import Triage
from lexops.checks.view import CheckDetail
from lexops.tui.ink import Line
from lexops.tui.places import CheckPlace, TriagePlace
from lexops.tui.presenters.triage import triage_lines
from lexops.tui.screens.of_check import OfCheck


class TriageScreen(OfCheck[Triage]):
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

    @property
    def detail(self) -> CheckDetail | None:
        return self.known.detail if self.known else None

    def read(self) -> Triage:
        return self.console.port.triage(self.target, self.check)

    def lines(self, known: Triage, width: int) -> list[Line]:
        console = self.console
        return triage_lines(known, console.now(), console.port.zone, width, self.size.height, self.metric)

    def crumbs(self) -> Sequence[str]:
        return (self.target, self.check, "triage")

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "cause":
            return "" if self.known and self.known.cause else "nothing else that fails explains it"
        return super().why_not(action, parameters)

    async def action_cause(self) -> None:
        if self.known and (cause := self.known.cause):
            await self.console.go(TriagePlace(cause.target, cause.check))

    async def action_check(self) -> None:
        await self.console.go(CheckPlace(self.target, self.check))
