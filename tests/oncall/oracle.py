"""Who is on call, found out by walking: minute by minute, with an eye on the clocks and no arithmetic.

The walker keeps the latest time that the clocks have shown so far. A hand-off has happened once that is not
before it: so a time that the clocks skip happens when they jump over it, and one that comes twice only once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.calendars.notation import parse_week
from lexops.oncall.model import Book, Layer, Override, Turn

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Night:
    """A change of the clocks in a zone, and the span that is walked around it."""

    zone: str
    on: str
    days: int = 2

    @property
    def since(self) -> datetime:
        return datetime.fromisoformat(self.on).replace(tzinfo=UTC) - timedelta(days=self.days)

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.on).replace(tzinfo=UTC) + timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.zone} {self.on}"


NIGHTS = (
    Night("Europe/London", "2026-03-29"),
    Night("Europe/London", "2026-10-25"),
    Night("America/Sao_Paulo", "2018-02-18"),
    Night("America/Sao_Paulo", "2018-11-04"),
    Night("Australia/Lord_Howe", "2026-04-05"),
    Night("Australia/Lord_Howe", "2026-10-04"),
    Night("Asia/Kathmandu", "1986-01-01"),
    Night("Asia/Kathmandu", "2026-03-29"),
    Night("Pacific/Apia", "2011-12-30"),
    Night("America/New_York", "2026-03-08"),
    Night("America/New_York", "2026-11-01"),
)


@lru_cache(maxsize=64)
def walked(night: Night) -> list[tuple[datetime, datetime]]:
    """Every minute of a span with the latest time that the clocks have shown by then."""
    zone, at, found = ZoneInfo(night.zone), night.since, []
    shown = at.astimezone(zone).replace(tzinfo=None)
    while at < night.until:
        shown = max(shown, at.astimezone(zone).replace(tzinfo=None))
        found.append((at, shown))
        at += MINUTE
    return found


def people(book: Book, night: Night) -> Iterator[tuple[datetime, str]]:
    """Who is on call in each minute."""
    revisions = book.rotas["support"]
    overrides = sorted(book.overrides, key=lambda each: (each.recorded, each.id))
    minutes = walked(night)
    turns = {layer: _turns(layer, minutes) for revision in revisions for layer in revision.value.layers}
    for place, (at, shown) in enumerate(minutes):
        rota = _known(revisions, at)
        person = ""
        for layer in rota.value.layers if rota else ():
            turn = turns[layer][place]
            if turn >= 0 and _serves(layer, shown, book, at):
                person = layer.people[turn % len(layer.people)]
        for override in overrides:
            if _holds(override, at) and override.instead_of in ("", person):
                person = override.person
        yield at, person


def _turns(layer: Layer, minutes: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """The number of the turn in each minute, by counting."""
    if layer.turn is Turn.HOURLY:
        begun = sum(shown < layer.start for _, shown in minutes)
        length = layer.length * 60
        return [(place - begun) // length if place >= begun else -1 for place in range(len(minutes))]
    targets = [layer.start]
    while targets[-1] <= minutes[-1][1]:
        targets.append(_after(layer, len(targets)))
    return [bisect_right(targets, shown) - 1 for _, shown in minutes]


def _after(layer: Layer, turns: int) -> datetime:
    """The wall time of a hand-off: unit after unit."""
    wall = layer.start
    if layer.turn is Turn.MONTHLY:
        month = wall.replace(day=1)
        for _ in range(turns * layer.length):
            month = (month + timedelta(days=31)).replace(day=1)
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return month.replace(day=min(wall.day, last.day))
    for _ in range(turns * layer.length):
        wall += timedelta(days=7 if layer.turn is Turn.WEEKLY else 1)
    return wall


def _serves(layer: Layer, shown: datetime, book: Book, at: datetime) -> bool:
    if layer.holidays:
        known = _known(book.holidays.get(layer.holidays[1:], ()), at)
        is_off = known is not None and shown.toordinal() in known.value
        if is_off != (layer.holidays[0] == "+"):
            return False
    if not layer.hours:
        return True
    second = shown.hour * 3600 + shown.minute * 60
    return any(start <= second < end for start, end in _week(layer.hours)[shown.weekday()])


def _holds(override: Override, at: datetime) -> bool:
    return (
        override.starts <= at < override.ends
        and override.recorded <= at
        and (override.removed is None or at < override.removed)
    )


def _known(revisions: Sequence[Revision[Any]], at: datetime) -> Revision[Any] | None:
    counting = [each for each in revisions if each.correction or each.recorded <= at]
    return counting[-1] if counting else None


_week = lru_cache(parse_week)
