"""Which rung is due, what comes after it, and when. Pure.

A ladder is climbed from the first rung to the last, `repeat` times more from the first one on, then the
fallback is told once, then the policy named by `then` goes on, or it is exhausted. Delays count from the true
due time of the rung before, in open time of the policy's calendar. What was due while nobody looked is told
when somebody looks again: each rung once, in order, up to the end of the round; the next round then counts
from now, so that those who have just been told get their time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lexops.calendars.business import BusinessTime, NeverDue, moment, seconds
from lexops.escalation.model import Escalation, Policy, Who

LEAST = 60
"""Seconds between the end of a round and what comes after it."""
FALLBACK = "fallback"

After = Callable[[datetime, int], datetime]
"""When so many open seconds have passed since a moment."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung that is told, or will be."""

    round: int
    step: int
    tell: tuple[Who, ...]
    name: str
    """`level 1`, `management, again`, `fallback`."""
    due: datetime


@dataclass(frozen=True, slots=True)
class Climb:
    """What is to be told now, in order, and where that leaves the escalation."""

    rungs: tuple[Rung, ...]
    after: Escalation


def open_time(time: BusinessTime | None) -> After:
    """How delays are counted: elapsed time without a calendar. Nothing is due while it is closed.

    A calendar that does not open often enough counts as one that is always open: late is worse than at night.
    """

    def elapsed(since: datetime, budget: int) -> datetime:
        return since + timedelta(seconds=budget)

    if time is None:
        return elapsed

    def opened(since: datetime, budget: int) -> datetime:
        start = seconds(since)
        try:
            if budget:
                return max(since, moment(time.due(start, budget)))
            return since if time.is_open(start) else moment(time.due(start, 1) - 1)
        except NeverDue:
            return elapsed(since, budget)

    return opened


def start(escalation: Escalation, now: datetime, after: After) -> Escalation:
    """The same from the first rung on, counted from now."""
    begun = replace(
        escalation,
        round=0,
        step=0,
        started=now,
        progress=replace(escalation.progress, base=0, rung=None, passed=()),
    )
    return replace(begun, due=after(now, begun.policy.steps[0].after))


def go_on(escalation: Escalation, policy: Policy, revision: int, after: After) -> Escalation:
    """With the policy that follows: its first rung counts from the end of the one before."""
    passed = (*escalation.progress.passed, escalation.policy.name)
    progress = replace(escalation.progress, base=escalation.round, passed=passed)
    following = replace(escalation, policy=policy, revision=revision, step=0, progress=progress)
    assert escalation.due is not None
    return replace(following, due=after(escalation.due, policy.steps[0].after))


def here(escalation: Escalation) -> tuple[tuple[Who, ...], str] | None:
    """Whom the next rung tells and what it is called; None when every rung has been told."""
    policy, local = escalation.policy, escalation.round - escalation.progress.base
    if 0 <= local <= policy.repeat and escalation.step < len(policy.steps):
        step = policy.steps[escalation.step]
        name = step.level or f"level {escalation.step + 1}"
        return step.tell, name if local == 0 else f"{name}, again"
    if local == policy.repeat + 1 and escalation.step == 0 and policy.fallback:
        return policy.fallback, FALLBACK
    return None


def is_spent(escalation: Escalation) -> bool:
    """Whether there is no rung left in this policy."""
    return here(escalation) is None


def passed(escalation: Escalation, after: After) -> Escalation:
    """The same with its rung behind it: the next one is due so long after when this one was."""
    policy, was_due = escalation.policy, escalation.due
    assert was_due is not None
    rung = (escalation.round, escalation.step)
    last = escalation.round - escalation.progress.base > policy.repeat
    if not last and escalation.step + 1 < len(policy.steps):
        place = (escalation.round, escalation.step + 1)
    else:
        place = (escalation.round + 1, 0)
    gone = replace(
        escalation,
        round=place[0],
        step=place[1],
        progress=replace(escalation.progress, rung=rung),
    )
    return replace(gone, due=after(was_due, _wait(gone)))


def _wait(escalation: Escalation) -> int:
    """Open seconds from the rung before to the next one, which is not the first of all."""
    delay = escalation.policy.steps[escalation.step].after
    return delay if escalation.step else max(LEAST, delay)


def climb(escalation: Escalation, now: datetime, after: After) -> Climb:
    """Every rung that is due by now, at most to the end of a round; and what comes after them."""
    told: list[Rung] = []
    while escalation.due is not None and escalation.due <= now:
        found = here(escalation)
        if found is None or (told and escalation.round != told[0].round):
            break
        told.append(Rung(escalation.round, escalation.step, *found, escalation.due))
        escalation = passed(escalation, after)
    if told and escalation.due is not None and escalation.due <= now:
        # Whoever has just been told of a whole round gets the time that is theirs.
        escalation = replace(escalation, due=after(now, _wait(escalation)))
    return Climb(tuple(told), escalation)


def hurry(escalation: Escalation, now: datetime) -> Escalation:
    """The next rung at once, where it is not due already."""
    due = now if escalation.due is None else min(escalation.due, now)
    return replace(escalation, due=due)


def ahead(escalation: Escalation, after: After, most: int = 50) -> tuple[Rung, ...]:
    """The rungs that come, if nobody takes it: with the times at which they are due."""
    found: list[Rung] = []
    while len(found) < most and escalation.due is not None and (rung := here(escalation)) is not None:
        found.append(Rung(escalation.round, escalation.step, *rung, escalation.due))
        escalation = passed(escalation, after)
    return tuple(found)
