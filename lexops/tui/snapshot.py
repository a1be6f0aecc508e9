"""What the console knows at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lexops.audit.log import State as RecordState
from lexops.checks.view import Fleet
from lexops.gate.model import RequestView
from lexops.incidents.model import Incident
from lexops.tui.clocks import ClockRow
from lexops.tui.duty import Duty
from lexops.tui.port import Operation
from lexops.tui.views import SessionView


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing newer could be loaded: one line, and how to mend it."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the rooms draw, loaded together."""

    event: int
    """The newest event it contains."""
    fleet: Fleet
    incidents: tuple[Incident, ...] = ()
    """The open ones."""
    operations: tuple[Operation, ...] = ()
    requests: tuple[RequestView, ...] = ()
    """Those that need people."""
    denied: Mapping[str, str] = field(default_factory=dict)
    """Acts on requests that the policy does not allow this operator, and why."""
    session: SessionView | None = None
    record: RecordState | None = None
    clocks: tuple[ClockRow, ...] = ()
    """Those of open incidents that are not over, what runs out next first."""
    unclear: Trouble | None = None
    """Why the clocks are not known; the rest is."""
    duty: Duty = field(default_factory=Duty)
    """Who is told, who is on call, what was promised."""
