"""The gate: operations declared once, one way to run them."""

from __future__ import annotations

from lexops.operations.catalogue import Catalogue
from lexops.operations.gate import Gate
from lexops.operations.model import Act, Effect, Operation, Parameter, Request, operation

__all__ = ["Act", "Catalogue", "Effect", "Gate", "Operation", "Parameter", "Request", "operation"]
