"""What people do with promises: make them, change them, say why one was broken, close a month."""

from __future__ import annotations

from lexops.operations import Operation
from lexops.sla.closing import OPERATIONS as CLOSING
from lexops.sla.legal_operations import OPERATIONS as LEGAL
from lexops.sla.policy_operations import OPERATIONS as POLICIES

OPERATIONS: tuple[Operation, ...] = (*POLICIES, *LEGAL, *CLOSING)
