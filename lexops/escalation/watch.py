"""Looks at every escalation that is due, and does the rung: exactly one worker does each.

One query finds the incidents with which something has to be done; each is then done in a short transaction of
its own, in which it is locked and looked at again. So any number of workers may look, one that dies leaves
nothing half done, and what cannot be read stops nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import LexOpsError, NotFound
from lexops.escalation import store, turning
from lexops.escalation.model import Fits, State
from lexops.escalation.scene import Scene, scene, targets
from lexops.escalation.store import Signal, Unreadable, Wanting
from lexops.incidents import store as incidents
from lexops.store.database import Store


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was listened to in this process."""

    newest: int
    done: frozenset[int] = frozenset()
    """Those just before the newest event that were read."""
    left: tuple[Signal, ...] = ()
    """What was read and could not be acted on: somebody had the incident, or its turn failed."""


_heard: WeakKeyDictionary[Engine, _Heard] = WeakKeyDictionary()
"""By store. A new process listens once more to what concerns open incidents; marks keep it from repeating."""


def escalate(database: Store, file: SiteFile, time: Clock) -> None:
    """Begin, go on with and end every escalation, as far as it is due. Raises StoreError."""
    now = time.now()
    with database.read() as connection:
        if not store.is_used(connection):
            return
        here = scene(connection, file, now)
        heard = _heard.get(database.engine) or _Heard(store.first_event(connection))
        newest, said = store.signals(connection, heard.newest)
        new = [each for each in said if each.event not in heard.done]
        signals = _by_incident((*heard.left, *new))
        wanted = list(_wanted(here, signals))
    for name, why in here.broken.items():
        _alarm(database, f"escalation policy:{name}", why, now)
    left: list[Signal] = []
    for id in wanted:
        if not _look(database, here, id, signals.get(id, ())):
            left += signals.get(id, ())
    _heard[database.engine] = _Heard(newest, frozenset(each.event for each in said), tuple(left))


def _by_incident(signals: Iterable[Signal]) -> dict[int, list[Signal]]:
    found: dict[int, list[Signal]] = {}
    for each in signals:
        found.setdefault(each.incident, []).append(each)
    return found


def _wanted(here: Scene, signals: Mapping[int, object]) -> Iterator[int]:
    """The incidents that are looked at now, what is due first."""
    seen = set()
    for each in store.wanting(here.connection, here.now, targets(here.silenced, here.down)):
        if each.sure or _is_wanted(here, each):
            seen.add(each.incident)
            yield each.incident
    yield from sorted(signals.keys() - seen)


def _is_wanted(here: Scene, each: Wanting) -> bool:
    is_quiet = bool(here.quiet(each.origin, each.target, each.check))
    if each.state is State.HELD:
        return not is_quiet
    if each.state is State.RUNNING:
        return is_quiet
    kind = here.kinds.get(each.target, "")
    facts = Fits(each.priority, each.client, each.provider, each.queue, kind, each.target)
    return here.fitting(facts) is not None


def _look(database: Store, here: Scene, id: int, signals: Sequence[Signal]) -> bool:
    """One incident, in a transaction of its own; whether the signals were heard.

    Raises StoreError when the store is away.
    """
    try:
        return _turn(database, here, id, signals)
    except NotFound:
        return True
    except Exception as error:
        if _is_away(error):
            raise
        # Only an error of ours is safe to quote: any other may hold a client's value.
        told = str(error) if isinstance(error, LexOpsError) else type(error).__name__
        _alarm(database, f"escalation:{id}", f"The escalation of incident #{id} fails: {told}", here.now)
        return False


def _turn(database: Store, here: Scene, id: int, signals: Sequence[Signal]) -> bool:
    try:
        with database.begin() as connection:
            return turning.turn(here.through(connection), id, signals)
    except Unreadable as broken:
        with database.begin() as connection:
            turning.renew(here.through(connection), id, broken)
        return False


def _is_away(error: BaseException) -> bool:
    """Whether it is the store that fails, and not what is kept in it: then a second later all goes on."""
    return isinstance(error.__cause__, OperationalError | InterfaceError)


def _alarm(database: Store, key: str, title: str, now: datetime) -> None:
    """Tell it once, as an incident; which escalates like any other."""
    with database.begin() as connection:
        incidents.alarm(connection, key, title, now)
