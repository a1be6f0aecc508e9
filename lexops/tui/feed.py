"""The one background thread that looks whether anything changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from lexops.errors import LexOpsError
from lexops.tui.clocks import ClockRow, clock_rows
from lexops.tui.port import Port
from lexops.tui.snapshot import Snapshot, Trouble

EVERY = 1.0
"""Seconds between two looks at the newest event."""
AT_LEAST = 15.0
"""Seconds after which all is read again even without an event: a worker's beat is none."""

SHARE = 10
"""Reading the clocks takes one part in so many of the time at most: of thousands it takes a second. The same
holds for who is told of each incident."""

T = TypeVar("T")


class Guard(Protocol):
    """Makes a call that then fails only as declared."""

    def __call__(self, call: Callable[[], T]) -> T: ...


def _unguarded(call: Callable[[], T]) -> T:
    return call()


class _Seldom(Generic[T]):
    """What takes long to read is kept for a while that is longer by so much."""

    def __init__(self, read: Callable[[], T], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known: tuple[T] | None = None
        self.until = 0.0
        """When it is read again at the earliest."""

    def get(self) -> tuple[T, bool]:
        """What is known, and whether it is older than this moment. Raises what reading raises."""
        began = self._monotonic()
        if self._known is not None and began < self.until:
            return self._known[0], True
        self._known = None
        found = self._read()
        ended = self._monotonic()
        self.until = ended + (ended - began) * SHARE
        self._known = (found,)
        return found, False


class Feed:
    """Reads the port and hands over a snapshot when there is a newer one, or why there is none.

    The thread is a daemon, so that a store that hangs does not keep the console from ending.
    """

    def __init__(
        self,
        port: Port,
        deliver: Callable[[Snapshot | Trouble], object],
        every: float = EVERY,
        monotonic: Callable[[], float] = time.monotonic,
        guard: Guard = _unguarded,
    ) -> None:
        """`guard` is for what happens between the calls: a fault there must not end the thread unseen."""
        self._port = port
        self._deliver = deliver
        self._every = every
        self._monotonic = monotonic
        self._guard = guard
        self._wake = threading.Event()
        self._stopped = False
        self._event: int | None = None
        self._read_again = 0.0
        self._clocks = _Seldom(lambda: guard(lambda: tuple(clock_rows(port.tickets()))), monotonic)
        self._duty = _Seldom(port.duty, monotonic)
        self._thread = threading.Thread(target=self._run, name="console-feed", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; does not wait for a call that is under way."""
        self._stopped = True
        self._wake.set()

    def wait(self, seconds: float) -> None:
        """Return when the last look is over, or after so long."""
        self._thread.join(seconds)

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._look()
            self._wake.wait(self._every)
            self._wake.clear()

    def _look(self) -> None:
        try:
            snapshot = self._guard(self._newer)
        except LexOpsError as error:
            self._troubled(Trouble(str(error), error.hint))
        else:
            if snapshot is not None:
                self._event = snapshot.event
                self._hand_over(snapshot)

    def _newer(self) -> Snapshot | None:
        event = self._port.newest_event()
        if event == self._event and self._monotonic() < self._read_again:
            return None
        self._read_again = self._monotonic() + AT_LEAST
        clocks, unclear = self._known_clocks()
        return Snapshot(
            event=event,
            fleet=self._port.fleet(),
            incidents=tuple(self._port.incidents(False)),
            operations=tuple(self._port.operations()),
            requests=tuple(self._port.requests(False)),
            denied=self._port.denied(),
            session=self._port.session(),
            record=self._port.record(),
            clocks=clocks,
            unclear=unclear,
            duty=self._still(self._duty),
        )

    def _known_clocks(self) -> tuple[tuple[ClockRow, ...], Trouble | None]:
        """What is wrong with a promise must not hide everything else."""
        try:
            return self._still(self._clocks), None
        except LexOpsError as error:
            return (), Trouble(str(error), error.hint)

    def _still(self, seldom: _Seldom[T]) -> T:
        found, older = seldom.get()
        if older:  # than the event
            self._read_again = min(self._read_again, seldom.until)
        return found

    def _troubled(self, trouble: Trouble) -> None:
        self._event = None
        self._hand_over(trouble)

    def _hand_over(self, news: Snapshot | Trouble) -> None:
        if not self._stopped:
            self._deliver(news)
