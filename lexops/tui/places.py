"""Where one can go: what a row, a jump or a command leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class ModePlace:
    """One of the numbered rooms."""

    mode: str


@dataclass(frozen=True, slots=True)
class TargetPlace:
    """The checks of one target."""

    target: str


@dataclass(frozen=True, slots=True)
class CheckPlace:
    """One check on one target."""

    target: str
    check: str


@dataclass(frozen=True, slots=True)
class IncidentPlace:
    """One incident."""

    id: int


@dataclass(frozen=True, slots=True)
class RequestsPlace:
    """The requests that need people."""


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """One request."""

    number: int


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """One entry of the record."""

    id: str


@dataclass(frozen=True, slots=True)
class TriagePlace:
    """Everything that helps with a failing check."""

    target: str
    check: str


@dataclass(frozen=True, slots=True)
class ActivityPlace:
    """What goes on in a database now."""

    target: str


@dataclass(frozen=True, slots=True)
class TreePlace:
    """What depends on what, and what is kept quiet."""


Place = (
    ModePlace
    | TargetPlace
    | CheckPlace
    | IncidentPlace
    | RequestsPlace
    | RequestPlace
    | EntryPlace
    | TriagePlace
    | ActivityPlace
    | TreePlace
)


def is_place(key: object) -> TypeGuard[Place]:
    """Whether the key of a row is where it leads to."""
    return isinstance(key, Place)
