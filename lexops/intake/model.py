"""What arrives by itself, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lexops.checks.model import Status


class Source(StrEnum):
    """Where something came from."""

    MAIL = "mail"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a mail."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that somebody wrote. Every text in it is cleaned."""

    key: str
    """The same for the same mail, however often it comes: its Message-ID, and a digest of what it says."""
    sender: str
    """The address, in small letters. Nobody vouches for it."""
    title: str
    """The subject in one line, without Re: and our own mark."""
    text: str
    references: tuple[str, ...] = ()
    """Message-IDs of what it answers."""
    marked: int | None = None
    """The incident of our own mark in its subject, [LX-41]."""
    named: int | None = None
    """The number that the subject of an answer names, #41: an incident's, or that of anything else."""
    attached: tuple[Attached, ...] = ()
    left_out: tuple[str, ...] = ()
    """Attachments that were too large, with their sizes."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What becomes no ticket, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived, once."""

    id: int
    source: Source
    key: str
    at: datetime
    incident: int | None
    refused: str
    """Why it became no ticket; empty when it did, or had nothing new to tell."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of another monitoring system, as Alertmanager tells it."""

    fingerprint: str
    firing: bool
    title: str
    text: str
    severity: Status
    is_information: bool
    """It is only told, and need not be acted on."""
    starts: datetime
    ends: datetime | None
    """None while it lasts."""
    labels: Mapping[str, str]

    @property
    def episode(self) -> str:
        """The same from the moment it begins to fire until it is over, however often it is told."""
        return f"{self.fingerprint} {self.starts.isoformat()}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request of Alertmanager brought."""

    alerts: tuple[Alert, ...]
    refused: tuple[str, ...] = ()
    """Why each of the others is none."""
    truncated: int = 0
    """Alerts that it left out because there were too many."""
