"""Where one can go: what a row, a jump or a command leads to."""

from __future__ import annotations

from dataclasses import dataclass


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


Place = ModePlace | TargetPlace | CheckPlace | IncidentPlace
