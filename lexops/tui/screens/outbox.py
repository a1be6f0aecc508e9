"""What is sent to people: what waits, what failed and why; on a key all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from lexops.outbox.model import Message
from lexops.tui.ink import Line
from lexops.tui.places import MessagePlace, Place
from lexops.tui.presenters import outbox
from lexops.tui.screens.listing import Listing
from lexops.tui.widgets.row_list import RowList


def act(key: str, operation: str, label: str, tooltip: str) -> Binding:
    """A key that asks for an act on a message."""
    id = operation.replace(".", "-")
    return Binding(key, f"operate('{operation}')", label, id=f"message.{id}", tooltip=tooltip)


ACTS = (
    act("r", outbox.RETRY, "retry", "Try again from the first way to reach them"),
    act("d", outbox.DROP, "drop", "Send it no more"),
)


class OutboxScreen(Listing[Message]):
    """Its keys only open a form; the gate decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ACTS,
        Binding("t", "toggle_all", "open / all", id="outbox.toggle", tooltip="Waiting and failed, or all"),
        Binding("i", "incident", "incident", id="outbox.incident", tooltip="To the incident it is about"),
    ]

    noun = "message"
    current_noun = "open message"
    known = False

    def body(self) -> Iterable[Widget]:
        yield RowList[Message](
            lambda each: each.id,
            haystack=outbox.haystack,
            heading=True,
            nothing="nothing waits, and nothing failed",
            id="outbox",
        )

    def crumbs(self) -> Sequence[str]:
        return ("outbox",)

    def state(self) -> Line:
        return (self.counted,)

    def read(self) -> Sequence[Message]:
        return self.console.port.messages(self.everything)

    def show(self, rows: Sequence[Message]) -> None:
        self._list.show(rows, outbox.columns(rows, self.console.now()), outbox.order)

    def count(self) -> None:
        self.tell()
        self.refresh_bindings()

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def place_of(self, key: object) -> Place | None:
        return MessagePlace(key) if isinstance(key, int) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"message": row.id} if row else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action not in ("operate", "incident"):
            return super().why_not(action, parameters)
        row = self._list.current
        if row is None:
            return "no message is selected"
        if action == "incident":
            return "" if outbox.about(row) else "it is about no incident"
        return outbox.why_not(row, str(parameters[0]))

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    async def action_incident(self) -> None:
        row = self._list.current
        if row and (place := outbox.about(row)):
            await self.console.go(place)
