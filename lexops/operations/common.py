"""Arguments that operations of several rooms have, said in the same words."""

from __future__ import annotations

from typing import Annotated

from lexops.operations.model import Privacy

IncidentNumber = Annotated[int, "number of the incident"]
RequestNumber = Annotated[int, "number of the request"]
HistoryReason = Annotated[str, "why, for the history", Privacy.PERSONAL]
When = Annotated[str | None, "when, if not now: 2026-11-22T14:00, or 90m ago: 90m"]
Since = Annotated[str | None, "from when, if not now: 2026-11-22T14:00, or 90m ago: 90m"]
Correction = Annotated[bool, "it had been wrong all along: what is finished is counted anew"]
