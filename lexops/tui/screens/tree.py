"""What depends on what, and what is kept quiet: downtimes, silences and freezes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from lexops.checks.tree import tree
from lexops.checks.view import QuietSpan
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Tone
from lexops.tui.places import CheckPlace, Place, TriagePlace
from lexops.tui.presenters import tree as presenter
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList


class TreeScreen(Room):
    """Hosts, what runs on them and what fails there; below, the spans in which failing means less."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "tree.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "triage", "triage", id="tree.triage", tooltip="Why it fails, and what to do"),
        Binding("v", "everything", "failing / all", id="tree.all", tooltip="Failing checks, or all of them"),
        Binding(
            "d",
            "downtime",
            "downtime",
            id="tree.downtime",
            tooltip="Announce work on the target; no incidents open",
        ),
        Binding(
            "s",
            "operate('check.silence')",
            "silence",
            id="tree.silence",
            tooltip="Tell nobody for a while; it still counts and shows",
        ),
        Binding(
            "f",
            "freeze('freeze.start')",
            "freeze",
            id="tree.freeze",
            tooltip="No changes on an environment's targets for a while, but by break-glass",
        ),
        Binding(
            "F",
            "freeze('freeze.end')",
            "end freeze",
            id="tree.thaw",
            tooltip="Allow changes again",
            show=False,
        ),
    ]

    @dataclass
    class Read(Message):
        """The spans have been read."""

        spans: Sequence[QuietSpan]

    @dataclass
    class Failed(Message):
        """They could not be read; what is shown stays."""

        text: str
        hint: str

    everything = False

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield RowList[presenter.Row](
            lambda row: row.place,
            haystack=presenter.haystack,
            heading=True,
            nothing="no targets; add some to lexops.toml",
            id="tree",
        )
        yield Panel(id="quiet-title")
        yield Panel(id="quiet")

    def crumbs(self) -> Sequence[str]:
        return ("tree",)

    @property
    def _list(self) -> RowList[presenter.Row]:
        return self.query_one("#tree", RowList)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        said = "all checks" if self.everything else "failing checks"
        remark = (Ink(said, Tone.QUIET),)
        self.query_one(".title", Panel).show(lambda width: (section("WHAT RUNS WHERE", width, remark),))
        nodes = tree(snapshot.fleet, self.console.port.hosts)
        self._list.show(presenter.rows(nodes, self.everything), presenter.columns(now))
        self.query_one("#quiet-title", Panel).show(
            lambda width: (section("DOWNTIMES, SILENCES, FREEZES", width),)
        )
        self._read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        try:
            self.post_message(self.Read(self.console.port.quiet()))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @on(Read)
    def _show(self, event: Read) -> None:
        now = self.console.now()
        self.query_one("#quiet", Panel).show(lambda _width: presenter.quiet_lines(event.spans, now))

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.console.say(event.text, event.hint, failed=True)

    def place_of(self, key: object) -> Place | None:
        row = self._list.current
        return row.place if row else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        if row is None:
            return {}
        place = row.place
        if isinstance(place, CheckPlace):
            return {"target": place.target, "check": place.check}
        return {"target": row.node.target.name}

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "triage":
            return None if self.why_not(action, parameters) else True
        return super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action == "triage":
            return "" if "check" in self.subject() else "no check is selected"
        return super().why_not(action, parameters)

    async def action_triage(self) -> None:
        row = self._list.current
        if row and isinstance(row.place, CheckPlace):
            await self.console.go(TriagePlace(row.place.target, row.place.check))

    def action_everything(self) -> None:
        self.everything = not self.everything
        self.follow()

    def action_freeze(self, name: str) -> None:
        self.console.operate(name, {})

    def action_operate(self, name: str) -> None:
        self.console.operate(name, self.subject())
