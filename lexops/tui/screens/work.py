"""What the operator at the console has to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from lexops.text import plural
from lexops.tui.duty import Work
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import IncidentPlace, Place, RequestPlace, is_place
from lexops.tui.presenters import work
from lexops.tui.presenters.incidents import why_not
from lexops.tui.screens.of_incident import TAKING, TELLING, WAITING, watching
from lexops.tui.screens.page import Page
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.row_list import RowList

UNREAD = Work()
"""Stands for what could not be read."""


class WorkScreen(Page[Work]):
    """My incidents and those I watch, updates I promised, requests that wait for me, my shifts."""

    BINDINGS: ClassVar[list[BindingType]] = [*TAKING, *TELLING, *WAITING]

    def body(self) -> Iterable[Widget]:
        yield RowList[work.Task](
            lambda task: task.key,
            haystack=work.haystack,
            heading=True,
            id="work",
        )

    @property
    def _list(self) -> RowList[work.Task]:
        return self.query_one("#work", RowList)

    def read(self) -> Work:
        return self.console.port.work()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self.redraw()
        super().draw(snapshot, now)

    def redraw(self) -> None:
        if (snapshot := self.console.snapshot) and (known := self.known):
            self._list.nothing = "not all of it could be read" if known is UNREAD else "nothing waits for you"
            rows = work.tasks(snapshot, known, self.console.now(), self.console.port.zone)
            self._list.show(rows, work.columns(rows))

    def refuse(self, text: str, hint: str) -> None:
        # What the console knows already is shown nevertheless.
        self.known = UNREAD
        self.redraw()
        self.console.say(text, hint, failed=True)

    def crumbs(self) -> Sequence[str]:
        return ("my work",)

    def state(self) -> Line:
        return (Ink(plural(self._list.total, "thing"), Tone.QUIET),)

    @on(RowList.Arranged)
    @on(RowList.Moved)
    def _changed(self) -> None:
        self.tell()
        self.refresh_bindings()

    def place_of(self, key: object) -> Place | None:
        place = key[1] if isinstance(key, tuple) else None
        return place if is_place(place) else None

    def subject(self) -> dict[str, object]:
        place = self.place_of(self._list.current_key)
        if isinstance(place, IncidentPlace):
            return {"incident": place.id}
        return {"request": place.number} if isinstance(place, RequestPlace) else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action not in ("operate", "watch"):
            return super().why_not(action, parameters)
        number = self.subject().get("incident")
        if number is None:
            return "no incident is selected"
        if action == "watch":
            return ""
        if not self.console.offers(str(parameters[0])):
            return "it is not offered to you"
        known = self.console.snapshot.incidents if self.console.snapshot else ()
        found = next((each for each in known if each.id == number), None)
        return why_not(found, str(parameters[0])) if found else ""

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())

    def action_watch(self) -> None:
        if isinstance(number := self.subject().get("incident"), int):
            name, known = watching(self.console.snapshot, number)
            self.console.operate(name, {"incident": number, **known})
