"""How things stand, for people outside: what disturbs, in the words they were told, what is planned. Pure.

Only what one audience was told is in it, and nothing else: no title, no note, no client, nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lexops.communication.drafting import mitigated
from lexops.communication.model import Notice, NoticeKind
from lexops.incidents.model import Entry, EntryKind, Incident, Priority

URGENT = (Priority.P1, Priority.P2)
"""What is told of."""
_ENDINGS = {EntryKind.RESOLVED: False, EntryKind.CANCELLED: False, EntryKind.REOPENED: True}


@dataclass(frozen=True, slots=True)
class Disturbance:
    """An urgent incident that is open, as its audience knows it."""

    incident: int
    since: datetime
    mitigated: datetime | None
    text: str
    """The words of the newest update."""
    told: datetime
    promised: datetime | None


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work that goes on or is to come."""

    notice: int
    title: str
    text: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at a moment, for one audience."""

    site: str
    zone: str
    audience: str
    at: datetime
    disturbances: tuple[Disturbance, ...]
    """The longest first."""
    works: tuple[Work, ...]
    """The next first."""

    def is_under_way(self, work: Work) -> bool:
        """Whether planned work goes on at that moment."""
        return work.starts <= self.at < work.ends


def standing_of(
    site: str,
    zone: str,
    audience: str,
    at: datetime,
    notices: Iterable[Notice],
    incidents: Iterable[Incident],
    timelines: Mapping[int, Sequence[Entry]],
) -> Standing:
    """How things stood at a moment, by what was known and told then; `notices` may be those of others too."""
    told = [each for each in notices if each.audience == audience and each.at <= at]
    updates: dict[int, Notice] = {}
    for each in sorted(told, key=lambda notice: (notice.at, notice.id)):
        if each.kind is NoticeKind.UPDATE and each.incident is not None:
            updates[each.incident] = each
    disturbances = [
        _disturbance(incident, updates[incident.id], timelines.get(incident.id, ()), at)
        for incident in incidents
        if incident.id in updates and _is_urgent(incident, timelines.get(incident.id, ()), at)
    ]
    works = [
        Work(each.id, each.title, each.text, each.starts, each.ends)
        for each in told
        if each.kind is NoticeKind.MAINTENANCE
        and each.starts is not None
        and each.ends is not None
        and each.ends > at
        and (each.withdrawn is None or each.withdrawn > at)
    ]
    return Standing(
        site,
        zone,
        audience,
        at,
        tuple(sorted(disturbances, key=lambda each: (each.since, each.incident))),
        tuple(sorted(works, key=lambda each: (each.starts, each.notice))),
    )


def _disturbance(incident: Incident, update: Notice, entries: Sequence[Entry], at: datetime) -> Disturbance:
    eased = mitigated(entry for entry in entries if entry.at <= at)
    return Disturbance(incident.id, incident.opened, eased, update.text, update.at, update.promised)


def _is_urgent(incident: Incident, entries: Sequence[Entry], at: datetime) -> bool:
    """Whether it was open at a moment, and as urgent as that."""
    if incident.opened > at:
        return False
    is_open, priority = True, str(incident.priority)
    known = [entry.data["priority"] for entry in entries if entry.at <= at and entry.data.get("priority")]
    for entry in entries:
        if entry.at <= at:
            is_open = _ENDINGS.get(entry.kind, is_open)
    return is_open and (known[-1] if known else priority) in URGENT
