"""What one exchange with a tracker does: what comes here, what goes there, and whose state holds. Pure.

Comments there are never changed by us, times here never by them: clocks follow what was written here and
when. A state that changed on one side only goes to the other; when both changed, ours holds. What is resolved
there while our check still fails is noted here, and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lexops.clock import utc_text
from lexops.incidents.model import Entry, EntryKind, Incident, Origin, State
from lexops.text import clean
from lexops.trackers import marks
from lexops.trackers.model import Comment, External, Link, Meaning

AUTHOR = "tracker "
"""Before the tracker's name, as the author of what it does here."""
KEPT = "kept"
"""In the data of an entry: the meaning of the state there that does not hold here."""
TEXT = 4_000
"""Characters of a note that go there, and of a comment that come here."""

PUSHED: Mapping[EntryKind, str] = {
    EntryKind.SEVERITY: "has changed in severity",
    EntryKind.ACKNOWLEDGED: "was taken",
    EntryKind.RELEASED: "is nobody's any more",
    EntryKind.NOTE: "has a new note",
    EntryKind.PAUSED: "waits",
    EntryKind.RESUMED: "goes on",
    EntryKind.MITIGATED: "no longer hurts",
    EntryKind.RECOVERED: "has recovered",
    EntryKind.RESOLVED: "was resolved",
    EntryKind.REOPENED: "was opened again",
    EntryKind.CANCELLED: "was cancelled",
}
"""The entries that are told there. What clients said, who was told, and what the law asks for never is."""
_WORDS = frozenset(PUSHED) - {EntryKind.ACKNOWLEDGED, EntryKind.RELEASED}
"""Those whose text may go, where the site allows texts; the others' is only the name of a colleague."""
TURNS = frozenset(
    {
        EntryKind.OPENED,
        EntryKind.PAUSED,
        EntryKind.RESUMED,
        EntryKind.RESOLVED,
        EntryKind.REOPENED,
        EntryKind.CANCELLED,
    }
)
"""The entries that change the state."""
_FAULTS = (EntryKind.OPENED, EntryKind.REOPENED, EntryKind.SEVERITY, EntryKind.RECOVERED)
_MEANINGS = {
    State.OPEN: Meaning.OPEN,
    State.ACKNOWLEDGED: Meaning.OPEN,
    State.WAITING: Meaning.WAITING,
    State.RESOLVED: Meaning.RESOLVED,
    State.CANCELLED: Meaning.CANCELLED,
}


class Doing(StrEnum):
    """What a state there does here."""

    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    KEEP = "keep"
    """Nothing but a note: our check still fails, or we have called it off."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an exchange is decided by."""

    link: Link
    incident: Incident
    entries: Sequence[Entry]
    """The timeline in the order of the numbers."""
    external: External
    states: Mapping[str, Meaning]
    """What states there mean, by their names."""
    seen: frozenset[str]
    """Comments there that are ours, or are here; and what was said there, as :func:`as_seen`."""
    titles: bool
    """Whether texts that people wrote may go there."""

    @property
    def key(self) -> str:
        known = self.incident
        return marks.key_of(known.id, known.fingerprint, known.opened, self.link.tracker)


