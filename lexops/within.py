"""A time limit for what knows none: it is done in a thread that is left behind when it takes too long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Overdue(Exception):
    """It was not done in time; it may still go on, unseen."""


def within(seconds: float, act: Callable[[], T], name: str) -> T:
    """What `act` gives, if it does so within `seconds`. Raises Overdue, or what `act` raises.

    Nobody can stop a thread: one that hangs lives under `name` until it or the process ends.
    """
    done: Future[T] = Future()

    def fulfil() -> None:
        try:
            done.set_result(act())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=fulfil, daemon=True, name=name).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():  # it was its own time limit, or it was done just now
            return done.result()
        raise Overdue(f"not done within {seconds:g} s") from None
