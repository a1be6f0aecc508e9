"""Acts before, while and after they are done: as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.auth.policy import APPROVERS
from lexops.cli.present import moment
from lexops.clock import show_duration, show_moment
from lexops.gate.model import ENDED, STOPPED, Preview, RequestView, State
from lexops.operations import Role
from lexops.text import one_line, plural

SHORT_HASH = 12
"""Characters of a hash that are shown in a list; all are shown with the request itself."""


def preview_rows(preview: Preview) -> list[tuple[str, str]]:
    """What an act would do and what it still needs, label and text."""
    rows = [("act", f"{preview.title} ({preview.operation})"), ("effect", preview.effect.value)]
    rows.append(("where", " in ".join(filter(None, (preview.target, preview.environment.upper())))))
    rows += [("plan" if n == 0 else "", line) for n, line in enumerate(preview.plan)]
    return [*rows, *(("needs", need) for need in needs(preview))]


def needs(preview: Preview) -> list[str]:
    """What is still missing before it happens."""
    found = []
    if preview.second_factor is not None:
        age = show_duration(preview.second_factor)
        found.append(f"a second factor no older than {age}: lexops operator step-up --scope {preview.scope}")
    if preview.word:
        found.append(f"the word {preview.word} to confirm it")
    if preview.approvals:
        found.append(f"the approval of {others(preview.approvals)}")
    return found


def others(count: int) -> str:
    """How many other people."""
    return "another person" if count == 1 else f"{count} other people"


def warning(preview: Preview) -> list[str]:
    """What a person reads before typing the word that confirms it."""
    where = f"{preview.target} in " if preview.target else ""
    lines = ["", f"!! {preview.environment.upper()}: {preview.title}", f"   on {where}{preview.environment}"]
    lines += [f"   - {line}" for line in preview.plan]
    if preview.approvals:
        lines.append(f"   It then waits for the approval of {others(preview.approvals)}.")
    return [*lines, ""]


def preview_json(preview: Preview) -> dict[str, Any]:
    """What an act would do and need, as data."""
    factor = preview.second_factor
    return {
        "operation": preview.operation,
        "title": preview.title,
        "effect": preview.effect.value,
        "environment": preview.environment,
        "target": preview.target,
        "plan": list(preview.plan),
        "approvals": preview.approvals,
        "second_factor_seconds": factor.total_seconds() if factor is not None else None,
        "scope": preview.scope,
        "word": preview.word or None,
        "break_glass": preview.break_glass,
    }


def who(name: str, role: Role | None, read_only: bool) -> str:
    """Whose session it is."""
    if role is None:
        return f"you are {name}, no active operator of this site: nothing can be done from here"
    return f"you are {name}, {role}{', looking only' if read_only else ''}"


def for_person(views: Iterable[RequestView], id: str, role: Role) -> list[RequestView]:
    """Of what waits for people, what this one could do something about."""
    judges = role in APPROVERS
    return [
        view
        for view in views
        if (judges and view.operator_id != id and (view.state is State.WAITING or view.needs_review))
        or (view.state in STOPPED and (view.operator_id == id or role is Role.ADMINISTRATOR))
    ]


def call(view: RequestView) -> str:
    """What waits, and where to see it."""
    see = "approval" if view.state is State.WAITING else "request"
    what = f"#{view.id} {standing(view)}: {view.title}, asked by {view.operator}"
    return f"WAITS FOR YOU  {what}; lexops {see} show {view.id}"


def request_row(view: RequestView, now: datetime) -> tuple[str, ...]:
    """One line of a list of requests."""
    return (
        f"#{view.id}",
        standing(view),
        view.environment.upper() if view.environment == "production" else view.environment,
        view.operator,
        show_duration(now - view.at),
        view.hash[:SHORT_HASH],
        one_line(f"{view.title} {' '.join(view.arguments.values())}", 2000),
    )


def standing(view: RequestView) -> str:
    """Where a request stands, and what that asks of people."""
    if view.state is State.WAITING:
        return f"waits for {plural(view.missing, 'approval')}"
    review = ", needs a review" if view.needs_review else ""
    return f"{view.state}{review}"


def ending(view: RequestView) -> str:
    """What came of a request, in one line."""
    if view.state is State.DONE:
        return view.answer
    why = f": {view.answer}" if view.answer else ""
    go_on = f"; go on with: lexops request resume {view.id}" if view.state in STOPPED else ""
    return f"request #{view.id} is {view.state}{why}{go_on}"


def request_rows(
    view: RequestView, zone: ZoneInfo, now: datetime, came_from: str = ""
) -> list[tuple[str, str]]:
    """Everything about a request, label and text; nothing is cut."""
    where = " in ".join(filter(None, (view.target, view.environment.upper())))
    who = f"{view.operator} at {show_moment(view.at, zone)} by {view.door}"
    rows = [
        ("request", f"#{view.id} {standing(view)}"),
        ("act", f"{view.title} ({view.operation})"),
        ("effect", view.effect.value),
        ("where", where),
        ("asked by", f"{who}, {came_from}" if came_from else who),
        *((f"  {name}", one_line(value, 20_000)) for name, value in view.arguments.items()),
        *(("plan" if n == 0 else "", line) for n, line in enumerate(view.plan)),
        ("hash", view.hash),
    ]
    if view.break_glass:
        rows.append(("broke the glass", view.break_glass))
    rows += [(_said(a.agreed), _approval(a.by, a.at, a.reason, zone)) for a in view.approvals]
    if view.state is State.WAITING and view.expires is not None:
        rows.append(("expires", f"in {show_duration(view.expires - now)}, {show_moment(view.expires, zone)}"))
    if view.needs_review and view.review_due is not None:
        rows.append(("review due", show_moment(view.review_due, zone)))
    if view.reviewed_by:
        rows.append(("reviewed by", view.reviewed_by))
    rows += [
        (f"step {s.number + 1}", f"{s.name}: {s.state}{f', {s.said}' if s.said else ''}") for s in view.steps
    ]
    if view.answer:
        rows.append(("answer", view.answer))
    if view.state in STOPPED and view.steps:
        rows.append(("go on", f"lexops request resume {view.id}, or cancel it"))
    return rows


def _said(agreed: bool) -> str:
    return "approved by" if agreed else "refused by"


def _approval(by: str, at: datetime, reason: str, zone: ZoneInfo) -> str:
    return f"{by} at {show_moment(at, zone)}{f': {reason}' if reason else ''}"


def request_json(view: RequestView) -> dict[str, Any]:
    """A request as data."""
    return {
        "request": view.id,
        "key": view.key,
        "operation": view.operation,
        "title": view.title,
        "effect": view.effect.value,
        "state": view.state.value,
        "over": view.state in ENDED,
        "operator": view.operator,
        "door": view.door,
        "environment": view.environment,
        "target": view.target,
        "arguments": dict(view.arguments),
        "plan": list(view.plan),
        "hash": view.hash,
        "at": moment(view.at),
        "changed": moment(view.changed),
        "answer": view.answer or None,
        "approvals_needed": view.approvals_needed,
        "approvals": [
            {"by": a.by, "agreed": a.agreed, "at": moment(a.at), "reason": a.reason} for a in view.approvals
        ],
        "expires": moment(view.expires),
        "break_glass": view.break_glass or None,
        "review_due": moment(view.review_due),
        "reviewed_by": view.reviewed_by,
        "steps": [
            {
                "step": s.number + 1,
                "name": s.name,
                "state": s.state,
                "started": moment(s.started),
                "ended": moment(s.ended),
                "said": s.said or None,
            }
            for s in view.steps
        ],
    }
