"""What goes on in a database at one moment, as plain values. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lexops.targets.model import Kind

PREPARED = 0
"""The number that PostgreSQL gives to a blocker that is no session but a prepared transaction."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session. Ages are in seconds at the time of the look; None where the server does not tell."""

    pid: int
    """Its number: a backend's process on PostgreSQL, a connection on MariaDB, a process on SQLite."""
    started: str
    """With `pid` this is that session and no later one; as the server says it, to be compared only."""
    role: str = ""
    program: str = ""
    client: str = ""
    """Where from: a host, or `local`."""
    database: str = ""
    state: str = ""
    """`active`, `idle`, `idle in transaction`, or what else the server says."""
    seconds: float | None = None
    """How long it has been in its state; an active one, how long its statement has run."""
    wait: str = ""
    """What it waits for, in the server's words."""
    waits: float | None = None
    """How long it has waited for a lock."""
    lock: str = ""
    """The lock that it waits for, and on which table."""
    blockers: tuple[int, ...] = ()
    """Those it waits for."""
    statement: str = ""
    """The running (or last) statement, masked: no literal is ever in it."""
    statement_started: str = ""
    """With `pid` and `started` this is that statement and no later one."""
    keep: str = ""
    """Why it is never ended from here; empty when it may be."""

    @property
    def is_active(self) -> bool:
        """Whether a statement runs that could be cancelled."""
        return self.state == "active" and bool(self.statement_started)


@dataclass(frozen=True, slots=True)
class Activity:
    """One look at all sessions of a server."""

    target: str
    kind: Kind
    at: datetime
    sessions: tuple[Session, ...] = ()
    unseen: str = ""
    """Why sessions cannot be seen, or not all of them; an empty list then means nothing."""
    grant: str = ""
    """What the role needs to see them, or to end them."""

    def find(self, pid: int) -> Session | None:
        """The session with this number now."""
        return next((each for each in self.sessions if each.pid == pid), None)


@dataclass(frozen=True, slots=True)
class Branch:
    """A session in the blocking tree."""

    session: Session
    depth: int
    """0 for who holds up others and does not wait."""
    behind: int
    """How many wait for it, directly or through others."""


def blocking_tree(sessions: Sequence[Session]) -> tuple[Branch, ...]:
    """Who holds up whom: each root before those who wait for it, each session once, the widest tree first.

    A session that waits for several stands as near to a root as it can. A deadlock has no root; there the
    one that has waited longest comes first.
    """
    known = {each.pid: each for each in sessions} | _prepared(sessions)
    waiting: dict[int, list[Session]] = defaultdict(list)
    for each in sessions:
        for pid in each.blockers:
            if pid in known:
                waiting[pid].append(each)
    involved = [known[pid] for pid in {*waiting, *(each.pid for each in sessions if each.blockers)}]
    placed: dict[int, int] = {}
    trees = []
    for root in sorted(involved, key=lambda each: (bool(each.blockers), -(each.waits or 0.0), each.pid)):
        if root.pid not in placed:
            trees.append(_grown(root, waiting, placed))
    return tuple(branch for tree in sorted(trees, key=lambda tree: -len(tree)) for branch in tree)


def _prepared(sessions: Iterable[Session]) -> dict[int, Session]:
    """What stands for the prepared transactions that somebody waits for."""
    if not any(PREPARED in each.blockers for each in sessions):
        return {}
    keep = "a prepared transaction is no session: COMMIT PREPARED or ROLLBACK PREPARED ends it"
    return {PREPARED: Session(PREPARED, "", state="prepared transaction", keep=keep)}


def _grown(root: Session, waiting: dict[int, list[Session]], placed: dict[int, int]) -> list[Branch]:
    """The tree of a root; whoever is placed already is left out."""
    children: dict[int, list[Session]] = defaultdict(list)
    placed[root.pid] = 0
    level = [root]
    while level:
        below: list[Session] = []
        for parent in level:
            for each in sorted(waiting[parent.pid], key=lambda one: (-(one.waits or 0.0), one.pid)):
                if each.pid not in placed:
                    placed[each.pid] = placed[parent.pid] + 1
                    children[parent.pid].append(each)
                    below.append(each)
        level = below
    return _written(root, 0, children)


def _written(session: Session, depth: int, children: dict[int, list[Session]]) -> list[Branch]:
    below: list[Branch] = []
    for child in children[session.pid]:
        below += _written(child, depth + 1, children)
    return [Branch(session, depth, len(below)), *below]
