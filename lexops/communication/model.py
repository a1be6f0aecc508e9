"""What is told to clients and colleagues, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about."""

    UPDATE = "update"
    """How an incident goes; it promises when the next one comes."""
    MAINTENANCE = "maintenance"
    """Work that is planned."""
    STATUS = "status"
    """How things stand as a whole."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was told to an audience."""

    id: int
    kind: NoticeKind
    audience: str
    title: str
    text: str
    at: datetime
    operator: str
    incident: int | None = None
    promised: datetime | None = None
    """When the next update was promised."""
    starts: datetime | None = None
    ends: datetime | None = None
    """Of planned work."""
    withdrawn: datetime | None = None
    reminded: datetime | None = None
    """When its author was reminded of the promised update last."""

    @property
    def subject(self) -> str:
        """What its messages are about, in the outbox."""
        return f"notice/{self.id}"

    @property
    def promise(self) -> str:
        """What reminders of the promised update are about, in the outbox."""
        return f"promise/{self.id}"


class Due(StrEnum):
    """How a promised update stands."""

    LATER = "later"
    SOON = "soon"
    """Those who have to write it are reminded."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Promise:
    """An update that was promised to an audience and has not come yet."""

    notice: Notice
    """The newest update to that audience, which promises the next one."""
    by: datetime
    due: Due


@dataclass(frozen=True, slots=True)
class Action:
    """A thing to do that came out of an incident: a ticket of its own."""

    id: int
    of: int
    """The incident it came out of."""
    title: str
    state: str
    is_open: bool
    owner: str
    opened: datetime
    ended: datetime | None = None
    due: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should be done by now and is not."""
        return self.is_open and self.due is not None and self.due <= now
