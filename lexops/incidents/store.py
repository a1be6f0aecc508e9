"""What happens to incidents: the acts, each with its entry in the timeline, in the caller's transaction.

Whether an act is allowed is said by `transitions`; reading is in `rows`. Whoever takes an incident, waits or
ends it calls off in the same transaction what has not been delivered yet: nobody is paged after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from lexops.checks import asked
from lexops.checks.model import Status
from lexops.clock import utc_text
from lexops.errors import Refused
from lexops.incidents import transitions, watchers
from lexops.incidents.model import Entry, EntryKind, Incident, Opening, Origin, Priority, State
from lexops.incidents.policy import priority
from lexops.incidents.rows import (
    add_entry,
    add_incident,
    begun,
    between,
    change,
    children,
    entries_of,
    fresh,
    get,
    incidents,
    latest_of,
    latest_with,
    marks,
    open_by_check,
    open_children,
    open_with,
    similar,
    some,
    spelling,
    timeline,
    timelines,
)
from lexops.incidents.tables import entry_table, incident_table
from lexops.incidents.transitions import Act
from lexops.outbox import store as outbox
from lexops.outbox.facts import subject

__all__ = [
    "FACTS",
    "LEXOPS",
    "QUIETLY",
    "acknowledge",
    "add_entry",
    "alarm",
    "alarmed",
    "assign",
    "begun",
    "between",
    "by_hand",
    "call_off",
    "cancel",
    "change",
    "children",
    "classify",
    "entries_of",
    "entry_table",
    "fingerprint",
    "fresh",
    "get",
    "incident_table",
    "incidents",
    "latest_of",
    "latest_with",
    "marks",
    "mitigate",
    "moved",
    "note",
    "open_",
    "open_by_check",
    "open_by_hand",
    "open_children",
    "open_with",
    "pause",
    "release",
    "reopen",
    "resolve",
    "resume",
    "similar",
    "some",
    "tell",
    "timeline",
    "timelines",
    "worsened",
]

LEXOPS = "lexops"
"""Author of what happens by itself."""
FACTS = ("priority", "client", "provider", "queue")
"""By what promises are chosen; changed by classifying."""
LEVELS = ("impact", "urgency")
"""From what the priority comes, unless somebody names it."""
QUIETLY = "opened quietly: the check is silenced, so nobody was told"


def fingerprint(target: str, check: str) -> str:
    """What makes two results the same incident."""
    return f"{target}/{check}"


def moved(connection: Connection, id: int, act: Act) -> tuple[Incident, State]:
    """An incident, locked, and the state that an act brings it to. Raises NotFound, or Refused with why."""
    known = get(connection, id, lock=True)
    owned = known.owner is not None
    found = transitions.after(act, known.state, owned=owned, taken=owned and _was_taken(connection, id))
    if isinstance(found, State):
        return known, found
    hint = "" if known.is_open else "open a new one with: lexops incident open"
    raise Refused(f"incident #{id} {found}", hint=hint)


_HAVING = (EntryKind.ACKNOWLEDGED, EntryKind.ASSIGNED, EntryKind.RELEASED)


def _was_taken(connection: Connection, id: int) -> bool:
    """Whether somebody took it, and it was not given away or back since; no state says while it waits."""
    told = entries_of(connection, id, _HAVING)
    return bool(told) and told[-1].kind is EntryKind.ACKNOWLEDGED


# Opening.


def open_(connection: Connection, opening: Opening) -> int:
    """Write down a new incident with the first entry of its timeline; answers its number."""
    facts = {"priority": priority(opening.severity).value, "client": "", "provider": "", "queue": ""}
    facts |= opening.facts
    facts["client"] = spelling(connection, facts["client"])
    id = add_incident(connection, opening, facts)
    add_entry(connection, id, opening.at, EntryKind.OPENED, opening.author, opening.why, facts)
    return id


def open_by_hand(
    connection: Connection,
    key: str,
    title: str,
    level: Status,
    at: datetime,
    author: str,
    target: str | None,
    **facts: str,
) -> int:
    """Open an incident that a person tells of; answers its number. `facts` as in :data:`FACTS`."""
    return open_(connection, Opening(by_hand(key), title, level, at, author, title, target, facts=facts))


def by_hand(key: str) -> str:
    """The fingerprint of what no check told of, by the key of the request, or of the alarm."""
    return f"by hand/{key}"


def alarm(connection: Connection, key: str, title: str, at: datetime) -> None:
    """Open a critical incident that everybody sees; once for each key while it is open."""
    if open_with(connection, by_hand(key)) is None:
        severity, origin = Status.CRITICAL, Origin.LEXOPS
        open_(connection, Opening(by_hand(key), title, severity, at, LEXOPS, title, origin=origin))


def alarmed(connection: Connection, key: str) -> int | None:
    """The number of the open alarm of a key; None while there is none."""
    columns = incident_table.c
    return connection.scalar(select(columns.id).where(columns.open_as == by_hand(key)))


def calm(connection: Connection, key: str, at: datetime, words: str) -> None:
    """End the alarm of a key, if one is open."""
    id = alarmed(connection, key)
    if id is not None:
        resolve(connection, id, at, LEXOPS, words)


# Having it.


def acknowledge(connection: Connection, id: int, at: datetime, operator: str) -> Incident:
    """Take an incident; answers it as it was. Raises NotFound, or Refused when it is over."""
    known, state = moved(connection, id, Act.ACKNOWLEDGE)
    change(connection, id, at, state=state.value, owner=operator)
    before = f" (was {known.owner}'s)" if known.owner and known.owner != operator else ""
    add_entry(connection, id, at, EntryKind.ACKNOWLEDGED, operator, f"taken by {operator}{before}")
    call_off(connection, id, at, f"taken by {operator}")
    return known


def assign(connection: Connection, id: int, at: datetime, author: str, owner: str, words: str = "") -> None:
    """Give an incident to somebody, who is asked for until they take it. Raises NotFound or Refused."""
    known, state = moved(connection, id, Act.ASSIGN)
    if known.owner == owner:
        raise Refused(f"incident #{id} is {owner}'s already")
    change(connection, id, at, state=state.value, owner=owner)
    before = f" (was {known.owner}'s)" if known.owner else ""
    text = f"given to {owner}{before}{': ' if words else ''}{words}"
    add_entry(connection, id, at, EntryKind.ASSIGNED, author, text, {"owner": owner})


def release(connection: Connection, id: int, at: datetime, author: str, words: str) -> Incident:
    """Take an incident back from whoever has it; answers it as it was. Raises NotFound or Refused.

    Who had it goes on watching it, unless they gave it back themselves. One that waits goes on waiting.
    """
    known, state = moved(connection, id, Act.RELEASE)
    _let_go(connection, known, state, at, author, words)
    return known


def worsened(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """An incident got worse than what somebody took, or waits for: it is open to everybody again.

    Nothing changes for one that nobody has taken and that does not wait. Raises NotFound or Refused.
    """
    known, state = moved(connection, id, Act.WORSEN)
    if known.state is State.WAITING:
        add_entry(connection, id, at, EntryKind.RESUMED, author, words)
    if known.is_taken:
        _let_go(connection, known, state, at, author, words)
    elif known.state is not state:
        change(connection, id, at, state=state.value)


def _let_go(
    connection: Connection, known: Incident, state: State, at: datetime, author: str, words: str
) -> None:
    owner = known.owner or ""
    change(connection, known.id, at, state=state.value, owner=None)
    add_entry(connection, known.id, at, EntryKind.RELEASED, author, words, {"owner": owner})
    if owner and author != owner:
        watchers.watch(connection, known.id, owner)
    if known.target and known.check:
        asked.forget(connection, known.target, known.check)


# Working on it.


def note(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """Write into the timeline, of a resolved incident too. Raises NotFound."""
    moved(connection, id, Act.NOTE)
    change(connection, id, at)
    add_entry(connection, id, at, EntryKind.NOTE, author, words)


def tell(
    connection: Connection,
    id: int,
    kind: EntryKind,
    at: datetime,
    author: str,
    words: str,
    recorded: datetime,
    data: Mapping[str, str] | None = None,
) -> None:
    """Write down what was said between us, the client and the authorities. Raises NotFound."""
    moved(connection, id, Act.NOTE)
    change(connection, id, recorded)
    add_entry(connection, id, at, kind, author, words, data, recorded)


def classify(
    connection: Connection, id: int, at: datetime, author: str, changed: Mapping[str, str], words: str
) -> None:
    """Change facts, as in :data:`FACTS` and :data:`LEVELS`. Raises NotFound or Refused.

    Who had taken it at a lower priority has not taken this, unless it is they who say so.
    """
    known, _ = moved(connection, id, Act.CLASSIFY)
    facts = {name: str(getattr(known, name)) for name in FACTS}
    levels = {name: str(getattr(known, name) or "") for name in LEVELS}
    before = facts | levels
    different = {name: changed[name] for name in before if changed.get(name, before[name]) != before[name]}
    if not different:
        raise Refused(f"incident #{id} is that already")
    change(connection, id, at, **different)
    told = ", ".join(
        f"{name} {value or 'none'}, was {before[name] or 'none'}" for name, value in different.items()
    )
    after = before | different
    data = {name: value for name, value in after.items() if value or name in facts}
    text = f"{told}: {words}" if words else told
    add_entry(connection, id, at, EntryKind.CLASSIFIED, author, text, data)
    if known.is_taken and author != known.owner and Priority(after["priority"]) < known.priority:
        why = f"it is {after['priority']} now and was {known.priority} when {known.owner} took it"
        worsened(connection, id, at, author, why)


def pause(connection: Connection, id: int, at: datetime, author: str, words: str, recorded: datetime) -> None:
    """Wait for the client, or somebody else outside. Raises NotFound or Refused."""
    _, state = moved(connection, id, Act.PAUSE)
    _in_order(connection, id, at)
    change(connection, id, recorded, state=state.value)
    add_entry(connection, id, at, EntryKind.PAUSED, author, words, recorded=recorded)
    call_off(connection, id, recorded, f"waits, says {author}")


def resume(
    connection: Connection, id: int, at: datetime, author: str, words: str, recorded: datetime
) -> None:
    """Go on after waiting. Raises NotFound or Refused."""
    _, state = moved(connection, id, Act.RESUME)
    _in_order(connection, id, at)
    change(connection, id, recorded, state=state.value)
    add_entry(connection, id, at, EntryKind.RESUMED, author, words, recorded=recorded)


def mitigate(
    connection: Connection, id: int, at: datetime, author: str, words: str, recorded: datetime
) -> None:
    """It no longer hurts, though it is not mended. Raises NotFound or Refused."""
    moved(connection, id, Act.MITIGATE)
    change(connection, id, recorded)
    add_entry(connection, id, at, EntryKind.MITIGATED, author, words, recorded=recorded)


# Ending it.


def resolve(
    connection: Connection, id: int, at: datetime, author: str, words: str, recorded: datetime | None = None
) -> None:
    """End an incident. Raises NotFound, or Refused when it is over already.

    `recorded` is when a person tells of it: not that it was over before it waited, or was opened again. What
    a look saw that began before that happened is the end of it nevertheless, and comes after it.
    """
    _, state = moved(connection, id, Act.RESOLVE)
    if recorded is not None:
        _in_order(connection, id, at)
    else:
        last = _last_turn(connection, id)
        at = max(at, last.at) if last is not None else at
    change(connection, id, recorded or at, state=state.value, resolved=at, open_as=None)
    add_entry(connection, id, at, EntryKind.RESOLVED, author, words, recorded=recorded)
    call_off(connection, id, recorded or at, "resolved")


def reopen(connection: Connection, id: int, at: datetime, author: str, words: str) -> None:
    """Go on with a resolved incident. Raises NotFound, or Refused when it is open, or open again already."""
    known, state = moved(connection, id, Act.REOPEN)
    following = open_with(connection, known.fingerprint)
    if following is not None:
        raise Refused(f"incident #{following.id} is open about the same", hint=f"note it on #{following.id}")
    change(connection, id, at, state=state.value, resolved=None, open_as=known.fingerprint)
    add_entry(connection, id, at, EntryKind.REOPENED, author, words)


def cancel(
    connection: Connection,
    id: int,
    at: datetime,
    author: str,
    words: str,
    data: Mapping[str, str] | None = None,
) -> None:
    """End an incident that was none, or is another one. Raises NotFound or Refused."""
    _, state = moved(connection, id, Act.CANCEL)
    change(connection, id, at, state=state.value, resolved=at, open_as=None)
    add_entry(connection, id, at, EntryKind.CANCELLED, author, words, data)
    call_off(connection, id, at, "cancelled")


def call_off(connection: Connection, id: int, at: datetime, why: str) -> None:
    """Page nobody about it any more, as far as that has not happened."""
    outbox.cancel(connection, subject(id), at, why)


_TURNS = (EntryKind.PAUSED, EntryKind.RESUMED, EntryKind.RESOLVED, EntryKind.REOPENED)


def _last_turn(connection: Connection, id: int) -> Entry | None:
    return max(entries_of(connection, id, _TURNS), key=lambda entry: entry.at, default=None)


def _in_order(connection: Connection, id: int, at: datetime) -> None:
    """Waiting and ending come after what was told of them before: else a pause, or a clock, has no end."""
    last = _last_turn(connection, id)
    if last is not None and at < last.at:
        raise Refused(f"incident #{id} was {last.kind} after that, at {utc_text(last.at)}")
