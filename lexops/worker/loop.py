"""The worker's loop: run what is due or asked for, record it, let incidents follow, show a sign of life."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.checks import asked, presence, retention, store
from lexops.checks.assignment import Assignment
from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import Engine, Lane
from lexops.checks.lanes import lanes
from lexops.checks.model import Outcome, Status
from lexops.checks.state import HardChange, State, advance, announce
from lexops.errors import Refused, StoreError
from lexops.incidents import store as incidents
from lexops.incidents.policy import Policy
from lexops.site import Site
from lexops.store import event

BEAT = timedelta(seconds=5)
"""How often the worker shows a sign of life."""
TIDY = timedelta(minutes=5)
"""How often metrics are rolled up and old things forgotten."""
WISHES = timedelta(milliseconds=500)
"""How often the store is asked whether somebody wants a check now."""

STORE_RETRY = 2.0
"""Seconds between two tries of a store that does not answer."""

Key = tuple[str, str]
log = logging.getLogger(__name__)


def is_news(before: State | None, state: State, outcome: Outcome) -> bool:
    """Whether a result is worth an event: numbers that move within their limits are not."""
    if before is None or (before.status, before.hard, before.unreachable) != (
        state.status,
        state.hard,
        state.unreachable,
    ):
        return True
    return bool(outcome.verdict.findings) and before.summary != state.summary


class Worker:
    """Runs a site's checks. One per store; a second one is refused while the first lives."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._clock = site.clock
        self._name = presence.worker_name(os.getpid())
        self._checks: dict[Key, Assignment] = {
            (a.target, a.runnable.check.id): a for a in site.checks.assigned
        }
        self._availability = {
            target: check for (target, check), a in self._checks.items() if a.runnable.check.availability
        }
        settings = site.file.settings
        self._engine = Engine(
            lanes(site.file, site.checks.assigned), self._clock, settings.worker.concurrency
        )
        self._policy = Policy(
            Status(settings.incidents.open_on.upper()), settings.incidents.resolve_on_recovery
        )
        self._states: dict[Key, State] = {}
        self._due: dict[Key, datetime] = {}
        self._asked: dict[Key, datetime] = {}
        self._next: dict[Callable[[datetime], None], datetime] = {}
        self._last_downtimes: datetime = self._clock.now()
        self._pending: list[Outcome] = []
        self._recorder = store.Recorder()

    def start(self) -> None:
        """Become the site's worker. Raises Refused when there is one."""
        now = self._clock.now()
        with self._site.store.begin() as connection:
            if not presence.claim_worker(connection, self._name, os.getpid(), now):
                raise Refused(
                    "another worker is alive on this store", hint="one is enough; see: lexops status"
                )
            store.assign(connection, self._site.checks.assigned, now)
            presence.set_broken(connection, self._site.checks.broken)
            asked.drop_orphan_wishes(connection, now)
            event.append(connection, now, "worker.started", self._name)
            self._states = store.states(connection)
            self._due = store.dues(connection)

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until `stop` says so, then leave cleanly."""
        self.start()
        try:
            while not stop():
                try:
                    self.turn()
                except StoreError as error:
                    self._recorder.forget()
                    log.warning(
                        "the store does not answer (%s); trying again", type(error.__cause__).__name__
                    )
                    self._rest(stop)
        finally:
            self.leave()

    def _rest(self, stop: Callable[[], bool]) -> None:
        end = self._clock.monotonic() + STORE_RETRY
        while not stop() and self._clock.monotonic() < end:
            time.sleep(0.1)

    def drain(self, stop: Callable[[], bool], longest: timedelta) -> None:
        """Work until nothing is due or asked for any more, at most for `longest`."""
        self.start()
        end = self._clock.now() + longest
        try:
            while not stop() and self._clock.now() < end:
                self.turn()
                if self._engine.idle and not self._ready(self._clock.now()):
                    break
        finally:
            self.leave()

    def leave(self) -> None:
        """Stop what is under way and give the place up."""
        self._engine.close()
        with suppress(StoreError), self._site.store.begin() as connection:
            presence.release_worker(connection, self._name)
            event.append(connection, self._clock.now(), "worker.stopped", self._name)

    def turn(self) -> None:
        """One turn: start what is ready, record what came back, do what is periodic."""
        now = self._clock.now()
        self._periodically(self._show_life, BEAT, now)
        self._periodically(self._read_wishes, WISHES, now)
        self._periodically(self._tidy, TIDY, now)
        if not self._pending:  # what is not recorded yet still looks due
            for lane, due in self._ready(now):
                self._engine.start(lane, due)
        self._pending += self._engine.poll(0.1)
        if self._pending:
            self._record(self._pending)
            self._pending = []

    def _periodically(self, act: Callable[[datetime], None], every: timedelta, now: datetime) -> None:
        if now >= self._next.get(act, now):
            self._next[act] = now + every
            act(now)

    def _ready(self, now: datetime) -> list[tuple[Lane, list[tuple[RunnableCheck, datetime]]]]:
        ready = []
        for lane in self._engine.lanes.values():
            if not self._engine.is_busy(lane):
                due = [(c, at) for c in lane.checks if (at := self._when(lane.target, c)) <= now]
                if due:
                    ready.append((lane, due))
        return ready

    def _when(self, target: str, check: RunnableCheck) -> datetime:
        key = (target, check.check.id)
        return min(self._due[key], self._asked.get(key, self._due[key]))

    def _show_life(self, now: datetime) -> None:
        with self._site.store.begin() as connection:
            if not presence.beat(connection, self._name, now):
                raise Refused("another worker has taken over this store", hint="see: lexops status")

    def _read_wishes(self, now: datetime) -> None:
        with self._site.store.read() as connection:
            wishes = asked.open_wishes(connection)
            ended = asked.downtimes_ended(connection, self._last_downtimes, now)
        self._last_downtimes = now
        self._asked = {
            (target, check): moment for target, check, moment in wishes if (target, check) in self._checks
        }
        for key in self._checks:
            if key[0] in ended:
                self._due[key] = min(self._due[key], now)

    def _tidy(self, now: datetime) -> None:
        keep = self._site.file.settings.store
        with self._site.store.begin() as connection:
            retention.roll_up(connection, now)
            retention.forget(connection, now, keep.keep_results, keep.keep_raw_metrics)

    def _record(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes, states and what incidents make of them, all or nothing."""
        steps: list[tuple[State | None, State]] = []
        with self._site.store.begin() as connection:
            down = asked.in_downtime(connection, self._clock.now())
            staged = dict(self._states)
            changes = []
            for outcome in outcomes:
                key = (outcome.target, outcome.check.id)
                if key in self._checks:
                    before = staged.get(key)
                    state, change = self._next_state(
                        before, outcome, staged, quiet={(key[0], None), key} & down
                    )
                    self._keep(connection, before, outcome, state)
                    staged[key] = state
                    steps.append((before, state))
                    changes += [change] if change else []
            incidents.follow(connection, changes, self._policy)
        # Only what was committed counts: after a failed write the same outcomes are recorded again.
        self._states = staged
        for before, state in steps:
            self._due[state.target, state.check] = state.due
            self._asked.pop((state.target, state.check), None)
            self._consider_others(before, state)

    def _next_state(
        self, before: State | None, outcome: Outcome, states: Mapping[Key, State], quiet: object
    ) -> tuple[State, HardChange | None]:
        state = advance(before, outcome, parent_down=self._parent_is_down(outcome.target, states))
        return (state, None) if quiet else announce(state, outcome.check.title)

    def _keep(self, connection: Connection, before: State | None, outcome: Outcome, state: State) -> None:
        self._recorder.keep(connection, outcome, before, state)
        wished = (state.target, state.check) in self._asked
        if wished:
            asked.answer_wishes(connection, state.target, state.check, outcome.started)
        if wished or is_news(before, state, outcome):
            subject, data = f"{state.target}/{state.check}", {"status": state.status.value}
            event.append(connection, state.checked, "check.result", subject, data)

    def _parent_is_down(self, target: str, states: Mapping[Key, State]) -> bool:
        """Whether the host below a target fails, certainly or so far."""
        host = self._site.file.settings.targets[target].host
        if host is None:
            return False
        state = states.get((host, self._availability.get(host, "")))
        return state is not None and state.status.is_problem

    def _consider_others(self, before: State | None, state: State) -> None:
        """A target that comes back has its checks run at once; one that fails has its host looked at."""
        if state.check != self._availability.get(state.target):
            return
        now = state.checked
        if before is not None and before.status.is_problem and not state.status.is_problem:
            self._make_due(lambda key: key[0] == state.target, now)
            hosted = {n for n, t in self._site.file.settings.targets.items() if t.host == state.target}
            self._make_due(lambda key: key[0] in hosted, now)
        host = self._site.file.settings.targets[state.target].host
        if host is not None and state.status.is_problem and (before is None or not before.status.is_problem):
            self._make_due(lambda key: key == (host, self._availability.get(host)), now)

    def _make_due(self, fits: Callable[[Key], bool], now: datetime) -> None:
        for key, state in self._states.items():
            if fits(key) and (state.unreachable or key[1] == self._availability.get(key[0])):
                self._due[key] = min(self._due[key], now)
