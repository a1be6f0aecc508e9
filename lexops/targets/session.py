"""What everything we connect to can do, and a line that another thread can cut."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

from lexops.errors import LexOpsError
from lexops.targets.memory import Memory
from lexops.targets.model import Target

T = TypeVar("T")


class Session(Protocol):
    """An open connection to a target. Used by one thread at a time; only `abort` may come from another."""

    target: Target
    memory: Memory
    """What the check that looks now has kept from its last look; set before each look."""

    def abort(self) -> None:
        """End what is going on: on the server, and the call that waits for it. Returns at once.

        The waiting call raises TimedOut, and so does every later one.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; may be called more than once, but not while something is going on."""
        ...


class Line:
    """A second handle on a connected socket.

    On a half-open network no time limit of the server and none of libpq ends a waiting call; shutting the
    socket down does. The handle is a duplicate, so it stays ours when the driver wraps or closes its own.
    """

    def __init__(self, fileno: int) -> None:
        self._socket = socket.socket(fileno=os.dup(fileno))

    def cut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


class Once(Generic[T]):
    """What a look gave or how it failed, for everybody who asks until it is forgotten."""

    def __init__(self, look: Callable[[], T]) -> None:
        self._look = look
        self._seen: list[T] = []
        self._failure: LexOpsError | None = None

    def __call__(self) -> T:
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not self._seen:
            try:
                self._seen.append(self._look())
            except LexOpsError as error:
                self._failure = error
                raise
        return self._seen[0]

    def forget(self) -> None:
        self._seen.clear()
        self._failure = None


@contextmanager
def watchdog(seconds: float, end: Callable[[], None]) -> Iterator[None]:
    """Calls `end` from another thread when the block takes longer than `seconds`."""
    timer = later(seconds, end)
    try:
        yield
    finally:
        timer.cancel()


def later(seconds: float, act: Callable[[], None]) -> threading.Timer:
    """Do `act` in `seconds` in another thread, unless it is cancelled before."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer


def in_background(act: Callable[[], object]) -> None:
    """Do `act` in a thread of its own and forget it; what it raises is of no use to anybody."""

    def run() -> None:
        with suppress(Exception):
            act()

    threading.Thread(target=run, daemon=True).start()
