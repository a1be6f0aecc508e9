"""What the pages about one check share: whose they are, and the keys that act on it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from lexops.checks.view import CheckDetail
from lexops.tui.ink import Line
from lexops.tui.places import ActivityPlace, IncidentPlace
from lexops.tui.presenters.check import crumb
from lexops.tui.screens.page import Page

T = TypeVar("T")


class OfCheck(Page[T]):
    """A page about one check on one target."""

    def __init__(self, target: str, check: str) -> None:
        super().__init__()
        self.target = target
        self.check = check
        self.metric = 0
        """Which of its series is plotted."""

    @property
    @abstractmethod
    def detail(self) -> CheckDetail | None:
        """The check, once it has been read."""

    def state(self) -> Line:
        return crumb(self.detail.row if self.detail else None, self.console.now())

    def subject(self) -> dict[str, object]:
        return {"target": self.target, "check": self.check}

    def on_resize(self) -> None:
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        detail = self.detail
        if action == "activity":
            return "" if detail and detail.row.kind.is_database else "only databases have sessions"
        if action == "metric":
            return "" if detail and len(detail.series) > 1 else "there is no other metric"
        return super().why_not(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_activity(self) -> None:
        await self.console.go(ActivityPlace(self.target))

    async def action_incident(self) -> None:
        row = self.detail.row if self.detail else None
        if row and row.incident:
            await self.console.go(IncidentPlace(row.incident))
        elif row:
            self.console.operate("incident.open", {"target": self.target})

    def action_metric(self) -> None:
        self.metric += 1
        self.redraw()
