"""What a law wants after a breach of data: whom to tell, by when; read from an incident's timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lexops.calendars.business import moment, seconds
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.sla.legal import Jurisdiction, jurisdictions


@dataclass(frozen=True, slots=True)
class Duty:
    """What one law wants of one incident."""

    incident: Incident
    law: Jurisdiction
    aware: datetime
    facts: str
    """What was known then."""
    notified: datetime | None = None
    reference: str = ""

    @property
    def due(self) -> datetime | None:
        """The last moment that is in time; None: without delay, and no number."""
        return None if self.law.seconds is None else moment(seconds(self.aware) + self.law.seconds)

    def is_late(self, at: datetime) -> bool:
        """Whether a notice at a moment is too late; in whole seconds, as the clock counts."""
        return self.due is not None and seconds(at) > seconds(self.due)


def duties(incident: Incident, entries: Iterable[Entry], now: datetime) -> list[Duty]:
    """What the laws want of an incident, in the order in which it was known."""
    return list(_duties(incident, [entry for entry in entries if entry.at <= now]))


def _duties(incident: Incident, entries: list[Entry]) -> Iterator[Duty]:
    for code, entry in _aware(entries).items():
        told = (
            each
            for each in entries
            if each.kind is EntryKind.NOTIFIED and _code(each) == code and each.at >= entry.at
        )
        notice = next(told, None)
        yield Duty(
            incident,
            jurisdictions()[code],
            entry.at,
            entry.text,
            notice.at if notice else None,
            notice.text if notice else "",
        )


def _aware(entries: Iterable[Entry]) -> dict[str, Entry]:
    """When we knew, by law: what was recorded last corrects what was recorded before."""
    found: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda each: each.id):
        if entry.kind is EntryKind.AWARE and _code(entry) in jurisdictions():
            found[_code(entry)] = entry
    return dict(sorted(found.items(), key=lambda each: each[1].at))


def _code(entry: Entry) -> str:
    return entry.data.get("jurisdiction", "")
