"""The worker's durable runs: the engine is started when there is something for it, and only then."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from lexops.clock import Clock
from lexops.worker.durable import GRACE, Durable
from lexops.worker.engine import Place, has_unfinished
from lexops.worker.performer import Performer

KEEP = timedelta(days=30)
"""How long the engine remembers runs that have ended; our own record of them stays."""
PURGE = timedelta(hours=1)


class Runs:
    """Drives what the performer releases. Its calls may come from several threads; all raise StoreError."""

    def __init__(self, place: Place, performer: Performer, worker: str, clock: Clock) -> None:
        self._place = place
        self._performer = performer
        self._worker = worker
        self._clock = clock
        self._durable: Durable | None = None
        self._left = False
        self._purge = clock.now()
        self._lock = threading.Lock()

    def dispatch(self) -> None:
        """Start what has been released."""
        with self._lock:
            if not self._left and (self._durable is not None or self._performer.released()):
                self._opened().dispatch()

    def owners(self) -> frozenset[str]:
        """The workers, dead or alive, under whose names runs are under way."""
        with self._lock:
            if self._left or (self._durable is None and not has_unfinished(self._place)):
                return frozenset()
            return self._opened().owners()

    def take_over(self, dead: Iterable[str]) -> list[str]:
        """Bring back the runs of dead workers; answers their keys."""
        with self._lock:
            return [] if self._left or self._durable is None else self._durable.take_over(dead)

    def mend(self, now: datetime) -> None:
        """Bring back this worker's own lost runs, and now and then forget old ones."""
        with self._lock:
            if self._left or self._durable is None:
                return
            self._durable.mend()
            if now >= self._purge:
                self._durable.purge(now - KEEP)
                self._purge = now + PURGE

    def idle(self) -> bool:
        """Whether nothing is left to do for this worker."""
        with self._lock:
            if self._performer.released():
                return False
            if self._place.is_sqlite:
                # Alone on its store: what another's name stands on is a dead worker's, soon to be taken over.
                return not (self._durable.active() if self._durable else has_unfinished(self._place))
            return self._durable is None or not self._durable.busy()

    def close(self) -> bool:
        """Leave; False when a step was still acting, or nobody can tell."""
        self._left = True
        if not self._lock.acquire(timeout=GRACE):
            return False  # the engine waits for its database, and would for ever
        try:
            durable, self._durable = self._durable, None
        finally:
            self._lock.release()
        return durable is None or durable.close()

    def _opened(self) -> Durable:
        if self._durable is None:
            self._durable = Durable(self._place, self._worker, self._performer)
        return self._durable
