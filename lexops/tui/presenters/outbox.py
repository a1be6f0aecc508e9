"""Messages: what became of each, and why it did not arrive. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.clock import show_moment
from lexops.outbox.model import Message, MessageView, State, Urgency
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line
from lexops.tui.places import IncidentPlace, Place
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.facts import facts
from lexops.tui.presenters.status import age

_STATES = {
    State.WAITING: Ink("… waiting"),
    State.SENDING: Ink("▸ sending", Tone.KEY),
    State.DELIVERED: Ink("✔ delivered", Tone.OK),
    State.FAILED: Ink("✖ failed", Tone.CRITICAL),
    State.CANCELLED: Ink("– cancelled", Tone.QUIET),
}
_URGENCIES = {Urgency.PAGE: "at once", Urgency.NOTICE: "when it suits"}
RETRY = "outbox.retry"
DROP = "outbox.drop"
_INDENT = 14


def badge(message: Message) -> Ink:
    """Sign and word."""
    return _STATES[message.state]


def order(message: Message) -> tuple[object, ...]:
    """Failed pages first, then what waits, then the newest."""
    rank = (message.state is not State.FAILED, message.state.is_over)
    return (*rank, message.urgency is not Urgency.PAGE, -message.created.timestamp(), -message.id)


def haystack(message: Message) -> str:
    """What a filter looks through."""
    return "\n".join(
        (
            str(message.recipient),
            message.subject,
            f"to:{message.recipient.name}",
            f"is:{message.state}",
            f"is:{message.urgency}",
            f"template:{message.template}",
            f"priority:{message.priority}",
            message.error,
        )
    )


def columns(rows: Sequence[Message], now: datetime) -> tuple[Column[Message], ...]:
    """Age, state, urgency, to whom, what about, and why it did not arrive or that it did."""
    few = rows[:1000]
    people = widest((each.recipient.name for each in few), least=6, most=16)
    subjects = widest((each.subject for each in few), least=8, most=16)
    return (
        Column("age", lambda each: (Ink(age(each.created, now), Tone.QUIET),), 4, right=True),
        Column("state", lambda each: (badge(each),), 11),
        Column("what", lambda each: (_what(each),), 12, priority=1),
        Column("to", lambda each: (Ink(each.recipient.name),), people),
        Column("as", lambda each: (Ink(each.recipient.kind, Tone.QUIET),), 8, priority=4),
        Column("about", lambda each: (Ink(each.subject, Tone.QUIET),), subjects, priority=2),
        Column("tries", lambda each: (Ink(f"{each.attempts:,}", Tone.QUIET),), 5, priority=3, right=True),
        Column("says", lambda each: (_said(each, now),), 16, grow=1),
    )


def _what(message: Message) -> Ink:
    return Ink(message.template, Tone.STRONG if message.urgency is Urgency.PAGE else Tone.PLAIN)


def _said(message: Message, now: datetime) -> Ink:
    if message.state is State.DELIVERED:
        return Ink(message.proof, Tone.QUIET)
    if message.state is State.WAITING and message.due > now:
        waits = f"goes in {age(now, message.due)}"
        return Ink(f"{waits}; {message.error}" if message.error else waits, Tone.PLAIN)
    return Ink(message.error, Tone.PLAIN if message.state is State.FAILED else Tone.QUIET)


def why_not(message: Message, operation: str) -> str:
    """Why an act is not to be offered for this message; the gate has the last word."""
    if operation == RETRY:
        return "" if message.state is State.FAILED else f"it has not failed; it is {message.state}"
    return f"it is over; it is {message.state}" if message.state.is_over else ""


def about(message: Message) -> Place | None:
    """The incident a message is about."""
    kind, _, number = message.subject.partition("/")
    is_number = number.isascii() and number.isdigit() and len(number) < 12
    return IncidentPlace(int(number)) if kind == "incident" and is_number else None


def message_lines(view: MessageView, now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    """One message: for whom and what, and every try to send it."""
    message = view.message
    told = [
        ("to", f"{message.recipient.name}, {message.recipient.kind}"),
        ("about", message.subject),
        ("what", f"{message.template}, {_URGENCIES[message.urgency]}"),
        ("put", f"{show_moment(message.created, zone)}, {age(message.created, now)} ago"),
    ]
    if not message.state.is_over and message.due > now:
        told.append(("goes", f"{show_moment(message.due, zone)}, in {age(now, message.due)}"))
    if message.ended:
        told.append(("ended", show_moment(message.ended, zone)))
    lines = [each for label, text in told for each in facts(f" {label}", text, width, _INDENT)]
    tone = Tone.CRITICAL if message.state is State.FAILED else Tone.PLAIN
    for label, text in (("error", message.error), ("proof", message.proof)):
        if text:
            lines += facts(f" {label}", text, width, _INDENT, tone)
    lines += [EMPTY, line(Ink(" WHAT IT MAY SAY", Tone.TITLE))]
    for name, value in message.values.items():
        lines += facts(f" {name}", value, width, _INDENT)
    lines += [EMPTY, line(Ink(" TRIES", Tone.TITLE))]
    for each in view.attempts:
        sign = Ink("✔ ", Tone.OK) if each.delivered else Ink("✖ ", Tone.CRITICAL)
        moment = f"{each.at.astimezone(zone):%d %b %H:%M:%S}  "
        pieces = (Ink(" "), sign, Ink(moment, Tone.QUIET), Ink(f"{each.channel} {each.address}".rstrip()))
        lines.append(fitted((*pieces, Ink(f"  {each.detail}", Tone.QUIET)), width))
    return lines if view.attempts else [*lines, line(Ink(" none yet", Tone.QUIET))]
