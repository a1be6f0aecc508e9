"""What screens and commands show of checks: read models, filled by the check store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from lexops.checks.model import Area, Check, Finding, Judged, Note, Status
from lexops.targets.model import Kind
from lexops.trends.availability import Availability, Budget, State, budget


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
    number: int | None = None
    """By which it can be ended before its time."""

    @property
    def name(self) -> str:
        """`silence`, `freeze #3`."""
        return f"{self.kind} #{self.number}" if self.number else self.kind


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast an objective's budget burns over two windows; rate 1 uses it up in the objective's window."""

    long: timedelta
    short: timedelta
    rate_long: float | None
    """None where nothing is known, as the following."""
    rate_short: float | None
    limit: float
    alerting: bool
    """Both rates are above the limit."""
    severity: Status
    """CRITICAL where somebody has to come, WARNING where a ticket will do."""


@dataclass(frozen=True, slots=True)
class DayOfHours:
    """One day of a service, from its midnight on; 23 or 25 hours where the clocks are changed."""

    day: date
    hours: tuple[Availability, ...]
    """Hours outside the objective's window are empty: nothing up, down or unknown."""


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """A service level objective as it stands at a moment. Numbers are None where nothing is known."""

    name: str
    title: str
    client: str
    """To whom it was promised; empty: to everybody."""
    targets: tuple[str, ...]
    objective: float
    """Percent of the time."""
    window: timedelta
    at: datetime
    state: State
    """What the service is at `at`."""
    found: Availability
    """Over the window that ends at `at`."""
    burns: tuple[Burn, ...]
    """The quickest first."""
    hours: tuple[DayOfHours, ...] = ()
    """The days of the window in the site's zone, oldest first."""
    unseen: tuple[str, ...] = ()
    """Targets of which no check counts, so that nothing can be said of the service."""

    @property
    def availability(self) -> float | None:
        """Percent of the known time."""
        return self.found.percent

    @property
    def coverage(self) -> float | None:
        """Percent of the time outside maintenance that is known."""
        return self.found.coverage

    @property
    def budget(self) -> Budget | None:
        return budget(self.found, self.objective)

    @property
    def allowed(self) -> float | None:
        """Seconds of the known time that may be down."""
        return self.budget.allowed.total_seconds() if self.budget else None

    @property
    def spent(self) -> float | None:
        """Seconds down."""
        return self.budget.spent.total_seconds() if self.budget else None

    @property
    def left(self) -> float | None:
        """Seconds that may still be down; negative when the objective is missed."""
        return self.budget.left.total_seconds() if self.budget else None

    @property
    def left_percent(self) -> float | None:
        """How much of the budget is left; negative when the objective is missed."""
        return self.budget.percent if self.budget else None

    @property
    def is_alerting(self) -> bool:
        return any(burn.alerting for burn in self.burns)

    @property
    def is_missed(self) -> bool:
        """Whether more was down than was promised."""
        return self.left is not None and self.left < 0


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """The worker's sign of life."""

    name: str
    pid: int
    started: datetime
    beat: datetime
    lives: bool = True
    """False as soon as it is known that it has ended, or when it was silent for too long."""


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
