"""One request: what would be done, who agreed, how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.gate.model import RequestView, State
from lexops.tui.ink import Line
from lexops.tui.presenters import offers, requests
from lexops.tui.screens.page import Page

LIVE = 1.0
"""Seconds between two looks at a request that is under way: its progress is no event."""


def _act(key: str, operation: str, label: str, tooltip: str) -> Binding:
    id = operation.replace(".", "-")
    return Binding(key, f"operate('{operation}')", label, id=f"request.{id}", tooltip=tooltip)


class RequestScreen(Page[RequestView]):
    """Its keys only open a form; the gate decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _act("a", offers.GRANT, "approve", "Approve it, as it is shown here"),
        _act("x", offers.REFUSE, "refuse", "Refuse it; it is over then"),
        _act("v", offers.REVIEW, "review", "Say what you think of its breaking the glass"),
        _act("r", offers.RESUME, "resume", "Let it go on from the step where it stopped"),
        _act("p", offers.PAUSE, "pause run", "Let it stop before its next step"),
        _act("g", offers.CANCEL, "give up", "Give it up; what runs stops before its next step"),
    ]

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def read(self) -> RequestView:
        return self.console.port.request(self.number)

    def lines(self, known: RequestView, width: int) -> list[Line]:
        console = self.console
        me, denied = (console.snapshot.session, console.snapshot.denied) if console.snapshot else (None, {})
        return requests.request_lines(known, me, denied, console.now(), console.port.zone, width)

    def on_mount(self) -> None:
        self.set_interval(LIVE, self._look_on)

    def crumbs(self) -> Sequence[str]:
        return ("requests", f"#{self.number}")

    def state(self) -> Line:
        return (requests.state_badge(self.known),) if self.known else ()

    def subject(self) -> dict[str, object]:
        known = self.known
        # With the hash of what is on the screen, so that nothing else is approved.
        return {"request": self.number, **({"hash": known.hash} if known else {})}

    def _look_on(self) -> None:
        under_way = self.known is not None and self.known.state in (State.RUNNING, State.RELEASED)
        if under_way and not self.console.held:
            self.look()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action != "operate":
            return ""
        snapshot = self.console.snapshot
        if self.known is None or snapshot is None or snapshot.session is None:
            return "it has not been read yet"
        return offers.why_not(self.known, snapshot.session, snapshot.denied).get(str(parameters[0]), "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())
