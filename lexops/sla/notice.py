"""The facts of a notice about a breach of data, from the record; what that does not hold is a gap. Pure.

A help for those who write the notice, and no notice: nobody's name, no client and nothing that was noted or
said with the client is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.clock import show_moment
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.sla.duty import Duty
from lexops.text import one_line

GAP = "NOT ON RECORD"
GAPS = (
    "which kinds of persons are concerned, and about how many (GDPR art. 33(3)(a))",
    "which kinds of records are concerned, and about how many (GDPR art. 33(3)(a))",
    "name and contact of the data protection officer, or who else answers (GDPR art. 33(3)(b))",
    "what may come of it for the persons concerned (GDPR art. 33(3)(c))",
    "what was done or is planned to mend it and to limit the harm (GDPR art. 33(3)(d))",
)
"""What a notice usually needs and LexOps does not keep."""
_STEPS = {
    EntryKind.OPENED: "the incident was opened",
    EntryKind.SEVERITY: "its severity changed",
    EntryKind.ACKNOWLEDGED: "somebody took it on",
    EntryKind.CLASSIFIED: "it was classified",
    EntryKind.PAUSED: "waiting for somebody outside began",
    EntryKind.RESUMED: "waiting ended",
    EntryKind.RECOVERED: "the check that had found it was well again",
    EntryKind.RESOLVED: "it was resolved",
    EntryKind.REOPENED: "it was opened again",
    EntryKind.CANCELLED: "it was cancelled",
    EntryKind.NOTE: "something was noted",
}
"""What was done, without the words that were used: those may name a client."""


def draft(
    incident: Incident, entries: Sequence[Entry], duties: Sequence[Duty], now: datetime, zone: ZoneInfo
) -> list[str]:
    """The lines, with moments in the site's zone and in UTC."""
    return list(_draft(incident, entries, duties, now, zone))


def _draft(
    incident: Incident, entries: Sequence[Entry], duties: Sequence[Duty], now: datetime, zone: ZoneInfo
) -> Iterator[str]:
    yield f"Facts for a notice about incident #{incident.id}, as of {_both(now, zone)}"
    yield "A draft from the record and no legal advice: read it with counsel before it goes out."
    yield ""
    yield "WHAT IS KNOWN"
    for duty in duties:
        told = one_line(duty.facts, 2000) or f"{GAP}: what happened"
        yield f"- recorded under {duty.law.code} for {_both(duty.aware, zone)}: {told}"
    yield f"- the target: {one_line(incident.target)}" if incident.target else f"- {GAP}: which system"
    yield ""
    yield "WHEN WE KNEW, WHO IS TO BE TOLD, AND BY WHEN"
    for duty in duties:
        yield from _duty(duty, now, zone)
    yield ""
    yield "WHAT WAS DONE WHEN"
    for entry in entries:
        if entry.kind in _STEPS and entry.at <= now:
            late = f" (recorded {_both(entry.recorded, zone)})" if entry.recorded else ""
            yield f"- {_both(entry.at, zone)}: {_STEPS[entry.kind]}{late}"
    if incident.is_open:
        yield f"- {GAP}: how it ended; the incident is {incident.state}"
    yield ""
    yield "GAPS: A NOTICE USUALLY SAYS THIS AS WELL"
    yield from (f"- {GAP}: {gap}" for gap in GAPS)
    if any(duty.notified is None and duty.is_late(now) for duty in duties):
        yield f"- {GAP}: why the notice was not earlier (GDPR art. 33(1))"


def _duty(duty: Duty, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    law = duty.law
    yield f"- {law.code}: {law.recipient} ({law.law})"
    yield f"    aware since {_both(duty.aware, zone)}"
    if duty.due is None:
        yield "    to be told without delay; the law names no number"
    else:
        yield f"    to be told by {_both(duty.due, zone)}"
    if duty.notified is not None:
        words = "late" if duty.is_late(duty.notified) else "in time"
        told = f"told {words}" if duty.due else "told"
        yield f"    {told}, {_both(duty.notified, zone)}: {one_line(duty.reference, 500)}"
    else:
        yield f"    not told yet{', and late' if duty.is_late(now) else ''}"
    if law.note:
        yield f"    note: {law.note}"


def _both(at: datetime, zone: ZoneInfo) -> str:
    shown = show_moment(at, zone)
    utc = show_moment(at, ZoneInfo("UTC"))
    return shown if shown == utc else f"{shown} ({utc})"
