"""What the worker does again and again beside its checks: each in its own thread, none delays another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from lexops.errors import LexOpsError

PATIENCE = 10.0
"""Seconds that a chore under way has when the worker leaves."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """A short act that is repeated for as long as the worker lives."""

    name: str
    every: timedelta
    act: Callable[[], None]
    last: bool = False
    """Whether it is done once more when the worker leaves."""


class Chores:
    """Does chores until it is told to leave. What fails is logged when it begins to, and tried again."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = tuple(chores)
        self._leaving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failing: dict[str, str] = {}

    @property
    def failing(self) -> dict[str, str]:
        """Those that failed the last time, with the reason."""
        return self._failing.copy()

    def start(self) -> None:
        """Do every chore now, and from then on as often as it wants."""
        for chore in self._chores:
            thread = threading.Thread(target=self._repeat, args=(chore,), name=chore.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait a while for what is under way."""
        self._leaving.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def finish(self) -> None:
        """Do what is to be done once more at the end."""
        for chore in self._chores:
            if chore.last:
                self.do(chore)

    def _repeat(self, chore: Chore) -> None:
        while True:
            self.do(chore)
            if self._leaving.wait(chore.every.total_seconds()):
                return

    def do(self, chore: Chore) -> None:
        """Do it once; never raises."""
        try:
            chore.act()
            self._failing.pop(chore.name, None)
        except Exception as error:
            # Only an error of ours is safe to quote: any other may hold a client's value.
            told = str(error) if isinstance(error, LexOpsError) else type(error).__name__
            if chore.name not in self._failing:
                log.warning("%s fails (%s); trying again", chore.name, told)
            self._failing[chore.name] = told
