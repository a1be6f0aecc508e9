"""An incident's twin in another ticket system, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NEW = "new:"
"""Before the mark, in the place of the ticket's id, while the ticket is still to be made."""


class Meaning(StrEnum):
    """What a state there means here. Several states there may mean the same."""

    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (Meaning.RESOLVED, Meaning.CANCELLED)


@dataclass(frozen=True, slots=True)
class Link:
    """An incident and its ticket there."""

    id: int
    incident: int
    tracker: str
    external: str
    """The ticket's id there; `new:` and the mark under which it is made, until it is there."""
    url: str
    state: str
    """Its state there, as last agreed on; empty before the first exchange."""
    pushed: int
    """The newest entry of our timeline that had its effect there, state and all, or needs none."""
    pulled: datetime | None
    """The newest comment there that was read."""
    synced: datetime | None
    """When both sides were last compared to the end."""
    error: str = ""
    """Why the last exchange failed; empty when it did not."""
    failures: int = 0
    """Exchanges that have failed in a row."""
    due: datetime | None = None

    @property
    def is_new(self) -> bool:
        return self.external.startswith(NEW)

    @property
    def mark(self) -> str:
        """Under which the ticket is made, while it is new."""
        return self.external.removeprefix(NEW)

    @property
    def name(self) -> str:
        """`jira/OPS-12`."""
        return f"{self.tracker}/{'(new)' if self.is_new else self.external}"


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said on a ticket there; its texts are cleaned."""

    id: str
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class External:
    """A ticket as it stands there."""

    id: str
    url: str
    state: str
    title: str
    comments: tuple[Comment, ...] = ()
    """In the order in which they were written."""
