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


@dataclass(frozen=True, slots=True)
class ExplanationPlace:
    """How the clocks of an incident came about, one of them in full."""

    incident: int
    clock: str = ""
    """Empty: the one that runs out next."""
    round: int = 1


@dataclass(frozen=True, slots=True)
class MonthPlace:
    """What was kept and broken in a month."""

    month: str = ""
    """2026-10; empty: this one."""


@dataclass(frozen=True, slots=True)
class AttainmentPlace:
    """What was kept in the last twelve months."""


@dataclass(frozen=True, slots=True)
class ObjectivesPlace:
    """What the services may still fail."""


@dataclass(frozen=True, slots=True)
class OnCallPlace:
    """Who is on call."""


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """What the operator at the console has to do."""


@dataclass(frozen=True, slots=True)
class OutboxPlace:
    """What is sent to people."""


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """One message."""

    id: int


@dataclass(frozen=True, slots=True)
class ArticlePlace:
    """What is known about a kind of trouble."""

    name: str


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
    | ExplanationPlace
    | MonthPlace
    | AttainmentPlace
    | ObjectivesPlace
    | OnCallPlace
    | WorkPlace
    | OutboxPlace
    | MessagePlace
    | ArticlePlace
)


def is_place(key: object) -> TypeGuard[Place]:
    """Whether the key of a row is where it leads to."""
    return isinstance(key, Place)
