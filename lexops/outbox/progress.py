"""What becomes of a message after a try. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lexops.outbox.backoff import pause
from lexops.outbox.model import Message, State, Urgency
from lexops.outbox.routing import TEST, Route, Way

PATIENCE = timedelta(minutes=2)
"""A service that wants us to wait longer than this with a page is left for the next contact."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A channel took it."""

    proof: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It did not."""

    why: str
    retry: bool
    after: float | None = None


Outcome = Sent | NotSent


def following(
    message: Message,
    way: Way,
    outcome: Outcome,
    route: Route,
    *,
    done: Collection[tuple[str, str]],
    most: int,
    key: str,
    now: datetime,
) -> Message:
    """The message as it is from now on.

    It was tried on `way`; `message.attempts` counts this try. `done` are the ways that have carried it so
    far, `most` the attempts on one way, `key` that of the sending, of which the pause is made.
    """
    if isinstance(outcome, Sent):
        if route.every:
            return _onward(message, route, {*done, way.place}, now, outcome.proof)
        error = (message.error or route.why) if way.is_last_resort else ""
        proof = f"{way.channel}: {outcome.proof}"
        return replace(message, state=State.DELIVERED, ended=now, due=now, proof=proof, error=error)
    failed = replace(message, error=f"{way.channel}: {outcome.why}")
    if _again(message, outcome, route, most):
        wait = pause(message.attempts, key, outcome.after)
        return replace(failed, state=State.WAITING, due=now + wait)
    return _onward(failed, route, done, now)


def _again(message: Message, outcome: NotSent, route: Route, most: int) -> bool:
    """Whether the same way is tried once more."""
    if not outcome.retry or message.attempts >= most:
        return False
    long = outcome.after is not None and outcome.after > PATIENCE.total_seconds()
    others = not route.every and message.rank + 1 < len(route.ways)
    return not (long and others and message.urgency is Urgency.PAGE)


def _onward(
    message: Message, route: Route, done: Collection[tuple[str, str]], now: datetime, proof: str = ""
) -> Message:
    """On to the next way, or the end."""
    following = rank_after(message.rank, route, done)
    if message.template != TEST and following < len(route.ways):
        return replace(message, state=State.WAITING, rank=following, attempts=0, due=now)
    ended = replace(message, ended=now, due=now)
    missing = [way for way in route.ways if way.place not in done] if route.every else [None]
    if not missing:
        ways = ", ".join(dict.fromkeys(way.channel for way in route.ways))
        return replace(ended, state=State.DELIVERED, proof=f"{ways}: {proof}", error="")
    return replace(ended, state=State.FAILED)


def rank_after(rank: int, route: Route, done: Collection[tuple[str, str]]) -> int:
    """The next way that has not carried the message yet; as many as there are ways: none."""
    later = range(rank + 1, len(route.ways))
    return next((each for each in later if route.ways[each].place not in done), len(route.ways))


def placed(message: Message, route: Route, done: Collection[tuple[str, str]], now: datetime) -> Message:
    """The message where it can be tried: as it is, further on, or over because there is no way left.

    Ways change under a message that waits; one that has carried it already is passed over.
    """
    ways = route.ways
    if message.rank < len(ways) and not (route.every and ways[message.rank].place in done):
        return message
    if message.rank < len(ways):
        return _onward(message, route, done, now)
    if not ways or message.template == TEST:
        gone = "the contact that it was to try is gone" if ways else ""
        why = gone or route.why or f"there is no way to reach {message.recipient.name}"
        return replace(message, state=State.FAILED, ended=now, due=now, error=why)
    return replace(message, state=State.WAITING, rank=0, attempts=0, due=now)
