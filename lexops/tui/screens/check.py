"""One check on one target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.checks.view import CheckDetail
from lexops.tui.ink import Line
from lexops.tui.places import TriagePlace
from lexops.tui.presenters.check import detail_lines
from lexops.tui.screens.findings import FindingsScreen
from lexops.tui.screens.of_check import OfCheck


class CheckScreen(OfCheck[CheckDetail]):
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
            "downtime",
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

    @property
    def detail(self) -> CheckDetail | None:
        return self.known

    def read(self) -> CheckDetail:
        return self.console.port.check(self.target, self.check)

    def lines(self, known: CheckDetail, width: int) -> list[Line]:
        console = self.console
        return detail_lines(known, console.now(), console.port.zone, width, self.size.height, self.metric)

    def crumbs(self) -> Sequence[str]:
        return (self.target, self.check)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "findings":
            return "" if self.detail and self.detail.findings else "it has found nothing"
        return super().why_not(action, parameters)

    async def action_triage(self) -> None:
        await self.console.go(TriagePlace(self.target, self.check))

    def action_findings(self) -> None:
        if self.detail:
            self.app.push_screen(FindingsScreen(self.detail))
