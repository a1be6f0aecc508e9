"""What people do when data was breached: record that we know, and that those were told whom the law names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from lexops.calendars.edit import YEARS
from lexops.clock import show_moment
from lexops.errors import InvalidRequest, Refused
from lexops.incidents import store
from lexops.incidents.model import EntryKind
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.operations.common import IncidentNumber, When
from lexops.operations.moments import past
from lexops.sla.duty import Duty
from lexops.sla.legal import Jurisdiction, jurisdictions
from lexops.sla.register import duty


@operation("breach.aware", role=Role.SUPPORT, effect=Effect.CHANGE)
def aware(
    act: Act,
    *,
    incident: IncidentNumber,
    jurisdiction: Annotated[str, "EU, UK, US-NY, …: whose law, as lexops sla breach jurisdictions shows it"],
    facts: Annotated[
        str, "what is known: what happened, which kinds of data; no client data", Privacy.PERSONAL
    ],
    when: Annotated[str | None, "since when we know, if not now: 2026-11-22T14:00, or 90m ago: 90m"] = None,
    correction: Annotated[
        bool, "the moment was recorded wrongly; what was recorded stays to be seen"
    ] = False,
) -> str:
    """Record awareness of a breach.

    The law's clock runs from then on, day and night, and nothing pauses it. No legal advice.
    """
    law = _jurisdiction(jurisdiction)
    at = past(act, "when", when)
    if at.year < YEARS[0]:
        raise InvalidRequest(f"when: {at.year} is before {YEARS[0]}; no clock counts from there")
    known = duty(act.connection, incident, law.code, act.at)
    words = facts
    if known is not None:
        words = f"{_corrected(act, known, at, correction)}: {facts}"
    elif correction:
        raise Refused(f"incident #{incident}: no awareness under {law.code} is recorded, so none is wrong")
    data = {"jurisdiction": law.code}
    store.tell(act.connection, incident, EntryKind.AWARE, at, act.operator, words, act.at, data)
    if law.seconds is None:
        return f"incident #{incident}: {law.recipient} to be told without delay; {law.law} names no number"
    due = show_moment(at + timedelta(seconds=law.seconds), act.file.zone)
    return f"incident #{incident}: {law.recipient} to be told by {due} ({law.law})"


def _corrected(act: Act, known: Duty, at: datetime, correction: bool) -> str:
    """What a correction says of the moment before. Raises Refused or InvalidRequest."""
    number, since = known.incident.id, show_moment(known.aware, act.file.zone)
    if not correction:
        raise Refused(
            f"incident #{number}: we know of the breach under {known.law.code} since {since}",
            hint=f"see: lexops sla breach draft {number}; if that moment is wrong, add --correction",
        )
    if at == known.aware:
        raise Refused(f"incident #{number}: {since} is what is recorded")
    if known.notified is not None and at > known.notified:
        told = show_moment(known.notified, act.file.zone)
        raise InvalidRequest(f"when: {known.law.recipient} was told {told}, so we knew by then")
    return f"corrected, recorded before was {since}"


@operation("breach.notified", role=Role.SUPPORT, effect=Effect.CHANGE)
def notified(
    act: Act,
    *,
    incident: IncidentNumber,
    jurisdiction: Annotated[str, "EU, UK, US-NY, …: whose law, as lexops sla breach jurisdictions shows it"],
    reference: Annotated[str, "under what number or how the notice was taken", Privacy.PERSONAL],
    when: When = None,
    delay: Annotated[str | None, "why it was not earlier, if it is late", Privacy.PERSONAL] = None,
) -> str:
    """Record the notice of a breach.

    The law's clock stops; what is notified late needs the reasons for the delay.
    """
    law = _jurisdiction(jurisdiction)
    at = past(act, "when", when)
    known = duty(act.connection, incident, law.code, act.at)
    if known is None:
        raise Refused(
            f"incident #{incident}: nobody has recorded awareness of a breach under {law.code}",
            hint=f"first: lexops sla breach aware {incident} {law.code} …",
        )
    if known.notified is not None:
        raise Refused(
            f"incident #{incident}: {law.recipient} was told {show_moment(known.notified, act.file.zone)}",
            hint=f"what was handed in later: lexops incident note {incident} …",
        )
    if at < known.aware:
        raise InvalidRequest(
            f"when: {show_moment(at, act.file.zone)} is before we knew of it "
            f"({show_moment(known.aware, act.file.zone)})"
        )
    late = known.is_late(at)
    if known.due is not None and late and not delay:
        raise InvalidRequest(
            f"delay: it was due {show_moment(known.due, act.file.zone)}; say why it was not earlier",
            hint="name the reasons with --delay",
        )
    words = f"{law.recipient} told: {reference}" + (f"; why it was not earlier: {delay}" if delay else "")
    data = {"jurisdiction": law.code}
    store.tell(act.connection, incident, EntryKind.NOTIFIED, at, act.operator, words, act.at, data)
    return f"incident #{incident}: {law.recipient} told {'late' if late else 'in time'} under {law.code}"


def _jurisdiction(code: str) -> Jurisdiction:
    known = jurisdictions()
    found = known.get(code.strip().upper())
    if found is None:
        raise InvalidRequest(f"jurisdiction: there is no {code!r}", hint=f"there are: {', '.join(known)}")
    return found


OPERATIONS = (aware, notified)
