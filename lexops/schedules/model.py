"""What a schedule is, and what is known of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from lexops.clock import utc_text
from lexops.config import SiteFile


class Missed(StrEnum):
    """What becomes of times at which no worker was there."""

    SKIP = "skip"
    ONCE = "once"
    """They are made up for by one run."""
    ALL = "all"
    """Each is made up for, one after the other."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """An operation that runs by the clock."""

    name: str
    cron: str
    """Five fields, as crontab(5) has them."""
    zone: ZoneInfo
    operation: str
    arguments: Mapping[str, object]
    operator: str
    """With whose rights it runs, as they are then."""
    missed: Missed
    enabled: bool = True

    @property
    def timing(self) -> str:
        """What decides when it is due; when that changes, what was planned counts no more."""
        return f"{self.cron} {self.zone.key}"

    def key(self, due: datetime) -> str:
        """The request's key of one due time: however often it is handed over, it happens once."""
        return f"schedule:{self.name}:{utc_text(due)}"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store knows of a schedule."""

    next_due: datetime
    last_due: datetime | None = None
    last_key: str | None = None
    last_outcome: str | None = None
    """Empty from claiming a due time until its request has been handed over."""
    missed: int = 0
    """Times that passed without a run of their own."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as it stands, for lists."""

    name: str
    cron: str
    zone: str
    operation: str
    operator: str
    enabled: bool
    last_due: datetime | None
    last_key: str | None
    last_outcome: str | None
    next_due: datetime | None
    """None while it is disabled."""
    missed: int


def schedules(file: SiteFile) -> tuple[Schedule, ...]:
    """The schedules of a site's file, in its order."""
    return tuple(
        Schedule(
            name,
            given.cron,
            ZoneInfo(given.zone) if given.zone else file.zone,
            given.operation,
            given.arguments,
            given.operator,
            Missed(given.missed),
            given.enabled,
        )
        for name, given in file.settings.schedules.items()
    )
