"""Acts, declared once as typed functions; the gate (`lexops.gate`) is the one way they run."""

from __future__ import annotations

from lexops.operations.catalogue import Catalogue
from lexops.operations.model import (
    Act,
    Doing,
    Effect,
    Interrupted,
    Longest,
    Operation,
    Parameter,
    Privacy,
    Request,
    Role,
    Step,
    operation,
    step,
)

__all__ = [
    "Act",
    "Catalogue",
    "Doing",
    "Effect",
    "Interrupted",
    "Longest",
    "Operation",
    "Parameter",
    "Privacy",
    "Request",
    "Role",
    "Step",
    "operation",
    "step",
]
