"""The one background thread that looks whether anything changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lexops.errors import LexOpsError
from lexops.tui.port import Port
from lexops.tui.snapshot import Snapshot, Trouble

EVERY = 1.0
"""Seconds between two looks at the newest event."""
AT_LEAST = 15.0
"""Seconds after which all is read again even without an event: a worker's beat is none."""


class Feed:
    """Reads the port and hands over a snapshot when there is a newer one, or why there is none.

    The thread is a daemon, so that a store that hangs does not keep the console from ending.
    """

    def __init__(
        self,
        port: Port,
        deliver: Callable[[Snapshot | Trouble], object],
        every: float = EVERY,
    ) -> None:
        self._port = port
        self._deliver = deliver
        self._every = every
        self._wake = threading.Event()
        self._stopped = False
        self._event: int | None = None
        self._read_at = 0.0
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
            event = self._port.newest_event()
            if event == self._event and time.monotonic() - self._read_at < AT_LEAST:
                return
            snapshot = Snapshot(
                event=event,
                fleet=self._port.fleet(),
                incidents=tuple(self._port.incidents(False)),
                operations=tuple(self._port.operations()),
                requests=tuple(self._port.requests(False)),
                denied=self._port.denied(),
                session=self._port.session(),
                record=self._port.record(),
            )
        except LexOpsError as error:
            self._troubled(Trouble(str(error), error.hint))
        else:
            self._event, self._read_at = event, time.monotonic()
            self._hand_over(snapshot)

    def _troubled(self, trouble: Trouble) -> None:
        self._event = None
        self._hand_over(trouble)

    def _hand_over(self, news: Snapshot | Trouble) -> None:
        if not self._stopped:
            self._deliver(news)
