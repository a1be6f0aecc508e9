"""What people do with messages and the ways to reach people."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import available_timezones

from lexops.auth import store as people
from lexops.auth.policy import fulfils
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.operations import Act, Effect, Operation, Privacy, Role, operation
from lexops.outbox import notation, store
from lexops.outbox.model import Message, Recipient, RecipientKind, State, Urgency
from lexops.outbox.quiet import plain
from lexops.outbox.routing import TEST, why_not
from lexops.outbox.routing import own_ways as ways_of
from lexops.store import event
from lexops.text import one_line, plural

MOST_PER_HOUR = 3600
_PRIORITIES = ("P1", "P2", "P3", "P4")
_NOTHING = "-"
_NO_ZONES = {"Factory", "localtime"}


@operation("contact.set", role=None, effect=Effect.CHANGE)
def set_(
    act: Act,
    *,
    contacts: Annotated[
        str, "mail ana@firm.example, pager, sms +41791234567; tried in this order", Privacy.PERSONAL
    ],
    owner: Annotated[str | None, "another operator, or audience:NAME; else yourself"] = None,
) -> str:
    """Set how somebody is reached.

    Replaces all contacts. The first one is tried first; when a channel cannot deliver, the next. An audience
    is people outside, who get what is sent to them by every contact. For others than yourself you have to be
    a manager or an administrator. What waits for them begins again with the first contact.
    """
    whom = _owner(act, owner)
    try:
        found = notation.parse(contacts, whom, act.file.settings.channels)
    except notation.Unreadable as error:
        raise InvalidRequest(f"contacts: {error}", hint=error.hint) from None
    store.set_contacts(act.connection, whom, found, act.at)
    event.append(act.connection, act.at, "contact.set", str(whom))
    channels = ", ".join(each.channel for each in found)
    return f"{whom.name} is reached by {channels}; see that it works: lexops contact test{_option(act, whom)}"


@operation("contact.quiet", role=None, effect=Effect.CHANGE)
def quiet(
    act: Act,
    *,
    hours: Annotated[str | None, "no notices then: daily 22:00-07:00; - for none; else as before"] = None,
    zone: Annotated[str | None, "of these hours, by its IANA name; else as before"] = None,
    wakes: Annotated[
        str | None, "P1 to P4: pages from this priority on come then too; else as before"
    ] = None,
    per_hour: Annotated[int | None, "more messages in an hour go together; else as before"] = None,
    owner: Annotated[str | None, "another operator, or audience:NAME; else yourself"] = None,
) -> str:
    """Set quiet hours.

    In quiet hours notices wait for their end, and so do pages of incidents that are less important than what
    wakes. Above the limit of an hour messages go together in one; no page is dropped.
    """
    whom = _owner(act, owner)
    known = store.habits(act.connection, whom)
    wanted = replace(
        known,
        quiet=known.quiet if hours is None else _hours(hours),
        zone=_zone(zone or (known.zone if known.quiet else act.file.settings.site.zone)),
        wakes=known.wakes if wakes is None else _priority(wakes),
        per_hour=known.per_hour if per_hour is None else _limit(per_hour),
    )
    store.set_habits(act.connection, wanted, act.at)
    event.append(act.connection, act.at, "contact.quiet", str(whom))
    told = (
        f"is quiet {wanted.quiet} {wanted.zone}, woken by {wanted.wakes}"
        if wanted.quiet
        else "is never quiet"
    )
    return f"{whom.name} {told}; more than {wanted.per_hour} an hour go together"


@operation("contact.clear", role=None, effect=Effect.CHANGE)
def clear(
    act: Act, *, owner: Annotated[str | None, "another operator, or audience:NAME; else yourself"] = None
) -> str:
    """Forget how somebody is reached.

    Their contacts and their habits. What is to be sent to them goes to the last resort from now on.
    """
    whom = _owner(act, owner, known=False)
    if not store.clear(act.connection, whom, act.at):
        raise Refused(f"{whom.name} has no contacts", hint="see: lexops contact list")
    event.append(act.connection, act.at, "contact.cleared", str(whom))
    return f"{whom.name} is reached by nothing any more"


@operation("contact.test", role=None, effect=Effect.CHANGE)
def test(
    act: Act, *, owner: Annotated[str | None, "another operator, or audience:NAME; else yourself"] = None
) -> str:
    """Send a test message.

    One by each contact, and by no other when that fails. The worker sends them; see what came of it with
    lexops outbox list --all.
    """
    whom = _owner(act, owner)
    ways = ways_of(whom, store.contacts(act.connection, whom))
    if not ways:
        hint = f"lexops contact set CONTACTS{_option(act, whom)}"
        raise Refused(f"{whom.name} has no contacts", hint=hint)
    for rank in range(len(ways)):
        store.put(
            act.connection,
            Message(
                key=f"test/{act.request.key}/{rank}",
                subject=f"contact/{whom}"[:80],
                recipient=whom,
                template=TEST,
                values={"by": act.operator},
                urgency=Urgency.PAGE,
                created=act.at,
                due=act.at,
                rank=rank,
            ),
        )
    wrong = [reason for way in ways if (reason := why_not(way, act.file.settings.channels))]
    warning = f"; but {'; '.join(wrong)}" if wrong else ""
    return f"{plural(len(ways), 'test message')} to {whom.name} put into the outbox{warning}"


@operation("outbox.retry", role=Role.SUPPORT, effect=Effect.CHANGE)
def retry(act: Act, *, message: Annotated[int, "number of a message that failed"]) -> str:
    """Send a failed message again.

    From the first contact on; a test of one contact by that one. Who of an audience has it already does not
    get it twice.
    """
    known = store.message(act.connection, message).message
    if known.state is not State.FAILED:
        raise Refused(f"message {message} is {known.state}", hint="only what has failed is sent again")
    store.retry(act.connection, message, act.at)
    event.append(act.connection, act.at, "outbox.retried", known.subject, {"message": message})
    return f"message {message} to {known.recipient.name} waits to be sent again"


@operation("outbox.drop", role=Role.SUPPORT, effect=Effect.CHANGE)
def drop(
    act: Act,
    *,
    message: Annotated[int, "number of a message that waits, or has failed"],
    reason: Annotated[str, "why nobody needs to be told", Privacy.PERSONAL],
) -> str:
    """Drop a message.

    One that waits is not sent; one that has failed is answered for, and no longer alarms.
    """
    known = store.message(act.connection, message).message
    if known.state not in (State.WAITING, State.FAILED):
        raise Refused(f"message {message} is {known.state}", hint="see: lexops outbox list")
    why = f"dropped by {act.operator}: {one_line(reason, 300)}"
    if known.state is State.FAILED:
        why += f" (had failed: {one_line(known.error, 200)})"
    store.drop(act.connection, message, act.at, why)
    event.append(act.connection, act.at, "outbox.dropped", known.subject, {"message": message})
    return f"message {message} to {known.recipient.name} is dropped"


def _owner(act: Act, owner: str | None, *, known: bool = True) -> Recipient:
    """Whose contacts are meant. Raises Refused for somebody else's, when the operator is no manager."""
    try:
        whom = notation.parse_owner(owner, act.operator)
    except notation.Unreadable as error:
        raise InvalidRequest(f"owner: {error}", hint=error.hint) from None
    if whom == Recipient(RecipientKind.OPERATOR, act.operator):
        return whom
    if not fulfils(people.get(act.connection, act.operator).role, Role.MANAGER):
        raise Refused("contacts of others are set by managers and administrators", hint="leave owner out")
    if known and whom.kind is RecipientKind.OPERATOR:
        person = people.get(act.connection, whom.name)
        if not person.is_active(act.at):
            raise NotFound(f"{whom.name} is no longer an operator", hint="see: lexops operator list")
    return whom


