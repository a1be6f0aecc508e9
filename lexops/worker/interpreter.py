"""Carries a run out, step by step, for whatever engine checkpoints the steps.

One order for every operation: the intent of a step, the step, and after the last one the end. What was
checkpointed is not done again when the run comes back; a step whose intent was noted by another process, and
whose outcome was not, has been interrupted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from lexops.errors import StoreError
from lexops.worker.performer import Performer

STORE_RETRY = 1.0
"""Seconds between two tries of a store that does not answer."""

T = TypeVar("T")
Checkpoint = Callable[..., Any]
"""`checkpoint(name, act, *values)` does an act once and keeps what it gave, or gives what was kept."""
log = logging.getLogger(__name__)


class Left(BaseException):
    """The worker leaves: unwinds a run without an end being recorded, so that it goes on elsewhere."""


class Interpreter:
    """The runs of one process; each is carried out in a thread of the engine's."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self._boot = uuid4().hex
        self._leaving = threading.Event()
        self._patience = 0.0
        self._begun: set[tuple[str, int]] = set()
        self._acting: set[Future[Any]] = set()
        self.running: set[str] = set()
        """The runs that are carried out now, as `KEY.ATTEMPT`."""

    def run(self, checkpoint: Checkpoint, key: str, attempt: int, steps: int, first: int) -> str:
        """One run from its step `first`; says how it ended."""
        run = f"{key}.{attempt}"
        self.running.add(run)
        try:
            for step in range(first, steps):
                boot = self._checked(checkpoint, f"intent {step}", self._intend, key, step)
                if not self._checked(checkpoint, f"act {step}", self._act, run, key, step, boot):
                    return "stopped"
            self._checked(checkpoint, "finish", self._finish, key)
            return "done"
        finally:
            self.running.discard(run)

    def leave(self, grace: float) -> None:
        """Begin nothing more; what is under way has so many seconds, then its run is given up here."""
        self._patience = time.monotonic() + grace
        self._leaving.set()
        while self.running and time.monotonic() < self._patience:
            time.sleep(0.02)

    @property
    def is_acting(self) -> bool:
        """Whether a step is still being done, though its run may have been given up."""
        return bool(self._acting)

    def _checked(self, checkpoint: Checkpoint, name: str, act: Callable[..., Any], *values: object) -> Any:
        if self._leaving.is_set():
            raise Left
        return checkpoint(name, act, *values)

    def _intend(self, key: str, step: int) -> str:
        self._patiently(partial(self._performer.intend, key, step, self._boot))
        return self._boot

    def _act(self, run: str, key: str, step: int, boot: str) -> bool:
        def perform() -> bool:
            interrupted = boot != self._boot or (run, step) in self._begun
            self._begun.add((run, step))
            return self._abandonable(partial(self._performer.perform, key, step, interrupted))

        go_on = self._patiently(perform)
        self._begun.discard((run, step))
        return go_on

    def _finish(self, key: str) -> bool:
        self._patiently(partial(self._performer.finish, key))
        return True

    def _patiently(self, act: Callable[[], T]) -> T:
        """Try until the store answers. Any other error ends the run here; it is told by its type only."""
        while True:
            try:
                return act()
            except StoreError as error:
                log.warning("the store does not answer (%s); the run waits", type(error.__cause__).__name__)
                if self._leaving.wait(STORE_RETRY):
                    raise Left from None
            except Exception as error:
                log.error("a run ends without a record of it: %s", type(error).__name__)
                raise

    def _abandonable(self, act: Callable[[], T]) -> T:
        """Do it in a thread that does not keep the process, so that leaving never waits for a hung step."""
        done: Future[T] = Future()
        self._acting.add(done)
        threading.Thread(target=self._fulfil, args=(done, act), name="step", daemon=True).start()
        while True:
            try:
                return done.result(0.2)
            except TimeoutError:
                if done.done():
                    raise
                if self._leaving.is_set() and time.monotonic() > self._patience:
                    raise Left from None

    def _fulfil(self, done: Future[T], act: Callable[[], T]) -> None:
        try:
            result = act()
        except BaseException as error:
            self._acting.discard(done)
            done.set_exception(error)
        else:
            self._acting.discard(done)
            done.set_result(result)
