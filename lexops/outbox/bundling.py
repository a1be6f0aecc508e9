"""Which waiting messages go now, which go together, and which wait for what. Pure.

Notices wait a little for more of their kind and go together. Above the limit of a person or a channel all
that waits goes in one message. A page is never dropped and hardly waits: it is joined with others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.outbox.model import Message, Urgency
from lexops.outbox.routing import Way

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LARGEST = 100
"""Messages of one bundle; a longer list is read by nobody."""


@dataclass(frozen=True, slots=True)
class Send:
    """Something that was sent, or is on its way."""

    at: datetime
    channel: str
    address: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that is due, and how it would go."""

    message: Message
    way: Way
    together: str = ""
    """Those with the same mark failed in one message, and go again in one, so that its key is the same."""
    alone: bool = False
    """Whether the channel takes one message at a time, as a pager service does."""
    at_once: bool = False
    """Whether it disturbs nobody, and a machine waits for it."""

    @property
    def is_page(self) -> bool:
        return self.message.urgency is Urgency.PAGE

    @property
    def gathers(self) -> bool:
        """Whether it waits for others of its kind."""
        return not (self.is_page or self.together or self.at_once or self.alone)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is sent in one go."""

    way: Way
    messages: tuple[Message, ...]

    @property
    def order(self) -> tuple[object, ...]:
        """Pages first, the most important first, then the oldest."""
        pages = [each for each in self.messages if each.urgency is Urgency.PAGE]
        first = min(self.messages, key=lambda each: each.id)
        return (not pages, min((each.priority or "P9" for each in pages), default="P9"), first.id)

    @property
    def is_page(self) -> bool:
        return any(each.urgency is Urgency.PAGE for each in self.messages)


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the telling."""

    delay: timedelta
    """So long a notice waits for others."""
    per_hour: Mapping[str, int]
    """By recipient; who is not in it has no limit."""
    per_minute: Mapping[str, int]
    """By channel."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes now, in this order, and until when what else waits."""

    units: tuple[Unit, ...]
    waits: Mapping[int, datetime]


Group = tuple[str, Way]


def plan(candidates: Sequence[Candidate], sent: Iterable[Send], limits: Limits, now: datetime) -> Plan:
    """What to do with all that is due; `sent` is what went out within the last hour."""
    groups = {}
    for group, together in _groups(candidates).items():
        if ready := list(_ready(together, limits.delay, now)):
            groups[group] = ready
    traffic = _Traffic(sent, limits, now)
    for (_, way), ready in groups.items():
        traffic.want(way.channel, _count(ready))
    waits: dict[int, datetime] = {}
    units: list[Unit] = []
    for (recipient, way), ready in groups.items():
        joined = traffic.is_over(recipient, way, _count(ready))
        for unit, paced in _units(way, ready, joined=joined):
            free = traffic.free_from(recipient, unit) if paced else now
            if free > now:
                waits.update((each.id, free) for each in unit.messages)
            else:
                units.append(unit)
    return Plan(tuple(_within(units, traffic, waits)), waits)


def _groups(candidates: Iterable[Candidate]) -> dict[Group, list[Candidate]]:
    found: dict[Group, list[Candidate]] = defaultdict(list)
    for each in candidates:
        found[str(each.message.recipient), each.way].append(each)
    return found


def _ready(group: Sequence[Candidate], delay: timedelta, now: datetime) -> Iterator[Candidate]:
    """Those of a group that need not wait for others; the oldest notice says when all of them go."""
    fresh = [each for each in group if each.gathers]
    leaves = min((each.message.created for each in fresh), default=now) + delay
    # A moment beyond the delay was written before the clock was set back.
    waiting = now < leaves <= now + delay
    return (each for each in group if not (waiting and each.gathers))


def _count(ready: Sequence[Candidate]) -> int:
    """How many would be sent if pages went one by one and notices together."""
    notices = sum(each.gathers for each in ready)
    return len(ready) - notices + (1 if notices else 0)


class _Traffic:
    """What went out lately, counted."""

    def __init__(self, sent: Iterable[Send], limits: Limits, now: datetime) -> None:
        self._limits, self._now = limits, now
        self._to: dict[str, list[datetime]] = defaultdict(list)
        self._by: dict[str, list[datetime]] = defaultdict(list)
        self._wanted: Counter[str] = Counter()
        for each in sent:
            if each.at > now - HOUR:
                self._to[each.recipient].append(each.at)
            if each.at > now - MINUTE:
                self._by[each.channel].append(each.at)

    def want(self, channel: str, count: int) -> None:
        """Say how many are to go by a channel."""
        self._wanted[channel] += count

    def is_over(self, recipient: str, way: Way, count: int) -> bool:
        """Whether sending each by itself would be more than somebody, or the channel, is to get."""
        hourly = self._limits.per_hour.get(recipient)
        too_many = hourly is not None and len(self._to[recipient]) + count > hourly
        return too_many or self._wanted[way.channel] > self.left(way.channel)

    def left(self, channel: str) -> int:
        """How many more a channel takes in this minute."""
        return self._limits.per_minute.get(channel, LARGEST) - len(self._by[channel])

    def free_from(self, recipient: str, unit: Unit) -> datetime:
        """When somebody who has had enough gets more: evenly over the hour, a page within a minute."""
        hourly, past = self._limits.per_hour.get(recipient), self._to[recipient]
        if hourly is None or len(past) < hourly:
            return self._now
        pace = HOUR / hourly
        return max(past) + (min(pace, MINUTE) if unit.is_page else pace)

    def reserve(self, channel: str) -> int:
        """How many of a minute are kept for pages."""
        return self._limits.per_minute.get(channel, LARGEST) // 3

    def next_minute(self, channel: str) -> datetime:
        return min(self._by[channel], default=self._now) + MINUTE


def _units(way: Way, group: Sequence[Candidate], *, joined: bool) -> Iterator[tuple[Unit, bool]]:
    """What goes together, and whether the person's limit holds for it.

    Together go what failed together, the notices, and above a limit everything that waits.
    """
    retried: dict[str, list[Message]] = defaultdict(list)
    waiting: list[Message] = []
    for each in group:
        if each.together:
            retried[each.together].append(each.message)
        elif each.alone:
            yield Unit(way, (each.message,)), False
        elif each.is_page and not joined:
            yield Unit(way, (each.message,)), True
        else:
            waiting.append(each.message)
    yield from ((Unit(way, tuple(messages)), False) for messages in retried.values())
    for start in range(0, len(waiting), LARGEST):
        yield Unit(way, tuple(waiting[start : start + LARGEST])), True


def _within(units: Iterable[Unit], traffic: _Traffic, waits: dict[int, datetime]) -> Iterator[Unit]:
    """What the channels take in this minute. Notices leave them a third for pages."""
    taken: Counter[str] = Counter()
    for unit in sorted(units, key=lambda each: each.order):
        channel = unit.way.channel
        left = traffic.left(channel) - taken[channel]
        reserve = 0 if unit.is_page else traffic.reserve(channel)
        if left > reserve:
            taken[channel] += 1
            yield unit
        else:
            waits.update((each.id, traffic.next_minute(channel)) for each in unit.messages)
