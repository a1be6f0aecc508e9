"""One incident: what it is on one side, what happened on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from lexops.errors import LexOpsError
from lexops.incidents.model import Incident
from lexops.text import plural
from lexops.tui.duty import Dossier
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import CheckPlace, ExplanationPlace, Place, TriagePlace, is_place
from lexops.tui.presenters.forms import error_lines
from lexops.tui.presenters.header import section
from lexops.tui.presenters.incidents import Known, Timeline, about_rows
from lexops.tui.presenters.rows import COLUMNS, Leading, haystack, of_lines
from lexops.tui.presenters.status import badge
from lexops.tui.screens.of_incident import BELONGING, CLOCKS, TAKING, TELLING, OfIncident
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList

T = TypeVar("T")


class IncidentScreen(OfIncident[Known]):
    """What happened, who has it, what was promised, who is told, and what was done."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "incident.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        *TAKING,
        Binding("t", "triage", "triage", id="incident.triage", tooltip="Why it fails, and what to do"),
        *CLOCKS,
        *TELLING,
        Binding("e", "explain", "explain", id="incident.explain", tooltip="How its due times came about"),
        *BELONGING,
        Binding(
            "tab", "app.focus_next", "other side", show=False, id="incident.side", tooltip="To the other list"
        ),
    ]

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._timeline = Timeline()

    @property
    def incident(self) -> Incident | None:
        return self.known.incident if self.known else None

    def read(self) -> Known:
        port = self.console.port
        incident, timeline, check = port.incident(self.number)
        # What is wrong with a promise, or with a policy, must not hide what happened.
        clocks = _or_why(lambda: port.explanation(self.number).ticket)
        self._timeline.rows(timeline, port.zone, self._timeline_list.room)  # so that it is wrapped already
        return Known(incident, timeline, check, clocks, _or_why(lambda: port.dossier(self.number)))

    # What is seen

    def body(self) -> Iterable[Widget]:
        with Container(id="incident"):
            yield RowList[Leading](_key, haystack=haystack, nothing="reading", id="about")
            with Vertical(id="happened"):
                yield Panel(classes="title")
                yield RowList[Leading](_key, haystack=haystack, nothing="nothing yet", id="timeline")

    def redraw(self) -> None:
        if known := self.known:
            now, zone = self.console.now(), self.console.port.zone
            about, timeline = self._about_list, self._timeline_list
            tight = self.has_class("-short")
            about.show(about_rows(known, now, zone, about.room, tight=tight), COLUMNS)
            timeline.show(self._timeline.rows(known.timeline, zone, timeline.room), COLUMNS)
            said = (Ink(plural(len(known.timeline), "entry"), Tone.QUIET),)
            self.query_one(".title", Panel).show(lambda width: (section("TIMELINE", width, said),))

    def refuse(self, text: str, hint: str) -> None:
        width = self._about_list.room
        self._about_list.show(of_lines("error", error_lines(text, hint, width)), COLUMNS)

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    @property
    def _about_list(self) -> RowList[Leading]:
        return self.query_one("#about", RowList)

    @property
    def _timeline_list(self) -> RowList[Leading]:
        return self.query_one("#timeline", RowList)

    def state(self) -> Line:
        return (badge(self.known.incident.severity),) if self.known else ()

    # Where it leads

    def place_of(self, key: object) -> Place | None:
        """Where the row leads; else to the check it is about."""
        place = key[1] if isinstance(key, tuple) else None
        if is_place(place):
            return place
        return CheckPlace(*self._about) if self._about else None

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "triage":
            return "" if self._about else "it is about no check"
        if action == "runbook":
            return "" if self._runbook else "its check has no runbook"
        return super().why_not(action, parameters)

    @property
    def _about(self) -> tuple[str, str] | None:
        incident = self.incident
        return (incident.target, incident.check) if incident and incident.target and incident.check else None

    @property
    def _runbook(self) -> str:
        dossier = self.known.dossier if self.known else ""
        return dossier.runbook if isinstance(dossier, Dossier) else ""

    async def action_triage(self) -> None:
        if about := self._about:
            await self.console.go(TriagePlace(*about))

    async def action_runbook(self) -> None:
        # The triage of the check ends with what to do: its advice and its runbook.
        await self.action_triage()

    async def action_explain(self) -> None:
        await self.console.go(ExplanationPlace(self.number))


def _or_why(read: Callable[[], T]) -> T | str:
    try:
        return read()
    except LexOpsError as error:
        return str(error)


def _key(row: Leading) -> tuple[object, Place | None]:
    return (row.key, row.place)
