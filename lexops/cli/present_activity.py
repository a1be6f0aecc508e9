"""Sessions of a database as lines of text and as JSON. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from lexops.activity.model import Activity, Branch, Session, blocking_tree
from lexops.clock import show_duration, utc_text
from lexops.text import plural


def activity_json(activity: Activity) -> dict[str, Any]:
    """A look at a database as data; `tree` has who holds up whom, roots first."""
    return {
        "target": activity.target,
        "kind": activity.kind.value,
        "at": utc_text(activity.at),
        "unseen": activity.unseen,
        "grant": activity.grant,
        "sessions": [asdict(each) for each in activity.sessions],
        "tree": [
            {"pid": branch.session.pid, "depth": branch.depth, "behind": branch.behind}
            for branch in blocking_tree(activity.sessions)
        ],
    }


def tree_lines(activity: Activity) -> list[str]:
    """Who holds up whom, the root first, indented; with an empty line behind."""
    tree = blocking_tree(activity.sessions)
    if not tree:
        return []
    return ["blocking tree", *(f"  {branch_words(branch)}" for branch in tree), ""]


def branch_words(branch: Branch) -> str:
    """One session of the tree in one line."""
    session = branch.session
    who = " ".join(filter(None, (str(session.pid), session.role, session.program)))
    held = f"holds up {plural(branch.behind, 'session')}" if branch.behind else ""
    waits = f"waits {ago(session.waits)} for {session.lock or 'a lock'}" if session.blockers else ""
    says = ", ".join(filter(None, (session.state, waits, held)))
    return f"{'  ' * branch.depth}{who}: {says}"


def in_order(activity: Activity) -> list[Session]:
    """Those that do something first, the longest of them at the top."""
    return sorted(
        activity.sessions, key=lambda each: (each.state == "idle", -(each.seconds or 0.0), each.pid)
    )


def session_row(session: Session) -> tuple[str, ...]:
    """One line of the list; the last two columns are what cancel and terminate ask for."""
    return (
        str(session.pid),
        session.role,
        session.program,
        session.client,
        session.state,
        ago(session.seconds),
        session.statement[:80],
        session.started,
        session.statement_started if session.is_active else "",
    )


def ago(seconds: float | None) -> str:
    """An age in words; empty when it is unknown."""
    return "" if seconds is None else show_duration(timedelta(seconds=seconds))
