"""Incidents that are listed under another one: when they are, and when no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.checks import store as checks
from lexops.checks.model import Status
from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import Refused
from lexops.gate import store as requests
from lexops.incidents import grouping, lasting, rows, store
from lexops.incidents.grouping import Candidate, Change, Known
from lexops.incidents.model import EntryKind, Incident
from lexops.incidents.policy import Policy, of_site
from lexops.incidents.transitions import Act
from lexops.store.database import Store

LEXOPS = store.LEXOPS
_NOT_DONE = frozenset({"waiting", "refused", "expired", "void", "released"})
"""Requests that have not touched anything."""


def list_under(
    connection: Connection, child: int, parent: int, at: datetime, author: str, reason: str
) -> None:
    """List an incident under another one: from now on people are told of that one only."""
    severity = rows.get(connection, child).severity.value
    rows.change(connection, child, at, parent=parent)
    text = f"listed under #{parent}: {reason}" if reason else f"listed under #{parent}"
    data = {"parent": str(parent), "severity": severity}
    rows.add_entry(connection, child, at, EntryKind.GROUPED, author, text, data)
    store.call_off(connection, child, at, f"listed under #{parent}")


def let_go(connection: Connection, child: Incident, at: datetime, author: str, reason: str) -> None:
    """List an incident under no other any more."""
    rows.change(connection, child.id, at, parent=None)
    text = f"no longer listed under #{child.parent}{': ' if reason else ''}{reason}"
    rows.add_entry(connection, child.id, at, EntryKind.GROUPED, author, text, {"parent": ""})


# By hand.


def group(connection: Connection, id: int, under: int, at: datetime, author: str, words: str) -> None:
    """List an incident under another one because somebody says so. Raises NotFound or Refused."""
    if id == under:
        raise Refused(f"incident #{id} cannot stand under itself")
    head, _ = store.moved(connection, under, Act.GROUP)
    known, _ = store.moved(connection, id, Act.GROUP)
    if known.parent == under:
        raise Refused(f"incident #{id} is listed under #{under} already")
    if head.parent is not None:
        hint = f"list it under #{head.parent} as well"
        raise Refused(f"incident #{under} is listed under #{head.parent} itself", hint=hint)
    under_it = [f"#{each.id}" for each in rows.children(connection, id) if each.is_open]
    if under_it:
        hint = "list those under the other one first"
        raise Refused(f"incident #{id} has others under it: {', '.join(under_it)}", hint=hint)
    list_under(connection, id, under, at, author, words)


def ungroup(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """Let an incident stand alone because somebody says so. Raises NotFound or Refused."""
    known, _ = store.moved(connection, id, Act.UNGROUP)
    if known.parent is None:
        raise Refused(f"incident #{id} is listed under no other")
    let_go(connection, known, at, author, words)


# By itself.


def place(connection: Connection, id: int, at: datetime, policy: Policy) -> None:
    """List what has just begun, and what belongs to it, where it belongs."""
    if not policy.group:
        return
    new = rows.get(connection, id)
    around = [Candidate(each, began) for each, began in rows.fresh(connection, at - policy.group)]
    if all(each.incident.id == id for each in around):
        return
    known = Known(
        around,
        rows.begun(connection, at - policy.group),
        _changes(connection, new.target or "", at, policy),
        rows.open_parents(connection),
    )
    for placement in grouping.place(new, at, known, policy):
        list_under(connection, placement.child, placement.parent, at, LEXOPS, placement.reason)


def _changes(connection: Connection, target: str, at: datetime, policy: Policy) -> list[Change]:
    """What reached a target or its host lately, newest first."""
    reached = {target, policy.hosts.get(target, target)}
    return [
        Change(row.id, row.operation, row.target, row.at)
        for row in requests.acts_on(connection, reached, at - policy.group - grouping.RECENT, at)
        if row.steps and row.state not in _NOT_DONE
    ]


def loosen(database: Store, file: SiteFile, time: Clock) -> None:
    """See to what time does to incidents: each that is due, in a transaction of its own. Raises StoreError.

    Let go of incidents whose parent has ended or is less bad than they are; end those that were kept open
    until they had been quiet; go on with those whose check still fails though they were resolved.
    """
    policy, now = of_site(file.settings), time.now()
    with database.read() as connection:
        due = {
            *(child.id for child, _ in _loose(connection, now, policy)),
            *lasting.quiet(connection, now, policy),
        }
        swallowed = lasting.swallowed(connection, now, policy)
    for id in sorted(due):
        with database.begin() as connection:
            _see_to(connection, id, now, policy)
    for pair in swallowed:
        with database.begin() as connection:
            if pair in lasting.swallowed(connection, now, policy):
                place(connection, lasting.go_on(connection, pair, now, policy), now, policy)


def _see_to(connection: Connection, id: int, now: datetime, policy: Policy) -> None:
    """Look again under lock: another worker, or a person, may have been faster."""
    rows.get(connection, id, lock=True)
    for child, reason in _loose(connection, now, policy):
        if child.id == id:
            let_go(connection, child, now, LEXOPS, reason)
    if id in lasting.quiet(connection, now, policy):
        words = f"quiet for {lasting.window(policy)}"
        store.resolve(connection, id, now, LEXOPS, words)


def _loose(connection: Connection, now: datetime, policy: Policy) -> list[tuple[Incident, str]]:
    """The incidents that are listed under another one and should be no longer, with the reason."""
    under = rows.open_children(connection)
    parents = {each.id: each for each in rows.some(connection, {each.parent or 0 for each in under})}
    looks = checks.looks(connection, {(c.target, c.check) for c in under if c.target and c.check})
    grouped = rows.last_of(connection, [each.id for each in under], EntryKind.GROUPED)
    found = []
    for child in under:
        parent = parents.get(child.parent or 0)
        if parent is None:
            found.append((child, f"there is no incident #{child.parent}"))
            continue
        look = looks.get((child.target or "", child.check or ""))
        ended = parent.resolved or now
        looked = look is None or look.saw_since(ended) or now - ended >= _patience(policy)
        entry = grouped.get(child.id)
        reason = grouping.loose(
            child,
            parent,
            by_hand=entry is not None and entry.author != LEXOPS,
            looked=looked,
            was_unknown=entry is not None and entry.data.get("severity") == Status.UNKNOWN.value,
        )
        found += [(child, reason)] if reason else []
    return found


def _patience(policy: Policy) -> timedelta:
    """How long what stood under an ended incident has to recover with it."""
    return policy.group or timedelta(minutes=5)
