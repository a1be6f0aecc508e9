"""What a hard change of a check means for its incident. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.incidents.model import Incident


class Step(StrEnum):
    """What happens to the incident."""

    NOTHING = "nothing"
    OPEN = "open"
    SEVERITY = "severity"
    RECOVER = "recover"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Policy:
    """When incidents open and close by themselves."""

    open_on: Status = Status.WARNING
    resolve_on_recovery: bool = True


def step(change: HardChange, incident: Incident | None, policy: Policy) -> Step:
    """The next step for the open `incident` of the changed check, or for there being none.

    A problem that can no longer be seen keeps the severity it had: not seen is not better.
    """
    if not change.after.is_problem:
        if incident is None:
            return Step.NOTHING
        return Step.RESOLVE if policy.resolve_on_recovery else Step.RECOVER
    if incident is None:
        return Step.OPEN if change.after.rank >= policy.open_on.rank else Step.NOTHING
    return Step.NOTHING if incident.severity is change.after else Step.SEVERITY


def severity(change: HardChange, incident: Incident) -> Status:
    """The severity an open incident has after `change`."""
    return incident.severity if change.after is Status.UNKNOWN else change.after
