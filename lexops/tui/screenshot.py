"""The overview as a picture, drawn without a terminal."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from textual.pilot import Pilot

from lexops.clock import Clock
from lexops.errors import LexOpsError
from lexops.tui.app import Console
from lexops.tui.asking import ASKING
from lexops.tui.port import Port

PATIENCE = 30.0

_FOREIGN_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)


def svg(
    port: Port,
    size: tuple[int, int] = (100, 30),
    *,
    keys: tuple[str, ...] = (),
    theme: str = "dark",
    clock: Clock | None = None,
) -> str:
    """The console after `keys` have been pressed, as SVG. Not to be called from a running event loop."""
    faults: list[BaseException] = []

    def keep(error: BaseException) -> str:
        faults.append(error)
        return type(error).__name__

    console = Console(port, keep, theme=theme, clock=clock)
    pictures: list[str] = []

    async def take(pilot: Pilot[Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while console.snapshot is None and console.trouble is None:
                await pilot.pause(0.02)
            for key in ("", *keys):
                if key:
                    await pilot.press(key)
                await pilot.pause()
                reading = [each for each in console.workers if each.group != ASKING]
                if reading:
                    await console.workers.wait_for_complete(reading)
                await pilot.pause()
        picture = console.export_screenshot(title=f"LexOps: {port.site_name}")
        pictures.append(_standing_alone(picture))
        console.exit()

    console.run(headless=True, size=size, auto_pilot=take)
    if not pictures:
        raise LexOpsError("the console could not be drawn") from (faults[0] if faults else None)
    return pictures[0]


def _standing_alone(picture: str) -> str:
    """The picture without fonts from elsewhere, and with the blanks that some viewers drop."""
    own = _FOREIGN_FONT.sub("", picture).replace("Fira Code, monospace", "monospace")
    return own.replace("<text ", '<text xml:space="preserve" ')
