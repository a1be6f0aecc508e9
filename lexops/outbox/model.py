"""Messages and the people they are for, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Urgency(StrEnum):
    """How a message goes out."""

    PAGE = "page"
    """At once: somebody has to act."""
    NOTICE = "notice"
    """It is good to know: it waits for the end of quiet hours and goes together with others."""


class State(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENDING = "sending"
    """A worker has it; when that dies, another one takes it after the lease."""
    DELIVERED = "delivered"
    """The channel has taken it, and said so."""
    FAILED = "failed"
    """No channel took it, the last resort neither."""
    CANCELLED = "cancelled"
    """No longer needed: taken or over before it went out."""

    @property
    def is_over(self) -> bool:
        return self not in (State.WAITING, State.SENDING)


class RecipientKind(StrEnum):
    """To whom a message goes."""

    OPERATOR = "operator"
    """A person: contacts in order, the next when one fails."""
    AUDIENCE = "audience"
    """People outside, under one name: every contact."""
    CHANNEL = "channel"
    """A channel of lexops.toml itself: a room, a pager service."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom messages go; written `operator:ana`, `audience:partners`, `channel:ops`."""

    kind: RecipientKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Raises ValueError for what is none."""
        kind, _, name = text.partition(":")
        if kind not in tuple(RecipientKind) or not name:
            raise ValueError(f"{text!r} is nobody; write operator:NAME, audience:NAME or channel:NAME")
        return cls(RecipientKind(kind), name)


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is told. It holds facts; the template makes words of them when it is sent."""

    key: str
    """Unique: the same message is never put twice, and a service that knows keys shows it once."""
    subject: str
    """What it is about, for cancelling: `incident/41`."""
    recipient: Recipient
    template: str
    values: Mapping[str, str]
    """What the template may use; nothing that may not leave the firm."""
    urgency: Urgency
    created: datetime
    due: datetime
    """Not before then; later after a failed attempt."""
    priority: str = ""
    """Of the incident: P1 to P4."""
    id: int = 0
    state: State = State.WAITING
    rank: int = 0
    """Which of the recipient's contacts is tried now."""
    attempts: int = 0
    """On this contact, so far."""
    ended: datetime | None = None
    proof: str = ""
    """What the channel answered when it took it."""
    error: str = ""
    """Why the last attempt failed."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach somebody, in the order of ranks."""

    owner: Recipient
    rank: int
    channel: str
    address: str
    """What the channel wants: a mail address, a number; empty where the channel itself is enough."""


@dataclass(frozen=True, slots=True)
class Habits:
    """When and how much somebody is told."""

    owner: Recipient
    quiet: str = ""
    """Hours in which only what wakes is sent, as in calendars: `mon-sun 22:00-07:00`."""
    zone: str = "UTC"
    wakes: str = "P2"
    """Incidents of this priority and higher page in quiet hours too."""
    per_hour: int = 60
    """More than that goes together in one message."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a message."""

    message: int
    at: datetime
    channel: str
    address: str
    delivered: bool
    detail: str
    """Proof, or why it failed; never a secret."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with its attempts, for lists and pages."""

    message: Message
    attempts: tuple[Attempt, ...] = field(default_factory=tuple)
