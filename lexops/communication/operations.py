"""What people tell clients and colleagues, and what they promise them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from lexops.clock import utc_text
from lexops.communication import drafting, reading, sending, store
from lexops.communication.action_operations import OPERATIONS as ACTIONS
from lexops.communication.model import Notice, NoticeKind
from lexops.communication.rendering_status import text as status_text
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.operations.common import IncidentNumber
from lexops.operations.moments import ahead
from lexops.text import clean, one_line, plural

LAST = "-"
"""No further update is promised."""
LONGEST_PROMISE = timedelta(days=31)
"""Further away it is a slip of the pen."""
LONGEST_WORK = timedelta(days=31)
_AUDIENCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@operation("notice.update", role=Role.SUPPORT, effect=Effect.CHANGE)
def update(
    act: Act,
    *,
    incident: IncidentNumber,
    audience: Annotated[str, "partners, portal-users, …: who is told; see lexops contact set"],
    text: Annotated[str, "what they are told; it leaves the firm: no client data", Privacy.PERSONAL],
    next: Annotated[str, "2h, or when the next update comes: 2026-11-22T14:00; - when it is the last one"],
    template: Annotated[
        str | None, "the text that goes around it: first, going-on, mitigated, resolved, or the site's own"
    ] = None,
    answers: Annotated[bool, "it answers the client, whose question stops waiting"] = False,
    by: Annotated[
        str | None,
        "how they were told, if not by LexOps: by telephone; nothing is sent then",
        Privacy.PERSONAL,
    ] = None,
) -> str:
    """Update an audience.

    Tells people outside how an incident goes, and promises when they hear more; who promised is reminded.
    """
    known = incidents.get(act.connection, incident)
    whom, promised = _audience(act, audience, send=by is None), _promised(act, next)
    words = _words(act, incident, text, template, promised)
    for before in store.supersede(act.connection, incident, whom):
        sending.keep_promise(act.connection, before, act.at)
    title = f"Update on incident #{incident}"
    notice = Notice(0, NoticeKind.UPDATE, whom, title, words, act.at, act.operator, incident, promised)
    notice = store.add(act.connection, notice)
    shown = drafting.minute(promised, act.file.zone) if promised else ""
    how = f" ({one_line(by, 100)})" if by else ""
    data = {"audience": whom, "notice": str(notice.id), "promised": utc_text(promised) if promised else ""}
    entry = f"to {whom}{how}: {words}"
    incidents.tell(act.connection, incident, EntryKind.UPDATED, act.at, act.operator, entry, act.at, data)
    if answers:
        told = f"the client was answered with the update to {whom}"
        incidents.tell(act.connection, incident, EntryKind.ANSWERED, act.at, act.operator, told, act.at)
    if by is None:
        values = {"incident": str(incident), "state": str(known.state), "next": shown}
        sending.send(act.connection, act.file, notice, "update", values, act.at)
    following = f"the next update is promised by {shown}" if shown else "no further update is promised"
    return f"incident #{incident}: {whom} told{'' if by is None else how}; {following}"


def _words(act: Act, incident: int, text: str, template: str | None, promised: datetime | None) -> str:
    """What they are told: the text, or the template with the text in it."""
    words = clean(text).strip()
    if template is None:
        return words
    of = (act.connection, act.file, incident, template, act.at)
    return reading.draft(*of, words, promised, complete=True).text


def _audience(act: Act, name: str, *, send: bool = True) -> str:
    """The audience that is meant. Raises InvalidRequest, or Refused when nobody in it can be reached."""
    if not _AUDIENCE.fullmatch(name):
        raise InvalidRequest(
            f"audience: {one_line(name, 60)!r} is no name",
            hint="small letters, digits and dashes, at most 40",
        )
    why = sending.unreachable(act.connection, act.file, name) if send else ""
    if why:
        hint = f"say how they are reached: lexops contact set CONTACTS --owner audience:{name}"
        raise Refused(f"audience {name}: {why}", hint=hint)
    return name


def _promised(act: Act, text: str) -> datetime | None:
    if text.strip() == LAST:
        return None
    found = ahead(act, "next", text)
    if found <= act.at:
        raise InvalidRequest(f"next: {drafting.minute(found, act.file.zone)} is over")
    if found > act.at + LONGEST_PROMISE:
        raise InvalidRequest(f"next: {drafting.minute(found, act.file.zone)} is more than 31 days away")
    return found


@operation("notice.maintenance", role=Role.SUPPORT, effect=Effect.CHANGE)
def maintenance(
    act: Act,
    *,
    targets: Annotated[str, "client-portal, billing-db: the targets that are worked on"],
    starts: Annotated[str, "2026-12-05T22:00, or from now: 90m"],
    ends: Annotated[str, "2026-12-06T02:00, or after its start: 4h"],
    audience: Annotated[str, "partners, portal-users, …: who is told; see lexops contact set"],
    title: Annotated[str, "what is done, in one line; no client data", Privacy.PERSONAL],
    text: Annotated[str, "what they will notice; no client data", Privacy.PERSONAL],
) -> str:
    """Announce maintenance.

    Tells people outside of planned work and shows it in the status until it is over. Checks go on meanwhile:
    the downtime of the targets is declared when the work begins.
    """
    chosen = _targets(act, targets)
    begins, over = _span(act, starts, ends)
    whom = _audience(act, audience)
    named, words = one_line(title, 200), clean(text).strip()
    hit = drafting.affected(chosen, reading.descriptions(act.file))
    words = f"{words}\nAffected: {hit}."
    notice = Notice(
        0, NoticeKind.MAINTENANCE, whom, named, words, act.at, act.operator, starts=begins, ends=over
    )
    notice = store.add(act.connection, notice)
    shown = {"starts": drafting.minute(begins, act.file.zone), "ends": drafting.minute(over, act.file.zone)}
    sending.send(act.connection, act.file, notice, "maintenance", shown, act.at)
    minutes = -(-int((over - begins).total_seconds()) // 60)
    hint = "; ".join(f"lexops check downtime {target} {minutes} …" for target in chosen)
    return f"notice {notice.id}: {whom} told of {shown['starts']} to {shown['ends']}; when it begins: {hint}"


def _targets(act: Act, text: str) -> list[str]:
    names = list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    known = act.file.settings.targets
    for name in names:
        if name not in known:
            hint = f"there are: {', '.join(known)}"
            raise NotFound(f"targets: there is no target {one_line(name, 60)!r}", hint=hint)
    if not names:
        raise InvalidRequest("targets: name at least one", hint=f"there are: {', '.join(known)}")
    return names


def _span(act: Act, starts: str, ends: str) -> tuple[datetime, datetime]:
    """When the work begins and ends. Raises InvalidRequest."""
    begins = ahead(act, "starts", starts)
    over = ahead(act, "ends", ends, begins)
    if over <= begins:
        raise InvalidRequest("ends: the work would end before it begins")
    if over <= act.at:
        raise InvalidRequest(f"ends: {drafting.minute(over, act.file.zone)} is over")
    if over - begins > LONGEST_WORK:
        raise InvalidRequest("ends: the work would take more than 31 days")
    return begins, over


@operation("notice.withdraw", role=Role.SUPPORT, effect=Effect.CHANGE)
def withdraw(
    act: Act,
    *,
    notice: Annotated[int, "number of the announcement, as lexops notice list shows it"],
    reason: Annotated[str, "what its audience is told; no client data", Privacy.PERSONAL],
) -> str:
    """Withdraw an announcement.

    Planned work does not take place: who was told of it is told that too.
    """
    known = store.get(act.connection, notice)
    if known.kind is not NoticeKind.MAINTENANCE:
        raise Refused(
            f"notice {notice} announces no work", hint="what was said is mended by: lexops notice update"
        )
    if known.ends is not None and known.ends <= act.at:
        raise Refused(f"notice {notice}: the work is over")
    words = clean(reason).strip()
    if not store.withdraw(act.connection, notice, act.at):
        raise Refused(f"notice {notice} was withdrawn before")
    if not sending.stop(act.connection, known, act.at, "withdrawn"):
        return f"notice {notice} withdrawn before anybody was told"
    sending.send(
        act.connection, act.file, known, "maintenance", _withdrawn(act, known, words), act.at, "withdrawn"
    )
    return f"notice {notice} withdrawn; {known.audience} told"


def _withdrawn(act: Act, notice: Notice, words: str) -> Mapping[str, str]:
    assert notice.starts is not None and notice.ends is not None
    zone = act.file.zone
    shown = {"starts": drafting.minute(notice.starts, zone), "ends": drafting.minute(notice.ends, zone)}
    return {"title": f"Withdrawn: {notice.title}", "text": words} | shown


@operation("notice.publish", role=Role.SUPPORT, effect=Effect.CHANGE)
def publish(
    act: Act,
    *,
    audience: Annotated[str, "partners, portal-users, …: who is told; see lexops contact set"],
) -> str:
    """Publish how things stand.

    Sends an audience what lexops notice status shows for it.
    """
    whom = _audience(act, audience)
    found = reading.standing(act.connection, act.file, whom, act.at)
    title = one_line(act.file.settings.site.name)
    notice = Notice(0, NoticeKind.STATUS, whom, title, status_text(found), act.at, act.operator)
    notice = store.add(act.connection, notice)
    sending.send(act.connection, act.file, notice, "status", {}, act.at)
    told = f"{plural(len(found.disturbances), 'disturbance')}, {plural(len(found.works), 'announcement')}"
    return f"notice {notice.id}: {whom} told how things stand: {told}"


OPERATIONS: tuple[Operation, ...] = (update, maintenance, withdraw, publish, *ACTIONS)
