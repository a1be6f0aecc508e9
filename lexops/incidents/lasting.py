"""What comes back and what never ended: keeping open what is not quiet yet, going on with what still fails.

A fault that comes and goes is one incident and not a new one each time; a resolved incident never hides that
its check still fails, or fails anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.checks import asked
from lexops.checks import store as checks
from lexops.checks.model import Status
from lexops.checks.store import Look
from lexops.clock import show_duration
from lexops.incidents import joining, links, rows, store
from lexops.incidents.model import EntryKind, Incident, Opening, Origin, Relation, State
from lexops.incidents.policy import COMES_BACK, Policy, is_worse

LEXOPS = store.LEXOPS
AGAIN = {"again": "yes"}
"""Data of an entry that tells that what had recovered fails again."""
HELD = {"held": "yes"}
"""Data of an entry that tells of a recovery that does not end the incident yet."""
LATELY = timedelta(days=1)
"""What was resolved longer ago, while no worker was there to see that it still fails, is another incident."""
_COMING = (EntryKind.REOPENED, EntryKind.SEVERITY)


def window(policy: Policy) -> str:
    """How long an incident that comes back has to be quiet, in words."""
    return show_duration(policy.reopen_within)


def returns(connection: Connection, id: int, at: datetime, policy: Policy) -> int:
    """How often an incident has come back by itself within the time in which it may."""
    if not policy.reopen_within:
        return 0
    told = rows.entries_of(connection, id, _COMING, since=at - policy.reopen_within)
    return sum(
        entry.author == LEXOPS and (entry.kind is EntryKind.REOPENED or entry.data == AGAIN) for entry in told
    )


def recover(connection: Connection, known: Incident, at: datetime, summary: str, policy: Policy) -> None:
    """The check is well again: the incident ends, unless it comes back too often to believe that."""
    count = returns(connection, known.id, at, policy)
    if count < COMES_BACK:
        rows.add_entry(connection, known.id, at, EntryKind.RECOVERED, LEXOPS, summary)
        store.resolve(connection, known.id, at, LEXOPS, "resolved by recovery")
        return
    span = window(policy)
    text = f"{summary}; came back {count} times within {span}: stays open until it has been quiet for {span}"
    rows.change(connection, known.id, at)
    rows.add_entry(connection, known.id, at, EntryKind.RECOVERED, LEXOPS, text, HELD)


def quiet(connection: Connection, now: datetime, policy: Policy) -> set[int]:
    """The incidents that were kept open after a recovery and have been quiet long enough since."""
    before = now - policy.reopen_within
    return {
        id
        for id in rows.open_having(connection, EntryKind.RECOVERED, before)
        if (last := rows.entries_of(connection, id, (EntryKind.RECOVERED, *_COMING))[-1]).data == HELD
        and last.at <= before
    }


def begin(connection: Connection, opening: Opening, last: Incident | None, policy: Policy) -> int:
    """Open the incident of a check that has begun to fail, or open its last one again; answers its number."""
    if last is not None and _is_same(last, opening.at, policy):
        return again(connection, last, opening, f"fails again: {opening.why}")
    id = store.open_(connection, opening)
    if last is not None and last.state is State.RESOLVED:
        links.join(connection, id, last.id, Relation.RECURRENCE, opening.at, LEXOPS)
    return id


def _is_same(last: Incident, at: datetime, policy: Policy) -> bool:
    if last.state is not State.RESOLVED or last.resolved is None or not policy.reopen_within:
        return False
    return at - last.resolved <= policy.reopen_within


def again(connection: Connection, last: Incident, opening: Opening, words: str) -> int:
    """Go on with a resolved incident; who had it has it again, unless it is worse than it was."""
    store.reopen(connection, last.id, opening.at, LEXOPS, words)
    seen = opening.severity
    now = last.severity if seen is Status.UNKNOWN else seen
    title = opening.title if now is seen else last.title
    rows.change(connection, last.id, opening.at, severity=now.value, title=title)
    if is_worse(now, last.severity):
        why = f"it is {now.value} now and was {last.severity.value}"
        store.worsened(connection, last.id, opening.at, LEXOPS, why)
    return last.id


# What a resolution, or a duplicate, would hide.


def swallowed(connection: Connection, now: datetime, policy: Policy) -> list[tuple[str, str]]:
    """Target and check of what has failed on and on since its incident was ended, and has no other one."""
    followed, down = rows.open_by_check(connection), asked.in_downtime(connection, now)
    alone = {
        store.fingerprint(look.target, look.check): look
        for look in checks.failing(connection)
        if (look.target, look.check) not in followed
        and look.status.rank >= policy.open_on.rank
        and {(look.target, None), (look.target, look.check)}.isdisjoint(down)
    }
    last = rows.latest_of(connection, alone)
    return [
        (look.target, look.check)
        for print_, look in alone.items()
        if print_ in last and _is_hidden(connection, look, last[print_], now, policy)
    ]


def _is_hidden(connection: Connection, look: Look, last: Incident, now: datetime, policy: Policy) -> bool:
    of = last if last.state is State.RESOLVED else joining.original(connection, last)
    if of is None or of.is_open or last.is_open:
        return False
    since = of.resolved or now
    return look.saw_since(since) and now - since >= policy.reopen_within


def go_on(connection: Connection, pair: tuple[str, str], now: datetime, policy: Policy) -> int:
    """Tell of a failure that its ended incident would hide; answers the number of the one that tells."""
    look, print_ = checks.looks(connection, {pair})[pair], store.fingerprint(*pair)
    last = rows.latest_of(connection, [print_])[print_]
    facts = {"provider": policy.providers.get(pair[0], "")}
    opening = Opening(
        print_, last.title, look.status, now, LEXOPS, look.summary, *pair, origin=Origin.CHECK, facts=facts
    )
    if last.state is State.RESOLVED and now - (last.resolved or now) <= LATELY:
        return again(connection, last, opening, f"it still fails: {look.summary}")
    before = last if last.state is State.RESOLVED else joining.original(connection, last)
    id = store.open_(connection, opening)
    if before is not None:
        links.join(connection, id, before.id, Relation.RECURRENCE, now, LEXOPS)
    return id
