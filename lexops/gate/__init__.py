"""The one way an operation runs: authorised, planned, approved, recorded, once."""

from __future__ import annotations

from lexops.gate.gate import Alarm, Gate
from lexops.gate.model import Answer, ConfirmationNeeded, Preview, SecondFactorNeeded, State

__all__ = ["Alarm", "Answer", "ConfirmationNeeded", "Gate", "Preview", "SecondFactorNeeded", "State"]
