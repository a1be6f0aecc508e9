"""What the views of the SLA mode share: the keys between them, and how most of them are read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from textual import on, work
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

from lexops.errors import LexOpsError
from lexops.tui.places import AttainmentPlace, ModePlace, MonthPlace, ObjectivesPlace, Place
from lexops.tui.presenters.forms import error_lines
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel

T = TypeVar("T")
EVERY = timedelta(minutes=1)
"""How old what counts a whole month may get before it is read again."""

VIEWS = (
    Binding("n", "view('now')", "now", id="sla.now", tooltip="The clocks that run"),
    Binding("m", "view('month')", "month", id="sla.month", tooltip="What was kept, by client and day"),
    Binding("t", "view('trend')", "trend", id="sla.trend", tooltip="What was kept in the last twelve months"),
    Binding("b", "view('budgets')", "budgets", id="sla.budgets", tooltip="What the services may still fail"),
)
_PLACES: dict[str, Place] = {
    "now": ModePlace("sla"),
    "month": MonthPlace(),
    "trend": AttainmentPlace(),
    "budgets": ObjectivesPlace(),
}


class SlaView(Room):
    """One of the four."""

    view: ClassVar[str]
    """Which."""

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        return "it is shown now" if (action, parameters) == ("view", (self.view,)) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.why_not(action, parameters) else super().check_action(action, parameters)

    async def action_view(self, name: str) -> None:
        console = self.console
        if len(console.screen_stack) > 1:  # views follow one another, they do not pile up
            await console.pop_screen()
        await console.go(_PLACES[name])


class SeldomRead(SlaView, Generic[T]):
    """A view that takes some reading: in a thread, at most once a minute; what is shown stays."""

    ages: ClassVar[bool] = False
    """Whether it also changes while nothing happens; else only what happens is reason to read it again."""

    @dataclass
    class Read(Message):
        """It has been read."""

        known: object
        turn: int

    @dataclass
    class Failed(Message):
        """It could not be read."""

        text: str
        hint: str
        turn: int

    def __init__(self) -> None:
        super().__init__()
        self.known: T | None = None
        self._read_at: tuple[int, datetime] | None = None
        self._turn = 0
        """What was asked for before something else was, is not shown when it comes."""

    @abstractmethod
    def read(self) -> T:
        """What to show; called in a thread. Raises LexOpsError."""

    @abstractmethod
    def show(self) -> None:
        """Draw what is known, or that it is being read."""

    def content(self) -> Iterable[Widget]:
        """The widgets of the view."""
        return ()

    def body(self) -> Iterable[Widget]:
        yield Panel(id="unread")
        yield from self.content()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        before = self._read_at
        is_other = self.ages or before is None or before[0] != snapshot.event
        if before is None or (is_other and now - before[1] >= EVERY):
            self._read_at = (snapshot.event, now)
            self._look(self._turn)
        self.show()

    def look_anew(self) -> None:
        """Read something else."""
        self.known = self._read_at = None
        self._turn += 1
        self.follow()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _look(self, turn: int) -> None:
        try:
            self.post_message(self.Read(self.read(), turn))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint, turn))

    @on(Read)
    def _take(self, event: Read) -> None:
        if event.turn != self._turn:
            return
        self.known = event.known  # type: ignore[assignment]
        self._unread.display = False
        self.tell()
        self.refresh_bindings()
        self.show()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if event.turn != self._turn:
            return
        self._read_at = None  # the next event is reason enough to try again
        self._unread.show(lambda width: error_lines(event.text, event.hint, width))
        self._unread.display = True

    @property
    def _unread(self) -> Panel:
        return self.query_one("#unread", Panel)
