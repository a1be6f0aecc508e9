"""Incidents and their timeline as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lexops.checks.model import Status


class State(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


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

    @property
    def is_open(self) -> bool:
        return self.state is not State.RESOLVED


class EntryKind(StrEnum):
    """What an entry of the timeline tells."""

    OPENED = "opened"
    SEVERITY = "severity"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    RECOVERED = "recovered"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's timeline."""

    at: datetime
    kind: EntryKind
    author: str
    """Operator, or `lexops` for what it did itself."""
    text: str
