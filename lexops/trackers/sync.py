"""Keeps incidents and their twins in other ticket systems in step.

A worker has a link for a few minutes, asks the tracker without any transaction open, and writes down after
every single answer what is certain by then. Whatever dies in between, whoever goes on finds by our marks
there what was done already: no ticket is made twice, nothing is said twice, no word of ours comes back.
"""

from __future__ import annotations

import time as machine
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Connection

from lexops import crash
from lexops.clock import Clock
from lexops.config import SiteFile, TrackerSettings
from lexops.errors import ConfigError, LexOpsError, Refused, StoreError
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident
from lexops.outbox.facts import incident_title
from lexops.store import event
from lexops.store.database import Store
from lexops.text import clean, one_line
from lexops.trackers import joining, marks, store
from lexops.trackers.model import NEW, Comment, External, Link
from lexops.trackers.opening import open_tracker
from lexops.trackers.plan import (
    KEPT,
    TEXT,
    Doing,
    Facts,
    Plan,
    Push,
    as_seen,
    author,
    meaning_of,
    meanings,
    next_look,
    next_try,
    plan,
)
from lexops.trackers.port import Tracker, TrackerDown, TrackerRefused
from lexops.trackers.store import Hold, Lost

LEASE = timedelta(minutes=5)
"""How long a worker has a link after each of its steps."""
TURN = 5.0
"""Seconds after which no further link is begun in one turn."""
OVERLAP = timedelta(days=1)
"""Comments are read again from so long before the newest known one: clocks differ, and writes are late."""
_FIRST = datetime.min.replace(tzinfo=UTC) + OVERLAP
"""Nothing can be read from before that: there is no such day."""


def sync(
    database: Store, file: SiteFile, time: Clock, opened: Callable[[str], Tracker] | None = None
) -> None:
    """Exchange what is due with every tracker. Raises StoreError.

    A tracker that is down is asked once in a turn, and keeps no other waiting for longer than that. `opened`
    gives the tracker of a name; else it is opened as the file says.
    """
    if not file.settings.trackers:
        return
    joining.follow_recurrences(database, file, time.now())
    opened = opened or cache(lambda name: open_tracker(file, name, time))
    up, end = set(file.settings.trackers), machine.monotonic() + TURN
    while up and machine.monotonic() < end:
        with database.begin() as connection:
            hold = store.claim(connection, up, time.now(), _lease(file))
        if hold is None:
            return
        if not _turn(database, file, time, hold, opened):
            up.discard(hold.link.tracker)


def _lease(file: SiteFile) -> timedelta:
    return max(LEASE, *(30 * each.timeout for each in file.settings.trackers.values()))


def _turn(database: Store, file: SiteFile, time: Clock, hold: Hold, opened: Callable[[str], Tracker]) -> bool:
    """Exchange one link; answers whether its tracker is up."""
    link, every = hold.link, file.settings.trackers[hold.link.tracker].every
    try:
        exchange = Exchange(database, file, time, hold, opened(link.tracker))
        (exchange.create if link.is_new else exchange.run)()
    except Lost:
        pass
    except StoreError:
        raise  # nothing can be written down either
    except (TrackerDown, ConfigError) as error:
        _leave_alone(database, hold, every, time.now(), error)
        return False
    except Exception as error:  # else the links after it would never have their turn
        reason = str(error) if isinstance(error, LexOpsError) else crash.sentence(crash.keep(error))
        with database.begin() as connection:
            _fail(connection, hold, reason, every, time.now())
    return True


def _leave_alone(
    database: Store, hold: Hold, every: timedelta, now: datetime, error: TrackerDown | ConfigError
) -> None:
    """Leave all links of a tracker alone, for longer and longer, whichever of them is asked.

    One that always fails while others do not keeps these waiting for a moment only.
    """
    name, reason = hold.link.tracker, one_line(error, 300)
    after = error.retry if isinstance(error, TrackerDown) else None
    with database.begin() as connection:
        _fail(connection, hold, reason, every, now, after)
        worked = store.latest(connection, name)
        down = now - worked if worked is not None else timedelta.max
        failures = store.failures(connection, name, reason)
        store.postpone(connection, name, next_try(failures, every, now, after, down))


