"""The worker's loop: run what is due or asked for, record it, let incidents follow, show a sign of life."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from lexops.checks import asked, presence, retention, store
from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import Engine, Lane
from lexops.checks.history import LEXOPS, History, Surroundings
from lexops.checks.lanes import lanes as engine_lanes
from lexops.checks.model import Outcome
from lexops.errors import Refused, StoreError
from lexops.incidents import store as incidents
from lexops.incidents.operations import UNWATCHED
from lexops.schedules.model import schedules
from lexops.schedules.store import late
from lexops.site import Site
from lexops.store import event
from lexops.worker.book import Book
from lexops.worker.dead_man import ping
from lexops.worker.engine import place
from lexops.worker.lanes import excess, fair_share, lanes
from lexops.worker.lease import lease
from lexops.worker.performer import Performer
from lexops.worker.periodic import Chore, Chores
from lexops.worker.runs import Runs

BEAT = timedelta(seconds=5)
"""How often the worker shows a sign of life."""
HOLD = timedelta(seconds=1)
"""How often it makes sure of its lease, and of its share of the lanes."""
PROBE = timedelta(seconds=2)
"""How often it looks whether other workers are dead."""
DISPATCH = timedelta(milliseconds=500)
"""How often released runs are looked for."""
TIDY = timedelta(minutes=5)
"""How often metrics are rolled up and old things forgotten."""
WISHES = timedelta(milliseconds=500)
"""How often the store is asked whether somebody wants a check now."""

DEAD_MAN = timedelta(minutes=1)
"""How often a service outside is told that the worker works."""
STORE_RETRY = 2.0
"""Seconds between two tries of a store that does not answer."""

log = logging.getLogger(__name__)


class Worker:
    """Runs a site's checks and its durable runs.

    On SQLite one has the store to itself, and a second one is refused while the first lives. On PostgreSQL
    any number share the lanes and the runs.
    """

    def __init__(
        self, site: Site, *, performer: Performer | None = None, chores: Sequence[Chore] = ()
    ) -> None:
        """`performer` is what durable runs are done by; `chores` are other rooms' periodic acts."""
        self._site = site
        self._clock = site.clock
        self._alone = site.store.engine.dialect.name == "sqlite"
        self._name = presence.worker_name(os.getpid())
        settings = site.file.settings
        self._engine = Engine(
            engine_lanes(site.file, site.checks.assigned, self._history),
            self._clock,
            settings.worker.concurrency,
        )
        self._lane_of = lanes(settings.targets) | self._own_lane()
        self._lanes: set[str] = set()
        self._book = Book(site)
        self._next: dict[Callable[[datetime], None], float] = {}
        self._pending: list[Outcome] = []
        self._lost: datetime | None = None
        self._lease = lease(site.store, self._name)
        self._runs: Runs | None = None
        own = [Chore("watching other workers", PROBE, self._watch)]
        if performer is not None:
            self._runs = Runs(place(settings, site.file.folder), performer, self._name, self._clock)
            own.append(Chore("starting durable runs", DISPATCH, self._dispatch))
        if settings.worker.dead_man is not None:
            own.append(Chore("telling the dead man's switch", DEAD_MAN, self._tell_dead_man))
        self._turned = self._clock.monotonic()
        self._chores = Chores([*own, *chores])
        self._failing: dict[str, str] = {}
        """The chores that the store knows to fail."""

    def _own_lane(self) -> dict[str, str]:
        """LexOps itself is looked after like any target, by one of the workers."""
        return {LEXOPS: LEXOPS} if any(a.target == LEXOPS for a in self._site.checks.assigned) else {}

    def _history(self, target: str) -> History:
        file = self._site.file
        known = schedules(file)
        surroundings = Surroundings(
            file.zone,
            lanes(file.settings.targets),
            Path(self._site.store.engine.url.database or "").resolve().parent if self._alone else None,
            (lambda connection, now: late(connection, known, now)) if known else None,
        )
        return History(self._site.store, target, self._clock, surroundings)

    def start(self) -> None:
        """Become the site's worker, or one of them. Raises Refused when there is one that is alone."""
        now = self._clock.now()
        if not self._lease.hold() and not self._alone:
            raise StoreError("the store does not work: this worker's lock in it cannot be taken")
        try:
            with self._site.store.begin() as connection:
                self._join(connection, now)
                presence.set_lanes(connection, set(self._lane_of.values()))
                store.assign(connection, self._site.checks.assigned, now)
                presence.set_broken(connection, self._site.checks.broken)
                asked.drop_orphan_wishes(connection, now)
                event.append(connection, now, "worker.started", self._name)
                gained = self._share(connection)
        except BaseException:
            self._lease.release()
            raise
        self._lanes = gained
        self._chores.start()

    def _join(self, connection: Connection, now: datetime) -> None:
        if not self._alone:
            presence.join_workers(connection, self._name, os.getpid(), now)
        elif not presence.claim_worker(connection, self._name, os.getpid(), now):
            raise Refused("another worker is alive on this store", hint="one is enough; see: lexops status")

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until `stop` says so, then leave cleanly. Raises Refused when others have taken over."""
        self.start()
        try:
            with suppress(StoreError), self._site.store.begin() as connection:
                incidents.calm(connection, UNWATCHED, self._clock.now(), "a worker watches again")
            while not stop():
                try:
                    self.turn()
                except StoreError as error:
                    self._book.forget()
                    kind = _kind(error)
                    log.warning("the store does not answer (%s); trying again", kind)
                    self._rest(stop)
        finally:
            self.leave()

    def _rest(self, stop: Callable[[], bool]) -> None:
        end = self._clock.monotonic() + STORE_RETRY
        while not stop() and self._clock.monotonic() < end:
            time.sleep(0.1)

    def drain(self, stop: Callable[[], bool], longest: timedelta) -> None:
        """Work until nothing is due, asked for or released any more, at most for `longest`."""
        self.start()
        end = self._clock.now() + longest
        try:
            while not stop() and self._clock.now() < end:
                self.turn()
                if self._engine.idle and not self._ready(self._clock.now()) and self._runs_are_idle():
                    break
        finally:
            self.leave()

    def _runs_are_idle(self) -> bool:
        return self._runs is None or not self._lease.hold() or self._runs.idle()

    def leave(self) -> None:
        """Stop what is under way and give the place up."""
        self._engine.close()
        self._chores.stop()
        is_quiet = self._runs is None or self._runs.close()
        self._chores.finish()
        with suppress(StoreError), self._site.store.begin() as connection:
            presence.release_worker(connection, self._name)
            event.append(connection, self._clock.now(), "worker.stopped", self._name)
        if is_quiet:  # else the process gives it up with its last breath, and the step with it
            self._lease.release()

    def turn(self) -> None:
        """One turn: start what is ready, record what came back, do what is periodic."""
        now = self._clock.now()
        self._periodically(self._make_sure, HOLD, now)
        if not self._pending:  # who cannot record what was seen is as good as dead, whatever else goes
            self._periodically(self._show_life, BEAT, now)
        self._periodically(self._read_wishes, WISHES, now)
        self._periodically(self._tidy, TIDY, now)
        if not self._pending and self._lost is None:  # what is not recorded yet still looks due
            for lane, due in self._ready(now):
                self._engine.start(lane, due)
        self._pending += self._engine.poll(0.1)
        if self._lost is not None:
            self._pending = []  # an aborted look is no result
        if self._pending:
            self._record(self._pending)
            self._pending = []
        self._turned = self._clock.monotonic()

    def _periodically(self, act: Callable[[datetime], None], every: timedelta, now: datetime) -> None:
        moment = self._clock.monotonic()
        if moment >= self._next.get(act, moment):
            self._next[act] = moment + every.total_seconds()
            act(now)

    def _ready(self, now: datetime) -> list[tuple[Lane, list[tuple[RunnableCheck, datetime]]]]:
        ready = []
        for lane in self._engine.lanes.values():
            if self._lane_of[lane.target] in self._lanes and not self._engine.is_busy(lane):
                due = [
                    (c, at) for c in lane.checks if (at := self._book.when(lane.target, c.check.id)) <= now
                ]
                if due:
                    ready.append((lane, due))
        return ready

    def _make_sure(self, now: datetime) -> None:
        """Among several: is the lease still held, and the share of lanes the right one?"""
        if self._alone:
            return
        if not self._lease.hold():
            if self._lost is None:
                log.warning("the store does not answer; this worker's lanes rest, others may take them over")
                self._engine.close()
            self._lost = now
            return
        if self._lost is not None:
            self._show_life(now)
            if not self._engine.idle:
                return  # what was begun before the loss must not count
            self._lost = None
        with self._site.store.begin() as connection:
            gained = self._share(connection)
        self._lanes |= gained

    def _share(self, connection: Connection) -> set[str]:
        """Give back what is over the fair share, take what is free up to it; answers what was gained."""
        holders = presence.holders(connection)
        share = fair_share(len(holders), len(presence.workers(connection)))
        mine = {lane for lane, worker in holders.items() if worker == self._name}
        busy = {
            self._lane_of[lane.target] for lane in self._engine.lanes.values() if self._engine.is_busy(lane)
        }
        given = excess(mine, share, busy) if not self._pending else set()
        if given:
            presence.give_back_lanes(connection, self._name, given)
            self._let_go(given)
        if len(mine) >= share or None not in holders.values():
            return set()
        gained = presence.take_lanes(connection, self._name, share - len(mine))
        targets = {target for target, lane in self._lane_of.items() if lane in gained}
        self._book.open(connection, targets)
        memories = store.memories(connection)
        self._engine.remember({key: memory for key, memory in memories.items() if key[0] in targets})
        return gained

    def _show_life(self, now: datetime) -> None:
        with self._site.store.begin() as connection:
            if not presence.beat(connection, self._name, now):
                raise Refused("another worker has taken over this store", hint="see: lexops status")
            failing = self._chores.failing
            if failing != self._failing:
                presence.set_failing(connection, self._name, failing)
        self._failing = failing

    def _read_wishes(self, now: datetime) -> None:
        with self._site.store.read() as connection:
            self._book.read_wishes(connection, now)

    def _tidy(self, now: datetime) -> None:
        keep = self._site.file.settings.store
        with self._site.store.begin() as connection:
            if presence.workers(connection)[:1] == [self._name]:
                retention.roll_up(connection, now)
                retention.forget(connection, now, keep.keep_results, keep.keep_raw_metrics)

    def _record(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes of the lanes that are still ours; the others' are their new holder's to find."""
        with self._site.store.begin() as connection:
            lanes = {self._lane_of[outcome.target] for outcome in outcomes}
            kept = presence.keep_lanes(connection, self._name, lanes)
            page = self._book.record(connection, [o for o in outcomes if self._lane_of[o.target] in kept])
        self._let_go(lanes - kept)
        self._book.turn_over(page)

    def _let_go(self, lanes: set[str]) -> None:
        self._lanes -= lanes
        self._book.leave({target for target, lane in self._lane_of.items() if lane in lanes})

    def _dispatch(self) -> None:
        if self._runs is not None and self._lease.hold():
            self._runs.dispatch()

    def _tell_dead_man(self) -> None:
        """Only while the loop gets round: without its store, or hanging, it is as good as dead."""
        url = self._site.file.settings.worker.dead_man
        if url is not None and self._clock.monotonic() - self._turned < DEAD_MAN.total_seconds():
            ping(url)

    def _watch(self) -> None:
        """Bury workers that are dead: their lanes are free, their runs come back here."""
        if not self._lease.hold():
            return
        others = set(self._runs.owners()) if self._runs else set()
        if not self._alone:
            with self._site.store.read() as connection:
                others |= set(presence.workers(connection))
        with self._lease.gone(others - {self._name}) as dead:
            if dead:
                self._bury(dead)
        if self._runs is not None:
            self._runs.mend(self._clock.now())

    def _bury(self, dead: set[str]) -> None:
        now = self._clock.now()
        with self._site.store.begin() as connection:
            for name in dead & set(presence.workers(connection)):
                event.append(connection, now, "worker.gone", name)
            presence.release_worker(connection, *dead)
        keys = self._runs.take_over(dead) if self._runs else []
        log.warning("took over from %s: %d runs", ", ".join(sorted(dead)), len(keys))


def _kind(error: StoreError) -> str:
    """What the store's driver calls it: SQLITE_FULL, 57P01. What it says of it may hold data."""
    driver = getattr(error.__cause__, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None)
    return code or type(error.__cause__).__name__
