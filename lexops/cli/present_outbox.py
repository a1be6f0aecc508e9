"""Messages, attempts and contacts as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.clock import show_duration, show_moment, utc_text
from lexops.outbox.lateness import is_overdue
from lexops.outbox.masking import masked
from lexops.outbox.model import Attempt, Contact, Habits, Message, MessageView, Recipient, State
from lexops.text import one_line

HEAD = ("id", "state", "age", "to", "about", "message", "what")
CONTACT_HEAD = ("who", "reached by", "quiet", "woken by", "an hour")


def message_row(message: Message, now: datetime) -> tuple[str, ...]:
    """One line of the list of messages."""
    return (
        f"{message.id}",
        standing(message, now),
        show_duration(now - message.created),
        str(message.recipient),
        message.subject,
        _named(message),
        _what(message, now),
    )


def _named(message: Message) -> str:
    """Which message it is, and how urgent where its name does not say so."""
    template, urgency = message.template, message.urgency.value
    return template if template.startswith(urgency) else f"{urgency} {template}"


def standing(message: Message, now: datetime) -> str:
    """The state in a word; what should have gone long ago is overdue."""
    return "overdue" if is_overdue(message, now) else message.state.value


def _what(message: Message, now: datetime) -> str:
    match message.state:
        case State.DELIVERED:
            return one_line(message.proof, 200) + (f" (but {message.error})" if message.error else "")
        case State.WAITING if message.error:
            return f"again {_when(message.due, now)}: {one_line(message.error, 200)}"
        case State.WAITING:
            return f"goes {_when(message.due, now)}"
        case _:
            return one_line(message.error, 200)


def _when(due: datetime, now: datetime) -> str:
    return f"in {show_duration(due - now)}" if due > now else "now"


def message_json(message: Message, now: datetime) -> dict[str, Any]:
    """A message as data."""
    return {
        "id": message.id,
        "key": message.key,
        "subject": message.subject,
        "recipient": str(message.recipient),
        "template": message.template,
        "urgency": message.urgency.value,
        "priority": message.priority,
        "state": message.state.value,
        "overdue": is_overdue(message, now),
        "created": utc_text(message.created),
        "due": utc_text(message.due),
        "ended": utc_text(message.ended) if message.ended else None,
        "attempts_on_this_contact": message.attempts,
        "proof": message.proof,
        "error": message.error,
        "values": dict(message.values),
    }


def message_lines(view: MessageView, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """A message with what it says and every attempt."""
    message = view.message
    yield f"message {message.id}: {standing(message, now)}"
    for name, value in (
        ("to", str(message.recipient)),
        ("about", message.subject),
        ("text", f"{message.template} ({message.urgency}{f', {message.priority}' * bool(message.priority)})"),
        ("made", show_moment(message.created, zone)),
        ("due", "" if message.state.is_over else show_moment(message.due, zone)),
        ("ended", show_moment(message.ended, zone) if message.ended else ""),
        ("proof", message.proof),
        ("error", message.error),
        ("key", message.key),
    ):
        if value:
            yield f"  {name:<6} {one_line(value)}"
    yield "says"
    yield from (f"  {name:<9} {one_line(value)}" for name, value in message.values.items() if value)
    yield "attempts" if view.attempts else "no attempt yet"
    for each in view.attempts:
        word = "delivered" if each.delivered else "failed"
        place = f"{each.channel} {masked(each.address)}".rstrip()
        yield f"  {show_moment(each.at, zone)}  {word}  {place}: {one_line(each.detail)}"


def view_json(view: MessageView, now: datetime) -> dict[str, Any]:
    """A message with its attempts as data."""
    return message_json(view.message, now) | {"tries": [_attempt_json(each) for each in view.attempts]}


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": utc_text(attempt.at),
        "channel": attempt.channel,
        "address": masked(attempt.address),
        "delivered": attempt.delivered,
        "detail": attempt.detail,
    }


# Contacts.


def contact_row(owner: Recipient, contacts: Sequence[Contact], habits: Habits | None) -> tuple[str, ...]:
    """One line of the list of who is reached how."""
    known = habits or Habits(owner)
    ways = ", ".join(f"{each.channel} {masked(each.address)}".rstrip() for each in contacts)
    quiet = f"{known.quiet} {known.zone}" if known.quiet else "never"
    return (str(owner), ways or "nothing", quiet, known.wakes if known.quiet else "", f"{known.per_hour}")


def contact_json(
    owner: Recipient, contacts: Sequence[Contact], habits: Habits | None, *, in_full: bool = False
) -> dict[str, Any]:
    """Who is reached how, as data."""
    known = habits or Habits(owner)
    return {
        "owner": str(owner),
        "contacts": [
            {"channel": each.channel, "address": each.address if in_full else masked(each.address)}
            for each in contacts
        ],
        "quiet": known.quiet,
        "zone": known.zone,
        "wakes": known.wakes,
        "per_hour": known.per_hour,
    }


def contact_lines(
    owner: Recipient, contacts: Sequence[Contact], habits: Habits | None, why: str, *, in_full: bool
) -> Iterator[str]:
    """Who is reached how: the contacts in order, and when not."""
    known = habits or Habits(owner)
    yield f"{owner}" + (f": cannot be reached: {why}" if why else "")
    for number, each in enumerate(contacts, 1):
        address = each.address if in_full else masked(each.address)
        yield f"  {number}. {each.channel} {address}".rstrip()
    if known.quiet:
        yield f"  quiet {known.quiet} {known.zone}; pages from {known.wakes} on come then too"
    else:
        yield "  never quiet"
    yield f"  more than {known.per_hour} messages an hour go together"
