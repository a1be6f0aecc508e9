"""The console: composes the rooms, holds what is known, and carries requests to the port."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from lexops.clock import Clock, SystemClock
from lexops.errors import LexOpsError
from lexops.tui.edge import Edge
from lexops.tui.feed import EVERY, Feed
from lexops.tui.frame import Frame
from lexops.tui.guarded import GuardedPort, OnCrash
from lexops.tui.modes import ROOMS
from lexops.tui.palette import Commands
from lexops.tui.places import ModePlace, Place, RequestsPlace, TargetPlace
from lexops.tui.port import Port
from lexops.tui.presenters.header import Standing
from lexops.tui.presenters.jump import destinations
from lexops.tui.screens.health import HealthScreen
from lexops.tui.screens.help import HelpScreen
from lexops.tui.screens.jump import JumpScreen
from lexops.tui.screens.requests import RequestsScreen
from lexops.tui.screens.room import Room
from lexops.tui.snapshot import Snapshot, Trouble
from lexops.tui.theme import THEMES
from lexops.tui.views import HeadsView
from lexops.tui.ways import room_of
from lexops.tui.widgets.key_line import screen_keys

HEADS_EVERY = 300.0
"""Seconds between two comparisons of the record with what was seen of it before."""
AGES_EVERY = 15.0
"""Seconds between two looks at the clock; what has not changed is not painted."""


class Console(Frame):
    """One operator's view of one site."""

    TITLE = "LexOps"
    CSS_PATH: ClassVar[list[str]] = [  # type: ignore[assignment]
        "console.tcss",
        "screens/room.tcss",
        "widgets/inked.tcss",
        "widgets/panel.tcss",
        "widgets/row_list.tcss",
        "widgets/filter_bar.tcss",
        "widgets/key_line.tcss",
    ]
    MODES: ClassVar[dict[str, Callable[[], Screen[None]]]] = {  # type: ignore[assignment]
        mode.name: mode.screen for mode in ROOMS
    }
    DEFAULT_MODE = ROOMS[0].name
    COMMANDS = {Commands}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (28, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(mode.binding for mode in ROOMS),
        Binding("colon", "jump", "jump", id="console.jump", tooltip="Go to a mode, target or check"),
        Binding("w", "requests", "waiting", id="console.requests", tooltip="Requests that wait for people"),
        Binding("space", "pause", "pause", id="console.pause", tooltip="Hold the screen still, or go on"),
        Binding(
            "ctrl+p", "command_palette", "commands", id="console.palette", tooltip="All that can be asked for"
        ),
        Binding("q", "quit", "quit", show=False, id="console.quit", tooltip="Leave the console"),
        # Also from a dialog, which stays until the store has answered.
        Binding(
            "ctrl+q",
            "quit",
            "quit",
            show=False,
            priority=True,
            id="console.leave",
            tooltip="Leave the console",
        ),
        Binding("question_mark", "help", "help", id="console.help", tooltip="These keys, signs and words"),
    ]

    @dataclass
    class News(Message):
        """The feed has something newer, or says why not."""

        news: Snapshot | Trouble

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Console.News)

    @dataclass
    class Compared(Message):
        """The record has been compared with what is remembered of it."""

        heads: HeadsView

    def __init__(
        self,
        port: Port,
        on_crash: OnCrash,
        *,
        clock: Clock | None = None,
        ascii_signs: bool = False,
        theme: str = "dark",
        poll_every: float = EVERY,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        for each in THEMES.values():
            self.register_theme(each)
        self.theme = THEMES[theme].name
        guarded = GuardedPort(port, on_crash)
        self.port: Port = guarded
        self.trouble: Trouble | None = None
        self.heads = HeadsView()
        self.paused = False
        self.ending = threading.Event()
        """Set when the console has been asked to end, or has to."""
        self.crash_reference: str | None = None
        self._on_crash = on_crash
        self._clock = clock or SystemClock()
        self._edge = Edge(ascii_signs)
        self._held: Snapshot | None = None
        self._feed = Feed(
            guarded, lambda news: self.post_message(self.News(news)), poll_every, guard=guarded.guard
        )

    # Life

    def on_load(self) -> None:
        # From Python 3.12 on Textual starts tasks eagerly, which fills a mode's first screen before it
        # stands on its stack: widgets that ask for the screen would fail.
        asyncio.get_running_loop().set_task_factory(None)
        self._feed.start()  # it reads while the first screen is made

    def on_key(self, event: Key) -> None:
        """A letter that a field with the focus has not taken was typed just before it had the focus.

        That is so on a slow line, where several come in one packet: they are meant for the field.
        """
        field = self.focused
        if isinstance(field, Input) and event.is_printable and event.character:
            event.prevent_default()
            field.insert_text_at_cursor(event.character)

    def on_mount(self) -> None:
        if not self.is_headless and threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self.exit, None, 128 + number)
        self.set_interval(AGES_EVERY, self.redraw)
        self._compare()
        self.set_interval(HEADS_EVERY, self._compare)

    @work(thread=True, exclusive=True, group="heads", exit_on_error=False)
    def _compare(self) -> None:
        try:
            self.post_message(self.Compared(self.port.heads()))
        except LexOpsError as error:
            self.post_message(self.Compared(HeadsView(unsure=str(error), advice=error.hint)))

    @on(Compared)
    def _compared(self, event: Compared) -> None:
        # A record that was found wrong stays so until somebody has looked: the console is started anew then.
        if not self.heads.problem:
            self.heads = event.heads
            self._tell()

    def exit(self, *arguments: Any, **options: Any) -> None:
        self.ending.set()
        self._feed.stop()
        super().exit(*arguments, **options)

    def on_unmount(self) -> None:
        self._feed.stop()

    def _handle_exception(self, error: Exception) -> None:
        # The default prints the values of local variables, which may be secrets or clients' data.
        self.ending.set()
        self._feed.stop()
        self._return_code = 1
        if self.crash_reference is None:
            self.crash_reference = self._on_crash(error)
        self._exception = self._exception or error
        self._close_messages_no_wait()
        self._exception_event.set()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._edge, *super().get_line_filters()]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(THEMES["dark"].variables)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        # The built-in ones act on the machine that runs the console, not on the operator's.
        return ()

    # What is known

    def now(self) -> datetime:
        """The present moment, aware."""
        return self._clock.now()

    @property
    def held(self) -> bool:
        """Whether the screen stands still: paused, or while text is selected."""
        return self.paused or bool(self.screen.selections)

    def standing(self) -> Standing:
        """What the header says."""
        selecting = bool(self.screen.selections)
        port = self.port
        return Standing(
            port.site_name, port.operator, self.now(), self.snapshot, self.trouble, self.paused, selecting
        )

    @on(News)
    def _news(self, event: News) -> None:
        if not self.screen_stack:
            return  # it came while the console closes
        if isinstance(event.news, Trouble):
            if event.news != self.trouble:
                self.trouble = event.news
                self._tell()
            return
        self.trouble = None
        if self.held:
            self._held = event.news
            self._tell()
        else:
            self._take(event.news)

    def _take(self, snapshot: Snapshot) -> None:
        self._held = None
        self.snapshot = snapshot
        self.redraw()

    def release(self) -> None:
        """Show what was held back, if nothing holds it any more."""
        if not self.held and self._held:
            self._take(self._held)
        else:
            self._tell()

    def redraw(self) -> None:
        """Let the screen in sight draw what is known now."""
        if self.held:
            self._tell()
        elif room := self._room():
            room.follow()

    def _room(self) -> Room | None:
        """The full screen in sight; a dialog may be over it. None while the console is being taken apart."""
        if not self.is_running:
            return None
        rooms = [screen for screen in self.screen_stack if isinstance(screen, Room) and screen.is_mounted]
        return rooms[-1] if rooms else None

    def _tell(self) -> None:
        if room := self._room():
            room.tell()

    # Where one is

    def mode_names(self) -> list[tuple[str, str]]:
        """Name and title of every mode."""
        return [(mode.name, mode.title) for mode in ROOMS]

    def mode_marks(self) -> list[tuple[str, str, bool]]:
        """Key, title, and whether it is the current one."""
        return [(mode.key, mode.title, mode.name == self.current_mode) for mode in ROOMS]

    @property
    def mode_title(self) -> str:
        """The title of the current mode."""
        return next((mode.title for mode in ROOMS if mode.name == self.current_mode), "")

    async def go(self, place: Place) -> None:
        """Show a place: a mode from its top, anything else above the present mode."""
        if isinstance(place, ModePlace):
            await self._to_mode(place.mode)
        elif isinstance(place, TargetPlace):
            await self._to_mode("health")
            if isinstance(self.screen, HealthScreen):
                self.screen.only(place.target)
        else:
            await self.push_screen(room_of(place))

    async def _to_mode(self, name: str) -> None:
        await self.switch_mode(name)
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    async def action_go_mode(self, name: str) -> None:
        # A mode is found again as it was left; the key of the present one leads to its top.
        if name == self.current_mode:
            await self._to_mode(name)
        else:
            await self.switch_mode(name)

    def action_jump(self) -> None:
        self.push_screen(JumpScreen(destinations(self.snapshot, self.mode_names())), self._jumped)

    async def _jumped(self, place: Place | None) -> None:
        if place is not None:
            await self.go(place)

    async def action_requests(self) -> None:
        if not isinstance(self._room(), RequestsScreen):
            await self.go(RequestsPlace())

    def action_help(self) -> None:
        where = " › ".join(
            [self.mode_title, *(self.screen.crumbs() if isinstance(self.screen, Room) else ())]
        )
        self.push_screen(HelpScreen(f"KEYS  {where}", screen_keys(self.screen)))

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.release()

    def look_again(self) -> None:
        self._feed.wake()