def _fail(
    connection: Connection,
    hold: Hold,
    reason: str,
    every: timedelta,
    now: datetime,
    after: float | None = None,
) -> None:
    failures, reason = hold.link.failures + 1, one_line(reason, 300)
    due = next_try(failures, every, now, after)
    try:
        hold.let_go(connection, error=reason, failures=failures, due=due)
    except Lost:
        return
    if failures == 1:
        data: dict[str, object] = {"tracker": hold.link.tracker, "error": reason}
        event.append(connection, now, "tracker.failed", f"#{hold.link.incident}", data)


@dataclass(frozen=True)
class Exchange:
    """One link with its tracker, for as long as this worker has it."""

    database: Store
    file: SiteFile
    time: Clock
    hold: Hold
    tracker: Tracker

    @property
    def link(self) -> Link:
        return self.hold.link

    @property
    def settings(self) -> TrackerSettings:
        return self.file.settings.trackers[self.link.tracker]

    def create(self) -> None:
        """Make the ticket, unless it was made by somebody who died before writing that down."""
        link = self.link
        with self.database.read() as connection:
            incident = incidents.get(connection, link.incident)
            follows = joining.before(connection, link.incident, link.tracker)
        found = self.tracker.find(link.mark)
        if found is None:
            title = incident_title(incident, titles=self.settings.titles)
            text = marks.stamped(joining.describe(incident, follows), link.mark, marks.TICKET)
            found = self.tracker.create(title, text, link.mark)
        now, me = self.time.now(), author(link.tracker)
        with self.database.begin() as connection:
            self.hold.let_go(connection, external=found.id, url=found.url, error="", failures=0, due=now)
            joining.joined(connection, link.incident, link.tracker, found.id, now, me)

    def run(self) -> None:
        """Read the ticket, and bring both sides to the same."""
        link = self.link
        since = max(link.pulled, _FIRST) - OVERLAP if link.pulled is not None else None
        facts = self._facts(self.tracker.read(link.external, since))
        wanted = plan(facts)
        state = self._write_down(facts, wanted)
        if wanted.reopens:
            try:
                state = self._move(wanted)
            except TrackerRefused as error:
                self._follow_up(error)
                return
        for push in wanted.pushed:
            self._say(push)
        if wanted.there and not wanted.reopens:
            state = self._move(wanted)
        self._finish(facts, wanted, state)

    def _facts(self, external: External) -> Facts:
        link = self.link
        with self.database.read() as connection:
            entries = incidents.timeline(connection, link.incident)
            return Facts(
                link,
                incidents.get(connection, link.incident),
                sorted(entries, key=lambda entry: entry.id),
                external,
                meanings(self.settings.states),
                store.seen(connection, link.tracker, link.external),
                self.settings.titles,
            )

    def _write_down(self, facts: Facts, wanted: Plan) -> str:
        """What was said there, and what its state does here, all at once; answers the state agreed on.

        That is the former one when somebody has turned the incident meanwhile: then all is compared anew.
        """
        link, now = self.link, self.time.now()
        with self.database.begin() as connection:
            known = incidents.get(connection, link.incident, lock=True)
            for comment in wanted.pulled:
                self._note(connection, known, comment, now)
            told = [each.id for each in wanted.pulled]
            store.see(connection, link.tracker, link.external, [*told, *wanted.ours])
            is_same = known.state is facts.incident.state
            if is_same:
                for doing in wanted.here:
                    self._do(connection, known, doing, facts.external.state, now)
            state = facts.external.state if is_same or not wanted.here else link.state
            self.hold.keep(connection, now, state=state)
        return state

    def _note(self, connection: Connection, known: Incident, comment: Comment, now: datetime) -> None:
        """Bring a comment here. Their clock may be wrong: it was said after we opened, and before now."""
        at = min(max(comment.at, known.opened), now)
        who = one_line(f"{comment.author} ({self.link.tracker})", 200)[:80]
        data = {"tracker": self.link.tracker, "comment": comment.id}
        text = clean(comment.text, TEXT) or "(nothing that can be shown here)"
        incidents.tell(connection, known.id, EntryKind.SYNCED, at, who, text, now, data)

    def _do(self, connection: Connection, known: Incident, doing: Doing, state: str, now: datetime) -> None:
        id, who, words = known.id, author(self.link.tracker), f"{state} in {self.link.name}"
        try:
            match doing:
                case Doing.PAUSE:
                    incidents.pause(connection, id, now, who, words, now)
                case Doing.RESUME:
                    incidents.resume(connection, id, now, who, words, now)
                case Doing.RESOLVE:
                    incidents.resolve(connection, id, now, who, words)
                case Doing.REOPEN:
                    incidents.reopen(connection, id, now, who, words)
                case Doing.CANCEL:
                    incidents.cancel(connection, id, now, who, words)
                case Doing.KEEP:
                    fails = "what opened it still fails" if known.is_open else f"it is {known.state}"
                    self._keep(connection, id, state, f"{words}; here {fails}, and it stays so", now)
        except Refused as refused:
            self._keep(connection, id, state, f"{words}; not so here: {refused}", now)

    def _keep(self, connection: Connection, id: int, state: str, words: str, now: datetime) -> None:
        meaning = meaning_of(meanings(self.settings.states), state)
        data = {"tracker": self.link.tracker} | ({KEPT: meaning.value} if meaning else {})
        who = author(self.link.tracker)
        incidents.tell(connection, id, EntryKind.SYNCED, now, who, words, now, data)

    def _say(self, push: Push) -> None:
        """Tell an entry there, and write down at once that it was told; what it did to the state may fail."""
        link = self.link
        comment = self.tracker.comment(link.external, push.text)
        with self.database.begin() as connection:
            store.see(connection, link.tracker, link.external, [comment, as_seen(push.entry)])
            self.hold.keep(connection, self.time.now())

    def _move(self, wanted: Plan) -> str:
        """Bring the ticket into a state that means what ours does. Raises TrackerRefused."""
        state = self.tracker.transition(self.link.external, wanted.there)
        with self.database.begin() as connection:
            self.hold.keep(connection, self.time.now(), state=state)
        return state

    def _follow_up(self, refused: TrackerRefused) -> None:
        """A ticket that stays closed is followed by another one."""
        link, now = self.link, self.time.now()
        with self.database.begin() as connection:
            known = incidents.get(connection, link.incident)
            had = joining.tickets(connection, known.id, link.tracker)
            key = marks.key_of(known.id, known.fingerprint, known.opened, link.tracker)
            external = f"{NEW}{marks.mark_of(key, max(1, len(had)))}"
            empty = {"url": "", "state": "", "pulled": "", "error": "", "failures": 0}
            self.hold.let_go(connection, external=external, due=now, **empty)
            words = f"{link.name} stays closed ({one_line(refused, 200)}); a new ticket follows it"
            joining.told(connection, known.id, link.tracker, words, now, author(link.tracker))

    def _finish(self, facts: Facts, wanted: Plan, state: str) -> None:
        now, every = self.time.now(), self.settings.every
        said = [min(each.at, now) for each in facts.external.comments]
        pulled = max([*said, *([self.link.pulled] if self.link.pulled else [])], default=None)
        with self.database.begin() as connection:
            known = incidents.get(connection, self.link.incident)
            turned = known.state is not facts.incident.state and not wanted.here
            self.hold.let_go(
                connection,
                url=facts.external.url,
                state=state,
                pushed=wanted.upto,
                pulled=pulled.isoformat() if pulled else "",
                synced=now,
                error="",
                failures=0,
                due=now if turned else next_look(known, every, now),
            )