@dataclass(frozen=True, slots=True)
class Push:
    """An entry that is to be told there."""

    entry: int
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One exchange."""

    pulled: tuple[Comment, ...] = ()
    """What others said there and is not here yet."""
    ours: tuple[str, ...] = ()
    """Comments there that turn out to be ours: their answer was lost."""
    pushed: tuple[Push, ...] = ()
    upto: int = 0
    """The newest entry that was considered."""
    here: tuple[Doing, ...] = ()
    """What the state there does here, one after the other."""
    there: tuple[str, ...] = ()
    """States there, one of which it has to get into; the first that it can."""
    reopens: bool = False
    """Whether that brings back a ticket that is over."""


def plan(facts: Facts) -> Plan:
    """What is to be exchanged."""
    new = [each for each in facts.external.comments if each.id not in facts.seen]
    told = {each.id: marks.entry_of(each.text, facts.key) for each in facts.external.comments}
    entries = {entry for entry in told.values() if entry is not None}
    here, meaning = _states(facts)
    over = meaning_of(facts.states, facts.external.state)
    return Plan(
        pulled=tuple(each for each in new if told[each.id] is None),
        ours=tuple(each.id for each in new if told[each.id] is not None),
        pushed=tuple(_pushes(facts, entries)),
        upto=max((entry.id for entry in facts.entries), default=facts.link.pushed),
        here=here,
        there=_names(facts.states, meaning) if meaning else (),
        reopens=meaning is Meaning.OPEN and over is not None and over.is_over,
    )


def _pushes(facts: Facts, there: set[int]) -> list[Push]:
    found = []
    for entry in _news(facts):
        if entry.kind in PUSHED and entry.id not in there and as_seen(entry.id) not in facts.seen:
            text = said(facts.incident.id, entry, titles=facts.titles)
            found.append(Push(entry.id, marks.stamped(text, facts.key, entry.id)))
    return found


def _news(facts: Facts) -> list[Entry]:
    """What happened here since the last whole exchange, but for what the tracker itself did."""
    mine = author(facts.link.tracker)
    return [entry for entry in facts.entries if entry.id > facts.link.pushed and entry.author != mine]


def as_seen(entry: int) -> str:
    """What an entry that was said there is remembered as, among the comments: no id of those has a blank."""
    return f"entry {entry}"


def said(incident: int, entry: Entry, *, titles: bool) -> str:
    """What is told there of an entry: its kind and time, and its text only where texts may go.

    What a mail said is a client's and stays here whatever the site allows.
    """
    head = f"Incident #{incident} {PUSHED[entry.kind]}, {utc_text(entry.at)}."
    may_go = titles and entry.kind in _WORDS and "@" not in entry.author
    return f"{head}\n\n{clean(entry.text, TEXT)}" if may_go and entry.text else head


# States.


def author(tracker: str) -> str:
    """Who does here what the state there asks for."""
    return f"{AUTHOR}{tracker}"


def meanings(states: Mapping[str, str]) -> dict[str, Meaning]:
    """`[trackers.NAME] states`, in their order."""
    return {name.strip(): Meaning(meaning) for name, meaning in states.items()}


def meaning_of(states: Mapping[str, Meaning], state: str) -> Meaning | None:
    """What a state there means; None where nobody has said so. Trackers show names in different cases."""
    wanted = state.strip().casefold()
    return next((each for name, each in states.items() if name.casefold() == wanted), None)


def _names(states: Mapping[str, Meaning], meaning: Meaning) -> tuple[str, ...]:
    return tuple(name for name, each in states.items() if each is meaning)


def wanted(incident: Incident, states: Mapping[str, Meaning]) -> Meaning | None:
    """What the ticket should be there: the nearest to what it is here that they have a state for."""
    here = _MEANINGS[incident.state]
    nearest = {
        Meaning.WAITING: (Meaning.WAITING, Meaning.OPEN),
        Meaning.CANCELLED: (Meaning.CANCELLED, Meaning.RESOLVED),
    }
    known = set(states.values())
    return next((each for each in nearest.get(here, (here,)) if each in known), None)


def _states(facts: Facts) -> tuple[tuple[Doing, ...], Meaning | None]:
    """What the state there does here, or what ours wants there; at most one of the two."""
    here, there = wanted(facts.incident, facts.states), meaning_of(facts.states, facts.external.state)
    is_first = not facts.link.state
    if here is None or _agree(facts.incident, here, there):
        return (), None
    if is_first and there is None and here is Meaning.OPEN:  # it was just made, in a state that means nothing
        return (), None
    changed_here = any(entry.kind in TURNS for entry in _news(facts))
    changed_there = (
        not is_first and there is not None and there is not meaning_of(facts.states, facts.link.state)
    )
    if changed_there and not changed_here and there is not None:
        return _doing(facts, there), None
    if is_first or changed_here or (there is not None and not _is_kept(facts, there)):
        return (), here
    return (), None


def _agree(incident: Incident, here: Meaning, there: Meaning | None) -> bool:
    both_over = there is not None and there.is_over and not incident.is_open
    return here is there or both_over


def _doing(facts: Facts, there: Meaning) -> tuple[Doing, ...]:
    """What a state there that has changed does here."""
    state = facts.incident.state
    if state is State.CANCELLED:
        return (Doing.KEEP,)
    if there.is_over:
        if still_fails(facts.incident, facts.entries):
            return (Doing.KEEP,)
        return (Doing.RESOLVE if there is Meaning.RESOLVED else Doing.CANCEL,)
    first = () if state.is_open else (Doing.REOPEN,)
    if there is Meaning.WAITING:
        return (*first, Doing.PAUSE)
    return first or (Doing.RESUME,)


def still_fails(incident: Incident, entries: Sequence[Entry]) -> bool:
    """Whether what opened an incident by itself still says that it is wrong."""
    if incident.origin not in (Origin.CHECK, Origin.ALERT):
        return False
    told = [entry.kind for entry in entries if entry.kind in _FAULTS]
    return bool(told) and told[-1] is not EntryKind.RECOVERED


def _is_kept(facts: Facts, there: Meaning) -> bool:
    """Whether we have noted already that the state there does not hold here, and nothing turned since."""
    for entry in reversed(facts.entries):
        kept = entry.data.get(KEPT)
        if kept is not None and entry.author == author(facts.link.tracker):
            return Meaning(kept) is there or (Meaning(kept).is_over and there.is_over)
        if entry.kind in TURNS:
            return False
    return False


# When.

SOON = timedelta(minutes=1)
"""The least pause after a failure: a search there has to see what we may have made."""
LONGEST = timedelta(hours=1)
"""The longest, unless the tracker asks for more or is read more rarely."""
_RARELY = (
    (timedelta(days=365), timedelta(days=1)),
    (timedelta(days=30), timedelta(hours=1)),
    (timedelta(days=1), timedelta(minutes=10)),
)
"""How often a ticket is read whose incident has been over for longer than that."""


def next_look(incident: Incident, every: timedelta, now: datetime) -> datetime:
    """When a ticket is read again: more and more rarely when the incident is over."""
    over = now - incident.resolved if incident.resolved is not None else timedelta()
    least = next((pause for age, pause in _RARELY if over > age), every)
    return now + max(every, least)


def next_try(
    failures: int,
    every: timedelta,
    now: datetime,
    after: float | None = None,
    down: timedelta = timedelta.max,
) -> datetime:
    """When a failed exchange is tried again; `after` is what the tracker asked for, in seconds.

    The pause is no longer than nothing has worked there, `down`.
    """
    least = max(SOON, every)
    pause = min(least * (1 << min(max(failures, 1) - 1, 10)), max(LONGEST, every), max(least, down))
    return now + max(pause, timedelta(seconds=after or 0))