def _option(act: Act, whom: Recipient) -> str:
    """How the owner is named on the command line."""
    if whom.kind is RecipientKind.AUDIENCE:
        return f" --owner {whom}"
    return "" if whom.name == act.operator else f" --owner {whom.name}"


def _hours(text: str) -> str:
    if text.strip() == _NOTHING:
        return ""
    try:
        return plain(text)
    except ValueError as error:
        hint = getattr(error, "hint", "leave some hours in which you may be told")
        raise InvalidRequest(f"hours: {error}", hint=hint) from None


def _zone(name: str) -> str:
    known = available_timezones() - _NO_ZONES
    if name in known:
        return name
    close = get_close_matches(name, known, 3, 0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "an IANA name: Europe/London"
    raise InvalidRequest(f"zone: {one_line(name, 60)!r} is no time zone", hint=hint)


def _priority(text: str) -> str:
    if text.upper() not in _PRIORITIES:
        raise InvalidRequest(f"wakes: {one_line(text, 20)!r} is none of {', '.join(_PRIORITIES)}")
    return text.upper()


def _limit(count: int) -> int:
    if not 1 <= count <= MOST_PER_HOUR:
        raise InvalidRequest(f"per_hour: {count} is not between 1 and {MOST_PER_HOUR:,}")
    return count


OPERATIONS: tuple[Operation, ...] = (set_, quiet, clear, test, retry, drop)
