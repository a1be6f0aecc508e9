"""How often do forecasts and "unusual" cry wolf, and what do they miss? Against other people's rules.

The same synthetic series, with fixed seeds, go through LexOps' rules and through those of node-mixin,
netdata and the 3-sigma rule. Then thirty quiet days go through every shipped check whose numbers can be made
up, with its real thresholds. What is counted are alarms; the times are the cost of one judgement.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import fmean, median, pstdev
from time import perf_counter
from zoneinfo import ZoneInfo

from benchmarks.figures import Report, Sample, Series, report
from benchmarks.synthetic import (
    DAY,
    HOUR,
    SIZE,
    START,
    STEP,
    Event,
    RunAway,
    at,
    disks,
    events,
    office,
    run_aways,
    with_events,
)
from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import observe
from lexops.checks.model import Outcome
from lexops.checks.state import State, advance
from lexops.targets.memory import Memory
from lexops.targets.model import HostFacts, Mount, Pressure
from lexops.trends import forecast, seasonal

LOOKS = 3
"""Samples between two judgements of a disk: every 15 minutes, after a first day to learn from."""
SOON = 24 * 3600.0
WEEKS = 10
CLOSE = HOUR
"""An alarm is one episode until it has been quiet for so many samples."""

DiskRule = Callable[[Sequence[float], int], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule came to."""

    name: str
    false: float
    """False episodes: per 30 days of a disk, per week of an office's metric."""
    seen: int
    of: int
    lead: float
    """Median hours before the disk is full; median minutes after an event began."""


# Disks.


def theil_sen(values: Sequence[float], now: int) -> bool:
    """LexOps: Theil–Sen over six hours, less than a day away, held half an hour, unlike yesterday."""
    return _foreseen(values, now, SOON)


def theil_sen_critical(values: Sequence[float], now: int) -> bool:
    """LexOps' critical: less than four hours away, and less than a fifth free."""
    return values[now] > 0.8 * SIZE and _foreseen(values, now, 4 * 3600)


def _foreseen(values: Sequence[float], now: int, within: float) -> bool:
    points = [((n - now) * float(STEP), values[n]) for n in range(max(0, now - 7 * HOUR), now + 1)]
    found = forecast.ahead(points, SIZE, 1.0)
    if not isinstance(found, forecast.Ahead) or found.seconds >= within:
        return False
    yesterday = values[max(0, now - DAY - 6) : max(0, now - DAY + 7)]
    return not forecast.is_daily(found, yesterday, SIZE - values[now]) and forecast.is_held(
        points, SIZE, 1.0, within
    )


def _line(values: Sequence[float], now: int, hours: float) -> tuple[float, float]:
    """Least squares over the last hours, as PromQL's predict_linear: level now, growth in a sample."""
    count = int(hours * HOUR)
    window = values[max(0, now - count + 1) : now + 1]
    middle, mean = (len(window) - 1) / 2, fmean(window)
    squares = sum((n - middle) ** 2 for n in range(len(window))) or 1.0
    slope = sum((n - middle) * (value - mean) for n, value in enumerate(window)) / squares
    return mean + slope * middle, slope


def _predicts_full(values: Sequence[float], now: int, window: float, ahead: float) -> bool:
    level, slope = _line(values, now, window)
    return now >= window * HOUR and level + slope * ahead * HOUR >= SIZE


def predict_linear(values: Sequence[float], now: int) -> bool:
    """awesome-prometheus-alerts: predict_linear over 3 h, 24 h ahead."""
    return _predicts_full(values, now, 3, 24)


def node_mixin(values: Sequence[float], now: int) -> bool:
    """node-mixin: over 6 h, 24 h ahead, less than 40 % free, for an hour."""
    return values[now] > 0.6 * SIZE and all(
        _predicts_full(values, then, 6, 24) for then in range(max(0, now - HOUR), now + 1, LOOKS)
    )


def netdata(values: Sequence[float], now: int) -> bool:
    """netdata: at the rate of the last hour full within 8 h."""
    if now < HOUR:
        return False
    rate = (values[now] - values[now - HOUR]) / HOUR
    return rate > 0 and (SIZE - values[now]) / rate < 8 * HOUR


