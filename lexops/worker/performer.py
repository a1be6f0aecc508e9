"""What durable runs are done by: our own store's side of them, as the worker needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Job(Protocol):
    """A run that waits to be started."""

    @property
    def key(self) -> str: ...
    @property
    def attempt(self) -> int:
        """Counts from 1; resuming from a failed step is the next attempt."""
        ...

    @property
    def steps(self) -> int:
        """How many there are; they count from 0."""
        ...

    @property
    def first(self) -> int:
        """The step to begin with."""
        ...

    @property
    def lane(self) -> str:
        """Runs of one lane (a target) happen one after the other; empty shares with nobody."""
        ...


class Performer(Protocol):
    """What a run does and what is known about it, kept in our own store.

    Of errors only StoreError may leave these calls: they are then tried again.
    """

    def released(self) -> Sequence[Job]:
        """The runs that wait to be started, oldest first."""
        ...

    def taken(self, key: str, attempt: int, worker: str) -> None:
        """The engine has the run; idempotent."""
        ...

    def intend(self, key: str, step: int, boot: str) -> None:
        """Record that the step begins, in a transaction of its own; idempotent."""
        ...

    def perform(self, key: str, step: int, interrupted: bool) -> bool:
        """Do the step. `interrupted`: it may have been begun before, by a process that died.

        False ends the run here (failed, paused, cancelled, a person must decide); it is recorded which.
        """
        ...

    def finish(self, key: str) -> None:
        """The last act and its record, in one transaction; idempotent by the key."""
        ...
