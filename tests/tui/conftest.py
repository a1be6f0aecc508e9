"""A console over a fake site, driven without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input
from textual.worker import WorkerCancelled, WorkerFailed

from lexops.tui.app import Console
from lexops.tui.asking import ASKING
from lexops.tui.widgets.panel import Panel
from lexops.tui.widgets.row_list import RowList
from tests.tui.port import FakePort, FixedClock
from tests.waiting import PATIENCE


@dataclass
class Desk:
    """The console, the port behind it, and the hands at its keyboard."""

    console: Console
    port: FakePort
    pilot: Pilot[Any]
    clock: FixedClock
    crashes: list[BaseException] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys; `~text` types a text, of which only the first sign is a key of its own."""
        for key in keys:
            if await self.read():  # what the key is for may just have come
                await self.pilot.pause()
            if key.startswith("~"):
                await self.pilot.press(key[1])
                assert isinstance(self.console.focused, Input)
                self.console.focused.insert_text_at_cursor(key[2:])
            else:
                await self.pilot.press(key)
        await self.settle()

    async def push(self, button: str) -> None:
        """Press a button, wherever the layout has it by now."""
        await self.settle()
        self.console.screen.query_one(button, Button).press()
        await self.pilot.pause()

    async def settle(self) -> None:
        """Until all that was started has been shown."""
        await self.pilot.pause()
        await self.read()
        await self.pilot.pause()

    async def read(self) -> bool:
        """Until nothing is being read any more; gives whether something was."""
        waited = False
        while working := [
            each for each in self.console.workers if each.group != ASKING and not each.is_finished
        ]:
            waited = True
            # A newer reading took its place, or what went wrong was told to whoever asked.
            with suppress(WorkerCancelled, WorkerFailed):
                await working[0].wait()
        return waited

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.pilot.pause(0.01)

    def screen_text(self) -> str:
        """What the terminal would show."""
        height = self.console.size.height
        strips = self.console.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips[:height])

    @property
    def toasts(self) -> str:
        """What was said so far, also where it is no longer shown or the terminal breaks its lines."""
        return "\n".join(self.said)

    def list(self, id: str) -> RowList[Any]:
        return self.console.screen.query_one(f"#{id}", RowList)

    def panel(self, selector: str) -> str:
        return self.console.screen.query_one(selector, Panel).render().plain

    @property
    def here(self) -> str:
        return type(self.console.screen).__name__


@asynccontextmanager
async def desk(
    port: Any = None,
    size: tuple[int, int] = (100, 30),
    *,
    poll: float = 0.02,
    clock: Any = None,
    **options: Any,
) -> AsyncIterator[Desk]:
    port = port or FakePort()
    clock = clock or FixedClock()
    crashes: list[BaseException] = []

    def keep(error: BaseException) -> str:
        crashes.append(error)
        return "REFERENCE"

    said: list[str] = []
    console = Console(port, keep, clock=clock, poll_every=poll, **options)
    notify = console.notify

    def hear(message: str, **options: Any) -> None:
        said.append(message)
        notify(message, **options)

    console.notify = hear  # type: ignore[method-assign]
    async with console.run_test(size=size, notifications=True) as pilot:
        opened = Desk(console, port, pilot, clock, crashes, said)
        await opened.until(lambda: console.snapshot or console.trouble)
        await opened.settle()
        yield opened
    console._feed.wait(PATIENCE)  # so that no connection is open when the test's store is closed
