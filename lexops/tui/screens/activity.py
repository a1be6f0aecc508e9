"""What goes on in a database now: sessions, who holds up whom, and the two ways to end it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from lexops.activity.model import Activity
from lexops.errors import LexOpsError
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.port import Watching
from lexops.tui.presenters import activity
from lexops.tui.presenters.header import section
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList

EVERY = 2.0
"""Seconds between two looks; the next one begins only when the last is over."""
NOTHING = "no sessions but our own"


class ActivityScreen(Room):
    """The sessions of one database, over one connection that is given back when the screen is left."""

    CSS_PATH: ClassVar[list[str]] = ["room.tcss", "activity.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cancel", "cancel statement", id="activity.cancel", tooltip="Cancel the statement"),
        Binding("t", "terminate", "terminate", id="activity.terminate", tooltip="Terminate the session"),
        Binding(
            "s", "sort", "sort", id="activity.sort", tooltip="Sort: blocking tree, longest, role, client"
        ),
        Binding("f", "fold", "fold", id="activity.fold", tooltip="Fold or unfold who waits for it"),
    ]

    @dataclass
    class Seen(Message):
        """A look is over; a newer one makes an older one superfluous."""

        activity: Activity

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ActivityScreen.Seen)

    @dataclass
    class Failed(Message):
        """A look failed; what was seen stays."""

        text: str
        hint: str

    def __init__(self, target: str, every: float = EVERY) -> None:
        super().__init__()
        self.target = target
        self.seen: Activity | None = None
        self._every = every
        self._seen_at: datetime | None = None
        self._trouble = ""
        self._hint = ""
        self._order = 0
        self._folded: set[activity.Key] = set()
        self._looking = False
        self._watching: Watching | None = None

    def body(self) -> Iterable[Widget]:
        yield Panel(classes="title")
        yield Panel(id="unseen")
        yield RowList[activity.Row](
            activity.key,
            haystack=activity.haystack,
            heading=True,
            nothing=NOTHING,
            id="sessions",
        )
        yield Panel(id="session")

    def on_mount(self) -> None:
        super().on_mount()
        self._watching = self.console.port.watch(self.target)
        self.set_interval(self._every, self._tick)
        self._tick()

    def on_unmount(self) -> None:
        if self._watching is not None:
            self._watching.close()

    def on_screen_suspend(self) -> None:
        # Somebody may be away for hours, and the role that looks has few connections.
        if not self._looking:
            self._rest()

    def crumbs(self) -> Sequence[str]:
        return (self.target, "activity")

    def state(self) -> Line:
        return activity.seen_words(self._seen_at, self.console.now(), self._trouble)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        """The sessions have a rhythm of their own."""

    # Looking

    def _tick(self) -> None:
        if not self.is_active:
            return
        self.tell()
        if not self._looking and not self.console.held:
            self._looking = True
            self._look()

    @work(thread=True, group="look", exit_on_error=False)
    def _look(self) -> None:
        assert self._watching is not None
        try:
            self.post_message(self.Seen(self._watching.look()))
        except LexOpsError as error:
            self.post_message(self.Failed(str(error), error.hint))

    @work(thread=True, group="look", exit_on_error=False)
    def _rest(self) -> None:
        if self._watching is not None:
            self._watching.rest()

    @on(Seen)
    def _show(self, event: Seen) -> None:
        self._looking, self._trouble, self._hint = False, "", ""
        self._seen_at = self.console.now()
        self.seen = event.activity
        self._looked()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self._looking, self._trouble, self._hint = False, event.text, event.hint
        self._looked()

    def _looked(self) -> None:
        if not self.is_active:
            self._rest()
        self._redraw()

    def _redraw(self) -> None:
        self.tell()
        seen = self.seen
        unseen = self.query_one("#unseen", Panel)
        trouble, hint = self._trouble, self._hint
        if seen is None:
            unseen.show(lambda width: activity.trouble_lines(trouble, hint, width))
            return
        shown = activity.rows(seen, self._order, self._folded)
        self._list.nothing = "" if seen.unseen else NOTHING
        self._list.show(shown, activity.columns(shown))
        unseen.display = bool(trouble or seen.unseen or seen.grant)
        unseen.show(lambda width: activity.unseen_lines(seen, trouble, hint, width))
        said = f"{activity.counted(seen)}, by {activity.ORDERS[self._order][0]}" if seen.sessions else ""
        right = (Ink(said, Tone.QUIET),)
        self.query_one(".title", Panel).show(lambda width: (section("ACTIVITY", width, right),))
        self._describe()

    @property
    def _list(self) -> RowList[activity.Row]:
        return self.query_one("#sessions", RowList)

    @on(RowList.Moved)
    @on(RowList.Arranged)
    def _describe(self) -> None:
        row = self._list.current
        self.query_one("#session", Panel).show(lambda width: activity.session_lines(row, width))
        self.refresh_bindings()

    # Acting

    def subject(self) -> dict[str, object]:
        row = self._list.current
        if row is None:
            return {"target": self.target}
        session = row.session
        return {
            "target": self.target,
            "pid": session.pid,
            "started": session.started,
            "statement": session.statement_started,
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("cancel", "terminate", "fold"):
            return None if self.why_not(action, parameters) else True
        return super().check_action(action, parameters)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str:
        if action not in ("cancel", "terminate", "fold"):
            return super().why_not(action, parameters)
        row = self._list.current
        if row is None:
            return "no session is selected"
        if action == "fold":
            return "" if row.behind and not self._order else "nobody waits for it"
        if row.session.keep:
            return row.session.keep
        return "it runs no statement" if action == "cancel" and not row.session.is_active else ""

    def action_cancel(self) -> None:
        self.console.operate("session.cancel", self.subject())

    def action_terminate(self) -> None:
        self.console.operate("session.terminate", self.subject())

    def action_sort(self) -> None:
        self._order = (self._order + 1) % len(activity.ORDERS)
        self._redraw()

    @on(RowList.Selected)
    def action_fold(self) -> None:
        row = self._list.current
        if row is not None and row.behind and not self._order:
            self._folded ^= {activity.key(row)}
            self._redraw()
