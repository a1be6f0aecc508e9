"""Everything that helps with a failing check, put together.

What it says, what changed before, what else fails, what may be the cause, and how it ended before. A read
model: nothing is decided or changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from lexops.checks.model import Status
from lexops.checks.tables import check_table, result_table
from lexops.checks.view import CheckDetail, CheckRow, Flag, Fleet
from lexops.gate import store as requests

BEFORE = timedelta(days=1)
"""How far back what changed is looked for: most failures follow a change of the same day."""
AT_ONCE = timedelta(minutes=30)
"""What began to fail so long before, on the same machine, may be the cause."""
MOST = 12
"""Changes that are told."""
LOOKING = ("check.run", "check.acknowledge", "check.acknowledge-all")
"""Acts that change nothing about a target."""
BLOCKING = ("blocked-sessions", "lock-waits", "blocking")
"""Checks that name the one session for which all others wait."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened before the failure."""

    at: datetime
    target: str
    what: str
    who: str = ""
    """A person; empty for what checks have seen."""
    status: Status | None = None
    """How a check stood from then on; None for an act."""
    request: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """An incident of before, and how it ended."""

    incident: int
    target: str
    title: str
    opened: datetime
    resolved: datetime | None
    owner: str
    ending: str
    """The last words of its timeline; empty while it is open."""


@dataclass(frozen=True, slots=True)
class Triage:
    """A failing check with its surroundings."""

    detail: CheckDetail
    cause: CheckRow | None = None
    """The most likely cause among what fails."""
    why: str = ""
    """How sure that is, and why."""
    related: tuple[CheckRow, ...] = ()
    """What else fails on the same target and machine, the worst first."""
    folded: int = 0
    """Checks that only say that their target was out of reach."""
    changed: tuple[Change, ...] = ()
    """Newest first."""
    past: tuple[Past, ...] = ()
    """The most alike first."""

    @property
    def database(self) -> str:
        """The target, where it has sessions to look at."""
        row = self.detail.row
        return row.target if row.kind.is_database else ""


def triage(
    connection: Connection,
    detail: CheckDetail,
    fleet: Fleet,
    hosts: Mapping[str, str],
    past: Iterable[Past] = (),
) -> Triage:
    """What surrounds a check; `hosts` gives the host target that a target runs on."""
    row = detail.row
    near = neighbours(row.target, hosts)
    failing = [
        each
        for each in fleet.checks
        if each.target in near
        and (each.target, each.check) != (row.target, row.check)
        and each.status is not None
        and each.status.is_problem
    ]
    cause, why = probable_cause(row, failing, hosts.get(row.target, ""), availability(connection))
    shown = [each for each in failing if each is not cause and Flag.UNREACHABLE not in each.flags]
    return Triage(
        detail,
        cause,
        why,
        tuple(sorted(shown, key=_worst_then_oldest)),
        sum(Flag.UNREACHABLE in each.flags for each in failing),
        changes(connection, row, near, fleet),
        tuple(past),
    )


def neighbours(target: str, hosts: Mapping[str, str]) -> frozenset[str]:
    """The target, its host, and what else runs there; for a host, what runs on it."""
    host = hosts.get(target, target)
    return frozenset({target, host, *(name for name, on in hosts.items() if on == host)})


def availability(connection: Connection) -> frozenset[tuple[str, str]]:
    """The checks whose failure makes their target's others unreachable."""
    columns = check_table.c
    rows = connection.execute(select(columns.target, columns.check).where(columns.availability))
    return frozenset((row.target, row.check) for row in rows)


def probable_cause(
    row: CheckRow,
    failing: Sequence[CheckRow],
    host: str,
    availability: frozenset[tuple[str, str]],
) -> tuple[CheckRow | None, str]:
    """The failing check that most likely explains `row`, and why; (None, "") when none stands out.

    A host that is down comes before a server that does not answer, that before the session for which others
    wait, and that before what merely began first on the same machine.
    """
    if row.status is None or not row.status.is_problem:
        return None, ""
    for target, why in (
        (host, "probably: its host is down"),
        (row.target, "probably: the target itself does not answer"),
    ):
        for each in failing:
            if each.target == target and (each.target, each.check) in availability:
                return each, why
    if (row.target, row.check) in availability:
        return None, ""
    for each in failing:
        if each.target == row.target and each.check.endswith(BLOCKING):
            return each, "probably: sessions wait for one another"
    earlier = [each for each in failing if _began_before(each, row)]
    first = min(earlier, key=lambda each: each.since.timestamp() if each.since else 0.0, default=None)
    return (first, "perhaps: it began first") if first else (None, "")


def _began_before(each: CheckRow, row: CheckRow) -> bool:
    if each.since is None or row.since is None or Flag.UNREACHABLE in each.flags:
        return False
    return timedelta() < row.since - each.since <= AT_ONCE


def _worst_then_oldest(row: CheckRow) -> tuple[int, float, str, str]:
    since = row.since.timestamp() if row.since else 0.0
    return (-(row.status.rank if row.status else 0), since, row.target, row.check)


def changes(connection: Connection, row: CheckRow, near: frozenset[str], fleet: Fleet) -> tuple[Change, ...]:
    """What people did to the target and its machine, and what checks saw change there, before it failed."""
    failing = row.status is not None and row.status.is_problem
    until = row.since if failing and row.since else fleet.at
    since = until - BEFORE
    found = [*_acts(connection, near, since, until), *_seen(connection, row, near, since, until, fleet)]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True)[:MOST])


def _acts(connection: Connection, near: frozenset[str], since: datetime, until: datetime) -> Iterable[Change]:
    for act in requests.acts_on(connection, near, since, until):
        if act.operation not in LOOKING:
            what = f"{act.title} ({act.state})"
            yield Change(act.changed, act.target, what, act.operator, request=act.id)


def _seen(
    connection: Connection,
    row: CheckRow,
    near: frozenset[str],
    since: datetime,
    until: datetime,
    fleet: Fleet,
) -> Iterable[Change]:
    """Where the status of another check changed; a run of equal results begins with a change.

    A check that can tell at last has seen no change.
    """
    columns = result_table.c
    titles = {(each.target, each.check): each.title for each in fleet.checks}
    runs = connection.execute(
        select(columns.target, columns.check, columns.status, columns.first, columns.summary)
        .where(columns.target.in_(near), columns.first >= since, columns.first <= until, ~columns.soft)
        .where(columns.status != Status.PENDING.value)
        .order_by(columns.first)
    )
    before: dict[tuple[str, str], str] = {}
    for run in runs:
        place = (run.target, run.check)
        changed = before.get(place) != run.status
        news = place in before or Status(run.status).is_problem
        before[place] = run.status
        if changed and news and place != (row.target, row.check):
            title = titles.get(place, run.check)
            yield Change(run.first, run.target, f"{title}: {run.summary}", status=Status(run.status))
