"""Checks, observations, verdicts and results as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lexops.checks.thresholds import Levels
from lexops.targets.model import Kind


class Status(StrEnum):
    """What a check says. Could-not-see is UNKNOWN, never OK; PENDING needs another look to say anything."""

    OK = "OK"
    PENDING = "PENDING"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT APPLICABLE"

    @property
    def is_problem(self) -> bool:
        return self in (Status.WARNING, Status.CRITICAL, Status.UNKNOWN)

    @property
    def rank(self) -> int:
        """Sorts the worst first when descending: CRITICAL, UNKNOWN, WARNING, PENDING, OK, not applicable."""
        return _RANK[self]


_RANK = {
    Status.NOT_APPLICABLE: 0,
    Status.OK: 1,
    Status.PENDING: 2,
    Status.WARNING: 3,
    Status.UNKNOWN: 4,
    Status.CRITICAL: 5,
}

WORST_FIRST = sorted(Status, key=lambda status: -status.rank)


class Area(StrEnum):
    """What a check is about."""

    HEALTH = "health"
    SECURITY = "security"
    BILLING = "billing"
    BACKUPS = "backups"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured number. `item` tells one of several (a mount, a slot); `limit` is what percent refers to.

    `info` metrics are kept and plotted, but not judged.
    """

    name: str
    value: float
    unit: str = ""
    """`s`, `B`, `%` or empty for a count."""
    limit: float | None = None
    item: str = ""
    info: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One offending thing. `key` is its stable fingerprint on this target: the same fault, the same key."""

    key: str
    text: str
    status: Status = Status.WARNING
    detail: Mapping[str, object] = field(default_factory=dict)
    grant: str = ""
    """The statement that would let us see, for a finding that says we cannot."""


@dataclass(frozen=True, slots=True)
class Note:
    """Evidence that is neither number nor fault: shown, not judged."""

    label: str
    text: str


Observation = Metric | Finding | Note


@dataclass(frozen=True, slots=True)
class Check:
    """A check as shipped or as a site has overridden it; the function that runs it is kept apart."""

    id: str
    title: str
    area: Area
    kinds: frozenset[Kind]
    meaning: str = ""
    """What it looks at, and what a failure means."""
    why: str = ""
    """Why that matters for billing."""
    mend: str = ""
    """What to do when it fails."""
    every: timedelta = timedelta(minutes=5)
    timeout: timedelta = timedelta(seconds=10)
    attempts: int = 3
    """Bad results in a row before a problem is hard; facts in data need one."""
    levels: Levels = field(default_factory=Levels)
    """The thresholds of its metrics that have none of their own."""
    levels_of: Mapping[str, Levels] = field(default_factory=dict)
    """Thresholds of single metrics, by name."""
    severity: Status = Status.WARNING
    """How bad a finding is that does not say itself; of Python checks always a warning."""
    source: str = ""
    """Where the numbers come from."""
    grants: str = ""
    """What the monitoring role needs beyond a log-in."""
    runbook: str = ""
    fault: str = ""
    """The fault with which the tests make it fire."""
    heavy: bool = False
    """At most one heavy check runs per server."""
    availability: bool = False
    """The check whose failure makes the target's other checks unreachable."""
    entities: frozenset[str] = frozenset()
    """Logical billing entities it reads; a profile that lacks one makes it not applicable."""
    origin: str = "lexops"
    """The distribution, file or table of the site that declared it."""

    @property
    def has_levels(self) -> bool:
        """Whether numbers are judged by it at all."""
        every = (self.levels, *self.levels_of.values())
        return any(levels.warn is not None or levels.crit is not None for levels in every)

    def levels_for(self, metric: str) -> Levels:
        """The thresholds that judge a metric."""
        return self.levels_of.get(metric, self.levels)


@dataclass(frozen=True, slots=True)
class Judged:
    """One observation that was judged, as evidence."""

    status: Status
    text: str
    item: str = ""
    key: str = ""
    """What tells the metric from the others of its check."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge makes of a check's observations."""

    status: Status
    summary: str
    judged: tuple[Judged, ...] = ()
    metrics: tuple[Metric, ...] = ()
    findings: tuple[Finding, ...] = ()
    """The worst ones; `total` says how many there were."""
    total: int = 0
    notes: tuple[Note, ...] = ()
    hint: str = ""
    grants: tuple[str, ...] = ()
    """The statements that would let us see what is hidden from us; empty when nothing is."""
    memory: Mapping[str, Any] | None = None
    """What is kept for the next look; None: what was kept before."""
    unreachable: bool = False
    """The target itself could not be reached, so this says nothing about the check's own question."""
    busy: bool = False
    """Something was in the way of the look, and may be gone at the next: a lock, or too much load."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its circumstances, as it leaves a lane."""

    target: str
    check: Check
    verdict: Verdict
    due: datetime
    started: datetime
    seconds: float
