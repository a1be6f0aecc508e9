"""The worker's book of its checks: their states, when each is due or wished for, what results lead to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.checks import asked, store
from lexops.checks.assignment import Assignment
from lexops.checks.model import Outcome, Status
from lexops.checks.state import HardChange, State, advance, announce
from lexops.incidents import store as incidents
from lexops.incidents.policy import Policy
from lexops.site import Site
from lexops.store import event

LOOK_BACK = timedelta(minutes=2)
"""How long ago a downtime may have ended while nobody looked after its target."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """What a transaction is about to record; it counts when that is committed."""

    states: Mapping[Key, State]
    steps: tuple[tuple[State | None, State], ...]


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
        self._targets = site.file.settings.targets
        self._checks: dict[Key, Assignment] = {
            (a.target, a.runnable.check.id): a for a in site.checks.assigned
        }
        self._availability = {
            target: check for (target, check), a in self._checks.items() if a.runnable.check.availability
        }
        settings = site.file.settings.incidents
        self._policy = Policy(Status(settings.open_on.upper()), settings.resolve_on_recovery)
        self._states: dict[Key, State] = {}
        self._due: dict[Key, datetime] = {}
        self._asked: dict[Key, datetime] = {}
        self._last_downtimes = self._clock.now()
        self._recorder = store.Recorder()

    def open(self, connection: Connection, targets: Collection[str]) -> None:
        """Read what is known of targets that are looked after here from now on."""
        self._recorder.forget()
        self._states |= {k: s for k, s in store.states(connection).items() if k[0] in targets}
        self._due |= {k: due for k, due in store.dues(connection).items() if k[0] in targets}
        now = self._clock.now()
        self._hurry(asked.downtimes_ended(connection, now - LOOK_BACK, now) & set(targets), now)

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
        self._last_downtimes = now
        self._asked = {
            (target, check): moment for target, check, moment in wishes if (target, check) in self._checks
        }
        self._hurry(ended, now)

    def _hurry(self, targets: Collection[str], now: datetime) -> None:
        for key in self._due:
            if key[0] in targets:
                self._due[key] = min(self._due[key], now)

    def record(self, connection: Connection, outcomes: Iterable[Outcome]) -> Page:
        """Keep outcomes, states and what incidents make of them, all or nothing."""
        steps: list[tuple[State | None, State]] = []
        down = asked.in_downtime(connection, self._clock.now())
        staged = dict(self._states)
        changes = []
        for outcome in outcomes:
            key = (outcome.target, outcome.check.id)
            if key in self._checks:
                before = staged.get(key)
                state, change = self._next_state(before, outcome, staged, quiet={(key[0], None), key} & down)
                self._keep(connection, before, outcome, state)
                staged[key] = state
                steps.append((before, state))
                changes += [change] if change else []
        incidents.follow(connection, changes, self._policy)
        return Page(staged, tuple(steps))

    def turn_over(self, page: Page) -> None:
        """Go on from what was committed: after a failed write the same outcomes are recorded again."""
        self._states = dict(page.states)
        for before, state in page.steps:
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
        host = self._targets[target].host
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
            hosted = {n for n, t in self._targets.items() if t.host == state.target}
            self._make_due(lambda key: key[0] in hosted, now)
        host = self._targets[state.target].host
        if host is not None and state.status.is_problem and (before is None or not before.status.is_problem):
            self._make_due(lambda key: key == (host, self._availability.get(host)), now)

    def _make_due(self, fits: Callable[[Key], bool], now: datetime) -> None:
        for key, state in self._states.items():
            if fits(key) and (state.unreachable or key[1] == self._availability.get(key[0])):
                self._due[key] = min(self._due[key], now)
