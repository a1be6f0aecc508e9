"""What goes on in a database: the sessions as a list, the blocking tree first, and one in full. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.activity.model import Activity, Session, blocking_tree
from lexops.clock import show_duration
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone, line, wrapped
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.facts import facts
from lexops.tui.presenters.forms import error_lines

OLD = timedelta(seconds=6)
"""A look older than this is said to be the last one; they come every two seconds."""
LONG = 60.0
"""Seconds from which an open transaction or a wait for a lock is worth a colour."""
_SHORT = {"idle in transaction": "idle in tx"}
DEPTH = 6
"""Levels of the tree that are indented."""


@dataclass(frozen=True, slots=True)
class Row:
    """A session with its place in the tree; outside of it `depth` is -1."""

    session: Session
    depth: int = -1
    behind: int = 0
    folded: bool = False


Key = tuple[int, str]


def key(row: Row) -> Key:
    """What tells a session from a later one with its number."""
    return (row.session.pid, row.session.started)


def _rank(session: Session) -> tuple[object, ...]:
    return (session.state == "idle", bool(session.keep), -(session.seconds or 0.0), session.pid)


ORDERS: tuple[tuple[str, Callable[[Session], tuple[object, ...]]], ...] = (
    ("who blocks whom", _rank),
    ("longest", lambda each: (-(each.seconds or 0.0), each.pid)),
    ("role", lambda each: (each.role, each.program, *_rank(each))),
    ("client", lambda each: (each.client, *_rank(each))),
)
"""The first one has the blocking tree before the others."""


def rows(activity: Activity, order: int, folded: Collection[Key]) -> list[Row]:
    """The sessions in one of the orders; what hangs on a folded one is hidden."""
    ranked = sorted(activity.sessions, key=ORDERS[order][1])
    if order:
        return [Row(each) for each in ranked]
    tree: list[Row] = []
    hidden_below: int | None = None
    for branch in blocking_tree(activity.sessions):
        if hidden_below is not None and branch.depth > hidden_below:
            continue
        row = Row(branch.session, branch.depth, branch.behind)
        hidden_below = None
        if key(row) in folded and branch.behind:
            hidden_below = branch.depth
            row = Row(branch.session, branch.depth, branch.behind, folded=True)
        tree.append(row)
    shown = {branch.session.pid for branch in blocking_tree(activity.sessions)}
    return [*tree, *(Row(each) for each in ranked if each.pid not in shown)]


def haystack(row: Row) -> str:
    """What a filter looks through."""
    session = row.session
    return "\n".join(
        (
            f"pid:{session.pid}",
            f"role:{session.role}",
            f"client:{session.client}",
            f"database:{session.database}",
            f"is:{'blocked' if session.blockers else 'blocking' if row.behind else session.state}",
            session.program,
            session.state,
            session.lock,
            session.statement,
        )
    )


def columns(shown: Sequence[Row]) -> tuple[Column[Row], ...]:
    """Number, role, program, client, state, since, what it waits for, statement."""
    sessions = [row.session for row in shown]
    deepest = max((row.depth for row in shown), default=0)
    return (
        Column("session", _number, min(9 + 2 * max(0, min(deepest, DEPTH)), 22)),
        Column("role", lambda row: (Ink(row.session.role),), widest(each.role for each in sessions)),
        Column(
            "program",
            lambda row: (Ink(row.session.program, Tone.QUIET),),
            widest((each.program for each in sessions), most=18),
            priority=3,
        ),
        Column(
            "client",
            lambda row: (Ink(row.session.client, Tone.QUIET),),
            widest((each.client for each in sessions), most=18),
            priority=4,
        ),
        Column("state", _state, 12),
        Column("since", lambda row: (Ink(ago(row.session.seconds), Tone.QUIET),), 7, right=True),
        Column("holds or waits", _wait, 27, grow=2),
        Column("statement", lambda row: (Ink(row.session.statement, Tone.QUIET),), 20, grow=3, priority=2),
    )


def _number(row: Row) -> Line:
    indent = "  " * max(0, min(row.depth, DEPTH))
    mark = "" if row.depth < 0 else "▸ " if row.folded else "└ " if row.depth else ""
    return (
        Ink(f"{indent}{mark}{row.session.pid or 'prepared'}", Tone.STRONG if row.depth == 0 else Tone.PLAIN),
    )


def _state(row: Row) -> Line:
    session = row.session
    if session.blockers:
        return (Ink("▲ blocked", Tone.WARNING),)
    if row.behind:
        return (Ink("✖ blocking", Tone.CRITICAL),)
    if session.state == "idle in transaction":
        held = (session.seconds or 0.0) >= LONG
        return (Ink(_SHORT[session.state], Tone.WARNING if held else Tone.PLAIN),)
    return (Ink(session.state, Tone.QUIET if session.state == "idle" else Tone.PLAIN),)


def _wait(row: Row) -> Line:
    session = row.session
    held = Ink(f"holds up {row.behind:,}, " if row.behind and session.blockers else "", Tone.STRONG)
    if session.blockers:
        late = (session.waits or 0.0) >= LONG
        waited = Ink(f"{ago(session.waits)} ".lstrip(), Tone.CRITICAL if late else Tone.WARNING)
        return (held, waited, Ink(session.lock or "a lock"))
    if row.behind:
        return (Ink(f"holds up {row.behind:,}, {_SHORT.get(session.state, session.state)}", Tone.STRONG),)
    return (Ink(session.wait, Tone.QUIET),)


def ago(seconds: float | None) -> str:
    """An age; empty when it is unknown."""
    return "" if seconds is None else show_duration(timedelta(seconds=seconds))


def session_lines(row: Row | None, width: int) -> list[Line]:
    """The selected session in full."""
    if row is None:
        return []
    session = row.session
    who = " · ".join(
        filter(None, (session.role, session.program, f"from {session.client}", session.database))
    )
    said = [f"session {session.pid}", session.state, f"since {ago(session.seconds)}"]
    if session.blockers:
        blockers = ", ".join(str(pid) if pid else "a prepared transaction" for pid in session.blockers)
        said.append(f"waits {ago(session.waits)} for {session.lock or 'a lock'} behind {blockers}")
    elif session.wait:
        said.append(f"waits for {session.wait}")
    lines = facts(" WHO", who, width - 1, 12)
    lines += facts(" DOES", ", ".join(filter(None, said)), width - 1, 12)
    if session.keep:
        lines += facts(" LEFT ALONE", session.keep, width - 1, 12, Tone.QUIET)
    if session.statement:
        lines += facts(" STATEMENT", session.statement, width - 1, 12)[:4]
    return lines


def unseen_lines(activity: Activity, trouble: str, hint: str, width: int) -> list[Line]:
    """What cannot be seen or done, and the grant that mends it; nothing where all is well."""
    lines = error_lines(trouble, hint, width)
    if activity.unseen:
        lines += [
            line(" ", Ink(part, Tone.UNKNOWN))
            for part in wrapped(f"? cannot see: {activity.unseen}", width - 2)
        ]
    if activity.grant:
        tone = Tone.STRONG if activity.unseen else Tone.QUIET
        lines += [line(" ", Ink(part, tone)) for part in wrapped(activity.grant, width - 2)]
    return lines


def counted(activity: Activity) -> str:
    """`31 sessions, 6 blocked, 2 active`."""
    sessions = activity.sessions
    blocked = sum(bool(each.blockers) for each in sessions)
    active = sum(each.state == "active" and not each.blockers for each in sessions)
    open_ = sum(each.state == "idle in transaction" for each in sessions)
    parts = [plural(len(sessions), "session")]
    for count, words in ((blocked, "blocked"), (active, "active"), (open_, "idle in transaction")):
        if count:
            parts.append(f"{count:,} {words}")
    return ", ".join(parts)


def seen_words(seen: datetime | None, now: datetime, trouble: str) -> Line:
    """How fresh the look is; what is wrong when it is not."""
    if seen is None:
        return (Ink("✖ not seen yet", Tone.CRITICAL) if trouble else Ink("connecting", Tone.QUIET),)
    age = now - seen
    if age < OLD and not trouble:
        return (Ink("live", Tone.QUIET),)
    return (Ink(f"▲ last seen {show_duration(age)} ago", Tone.WARNING),)


def trouble_lines(trouble: str, hint: str, width: int) -> list[Line]:
    """Why nothing has been seen so far."""
    return error_lines(trouble, hint, width) if trouble else [line(Ink(" looking", Tone.QUIET))]