DISK_RULES: Mapping[str, DiskRule] = {
    "LexOps, warning": theil_sen,
    "LexOps, critical": theil_sen_critical,
    "node-mixin, warning": node_mixin,
    "predict_linear 3 h": predict_linear,
    "netdata, 8 h": netdata,
}


def episodes(alarms: Iterator[int], apart: int = CLOSE) -> int:
    """How many alarms there are when those close together are one."""
    count, last = 0, -apart - 1
    for place in alarms:
        count += place - last > apart
        last = place
    return count


def judge_disks(name: str, rule: DiskRule, quiet: Sequence[list[float]], loud: Sequence[RunAway]) -> Found:
    """What a rule says of quiet disks and of those that fill."""
    false = sum(episodes(n for n in range(DAY, len(values), LOOKS) if rule(values, n)) for values in quiet)
    days = sum(len(values) - DAY for values in quiet) / DAY
    leads = []
    for away in loud:
        told = next((n for n in range(away.began, away.full, LOOKS) if rule(away.values, n)), None)
        leads += [(away.full - told) / HOUR] if told is not None else []
    return Found(name, 30 * false / days, len(leads), len(loud), median(leads) if leads else 0.0)


# Offices.


def unusual(values: Sequence[float], begins: int) -> Iterator[int]:
    """Where LexOps calls the metric unusual; month ends are not compared."""
    zone, recent = ZoneInfo("UTC"), deque[tuple[float, seasonal.Rhythm]](maxlen=seasonal.OF)
    around = int(seasonal.AROUND.total_seconds() // STEP)
    for place in range(begins, len(values)):
        moment = at(place)
        if seasonal.is_month_end(moment.date()):
            recent.clear()
            continue
        places = [int((each - START).total_seconds() // STEP) for each in seasonal.same_times(moment, zone)]
        usual = seasonal.rhythm([v for p in places for v in values[max(0, p - around) : p + around + 1]])
        if usual is not None:
            recent.append((values[place], usual))
        if len(recent) == seasonal.OF and seasonal.is_unusual(list(recent)):
            yield place


def _three_sigma(hours: int) -> Callable[[Sequence[float], int], Iterator[int]]:
    def rule(values: Sequence[float], begins: int) -> Iterator[int]:
        width = hours * HOUR
        for place in range(begins, len(values)):
            window = values[place - width : place]
            if abs(values[place] - fmean(window)) > 3 * pstdev(window):
                yield place

    return rule


OFFICE_RULES: Mapping[str, Callable[[Sequence[float], int], Iterator[int]]] = {
    "LexOps, unusual": unusual,
    "3 sigma of 1 h": _three_sigma(1),
    "3 sigma of 24 h": _three_sigma(24),
}


def judge_offices(name: str, series: int, seed: int = 7, weeks: int = WEEKS) -> Found:
    """What a rule says of quiet metrics, and of the same with events in them."""
    random, rule = Random(seed), OFFICE_RULES[name]
    begins, false, delays, count = 4 * 7 * DAY, 0, list[float](), 0
    for _ in range(series):
        quiet = office(random, weeks)
        false += episodes(rule(quiet, begins))
        injected = [e for e in events(random, begins, len(quiet)) if not _at_month_end(e)]
        told = set(rule(with_events(quiet, injected), begins))
        for event in injected:
            if event.times == 2.0:
                continue
            count += 1
            hit = next((n for n in range(event.begins, event.ends + 4) if n in told), None)
            delays += [(hit - event.begins) * STEP / 60] if hit is not None else []
    return Found(name, false / (series * (weeks - 4)), len(delays), count, median(delays) if delays else 0.0)


def _at_month_end(event: Event) -> bool:
    return seasonal.is_month_end(at(event.begins).date()) or seasonal.is_month_end(at(event.ends).date())


# Thirty quiet days through the shipped thresholds.


class QuietHost:
    """A host on which nothing is wrong, at one moment of its month."""

    def __init__(self, random: Random) -> None:
        self.memory = Memory()
        self.now = START
        self._random = random

    def facts(self) -> HostFacts:
        hour = self.now.hour + self.now.minute / 60
        works = self.now.weekday() < 5
        busy = 0.1 + (0.5 * math.exp(-(((hour - 13.5) / 4) ** 2)) if works else 0.0)
        load = 4 * busy * math.exp(self._random.gauss(0, 0.2))
        since, gib = (self.now - START).total_seconds(), 2**30
        used = int((0.4 + 0.05 * since / (30 * 86_400) + 0.02 * (hour / 24)) * 200 * gib)
        available = int((0.5 + 0.1 * math.cos(hour / 4)) * 16 * gib)
        return HostFacts(
            cpus=4,
            load1=load,
            load5=load,
            load15=load,
            memory_total=16 * gib,
            memory_available=available,
            swap_total=2 * gib,
            swap_free=2 * gib,
            uptime=30 * 86_400 + since,
            processes=180,
            zombies=0,
            clock=self.now,
            mounts=(Mount("/", "/dev/vda1", "ext4", 200 * gib, 200 * gib - used, 10**7, 9 * 10**6),),
            pressure={name: Pressure(busy, busy / 10) for name in ("cpu", "io", "memory")},
            open_files=3000,
            open_files_limit=10**6,
            failed_units=(),
        )


def quiet_days(checks: Sequence[RunnableCheck], days: int = 30, seed: int = 3) -> dict[str, int]:
    """How often each check that looks at a host's facts alone became certain of a problem."""
    host, alarms = QuietHost(Random(seed)), dict[str, int]()
    for runnable in checks:
        counted = _alarms(runnable, host, days)
        if counted is not None:
            alarms[runnable.check.id] = counted
    return alarms


def _alarms(runnable: RunnableCheck, host: QuietHost, days: int) -> int | None:
    """None where it asks for more than a host's facts."""
    state: State | None = None
    memory: Mapping[str, object] | None = None
    count = 0
    every = max(timedelta(minutes=5), runnable.check.every)
    host.now = START
    while host.now < START + timedelta(days=days):
        verdict = observe(runnable, host, Memory(memory, host.now))  # type: ignore[arg-type]
        if "AttributeError" in verdict.summary:
            return None
        memory = verdict.memory if verdict.memory is not None else memory
        before = state.hard if state else None
        state = advance(state, Outcome("quiet", runnable.check, verdict, host.now, host.now, 0.0))
        count += state.hard is not before and state.hard is not None and state.hard.is_problem
        host.now += every
    return count


# As a report.


def measure(quiet: int = 200, loud: int = 199, metrics: int = 20) -> Report:
    """All of it; the remarks are the tables."""
    import lexops_checks

    calm, away = disks(1, quiet), run_aways(2, loud)
    found = [judge_disks(name, rule, calm, away) for name, rule in DISK_RULES.items()]
    offices = [judge_offices(name, metrics) for name in OFFICE_RULES]
    alarms = quiet_days(lexops_checks.host.CHECKS)
    remarks = [
        f"Disks: {quiet} quiet ones of 30 days, {len(away)} that fill.",
        *_table(found, "false episodes in 30 days", "h before it is full"),
        "",
        f"Offices: {metrics} metrics of {WEEKS} weeks; events three times and a fifth of the usual.",
        *_table(offices, "false episodes in a week", "min after it began"),
        "",
        f"Thirty quiet days of a host: {sum(alarms.values())} alarms of {len(alarms)} shipped checks.",
    ]
    return report("trends", "false alarms and misses", _costs(calm[2], offices), [], remarks)


def _table(found: Sequence[Found], false: str, lead: str) -> list[str]:
    rows = [f"{'':<22}{false:>28}{'found':>14}{lead:>24}"]
    for each in found:
        rows.append(f"{each.name:<22}{each.false:>28.2f}{f'{each.seen} of {each.of}':>14}{each.lead:>24.1f}")
    return rows


def _costs(values: Sequence[float], _offices: object) -> list[Series]:
    """What one judgement costs."""
    samples = []
    for place in range(2 * DAY, 3 * DAY):
        before = perf_counter()
        theil_sen(values, place)
        spent = perf_counter() - before
        samples.append(Sample(spent, spent))
    return [Series("one forecast", tuple(samples))]
