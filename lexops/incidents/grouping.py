"""Which incidents belong together: one of them is told of, the others are listed under it. Pure.

A wrong group hides a fault, a missing one wakes people twice, so the rules are few and each leaves its reason
in the timeline: nothing is put under what is less bad, nothing across environments unless the host is the
same, nothing under what is under something itself, nothing later than `[incidents] group` after the first.
LexOps' own checks stay alone: that messages cannot be sent and that nobody is on call are two problems. So do
findings in billing data: no outage makes a trust account negative, each has an owner and a cause of its own;
only a change that went before can be the cause of several. That they cannot be looked at has one: a lock, a
right that is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.checks.model import Status
from lexops.clock import show_duration
from lexops.incidents.model import Incident, Origin
from lexops.incidents.policy import Policy, is_worse

OWN = "lexops"
"""The target that LexOps itself is."""
RECENT = timedelta(minutes=30)
"""How long before a failure a change can have been its reason."""
BILLING = "billing."
"""How the checks of billing data are called."""
_OBSERVED = frozenset({Origin.CHECK.value, Origin.ALERT.value})
"""What counts for a storm: what people write does not come in storms."""


@dataclass(frozen=True, slots=True)
class Change:
    """An act that reached a target."""

    request: int
    what: str
    target: str
    asked: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open incident that is under no other."""

    incident: Incident
    began: datetime
    """When it was opened, or opened again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when an incident begins."""

    candidates: Sequence[Candidate] = ()
    """The one that began first comes first; the new one may be among them."""
    begun: Sequence[tuple[str | None, str]] = ()
    """Target and origin of every symptom that was opened within the time and is still open."""
    changes: Sequence[Change] = ()
    """What reached its target or its host lately, newest first."""
    parents: Collection[int] = ()
    """Numbers of the incidents that have others under them."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An incident that is to be listed under another one, and why."""

    child: int
    parent: int
    reason: str


def place(new: Incident, at: datetime, known: Known, policy: Policy) -> list[Placement]:
    """Where a new incident belongs, and what belongs under it now that it is there; often nothing."""
    if not policy.group or not _can_belong(new):
        return []
    near = [each for each in known.candidates if _is_near(each, new, at, policy)]
    storm = _storm(new, known, policy)
    found = None
    if new.id not in known.parents:
        found = next(_parents(new, near, known, storm, policy), None)
    if found is None:
        return list(_adopted(new, near, known, policy))
    placed = [Placement(new.id, found[0].id, found[1])]
    if storm and found[1] == storm:
        head = found[0]
        rest = (each.incident for each in near if each.incident.id != head.id)
        placed += [
            Placement(each.id, head.id, storm) for each in rest if _may_follow(each, head, known, policy)
        ]
    return placed


def _can_belong(incident: Incident) -> bool:
    return incident.target is not None and incident.target != OWN


def _is_symptom(incident: Incident) -> bool:
    """Whether it may be the consequence of another fault; that billing data cannot be seen is no finding."""
    return incident.severity is Status.UNKNOWN or not (incident.check or "").startswith(BILLING)


def _is_near(candidate: Candidate, new: Incident, at: datetime, policy: Policy) -> bool:
    incident = candidate.incident
    return (
        incident.id != new.id
        and _can_belong(incident)
        and timedelta() <= at - candidate.began <= policy.group
        and _together(incident.target or "", new.target or "", policy)
    )


def _together(one: str, other: str, policy: Policy) -> bool:
    """Whether two targets may share an incident: the same environment, or the same host."""
    if policy.hosts.get(one, one) == policy.hosts.get(other, other):
        return True
    environment = policy.environments.get(one)
    return environment is not None and environment == policy.environments.get(other)


def _storm(new: Incident, known: Known, policy: Policy) -> str:
    """The reason if it is one of a storm, else nothing. `begun` holds the new one as well."""
    count = sum(
        target is not None
        and target != OWN
        and origin in _OBSERVED
        and _together(target, new.target or "", policy)
        for target, origin in known.begun
    )
    if count < policy.storm or not _is_symptom(new):
        return ""
    return f"a storm: {count:,} new incidents within {show_duration(policy.group)}"


def _parents(
    new: Incident, near: Sequence[Candidate], known: Known, storm: str, policy: Policy
) -> Iterator[tuple[Incident, str]]:
    """Those under which it may stand, the most natural one first."""
    no_less = [each for each in near if not is_worse(new.severity, each.incident.severity)]
    others = [each for each in no_less if _is_symptom(each.incident) and _is_symptom(new)]
    gone = [each.incident for each in others if _is_availability(each.incident, policy)]
    host = policy.hosts.get(new.target or "", "")
    # That a target cannot be reached is the reason of the rest of it, and not the other way round.
    same = "" if _is_availability(new, policy) else new.target
    yield from ((each, f"{new.target} cannot be reached") for each in gone if each.target == same)
    yield from ((each, f"its host {host} cannot be reached") for each in gone if each.target == host)
    yield from ((each.incident, f"on {same} as well") for each in others if each.incident.target == same)
    yield from ((e.incident, f"its host {host} has a problem") for e in others if e.incident.target == host)
    for each in no_less:
        if (change := _same_change(each, known.changes, policy)) is not None:
            yield each.incident, f"after the same change: request #{change.request}, {change.what}"
    if storm:
        yield from ((each.incident, storm) for each in others if each.incident.origin.value in _OBSERVED)


def _is_availability(incident: Incident, policy: Policy) -> bool:
    return (incident.target, incident.check) in policy.availability


def _same_change(candidate: Candidate, changes: Iterable[Change], policy: Policy) -> Change | None:
    """A change of the new one's surroundings that reached the candidate's before it began."""
    target = candidate.incident.target or ""
    reached = (target, policy.hosts.get(target, target))
    began = candidate.began
    return next((each for each in changes if each.target in reached and each.asked <= began), None)


def _adopted(new: Incident, near: Sequence[Candidate], known: Known, policy: Policy) -> Iterator[Placement]:
    """What failed a moment before because of what is only known now: the target, or its host, is gone."""
    if not _is_availability(new, policy):
        return
    for each in near:
        target = each.incident.target or ""
        if new.target in (target, policy.hosts.get(target)) and _may_follow(
            each.incident, new, known, policy
        ):
            whose = "it" if target == new.target else f"its host {new.target}"
            yield Placement(each.incident.id, new.id, f"{whose} cannot be reached")


def _may_follow(incident: Incident, head: Incident, known: Known, policy: Policy) -> bool:
    """Whether an incident that stands alone may be put under another one afterwards: nobody has it yet."""
    return (
        incident.origin.value in _OBSERVED
        and _is_symptom(incident)
        and incident.owner is None
        and incident.id not in known.parents
        and not is_worse(incident.severity, head.severity)
        and _together(incident.target or "", head.target or "", policy)
    )


def loose(
    child: Incident, parent: Incident, *, by_hand: bool, looked: bool, was_unknown: bool = False
) -> str:
    """Why an incident is listed under its parent no longer; empty while it is.

    `looked`: its check has been looked at since the parent ended, or there was time enough: what recovers
    with its parent needs nobody. `was_unknown`: it was listed when it only could not be seen. One that
    somebody grouped stays there while both are open, though it is worse: they knew.
    """
    if not parent.is_open:
        return f"#{parent.id} is {parent.state}, and this is not" if looked else ""
    if is_worse(child.severity, parent.severity) and not by_hand:
        return f"it is {child.severity.value}, which is worse than #{parent.id}"
    if was_unknown and not by_hand and not _is_symptom(child):
        return "it can be seen again, and is a finding of its own"
    return ""
