"""One message: to whom, what it may say, and every try to send it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from lexops.outbox.model import MessageView
from lexops.tui.ink import Line
from lexops.tui.presenters import outbox
from lexops.tui.screens.outbox import ACTS
from lexops.tui.screens.page import Page


class MessageScreen(Page[MessageView]):
    """Its keys only open a form; the gate decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ACTS,
        Binding("i", "incident", "incident", id="message.incident", tooltip="To the incident it is about"),
    ]

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def read(self) -> MessageView:
        return self.console.port.message(self.number)

    def lines(self, known: MessageView, width: int) -> list[Line]:
        return outbox.message_lines(known, self.console.now(), self.console.port.zone, width)

    def crumbs(self) -> Sequence[str]:
        return ("outbox", str(self.number))

    def state(self) -> Line:
        return (outbox.badge(self.known.message),) if self.known else ()

    def subject(self) -> dict[str, object]:
        return {"message": self.number}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action not in ("operate", "incident"):
            return super().why_not(action, parameters)
        if self.known is None:
            return "it has not been read yet"
        if action == "incident":
            return "" if outbox.about(self.known.message) else "it is about no incident"
        return outbox.why_not(self.known.message, str(parameters[0]))

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_incident(self) -> None:
        if self.known and (place := outbox.about(self.known.message)):
            await self.console.go(place)
