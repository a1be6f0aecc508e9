"""Incidents and their timeline as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lexops.checks.model import Status


class State(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    """For the client, or somebody else outside."""
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    """A duplicate, or no fault at all: it counts nowhere."""

    @property
    def is_open(self) -> bool:
        return self not in (State.RESOLVED, State.CANCELLED)


class Level(StrEnum):
    """How much is hit, and how soon it hurts: the two sides of the matrix that gives the priority."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Origin(StrEnum):
    """How an incident came about."""

    CHECK = "check"
    HAND = "hand"
    MAIL = "mail"
    ALERT = "alert"
    """Another monitoring system."""
    LEXOPS = "lexops"


class Priority(StrEnum):
    """What comes first; a promise is made for each."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


@dataclass(frozen=True, slots=True)
class Incident:
    """One ticket."""

    id: int
    fingerprint: str
    """What makes it the same incident: `target/check` for one opened by a result."""
    title: str
    severity: Status
    state: State
    target: str | None
    check: str | None
    opened: datetime
    changed: datetime
    owner: str | None = None
    resolved: datetime | None = None
    priority: Priority = Priority.P3
    client: str = ""
    """The code under which the firm keeps the client; no name."""
    provider: str = ""
    """Who outside has promised to help."""
    queue: str = ""
    impact: Level | None = None
    urgency: Level | None = None
    parent: int | None = None
    """The incident under which it is listed: that one is told of, this one not."""
    origin: Origin = Origin.HAND

    @property
    def is_open(self) -> bool:
        return self.state.is_open

    @property
    def is_taken(self) -> bool:
        """Whether somebody has it and has said so; who it was only given to has not."""
        return self.owner is not None and self.state in (State.ACKNOWLEDGED, State.WAITING)


@dataclass(frozen=True, slots=True)
class Opening:
    """A new incident, as it is first written down."""

    fingerprint: str
    """What makes another one the same while it is open."""
    title: str
    severity: Status
    at: datetime
    author: str
    why: str
    """What its timeline begins with."""
    target: str | None = None
    check: str | None = None
    origin: Origin = Origin.HAND
    impact: Level | None = None
    urgency: Level | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """By which promises are chosen; see `lexops.incidents.store.FACTS`."""


class EntryKind(StrEnum):
    """What an entry of the timeline tells."""

    OPENED = "opened"
    SEVERITY = "severity"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    CLASSIFIED = "classified"
    ASKED = "asked"
    """The client has said something and waits for an answer."""
    ANSWERED = "answered"
    """The client has been told something."""
    PAUSED = "paused"
    RESUMED = "resumed"
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    AWARE = "aware"
    """Personal data was breached, and we know."""
    NOTIFIED = "notified"
    """Those whom the law names have been told."""
    ASSIGNED = "assigned"
    """Given to somebody, who has not taken it yet; data: owner."""
    RELEASED = "released"
    """No longer taken: it got worse, or its owner gave no sign; data: owner, who had it."""
    ESCALATED = "escalated"
    """Somebody asked for the next rung by hand."""
    TOLD = "told"
    """People were told, or could not be; data: generation, round, step."""
    GROUPED = "grouped"
    """Listed under another one, or no longer; data: parent."""
    LINKED = "linked"
    ATTACHED = "attached"
    MERGED = "merged"
    """Another incident was found to be the same; data: from or into."""
    SPLIT = "split"
    UPDATED = "updated"
    """Stakeholders were told; data: audience, promised."""
    MITIGATED = "mitigated"
    """It no longer hurts, though it is not mended."""
    SYNCED = "synced"
    """Said in another ticket system, and brought here; data: tracker, comment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's timeline."""

    at: datetime
    kind: EntryKind
    author: str
    """Operator, or `lexops` for what it did itself."""
    text: str
    data: Mapping[str, str] = field(default_factory=dict)
    """Of OPENED and CLASSIFIED the facts from then on, of AWARE and NOTIFIED the jurisdiction."""
    id: int = 0
    recorded: datetime | None = None
    """When it was written, if later than it happened."""


class Relation(StrEnum):
    """How an incident and something else belong together."""

    RELATED = "related"
    DUPLICATE = "duplicate of"
    SPLIT = "split from"
    RECURRENCE = "recurrence of"
    ACTION = "action of"
    """A thing to do that a report after an incident asked for."""
    CAUSE = "caused by"


class LinkKind(StrEnum):
    """What an incident is linked with."""

    INCIDENT = "incident"
    CHECK = "check"
    CHANGE = "change"
    RUN = "run"
    REQUEST = "request"
    ARTICLE = "article"
    TRACKER = "tracker"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Link:
    """Something that belongs to an incident."""

    incident: int
    kind: LinkKind
    ref: str
    """Number, name or address of the other."""
    relation: Relation
    at: datetime
    operator: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to an incident; its content is read on its own."""

    id: int
    incident: int
    name: str
    type: str
    size: int
    """Bytes."""
    sha256: str
    at: datetime
    operator: str


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter of the queue under a name."""

    name: str
    operator: str
    """Whose; empty: everybody's."""
    query: str
