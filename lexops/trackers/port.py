"""What LexOps needs of another ticket system, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lexops.errors import Exit, LexOpsError
from lexops.trackers.model import External


class TrackerDown(LexOpsError):
    """The tracker does not answer, or not now: it may go better another time."""

    exit = Exit.UNREACHABLE

    def __init__(self, message: str = "", *, retry: float | None = None) -> None:
        """`retry` is in how many seconds the tracker wants to be asked again, where it said so."""
        super().__init__(message)
        self.retry = retry


class TrackerRefused(LexOpsError):
    """The tracker has answered that it does not do this."""

    exit = Exit.REFUSED


class Tracker(Protocol):
    """Another ticket system. Every method may raise TrackerDown or TrackerRefused; no error holds a secret.

    Whatever raises TrackerDown may have been done all the same: the answer was lost.
    """

    def who(self) -> str:
        """As whom we are known there; that address and token are right."""
        ...

    def find(self, mark: str) -> External | None:
        """The ticket that was made under a mark, closed ones too. Its index may lag behind by a minute."""
        ...

    def create(self, title: str, text: str, mark: str) -> External:
        """Make a ticket that :meth:`find` finds by the mark, which is a word of the text too.

        It is the caller's to look before.
        """
        ...

    def comment(self, id: str, text: str) -> str:
        """Say something on a ticket; answers the comment's id."""
        ...

    def transition(self, id: str, states: Sequence[str]) -> str:
        """Bring a ticket into the first of the states that it can get into; answers which.

        Raises TrackerRefused when there is no way from where it is.
        """
        ...

    def read(self, id: str, since: datetime | None) -> External:
        """A ticket with at least its comments since a moment."""
        ...
