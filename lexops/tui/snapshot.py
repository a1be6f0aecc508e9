"""What the console knows at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from lexops.checks.view import Fleet
from lexops.incidents.model import Incident
from lexops.tui.port import Operation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the rooms draw, loaded together."""

    event: int
    """The newest event it contains."""
    fleet: Fleet
    incidents: tuple[Incident, ...] = ()
    """The open ones."""
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing newer could be loaded: one line, and how to mend it."""

    text: str
    hint: str = ""
