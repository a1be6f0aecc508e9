"""Series as disks, databases and offices make them, with a fixed seed: quiet ones and ones with a fault."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 2, 2, tzinfo=UTC)
"""A Monday."""
STEP = 300
"""Seconds between two samples."""
DAY = 86_400 // STEP
HOUR = 3_600 // STEP
SIZE = 100.0
"""Of the disk, in GB."""

Shape = Callable[[Random, int], list[float]]


@dataclass(frozen=True, slots=True)
class RunAway:
    """A disk that fills: when it began, and when it is full, as places in the series."""

    values: list[float]
    began: int
    full: int


def _flat(random: Random, count: int) -> list[float]:
    level = random.uniform(20, 60)
    return [level + random.gauss(0, 0.05) for _ in range(count)]


def _slow(random: Random, count: int) -> list[float]:
    level, growth = random.uniform(20, 50), random.uniform(0.1, 0.8) / DAY
    return [level + growth * n + random.gauss(0, 0.05) for n in range(count)]


def _saw_tooth(random: Random, count: int) -> list[float]:
    level, height = random.uniform(20, 50), random.uniform(3, 15)
    return [level + height * (n % DAY) / DAY + random.gauss(0, 0.1) for n in range(count)]


def _nightly_backup(random: Random, count: int) -> list[float]:
    level, height, hours = random.uniform(20, 50), random.uniform(10, 30), random.uniform(1, 3)
    begins = random.randrange(DAY)

    def spike(n: int) -> float:
        since = (n - begins) % DAY / HOUR
        return height * min(1.0, since / hours) if since < hours * 1.5 else 0.0

    return [level + spike(n) + random.gauss(0, 0.1) for n in range(count)]


def _weekly_purge(random: Random, count: int) -> list[float]:
    level, growth = random.uniform(20, 45), random.uniform(1, 4) / DAY
    return [level + growth * (n % (7 * DAY)) + random.gauss(0, 0.1) for n in range(count)]


def _import(random: Random, count: int) -> list[float]:
    level, height, takes = random.uniform(20, 40), random.uniform(10, 25), random.uniform(0.5, 4) * HOUR
    begins = random.randrange(2 * DAY, count - DAY)
    return [
        level + height * min(1.0, max(0.0, (n - begins) / takes)) + random.gauss(0, 0.1) for n in range(count)
    ]


def _hourly_files(random: Random, count: int) -> list[float]:
    level, height = random.uniform(20, 60), random.uniform(1, 8)
    return [level + height * (n % HOUR) / HOUR + random.gauss(0, 0.1) for n in range(count)]


def _batches(random: Random, count: int) -> list[float]:
    level, values, extra = random.uniform(20, 50), [], 0.0
    for _ in range(count):
        extra = extra * 0.97 + (random.uniform(1, 4) if random.random() < 0.01 else 0.0)
        values.append(level + extra + random.gauss(0, 0.1))
    return values


SHAPES: tuple[Shape, ...] = (
    _flat,
    _slow,
    _saw_tooth,
    _nightly_backup,
    _weekly_purge,
    _import,
    _hourly_files,
    _batches,
)


def disks(seed: int, series: int, days: int = 30) -> list[list[float]]:
    """Disks that nobody has to look after, the shapes in turn; used GB of `SIZE`."""
    random = Random(seed)
    return [_held(SHAPES[n % len(SHAPES)](random, days * DAY)) for n in range(series)]


def _held(values: list[float]) -> list[float]:
    return [min(max(value, 0.0), 0.97 * SIZE) for value in values]


def run_aways(seed: int, series: int, days: int = 12) -> list[RunAway]:
    """The same disks, with something on them that writes 0.3 to 6 GB an hour until they are full."""
    random = Random(seed)
    found = []
    for n in range(series):
        base = SHAPES[n % len(SHAPES)](random, days * DAY)
        began, rate = random.randrange(DAY, 3 * DAY), math.exp(random.uniform(math.log(0.3), math.log(6)))
        values = [value + max(0, at - began) * rate / HOUR for at, value in enumerate(base)]
        full = next((at for at, value in enumerate(values) if value >= SIZE and at > began), None)
        if full is not None:
            found.append(RunAway(values[: full + 1], began, full))
    return found


@dataclass(frozen=True, slots=True)
class Event:
    """Something injected: from where to where, and how many times the usual."""

    begins: int
    ends: int
    times: float


def at(place: int) -> datetime:
    """The moment of a sample."""
    return START + timedelta(seconds=place * STEP)


def office(random: Random, weeks: int) -> list[float]:
    """How busy an office's billing is: hours and days of work, nightly batch, month end, growth, spikes."""
    level, growth = random.uniform(50, 500), random.uniform(0.0, 0.01)
    return [_busy(random, level, growth, n) for n in range(weeks * 7 * DAY)]


def _busy(random: Random, level: float, growth: float, place: int) -> float:
    moment = at(place)
    hour = moment.hour + moment.minute / 60
    works = moment.weekday() < 5
    shape = 0.15 + (math.exp(-(((hour - 13.5) / 4) ** 2)) if works else 0.1)
    batch = 0.6 if 2 <= hour < 2.75 else 0.0
    ends = (moment + timedelta(days=3)).month != moment.month or moment.day == 1
    month_end = 1.5 if ends and works else 1.0
    spike = random.uniform(2, 6) if random.random() < 0.002 else 1.0
    noise = math.exp(random.gauss(0, 0.15))
    return level * (1 + growth * place / (7 * DAY)) * (shape + batch) * month_end * noise * spike


def events(random: Random, begins: int, count: int, each: int = 3) -> list[Event]:
    """Injected events of 45 to 240 minutes, three times, twice and a fifth of the usual, far apart."""
    found = []
    apart = (count - begins) // (3 * each)
    for n in range(3 * each):
        start = begins + n * apart + random.randrange(apart // 2)
        found.append(Event(start, start + random.randint(9, 48), (3.0, 2.0, 0.2)[n % 3]))
    return found


def with_events(values: list[float], injected: list[Event]) -> list[float]:
    """The series with the events in it."""
    changed = list(values)
    for event in injected:
        for place in range(event.begins, event.ends):
            changed[place] *= event.times
    return changed
