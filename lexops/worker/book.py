"""The worker's book of its checks: their states, when each is due or wished for, what results lead to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, StatementError

from lexops.checks import asked, schedule, store
from lexops.checks.contract import Assignment
from lexops.checks.history import LEXOPS
from lexops.checks.model import Outcome, Status, Verdict
from lexops.checks.sight import Glance, Sight, sight
from lexops.checks.state import HardChange, State, advance, announce
from lexops.incidents.following import follow
from lexops.incidents.policy import of_site
from lexops.site import Site
from lexops.store import event
from lexops.worker.lanes import lanes

LOOK_BACK = timedelta(minutes=2)
"""How long ago a downtime may have ended while nobody looked after its target."""

Key = tuple[str, str]
Downtime = tuple[str, str | None]
"""A target, and the check that is announced to fail there; None: all of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a transaction is about to record; it counts when that is committed."""

    states: Mapping[Key, State]
    steps: tuple[tuple[State | None, State], ...]
    changes: tuple[HardChange, ...] = ()


def _is_told(state: State) -> bool:
    """Whether people know that it fails."""
    return state.told is not None and state.told.is_problem


def is_news(before: State | None, state: State, outcome: Outcome) -> bool:
    """Whether a result is worth an event: numbers that move within their limits are not."""
    if before is None or (before.status, before.hard, before.unreachable) != (
        state.status,
        state.hard,
        state.unreachable,
    ):
        return True
    return bool(outcome.verdict.findings) and before.summary != state.summary


class Book:
    """Used from the loop's own thread, which alone writes results."""

    def __init__(self, site: Site) -> None:
        self._clock = site.clock
        targets = site.file.settings.targets
        self._hosts = {name: target.host for name, target in targets.items() if target.host}
        self._lane_of = lanes(targets)
        self._checks: dict[Key, Assignment] = {
            (a.target, a.runnable.check.id): a for a in site.checks.assigned
        }
        self._availability = {
            target: check for (target, check), a in self._checks.items() if a.runnable.check.availability
        }
        self._policy = of_site(site.file.settings, frozenset(self._availability.items()))
        self._states: dict[Key, State] = {}
        self._due: dict[Key, datetime] = {}
        self._asked: dict[Key, datetime] = {}
        self._last_downtimes = self._clock.now()
        self._recorder = store.Recorder()
        self._mine: set[str] = set()

    def open(self, connection: Connection, targets: Collection[str]) -> None:
        """Read what is known of targets that are looked after here from now on."""
        self._recorder.forget()
        self._mine |= set(targets)
        self._states |= {k: s for k, s in store.states(connection).items() if k[0] in targets}
        self._due |= {k: due for k, due in store.dues(connection).items() if k[0] in targets}
        now = self._clock.now()
        self._draw_near(now)
        self._hurry(asked.downtimes_ended(connection, now - LOOK_BACK, now) & set(targets), now)

    def leave(self, targets: Collection[str]) -> None:
        """Others look after these targets from now on: what is known of them here grows old."""
        self._mine -= set(targets)

    def forget(self) -> None:
        """Ask the store again what it holds: a transaction has failed."""
        self._recorder.forget()

    def when(self, target: str, check: str) -> datetime:
        """When a check is due, or was asked for."""
        key = (target, check)
        return min(self._due[key], self._asked.get(key, self._due[key]))

    def read_wishes(self, connection: Connection, now: datetime) -> None:
        """See what people want to be looked at now, and whose downtime has ended."""
        wishes = asked.open_wishes(connection)
        ended = asked.downtimes_ended(connection, self._last_downtimes, now)
        if now < self._last_downtimes:
            self._draw_near(now)
        self._last_downtimes = now
        self._asked = {
            (target, check): moment for target, check, moment in wishes if (target, check) in self._checks
        }
        self._hurry(ended, now)

    def _draw_near(self, now: datetime) -> None:
        """Have no check due later than its interval wants: a clock was ahead, here or at another worker."""
        for (target, check), a in self._checks.items():
            if (target, check) in self._due:
                latest = schedule.next_due(target, a.runnable.check.every, now)
                self._due[target, check] = min(self._due[target, check], latest)

    def _hurry(self, targets: Collection[str], now: datetime) -> None:
        for key in self._due:
            if key[0] in targets:
                self._due[key] = min(self._due[key], now)

    def record(self, connection: Connection, outcomes: Iterable[Outcome]) -> Page:
        """Keep outcomes, states and what incidents make of them, all or nothing.

        One that the store refuses while it takes others becomes UNKNOWN: it must not hold them up for ever.
        """
        known = [outcome for outcome in outcomes if (outcome.target, outcome.check.id) in self._checks]
        try:
            with connection.begin_nested():
                page = self._write(connection, known)
        except OperationalError:
            raise
        except StatementError:
            self.forget()
            page = self._write(connection, [self._storable(connection, outcome) for outcome in known])
        follow(connection, page.changes, self._policy)
        return page

    def _storable(self, connection: Connection, outcome: Outcome) -> Outcome:
        """The outcome as it can be kept: itself, or that the store does not take it."""
        trial = connection.begin_nested()
        try:
            self._write(connection, [outcome])
        except OperationalError:
            raise
        except StatementError as error:
            kind = type(error.orig or error).__name__
            says = f"the store does not take what it found: {kind}"
            return replace(outcome, verdict=Verdict(Status.UNKNOWN, says, hint="report it"))
        finally:
            trial.rollback()
            self.forget()
        return outcome

    def _write(self, connection: Connection, outcomes: Iterable[Outcome]) -> Page:
        down = asked.in_downtime(connection, self._clock.now())
        staged = dict(self._states)
        steps: list[tuple[State | None, State]] = []
        changes: list[HardChange] = []
        for outcome in outcomes:
            key = (outcome.target, outcome.check.id)
            before = staged.get(key)
            state, change = self._next_state(before, outcome, staged, down)
            self._keep(connection, before, outcome, state)
            staged[key] = state
            steps.append((before, state))
            changes += [change] if change else []
        return Page(staged, tuple(steps), tuple(changes))

    def turn_over(self, page: Page) -> None:
        """Go on from what was committed: after a failed write the same outcomes are recorded again."""
        self._states = dict(page.states)
        for before, state in page.steps:
            self._due[state.target, state.check] = state.due
            self._asked.pop((state.target, state.check), None)
            self._consider_others(before, state)

    def _next_state(
        self, before: State | None, outcome: Outcome, states: Mapping[Key, State], down: Collection[Downtime]
    ) -> tuple[State, HardChange | None]:
        key = (outcome.target, outcome.check.id)
        seeing = self._sight(before, outcome, states, down)
        parent_down = self._parent_is_down(outcome.target, states)
        state = advance(before, outcome, parent_down=parent_down, blind=seeing is Sight.BLIND)
        # What may be our own fault is told when the others have been looked at, too.
        waits = seeing is not Sight.CLEAR and (outcome.check.availability or seeing is Sight.BLIND)
        # A downtime keeps what fails in it from being told until it ends; what gets well is told at once.
        is_down = (key[0], None) in down or key in down
        if waits or (is_down and (state.hard is None or state.hard.is_problem)):
            return state, None
        return announce(state, outcome.check.title)

    def _sight(
        self,
        before: State | None,
        outcome: Outcome,
        states: Mapping[Key, State],
        down: Collection[Downtime],
    ) -> Sight:
        """How far a bad result can be believed: it may be us who do not see."""
        if outcome.target == LEXOPS or not outcome.verdict.status.is_problem:
            return Sight.CLEAR
        own = self._availability.get(outcome.target) == outcome.check.id
        since = before.since if own and before and before.status.is_problem else outcome.started
        glances = [
            self._glance(key, states[key])
            for key in self._availability.items()
            if key in states
            and key[0] in self._mine - {LEXOPS, outcome.target}
            and (key[0], None) not in down
        ]
        if own:
            lane, known = self._lane_of[outcome.target], before is not None and _is_told(before)
            glances.append(Glance(lane, True, known, outcome.started))
        elif (
            known_self := states.get((outcome.target, self._availability.get(outcome.target, "")))
        ) is not None:
            glances.append(self._glance((outcome.target, outcome.check.id), known_self))
        return sight(glances, since)

    def _glance(self, key: Key, state: State) -> Glance:
        return Glance(self._lane_of[key[0]], state.status.is_problem, _is_told(state), state.checked)

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
        host = self._hosts.get(target)
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
            hosted = {name for name, host in self._hosts.items() if host == state.target}
            self._make_due(lambda key: key[0] in hosted, now)
        if state.status.is_problem and not _is_told(state):
            self._ask_others(state)
        host = self._hosts.get(state.target)
        if host is not None and state.status.is_problem and (before is None or not before.status.is_problem):
            self._make_due(lambda key: key == (host, self._availability.get(host)), now)

    def _ask_others(self, state: State) -> None:
        """Is it the target or us? Look at the others that were not looked at since it began to fail."""
        for key in self._availability.items():
            known = self._states.get(key)
            if known is not None and key[0] in self._mine and known.checked < state.since:
                self._due[key] = min(self._due[key], state.checked)
        sees = (LEXOPS, "lexops.sight")
        if sees in self._due:
            self._due[sees] = min(self._due[sees], state.checked)

    def _make_due(self, fits: Callable[[Key], bool], now: datetime) -> None:
        for key, state in self._states.items():
            if fits(key) and (state.unreachable or key[1] == self._availability.get(key[0])):
                self._due[key] = min(self._due[key], now)
