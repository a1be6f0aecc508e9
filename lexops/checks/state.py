"""How a check's state moves: soft and hard, flapping, unreachable. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lexops.checks import flapping, schedule
from lexops.checks.model import Outcome, Status

BUSY = 3
"""How many looks in a row something has to be in the way of."""
_GOOD = (Status.OK, Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class State:
    """A check on a target as it stands. `hard` is what incidents follow; `status` is what was last seen."""

    target: str
    check: str
    status: Status
    since: datetime
    """When `status` began."""
    checked: datetime
    due: datetime
    summary: str
    hard: Status | None = None
    """The last status that was certain; None until one was."""
    told: Status | None = None
    """The hard status that incidents were last told."""
    bad: int = 0
    """Bad results in a row."""
    history: str = ""
    flapping: bool = False
    unreachable: bool = False

    @property
    def soft(self) -> bool:
        """Seen, but not often enough to be certain."""
        return self.status.is_problem and not self.unreachable and self.hard is not self.status


@dataclass(frozen=True, slots=True)
class HardChange:
    """A change of what is certain about a check: what incidents follow."""

    target: str
    check: str
    title: str
    before: Status | None
    after: Status
    summary: str
    at: datetime


def advance(
    before: State | None, outcome: Outcome, *, parent_down: bool = False, blind: bool = False
) -> State:
    """The state after `outcome`.

    A target that cannot be reached says nothing about its checks: they are UNKNOWN and unreachable,
    and neither counters nor the hard status move. What is pending leaves everything as it was. A target's
    availability check moves, unless the host below it is down (`parent_down`), which is then the one problem
    to follow. While LexOps itself is `blind` nothing that is bad is certain. Nor is a look that something was
    in the way of once, even where one finding in data is enough.
    """
    at, verdict, check = outcome.started, outcome.verdict, outcome.check
    unreachable = verdict.unreachable and (parent_down or blind or not check.availability)
    status = Status.UNKNOWN if unreachable else verdict.status
    every_due = schedule.next_due(outcome.target, check.every, at)
    if status is Status.PENDING and before is not None:
        return replace(before, checked=at, due=every_due, unreachable=False)
    state = State(
        outcome.target,
        check.id,
        status,
        at if before is None or before.status is not status else before.since,
        at,
        every_due,
        verdict.summary,
        hard=before.hard if before else None,
        told=before.told if before else None,
        bad=before.bad if before else 0,
        history=before.history if before else "",
        flapping=before.flapping if before else False,
        unreachable=unreachable,
    )
    if unreachable or (blind and status.is_problem):
        return state
    history = flapping.remember(state.history, status.value[0])
    state = replace(state, history=history, flapping=flapping.is_flapping(history, state.flapping))
    if status is Status.PENDING:
        return replace(state, due=min(every_due, schedule.retry_due(check.every, check.timeout, at)))
    if status in _GOOD:
        return replace(state, bad=0, hard=status)
    needed = max(check.attempts, BUSY) if verdict.busy else check.attempts
    state = replace(state, bad=min(state.bad + 1, needed))
    if state.bad >= needed:
        return replace(state, hard=status)
    return replace(state, due=min(every_due, schedule.retry_due(check.every, check.timeout, at)))


def announce(state: State, title: str) -> tuple[State, HardChange | None]:
    """What became certain and was not told before; while a check flaps, only that it got worse."""
    hard, told = state.hard, state.told
    if hard is None or hard is told or state.unreachable:
        return state, None
    if told is None and hard in _GOOD:
        return replace(state, told=hard), None
    if state.flapping and told is not None and hard.rank <= told.rank:
        return state, None
    change = HardChange(state.target, state.check, title, told, hard, state.summary, state.checked)
    return replace(state, told=hard), change
