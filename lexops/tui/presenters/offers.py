"""What may be done with a request, and why not: so that only what can be done is offered. Pure.

The gate decides; these are its rules as far as a screen can know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lexops.gate.model import ENDED, STOPPED, RequestView, State
from lexops.operations import Role
from lexops.tui.views import SessionView

GRANT, REFUSE = "approval.grant", "approval.refuse"
CANCEL, PAUSE, RESUME, REVIEW = "request.cancel", "request.pause", "request.resume", "request.review"


def why_not(request: RequestView, me: SessionView, denied: Mapping[str, str]) -> dict[str, str]:
    """Every act on a request that is not to be offered, and why; the gate has the last word.

    `denied` is what the policy does not allow at all.
    """
    reasons = {act: reason for act in _REASONS if (reason := _REASONS[act](request, me))}
    return {**reasons, **{act: why for act, why in denied.items() if act in _REASONS}}


def _no_grant(request: RequestView, me: SessionView) -> str:
    if request.state is State.WAITING and request.operator_id == me.id:
        return "it is your own; somebody else has to approve it"
    return _no_refusal(request, me)


def _no_refusal(request: RequestView, me: SessionView) -> str:
    if request.state is not State.WAITING:
        return f"it does not wait for approval; it is {request.state}"
    said = any(approval.by == me.operator for approval in request.approvals)
    return "you have said already what you think of it" if said else ""


def _no_cancel(request: RequestView, me: SessionView) -> str:
    return f"it is over; it is {request.state}" if request.state in ENDED else _not_mine(request, me)


def _no_pause(request: RequestView, me: SessionView) -> str:
    if request.state not in (State.RUNNING, State.RELEASED):
        return f"it is not running; it is {request.state}"
    return _not_mine(request, me) if request.steps else "it has no steps to pause between"


def _no_resume(request: RequestView, me: SessionView) -> str:
    if request.state not in STOPPED or not request.steps:
        return f"it has not stopped; it is {request.state}"
    return _not_mine(request, me)


def _no_review(request: RequestView, me: SessionView) -> str:
    if not request.break_glass:
        return "it did not break the glass"
    if not request.needs_review:
        return f"it has been reviewed by {request.reviewed_by}"
    return "it is your own; somebody else has to review it" if request.operator_id == me.id else ""


def _not_mine(request: RequestView, me: SessionView) -> str:
    mine = request.operator_id == me.id or me.role == Role.ADMINISTRATOR
    return "" if mine else f"it is {request.operator}'s; an administrator may do this too"


_REASONS = {
    GRANT: _no_grant,
    REFUSE: _no_refusal,
    CANCEL: _no_cancel,
    PAUSE: _no_pause,
    RESUME: _no_resume,
    REVIEW: _no_review,
}


def wanted_of_me(request: RequestView, me: SessionView | None, denied: Mapping[str, str]) -> str:
    """What a request needs of this person, in a word; empty when it needs somebody else."""
    if me is None:
        return ""
    barred = why_not(request, me, denied)
    if request.needs_review and REVIEW not in barred:
        return "review"
    if GRANT not in barred:
        return "approve"
    return "decide" if RESUME not in barred else ""


def to_approve(
    requests: Sequence[RequestView], me: SessionView | None, denied: Mapping[str, str]
) -> tuple[int, int]:
    """How many requests wait for approval, and how many of them this person may approve."""
    waiting = [each for each in requests if each.state is State.WAITING]
    return len(waiting), sum(wanted_of_me(each, me, denied) == "approve" for each in waiting)


def unreviewed(requests: Sequence[RequestView]) -> list[RequestView]:
    """Acts that broke the glass and that nobody has looked at."""
    return [each for each in requests if each.needs_review]
