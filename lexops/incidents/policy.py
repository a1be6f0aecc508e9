"""What a hard change of a check means for its incident. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lexops.checks.model import Status
from lexops.checks.state import HardChange
from lexops.incidents.model import Incident, Priority

if TYPE_CHECKING:
    from lexops.config.settings import Settings

COMES_BACK = 3
"""So often re-opened by itself within `reopen_within`, an incident stays open until it has been quiet."""


class Step(StrEnum):
    """What happens to the incident."""

    NOTHING = "nothing"
    OPEN = "open"
    SEVERITY = "severity"
    AGAIN = "again"
    """It had recovered and was kept open; now it fails as before."""
    RECOVER = "recover"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Policy:
    """When incidents open, close and belong together by themselves."""

    open_on: Status = Status.WARNING
    resolve_on_recovery: bool = True
    providers: Mapping[str, str] = field(default_factory=dict)
    """Who has promised to keep a target running."""
    group: timedelta = timedelta()
    """How long after another one began an incident can be part of it; zero: none is."""
    storm: int = 10
    """So many new incidents within that time are one storm."""
    reopen_within: timedelta = timedelta()
    """What fails again so soon after its resolution is the same incident; zero: it never is."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The host target that a target runs on."""
    environments: Mapping[str, str] = field(default_factory=dict)
    """Of each target: production, staging, demo."""
    availability: Collection[tuple[str, str]] = ()
    """The check of each target that says whether it can be reached at all."""


def of_site(settings: Settings, availability: Collection[tuple[str, str]] = ()) -> Policy:
    """The policy of a site's file; `availability` is known to whoever has loaded the checks."""
    wanted, targets = settings.incidents, settings.targets
    return Policy(
        open_on=Status(wanted.open_on.upper()),
        resolve_on_recovery=wanted.resolve_on_recovery,
        providers={name: target.provider for name, target in targets.items() if target.provider},
        group=wanted.group,
        storm=wanted.storm,
        reopen_within=wanted.reopen_within,
        hosts={name: target.host for name, target in targets.items() if target.host},
        environments={name: target.environment for name, target in targets.items()},
        availability=availability,
    )


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
    if incident.severity is not change.after:
        return Step.SEVERITY
    was_well = change.before is not None and not change.before.is_problem
    return Step.AGAIN if was_well else Step.NOTHING


def severity(change: HardChange, incident: Incident) -> Status:
    """The severity an open incident has after `change`."""
    return incident.severity if change.after is Status.UNKNOWN else change.after


def is_worse(now: Status, before: Status) -> bool:
    """Whether an acknowledgement of `before` does not cover `now`: who took a warning took no outage."""
    return now.rank > before.rank


def priority(severity: Status) -> Priority:
    """What an incident is at first, until somebody classifies it."""
    return Priority.P2 if severity is Status.CRITICAL else Priority.P3
