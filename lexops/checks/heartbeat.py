"""Jobs that report themselves with `lexops check beat`: backups, imports, billing runs. Silence is failure.

Every report sets the moment by which the next one has to be there. It is kept as an absolute time, so that
a restart of anything resets nothing (the fault of gatus#1237: a 25 h heartbeat stayed green for 30 h).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from lexops.checks.beats import PREFIX
from lexops.checks.contract import NotYet, RunnableCheck
from lexops.checks.history import History
from lexops.checks.model import Area, Check, Finding, Metric, Note, Observation, Status
from lexops.checks.tables import heartbeat_table
from lexops.clock import show_duration, utc_text
from lexops.config import HeartbeatSettings, Settings
from lexops.targets.model import Kind

LOOK = timedelta(minutes=1)
"""How often it is looked whether a report is overdue."""
_DEADLINE = "deadline"


def heartbeats(settings: Settings, target: str, kind: Kind) -> list[RunnableCheck]:
    """The checks of the heartbeats that tell the state of a target."""
    found = settings.heartbeats.items()
    return [as_check(name, heartbeat, kind) for name, heartbeat in found if heartbeat.target == target]


def as_check(name: str, settings: HeartbeatSettings, kind: Kind) -> RunnableCheck:
    """A configured heartbeat as a check of what LexOps has kept."""
    definition = Check(
        id=f"{PREFIX}{name}",
        title=settings.title.rstrip(".") or f"{name} has not reported",
        area=Area.HEALTH,
        kinds=frozenset({kind}),
        meaning=f"The job reports itself with: lexops check beat {name}. It fails when no report comes within"
        f" {show_duration(settings.every)} and {show_duration(settings.grace)} of grace, or when the job"
        " reports a failure itself.",
        why="A job that quietly stops (a backup, an import, a billing run) is missed only when its work is"
        " needed.",
        mend="Look at the job's own log and its crontab or timer; run it again, and let it report.",
        every=min(LOOK, settings.every),
        attempts=1,
        source="the interval and grace of this site's lexops.toml",
        origin="lexops.toml",
    )
    return RunnableCheck(definition, _collector(name, settings), of_history=True)


def _collector(name: str, settings: HeartbeatSettings) -> Callable[[History], Iterator[Observation]]:
    def collect(history: History) -> Iterator[Observation]:
        columns = heartbeat_table.c
        with history.store.read() as connection:
            row = connection.execute(select(heartbeat_table).where(columns.name == name)).first()
        if row is None or row.beat is None:
            yield _never(history, settings)
            return
        now: datetime = history.now
        yield Metric("age", (now - row.beat).total_seconds(), "s", info=True)
        yield Note("last report", utc_text(row.beat))
        if row.message:
            yield Note("said", row.message)
        if now > row.expected:
            late, since = show_duration(now - row.expected), utc_text(row.beat)
            yield Finding("silent", f"overdue by {late}; last report {since}", Status.CRITICAL)
        elif row.status != Status.OK:
            yield Finding("told", f"reports {row.status.lower()}{_said(row.message)}", Status(row.status))

    return collect


def _never(history: History, settings: HeartbeatSettings) -> Finding:
    """No report yet: raises NotYet until the first one is overdue, counted from the first look."""
    first = history.now + settings.every + settings.grace
    expected = datetime.fromisoformat(history.memory.kept.setdefault(_DEADLINE, first.isoformat()))
    if history.now <= expected:
        raise NotYet(f"no report yet; the first is expected by {utc_text(expected)}")
    late = show_duration(history.now - expected)
    return Finding("silent", f"it has never reported; overdue by {late}", Status.CRITICAL)


def _said(message: str) -> str:
    return f": {message}" if message else ""
