"""What people do with the things to do that came out of an incident."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from lexops.auth import store as people
from lexops.checks.model import Status
from lexops.clock import parse_moment, utc_text
from lexops.communication.actions import DUE, OF
from lexops.communication.drafting import minute
from lexops.errors import InvalidRequest, Refused
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Priority, Relation
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.text import one_line


@operation("incident.action", role=Role.SUPPORT, effect=Effect.CHANGE)
def action(
    act: Act,
    *,
    incident: Annotated[int, "number of the incident it came out of"],
    title: Annotated[str, "what is to be done, in one line", Privacy.PERSONAL],
    owner: Annotated[str | None, "who does it; else nobody yet"] = None,
    due: Annotated[str | None, "until when: 2026-12-01, 2026-12-01T12:00, 14d"] = None,
    priority: Annotated[Priority, "what comes first"] = Priority.P4,
    queue: Annotated[str | None, "whose it is: a team, a topic; else that of the incident"] = None,
) -> str:
    """Open an action of an incident.

    A ticket of its own for what is to be done so that it does not happen again; the report lists it.
    """
    of = incidents.get(act.connection, incident)
    named, until = one_line(title, 200), _due(act, due)
    doing = _doing(act, owner)
    number = incidents.open_by_hand(
        act.connection,
        act.request.key,
        named,
        Status.WARNING,
        act.at,
        act.operator,
        of.target,
        priority=priority.value,
        queue=of.queue if queue is None else queue,
    )
    links.join(act.connection, number, incident, Relation.ACTION, act.at, act.operator)
    shown = f", due {minute(until, act.file.zone)}" if until else ""
    data = {OF: str(incident), DUE: utc_text(until) if until else ""}
    _tell(act, number, f"action of incident #{incident}{shown}", data)
    _tell(act, incident, f"action: incident #{number}{shown}", {"action": str(number)})
    if doing == act.operator:
        incidents.acknowledge(act.connection, number, act.at, act.operator)
    elif doing:
        incidents.assign(act.connection, number, act.at, act.operator, doing)
    return f"incident #{number}: action of #{incident}{f', for {doing}' if doing else ''}{shown}"


def _tell(act: Act, number: int, words: str, data: dict[str, str]) -> None:
    incidents.add_entry(act.connection, number, act.at, EntryKind.LINKED, act.operator, words, data)


def _doing(act: Act, owner: str | None) -> str:
    if owner is None:
        return ""
    person = people.get(act.connection, owner)
    if not person.is_active(act.at):
        raise Refused(f"{owner} is no longer an operator", hint="see: lexops operator list")
    return person.name


def _due(act: Act, text: str | None) -> datetime | None:
    """Until when; a date is up to its end. Raises InvalidRequest."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    try:
        if day is not None:
            found = datetime.combine(day + timedelta(days=1), time(), act.file.zone)
        else:
            found = parse_moment(text, act.file.zone, lambda away: act.at + away)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"due: {error}") from None
    if found <= act.at:
        raise InvalidRequest(f"due: {minute(found, act.file.zone)} is over")
    return found


OPERATIONS: tuple[Operation, ...] = (action,)
