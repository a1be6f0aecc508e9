"""Looking again and again: one connection for as long as somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from lexops.activity.model import Activity
from lexops.activity.read import read
from lexops.config import SiteFile
from lexops.errors import LexOpsError, Unreachable
from lexops.targets.connect import connect
from lexops.targets.session import Session, in_background
from lexops.targets.sql import Database

SECONDS = 3.0
"""What one look may take on the server."""


class Watch:
    """A target under observation. `look` is called from one thread at a time, `close` from any."""

    def __init__(self, open: Callable[[], Session]) -> None:
        self._open = open
        self._looking = threading.Lock()
        self._connection: Session | None = None
        self._over = False

    def look(self) -> Activity:
        """What goes on now; connects where there is no connection. Raises Unreachable, TimedOut, Refused …"""
        with self._looking:
            if self._over:
                raise Unreachable("nobody looks any more")
            if self._connection is None:
                self._connection = self._open()
                if isinstance(self._connection, Database):
                    self._connection.allow(SECONDS)
            try:
                return read(self._connection)
            except Unreachable:
                self._drop()
                raise

    def rest(self) -> None:
        """Let go of the connection until the next look; only between looks."""
        with self._looking:
            self._drop()

    def close(self) -> None:
        """Look no more; returns at once. A look that is under way is ended on the server too."""
        self._over = True
        connection = self._connection
        if self._looking.locked() and connection is not None:
            connection.abort()
        in_background(self.rest)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(LexOpsError):
                connection.close()


def watch(file: SiteFile, target: str) -> Watch:
    """Begin to look at a target; nothing is opened before the first look. Raises NotFound at that look."""
    return Watch(lambda: connect(file, target))


def look_once(file: SiteFile, target: str) -> Activity:
    """One look over a connection of its own. Raises like :meth:`Watch.look`."""
    watching = watch(file, target)
    try:
        return watching.look()
    finally:
        watching.rest()
