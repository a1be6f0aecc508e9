"""What was told to people outside, as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment
from lexops.clock import show_duration
from lexops.communication.drafting import lasted, minute
from lexops.communication.model import Action, Due, Notice, NoticeKind, Promise
from lexops.communication.postmortem import action_json
from lexops.outbox.model import Message
from lexops.text import clean, one_line

HEAD = ("notice", "at", "kind", "to", "by", "about")
DUE_HEAD = ("", "due", "incident", "to", "promised by", "notice")
ACTIONS_HEAD = ("incident", "of", "state", "owner", "age", "due", "what")
PREVIEW = 60
"""Characters of a text in a list; `show` has all of it."""


# Lists.


def notice_row(notice: Notice, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list of notices."""
    return (
        str(notice.id),
        minute(notice.at, zone),
        str(notice.kind),
        notice.audience,
        notice.operator,
        _about(notice, zone),
    )


def _about(notice: Notice, zone: ZoneInfo) -> str:
    match notice.kind:
        case NoticeKind.UPDATE:
            following = f"; next by {minute(notice.promised, zone)}" if notice.promised else ""
            return f"#{notice.incident}: {one_line(notice.text, PREVIEW)}{following}"
        case NoticeKind.MAINTENANCE:
            taken = " (withdrawn)" if notice.withdrawn else ""
            return f"{_span(notice, zone)}: {one_line(notice.title, PREVIEW)}{taken}"
        case NoticeKind.STATUS:
            return "how things stood"


def _span(notice: Notice, zone: ZoneInfo) -> str:
    ends = (minute(at, zone) if at else "?" for at in (notice.starts, notice.ends))
    return " to ".join(ends)


def promise_row(promise: Promise, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the updates that are promised."""
    late = promise.due is Due.OVERDUE
    span = show_duration(abs(promise.by - now))
    notice = promise.notice
    return (
        str(promise.due).upper() if late else str(promise.due),
        f"{span} ago" if late else f"in {span}",
        f"#{notice.incident}",
        notice.audience,
        f"{notice.operator}, {minute(promise.by, zone)}",
        str(notice.id),
    )


def action_row(action: Action, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the things to do."""
    late = "OVERDUE " if action.is_overdue(now) else ""
    return (
        f"#{action.id}",
        f"#{action.of}",
        action.state,
        action.owner or "nobody",
        lasted((action.ended or now) - action.opened),
        f"{late}{minute(action.due, zone)}" if action.due else "-",
        one_line(action.title),
    )


# One notice.


def notice_lines(notice: Notice, messages: Sequence[Message], zone: ZoneInfo) -> Iterator[str]:
    """A notice with its words and what became of its messages."""
    whom = f"{notice.kind} to {notice.audience}"
    yield f"notice {notice.id}: {whom}, {minute(notice.at, zone)} by {notice.operator}"
    if notice.incident is not None:
        yield f"incident #{notice.incident}"
    if notice.starts is not None:
        yield f"from {_span(notice, zone)}"
    if notice.promised is not None:
        yield f"next update promised by {minute(notice.promised, zone)}"
    if notice.withdrawn is not None:
        yield f"withdrawn {minute(notice.withdrawn, zone)}"
    yield ""
    if notice.kind is NoticeKind.MAINTENANCE:
        yield one_line(notice.title)
    yield from clean(notice.text).splitlines()
    yield ""
    if not messages:
        yield "LexOps sent nothing: they were told otherwise"
    for message in reversed(messages):
        yield f"message {message.id}: {message.state}{_detail(message)}"


def _detail(message: Message) -> str:
    words = one_line(message.error or message.proof, 200)
    return f" ({words})" if words else ""


# For programs.


def notice_json(notice: Notice, messages: Iterable[Message] | None = None) -> dict[str, Any]:
    """A notice as data; moments in UTC."""
    found: dict[str, Any] = {
        "notice": notice.id,
        "kind": str(notice.kind),
        "audience": notice.audience,
        "title": notice.title,
        "text": notice.text,
        "at": moment(notice.at),
        "operator": notice.operator,
        "incident": notice.incident,
        "promised": moment(notice.promised),
        "starts": moment(notice.starts),
        "ends": moment(notice.ends),
        "withdrawn": moment(notice.withdrawn),
        "reminded": moment(notice.reminded),
    }
    if messages is not None:
        found["messages"] = [
            {"message": each.id, "state": str(each.state), "detail": each.error or each.proof}
            for each in messages
        ]
    return found


def promise_json(promise: Promise) -> dict[str, Any]:
    """A promised update as data."""
    return {
        "incident": promise.notice.incident,
        "audience": promise.notice.audience,
        "by": moment(promise.by),
        "due": str(promise.due),
        "notice": promise.notice.id,
        "operator": promise.notice.operator,
    }


def listed_action_json(action: Action, now: datetime) -> dict[str, Any]:
    """A thing to do as data; its age in seconds."""
    age = int(((action.ended or now) - action.opened).total_seconds())
    return action_json(action) | {"age": age, "overdue": action.is_overdue(now)}
