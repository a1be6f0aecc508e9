"""A console in a process of its own, for tests that give it a terminal and take it away."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lexops.checks.view import Fleet
from lexops.tui.run import run_console
from lexops.tui.views import HeadsView, Intent
from tests.tui.port import FakePort, FixedClock, replace
from tests.tui.test_hostile import NASTY, hostile_port
from tests.waiting import PATIENCE

LONG = 10 * PATIENCE
"""Seconds that a call hangs: longer than anybody waits for the console."""


class SlowPort(FakePort):
    """Hangs when asked for an operation, as a store behind a dead network does."""

    def submit(self, intent: Intent) -> str:
        time.sleep(LONG)
        return ""


class StuckPort(FakePort):
    """Hangs while the record is compared, which begins with the console."""

    def heads(self) -> HeadsView:
        time.sleep(LONG)
        return HeadsView()


def main(how: str, log: Path) -> int:
    def keep(error: BaseException) -> str:
        log.write_text(repr(error))
        return "REF-1"

    port: FakePort = {"slow": SlowPort, "stuck and broken": StuckPort}.get(how, FakePort)()
    if how == "hostile":
        port = hostile_port(NASTY[3])
    if how.endswith("broken"):
        # Not a value that any presenter is made for.
        broken: Fleet = replace(port.now, checks=None)  # type: ignore[arg-type]
        port.now = broken
    return run_console(port, on_crash=keep, clock=FixedClock())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
