"""What screens and commands show of checks: read models, filled by the check store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lexops.checks.model import Area, Check, Finding, Judged, Note, Status
from lexops.targets.model import Kind


class Flag(StrEnum):
    """Circumstances that stand beside a status; none of them hides it."""

    SOFT = "soft"
    STALE = "stale"
    FLAPPING = "flapping"
    UNREACHABLE = "unreachable"
    DOWNTIME = "downtime"
    SILENCED = "silenced"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check on one target as it stands now."""

    target: str
    kind: Kind
    environment: str
    check: str
    title: str
    area: Area
    status: Status | None
    """None: not looked at yet."""
    summary: str
    flags: frozenset[Flag] = frozenset()
    since: datetime | None = None
    """When the status began."""
    checked: datetime | None = None
    due: datetime | None = None
    incident: int | None = None
    """Number of the open incident about it."""

    @property
    def is_problem(self) -> bool:
        """Whether it needs somebody: what is merely unreachable is collapsed under its cause."""
        return self.status is not None and self.status.is_problem and Flag.UNREACHABLE not in self.flags


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target: the worst of its checks, and the last day hour by hour."""

    name: str
    kind: Kind
    environment: str
    status: Status | None
    counts: Mapping[Status, int]
    ribbon: tuple[Status | None, ...] = ()
    """24 hours, oldest first; the worst hard status of each, None where nothing was seen."""
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A metric over a short span: its least, mean and greatest value."""

    at: datetime
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """A metric's history, oldest first."""

    metric: str
    item: str
    unit: str
    limit: float | None
    points: tuple[Point, ...]
    info: bool = False
    """Kept and plotted, but not judged: the check's thresholds say nothing about it."""


class Happened(StrEnum):
    """What stands as a mark under a plot."""

    OPENED = "opened"
    RESOLVED = "resolved"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to a target while its metrics were measured."""

    at: datetime
    what: Happened
    text: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A run of equal results: `at` is the first, `last` the newest of `times`."""

    at: datetime
    status: Status
    summary: str
    seconds: float
    soft: bool = False
    last: datetime | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class CheckDetail:
    """Everything about one check on one target."""

    row: CheckRow
    definition: Check
    judged: tuple[Judged, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    hint: str = ""
    history: tuple[ResultRow, ...] = ()
    """Newest first."""
    series: tuple[Series, ...] = ()
    related: tuple[CheckRow, ...] = ()
    """Other problems of the same target and its host."""
    marks: tuple[Mark, ...] = ()
    """Incidents and changes of the target in the span of the series, oldest first."""


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """A span in which failing means less: a downtime or a silence of a target, or a freeze of the site."""

    kind: str
    """`downtime`: no incidents open; `silence`: nobody is told; `freeze`: nothing is changed on targets."""
    target: str
    """A target; for a freeze, the environments."""
    check: str
    """Empty: all checks of the target."""
    starts: datetime
    ends: datetime
    reason: str
    operator: str = ""
    """Empty for what stands in the site's file."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """The worker's sign of life."""

    name: str
    pid: int
    started: datetime
    beat: datetime


@dataclass(frozen=True, slots=True)
class Fleet:
    """All checks and targets of a site at one moment; what Overview, Health and `lexops status` draw."""

    at: datetime
    checks: tuple[CheckRow, ...] = ()
    targets: tuple[TargetRow, ...] = ()
    worker: WorkerRow | None = None
    broken_plugins: Mapping[str, str] = field(default_factory=dict)
    """Plug-ins that could not be loaded, with the reason."""

    @property
    def problems(self) -> tuple[CheckRow, ...]:
        """Failing checks, the worst first, then the oldest."""
        failing = [row for row in self.checks if row.is_problem]
        return tuple(sorted(failing, key=_worst_then_oldest))


def _worst_then_oldest(row: CheckRow) -> tuple[int, float, str, str]:
    rank = row.status.rank if row.status else 0
    return (-rank, row.since.timestamp() if row.since else 0.0, row.target, row.check)
