"""Mode 3: the queue of incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from lexops.errors import InvalidRequest
from lexops.incidents.model import Incident
from lexops.sla.model import Clock
from lexops.text import plural
from lexops.tui.clocks import ClockRow, nexts
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import (
    ExplanationPlace,
    IncidentPlace,
    OnCallPlace,
    OutboxPlace,
    Place,
    TriagePlace,
    WorkPlace,
)
from lexops.tui.presenters import queue
from lexops.tui.presenters.header import section
from lexops.tui.presenters.incidents import why_not
from lexops.tui.screens.listing import Listing
from lexops.tui.screens.of_incident import BELONGING, LATER, TAKING, TELLING, WAITING, watching
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList

FEW = 300
"""Incidents that are chosen and sorted at once; more of them in a thread."""


class IncidentsScreen(Listing[Incident]):
    """Open incidents, or all of them, in views; acts on the row under the cursor or on those marked."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "incidents.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        *TAKING,
        Binding("v", "view(1)", "view", id="incidents.view", tooltip="The next view"),
        Binding("V", "view(-1)", "view back", show=False, id="incidents.back", tooltip="The view before"),
        Binding("s", "sort", "sort", id="incidents.sort", tooltip="By priority, next breach or age"),
        Binding("t", "toggle_all", "open / all", id="incidents.toggle", tooltip="Open incidents, or all"),
        Binding("m", "mark", "mark", id="incidents.mark", tooltip="Mark it: keys act on all that are marked"),
        *TELLING,
        Binding("f", "fold", "fold", id="incidents.fold", tooltip="Show those listed under others, or not"),
        Binding("o", "open_new", "new", id="incidents.open", tooltip="Open an incident by hand"),
        Binding("e", "explain", "explain", id="incidents.explain", tooltip="How its due times came about"),
        *WAITING,
        *LATER,
        *BELONGING,
        Binding("O", "go('oncall')", "on call", id="incidents.oncall", tooltip="Who is on call"),
        Binding("y", "go('work')", "my work", id="incidents.work", tooltip="What you have to do"),
        Binding("b", "go('outbox')", "outbox", id="incidents.outbox", tooltip="What is sent to people"),
    ]
    ROOMS: ClassVar[dict[str, Place]] = {
        "oncall": OnCallPlace(),
        "work": WorkPlace(),
        "outbox": OutboxPlace(),
    }

    @dataclass
    class Arranged(Message):
        """A thread has chosen and sorted."""

        turn: int
        arranged: queue.Arranged

    noun = "incident"
    current_noun = "open incident"

    def __init__(self) -> None:
        super().__init__()
        self.wanted = queue.Wanted()
        self.marked: frozenset[int] = frozenset()
        """Incidents that keys act on together."""
        self._rows: Sequence[Incident] = ()
        self._whole = False
        """Whether those that are over are among them."""
        self._turn = 0
        self._shown: queue.Arranged | None = None
        self._nexts: tuple[Sequence[ClockRow], Mapping[int, Clock]] = ((), {})
        """The clocks of a snapshot, and of each incident the next of them: there may be thousands."""
        self._misread = ""
        """Why what is typed is no filter."""
        self._asked = False
        """Whether those that are over are shown only because the filter or the view asks for them."""

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield Panel(id="views")
        yield RowList[Incident](
            lambda each: each.id, heading=True, nothing="no open incidents", id="incidents"
        )

    def current(self, snapshot: Snapshot) -> Sequence[Incident]:
        return snapshot.incidents

    def read(self) -> Sequence[Incident]:
        return self.console.port.incidents(True)

    # What is seen

    def show(self, rows: Sequence[Incident]) -> None:
        self._rows, self._whole = rows, self.everything
        self._arrange()

    def filter_lists(self, needle: str) -> None:
        try:
            self._want(replace(self.wanted, filter=queue.read(needle)))
            self._misread = ""
        except InvalidRequest as error:
            # While somebody types most filters are none yet: what was found last stays.
            self._misread = str(error)
        self.count()

    def _want(self, wanted: queue.Wanted) -> None:
        self.wanted = wanted
        views = self._shown.views[wanted.view :][:1] if self._shown else ()
        ended = any(queue.asks_for_ended(each) for each in (wanted.filter, *(view.query for view in views)))
        if ended is not self.everything and (ended or self._asked):
            self.everything = self._asked = ended
            self.follow()
        self._arrange()

    def action_toggle_all(self) -> None:
        self._asked = False
        super().action_toggle_all()

    def _arrange(self) -> None:
        self._turn += 1
        around = self._around()
        if len(self._rows) <= FEW:
            self._put(queue.arranged(self._rows, self.wanted, around))
        else:
            self._arrange_aside(self._turn, self._rows, self.wanted, around)

    def _around(self) -> queue.Around:
        snapshot, now = self.console.snapshot, self.console.now()
        if snapshot is None:
            return queue.Around(now, whole=self._whole)
        me = snapshot.session.operator if snapshot.session else ""
        environments = {row.name: row.environment for row in snapshot.fleet.targets}
        if self._nexts[0] is not snapshot.clocks:
            self._nexts = (snapshot.clocks, nexts(snapshot.clocks))
        return queue.Around(now, snapshot.duty, self._nexts[1], me, environments, whole=self._whole)

    @work(thread=True, exclusive=True, group="arrange", exit_on_error=False)
    def _arrange_aside(
        self, turn: int, rows: Sequence[Incident], wanted: queue.Wanted, around: queue.Around
    ) -> None:
        self.post_message(self.Arranged(turn, queue.arranged(rows, wanted, around)))

    @on(Arranged)
    def _put_aside(self, event: Arranged) -> None:
        if event.turn == self._turn:
            self._put(event.arranged)

    def _put(self, arranged: queue.Arranged) -> None:
        self._shown = arranged
        self.marked &= {each.id for each in self._rows}
        self._list.nothing = self._nothing(arranged)
        around = replace(arranged.around, marked=self.marked)
        self._list.show(arranged.rows, queue.columns(arranged.rows, around))
        self.query_one("#views", Panel).show(
            lambda width: (queue.chips(arranged.views, arranged.counts, arranged.view, width),)
        )

    def _nothing(self, arranged: queue.Arranged) -> str:
        view = arranged.views[arranged.view]
        if view.why:
            return f"{view.name}: {view.why}"
        if self._rows and (self.wanted.filter.terms or arranged.view):
            return "nothing matches the filter"
        return "no open incidents"

    @property
    def counted(self) -> Ink:
        shown, total = len(self._list.rows), len(self._rows)
        said = plural(total, self.noun if self.everything else self.current_noun)
        return Ink(said if shown == total else f"{shown:,} of {said}", Tone.QUIET)

    def count(self) -> None:
        marked = (Ink(f" {len(self.marked):,} marked ", Tone.CHIP), Ink("  ")) if self.marked else ()
        if self._misread:
            remark: Line = (*marked, Ink(f"▲ {self._misread}", Tone.WARNING))
        else:
            sort = self._shown.sort if self._shown else queue.SORTS[0]
            remark = (*marked, self.counted, Ink(f", by {queue.sort_words(sort)}", Tone.QUIET))
        self.query_one(".title", Panel).show(lambda width: (section("INCIDENTS", width, remark),))
        self.refresh_bindings()

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def action_view(self, step: int) -> None:
        if self._shown:
            chosen = (self._shown.view + step) % len(self._shown.views)
            self._want(replace(self.wanted, view=chosen, sort=None))

    def action_sort(self) -> None:
        now, sorts = self._shown.sort if self._shown else None, queue.SORTS
        following = sorts[(sorts.index(now) + 1) % len(sorts)] if now in sorts else sorts[0]
        self._want(replace(self.wanted, sort=following))

    def action_fold(self) -> None:
        self._want(replace(self.wanted, unfolded=not self.wanted.unfolded))

    # Marks

    def action_mark(self) -> None:
        if row := self._list.current:
            self._mark(self.marked ^ {row.id})
            self._list.action_move(1)

    def _unmark(self) -> None:
        self._mark(frozenset())

    def _mark(self, marked: frozenset[int]) -> None:
        self.marked = marked
        if self._shown:
            self._put(self._shown)

    async def action_back(self) -> None:
        if self.marked:
            self._unmark()
        else:
            await super().action_back()

    # Acting

    def place_of(self, key: object) -> Place | None:
        return IncidentPlace(key) if isinstance(key, int) else None

    def subject(self) -> dict[str, object]:
        row = self._list.current
        return {"incident": row.id} if row else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action not in ("operate", "watch", "explain", "mark", "runbook"):
            return super().why_not(action, parameters)
        if action == "operate" and not self.console.offers(str(parameters[0])):
            return "it is not offered to you"
        row = self._list.current
        if row is None:
            return "no incident is selected"
        if action == "runbook":
            return "" if self._runbook else "its check has no runbook"
        # Of those marked each is decided on its own.
        return why_not(row, str(parameters[0])) if action == "operate" and not self.marked else ""

    def action_operate(self, name: str) -> None:
        self._ask(name, {})

    def _ask(self, name: str, known: dict[str, object]) -> None:
        if self.marked:
            self.console.operate_each(name, "incident", sorted(self.marked), known, self._unmark)
        elif subject := self.subject():
            self.console.operate(name, {**subject, **known})

    def action_watch(self) -> None:
        if row := self._list.current:
            self._ask(*watching(self.console.snapshot, row.id))

    async def action_explain(self) -> None:
        if row := self._list.current:
            await self.console.go(ExplanationPlace(row.id))

    def action_open_new(self) -> None:
        self.console.operate("incident.open", {})

    @property
    def _runbook(self) -> bool:
        row, snapshot = self._list.current, self.console.snapshot
        return bool(row and row.target and snapshot and row.check in snapshot.duty.runbooks)

    async def action_runbook(self) -> None:
        row = self._list.current
        if row and row.target and row.check:
            await self.console.go(TriagePlace(row.target, row.check))

    async def action_go(self, room: str) -> None:
        await self.console.go(self.ROOMS[room])
