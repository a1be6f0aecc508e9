"""Requests: the list of those that need people, one in full, and what may be done with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.clock import show_duration, show_moment
from lexops.gate.model import ENDED, RequestView, State, StepView
from lexops.operations import Effect
from lexops.text import plural
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line, wrapped
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.environment import environment_badge, is_loud
from lexops.tui.presenters.facts import facts
from lexops.tui.presenters.forms import HASH
from lexops.tui.presenters.offers import GRANT, wanted_of_me, why_not
from lexops.tui.presenters.status import age
from lexops.tui.views import SessionView

_SIGNS = {
    State.WAITING: ("▲", Tone.WARNING),
    State.RELEASED: ("▸", Tone.PLAIN),
    State.RUNNING: ("▸", Tone.STRONG),
    State.DONE: ("✔", Tone.OK),
    State.FAILED: ("✖", Tone.CRITICAL),
    State.INTERRUPTED: ("?", Tone.UNKNOWN),
    State.PAUSED: ("·", Tone.WARNING),
}
_STEP_SIGNS = {
    "done": ("✔", Tone.OK),
    "running": ("▸", Tone.STRONG),
    "failed": ("✖", Tone.CRITICAL),
    "interrupted": ("?", Tone.UNKNOWN),
}


def state_badge(request: RequestView) -> Ink:
    """Sign and word of where a request stands."""
    sign, tone = _SIGNS.get(request.state, ("–", Tone.QUIET))
    return Ink(f"{sign} {request.state.upper()}", tone)


# The list


def haystack(request: RequestView) -> str:
    """What a filter looks through."""
    return "\n".join(
        (
            f"#{request.id}",
            request.title,
            f"target:{request.target or ''}",
            f"env:{request.environment}",
            f"is:{request.state}",
            f"owner:{request.operator}",
            f"operation:{request.operation}",
        )
    )


def columns(
    rows: Sequence[RequestView], me: SessionView | None, denied: Mapping[str, str], now: datetime
) -> tuple[Column[RequestView], ...]:
    """Number, state, what, target, environment, who, what it needs of this person, since when."""
    return (
        Column("no.", lambda each: (Ink(f"#{each.id}"),), 6, right=True),
        Column("state", lambda each: (state_badge(each),), 13),
        Column("request", lambda each: (Ink(each.title, _tone(each)),), 18, grow=1),
        Column(
            "target",
            lambda each: (Ink(each.target or "", Tone.QUIET),),
            widest((each.target or "" for each in rows), most=16),
            priority=1,
        ),
        Column("where", _where, 10, priority=3),
        Column(
            "by",
            lambda each: (Ink(each.operator, Tone.QUIET),),
            widest((each.operator for each in rows), least=3, most=12),
            priority=2,
        ),
        Column("you", lambda each: (Ink(wanted_of_me(each, me, denied), Tone.KEY),), 7),
        Column("since", lambda each: (Ink(age(each.changed, now), Tone.QUIET),), 5, right=True),
    )


def _tone(request: RequestView) -> Tone:
    return Tone.QUIET if request.state in ENDED and not request.needs_review else Tone.PLAIN


def _where(request: RequestView) -> Line:
    return (Ink(request.environment, Tone.STRONG if is_loud(request.environment) else Tone.QUIET),)


# One request


def request_lines(
    request: RequestView,
    me: SessionView | None,
    denied: Mapping[str, str],
    now: datetime,
    zone: ZoneInfo,
    width: int,
) -> list[Line]:
    """Everything about a request."""
    on = f" {request.target}" if request.target else ""
    lines: list[Line] = [
        line(" ", Ink(request.title, Tone.STRONG), Ink(f"{on}  "), environment_badge(request.environment)),
        EMPTY,
        *_facts("operation", f"{request.operation}{_EFFECTS.get(request.effect, '')}", width),
        *_facts("asked by", _asked(request, now, zone), width),
    ]
    for name, value in request.arguments.items():
        lines += _facts(name, value, width)
    lines += _facts("hash", request.hash[:HASH], width)
    if request.break_glass:
        lines += _glass(request, now, width)
    if request.answer:
        lines += _facts("answer", request.answer, width)
    if request.state is State.WAITING or request.approvals:
        lines += [
            EMPTY,
            line(Ink(" APPROVAL", Tone.TITLE)),
            *_approvals(request, me, denied, now, zone, width),
        ]
    if request.plan:
        lines += [EMPTY, line(Ink(" PLAN", Tone.TITLE))]
        lines += [line(f" {part}") for step in request.plan for part in wrapped(step, width - 2)]
    if request.steps:
        lines += [EMPTY, line(Ink(" STEPS", Tone.TITLE))]
        lines += [each for step in request.steps for each in _step(step, now, width)]
    return lines


_EFFECTS = {Effect.READ: ", reads what is confidential", Effect.DESTROY: ", destroys"}


def _asked(request: RequestView, now: datetime, zone: ZoneInfo) -> str:
    return (
        f"{request.operator}, at the {request.door}, {show_moment(request.at, zone)}"
        f" ({age(request.at, now)} ago)"
    )


def _glass(request: RequestView, now: datetime, width: int) -> list[Line]:
    lines = _facts("glass", f"broken: {request.break_glass}", width, Tone.CRITICAL)
    if request.reviewed_by is not None:
        return lines + _facts("", f"reviewed by {request.reviewed_by}", width)
    return lines + _facts("", review_words(request, now), width, Tone.CRITICAL)


def review_words(request: RequestView, now: datetime) -> str:
    """By when an act that broke the glass has to be looked at."""
    if request.review_due is None:
        return "not reviewed yet"
    left = request.review_due - now
    if left < timedelta():
        return f"the review is overdue by {show_duration(-left)}"
    return f"to be reviewed within {show_duration(left)}"


def _approvals(
    request: RequestView,
    me: SessionView | None,
    denied: Mapping[str, str],
    now: datetime,
    zone: ZoneInfo,
    width: int,
) -> list[Line]:
    lines: list[Line] = []
    for each in request.approvals:
        word, tone = ("✔ agreed", Tone.OK) if each.agreed else ("✖ refused", Tone.CRITICAL)
        moment = each.at.astimezone(zone).strftime("%d %b %H:%M")
        reason = f"  {each.reason}" if each.reason else ""
        lines.append(line(Ink(f" {word:<10} ", tone), Ink(each.by), Ink(f", {moment}{reason}", Tone.QUIET)))
    if request.state is State.WAITING:
        missing = plural(request.missing, "approval")
        lines += _facts("needs", f"{missing} of others than {request.operator}", width)
        lines += _facts("expires", expiry_words(request, now), width)
        if me is not None and (barred := why_not(request, me, denied).get(GRANT)):
            lines += _facts("you", f"cannot approve it: {barred}", width, Tone.QUIET)
    return lines


def expiry_words(request: RequestView, now: datetime) -> str:
    """How long a request still waits."""
    if request.expires is None:
        return "never"
    left = request.expires - now
    return f"in {show_duration(left)}" if left > timedelta() else "now; it has to be asked for anew"


def _step(step: StepView, now: datetime, width: int) -> list[Line]:
    sign, tone = _STEP_SIGNS.get(step.state, ("·", Tone.QUIET))
    took = ""
    if step.started is not None and (step.ended or step.state == "running"):
        took = show_duration((step.ended or now) - step.started)
    head = line(
        Ink(f" {sign} ", tone),
        *fitted((Ink(f"{step.number + 1}. {step.name}", tone),), 24),
        *fitted((Ink(took, Tone.QUIET),), 9, right=True),
        Ink("  "),
    )
    first, *rest = wrapped(step.said, max(10, width - 39))
    return [(*head, Ink(first)), *(line(" " * 38, part) for part in rest)]


def _facts(label: str, text: str, width: int, tone: Tone = Tone.PLAIN) -> list[Line]:
    return facts(f" {label}", text, width - 1, 14, tone)
