"""Checks made from other checks' metrics: will the limit be reached soon, is it as usual at this hour?

They look at what LexOps has kept, never at the target. A forecast's range opens a ticket before the fixed
threshold of its parent fires; what is merely unusual never is critical. Both need more data than one bad look
to say anything, so a single result of theirs is certain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lexops.checks import quantity
from lexops.checks.contract import Forecast, NotApplicable, NotYet, RunnableCheck, Usual
from lexops.checks.history import History, Span, Track
from lexops.checks.model import Check, Finding, Metric, Note, Observation, Status
from lexops.checks.thresholds import Levels, levels
from lexops.clock import show_duration
from lexops.trends import forecast, seasonal
from lexops.trends.forecast import Ahead, Short

EVERY = timedelta(minutes=5)
RAREST = timedelta(hours=1)
"""Hours are compared with each other only where each of them is looked at."""
FREE = "free"
LEFT = "time left"
FORECAST_SOURCE = (
    "LexOps' own simulation, quiet and run-away disks (python -m benchmarks trends): Theil–Sen over 6 h,"
    " held 30 min; gates of node-mixin's NodeFilesystemSpaceFillingUp"
)
USUAL_SOURCE = (
    "LexOps' own simulation of 20 metrics over 10 weeks (python -m benchmarks trends): |z| > 3.5 on"
    " logarithms and half off, 6 of 8"
)


def foreseen(parent: RunnableCheck) -> list[RunnableCheck]:
    """The checks that a check's `trends` declare."""
    forecasts = tuple(trend for trend in parent.trends if isinstance(trend, Forecast))
    rhythms = tuple(trend for trend in parent.trends if isinstance(trend, Usual))
    made = [_forecast(parent, forecasts)] if forecasts else []
    return [*made, _unusual(parent, rhythms)] if rhythms else made


def _forecast(parent: RunnableCheck, trends: tuple[Forecast, ...]) -> RunnableCheck:
    names = _names(trends)
    first, *_ = pairs = [_levels(trend) for trend in trends]
    check = replace(
        _child(parent.check),
        id=f"{parent.check.id}-forecast",
        title=f"{parent.check.title} soon",
        meaning=f"Looks at how {names} has grown over the last hours, without single spikes. If it goes on"
        " so, its limit is reached within the time that has to be left; the range tells how sure that is.",
        levels=first,
        levels_of={FREE: Levels()} | {t.metric: pair for t, pair in zip(trends, pairs, strict=True)},
        source=FORECAST_SOURCE,
        fault="a metric that runs into its limit",
    )

    def collect(history: History) -> Iterator[Observation]:
        yield from _foresee(history, parent.check, check, trends)

    return RunnableCheck(check, collect, of_history=True, parent=parent.check.id)


def _unusual(parent: RunnableCheck, trends: tuple[Usual, ...]) -> RunnableCheck:
    names = _names(trends)
    check = replace(
        _child(parent.check),
        id=f"{parent.check.id}-unusual",
        title=f"Unusual {names}",
        meaning=f"Compares {names} with the same hour of the last four weeks, month ends left out. Something"
        " is different from how it usually is; whether that is bad is for a person to say.",
        source=USUAL_SOURCE,
        fault="a metric that is far from what it was in other weeks",
    )

    def collect(history: History) -> Iterator[Observation]:
        yield from _compare(history, parent.check, trends)

    return RunnableCheck(check, collect, of_history=True, parent=parent.check.id)


def _child(parent: Check) -> Check:
    """What a check inherits from the one whose metrics it looks at."""
    return replace(
        parent,
        every=max(EVERY, parent.every),
        timeout=timedelta(seconds=20),
        attempts=1,
        levels=Levels(),
        levels_of={},
        grants="",
        heavy=False,
        availability=False,
    )


def _names(trends: tuple[Forecast, ...] | tuple[Usual, ...]) -> str:
    return " and ".join(trend.metric.replace("_", " ") for trend in trends)


def _levels(trend: Forecast) -> Levels:
    return levels(f"{trend.warn}:", f"{trend.crit}:" if trend.crit else None)


def _tracks(history: History, parent: Check, metric: str, since: timedelta) -> list[Track]:
    """The metric's past. Raises NotApplicable or NotYet where there is none."""
    status, said = history.status(parent.id)
    if status is Status.NOT_APPLICABLE:
        raise NotApplicable(said)
    tracks = history.tracks(parent.id, metric, since)
    if not tracks:
        raise NotYet(f"{parent.id} has not measured {metric.replace('_', ' ')} yet")
    return tracks


# Forecasts.


def _foresee(
    history: History, parent: Check, shipped: Check, trends: tuple[Forecast, ...]
) -> Iterator[Observation]:
    check = history.check or shipped
    span = max(forecast.SPAN, 2 * parent.every.total_seconds())
    since = timedelta(seconds=forecast.SPANS * span + forecast.HELD)
    seen: list[Observation] = []
    missing: list[float] = []
    for trend in trends:
        # A site's own thresholds replace those of all metrics.
        own = check.levels if check.levels != shipped.levels else check.levels_for(trend.metric)
        tracks = _tracks(history, parent, trend.metric, since)
        for track, past in zip(tracks, _yesterday(history, parent, trend.metric, span), strict=True):
            if track.limit:
                yesterday = [value for _, value in _growing(parent, trend.metric, past)]
                points = _growing(parent, trend.metric, track)
                named = (
                    track if len(trends) == 1 else replace(track, item=f"{trend.metric} {track.item}".strip())
                )
                found = _item(named, points, yesterday, trend, own, history.now, span)
                seen += found if isinstance(found, list) else []
                missing += [found.missing] if isinstance(found, Short) else []
    if not seen and missing:
        needed, left = (show_duration(timedelta(seconds=s)) for s in (forecast.FEWEST * span, min(missing)))
        raise NotYet(f"needs {needed} without a gap; {left} to go")
    if not seen:
        raise NotApplicable("none of its metrics has a limit here")
    yield from seen


def _yesterday(history: History, parent: Check, metric: str, span: float) -> list[Track]:
    """The metric around this hour yesterday; empty where a day is short for it."""
    around = timedelta(seconds=forecast.SPAN if span == forecast.SPAN else 0)
    then = history.now - timedelta(days=1)
    spans = [(then - around, then + around)] if around else []
    return history.spans(parent.id, metric, spans, 300)


def _growing(parent: Check, metric: str, track: Track) -> forecast.Points:
    """The metric as something that grows towards its limit: of what must not run out, what is used."""
    bounds = parent.levels_for(metric)
    level = bounds.warn or bounds.crit
    runs_out = level is not None and math.isinf(level.high) and not level.inside
    return [(at, (track.limit or 0.0) - value) for at, value in track.points] if runs_out else track.points


def _item(
    track: Track,
    points: forecast.Points,
    yesterday: Sequence[float],
    trend: Forecast,
    own: Levels,
    now: datetime,
    span: float,
) -> list[Observation] | Short:
    """What is to be said about one item, or how much of its past is missing."""
    limit, at = track.limit or 0.0, now.timestamp()
    found = forecast.ahead(points, limit, at, span)
    if isinstance(found, Short):
        return found
    free = 100.0 * (1.0 - points[-1][1] / limit)
    said: list[Observation] = [Metric(FREE, free, "%", item=track.item)]
    if found is None:
        return [*said, Note(track.item or trend.metric, "does not grow")]
    said.append(Metric(LEFT, found.seconds, "s", item=track.item, info=True))
    when = _when(track, found, limit, now)
    said.append(Note(track.item or trend.metric, when))
    status = _status(found, free, own, trend.tight)
    within = max(level.low for level in (own.warn, own.crit) if level) if status else 0.0
    if (
        status
        and not forecast.is_daily(found, yesterday, free)
        and forecast.is_held(points, limit, at, within, span)
    ):
        where = f"{track.item}: " if track.item else ""
        said.append(Finding(f"{trend.metric} {track.item}".strip(), f"{where}{when}", status))
    return said


def _status(found: Ahead, free: float, own: Levels, tight: float) -> Status | None:
    """How bad a forecast is; None where it is far away or there is room enough."""
    if not forecast.matters(found.seconds, free):
        return None
    if own.crit is not None and own.crit.alerts(found.seconds) and free < tight:
        return Status.CRITICAL
    alerts = [level for level in (own.warn, own.crit) if level is not None and level.alerts(found.seconds)]
    return Status.WARNING if alerts else None


def _when(track: Track, found: Ahead, limit: float, now: datetime) -> str:
    """`reaches 100 GiB about 2026-11-23 03:10Z, between 2026-11-23 01:40Z and 07:00Z`."""
    if not math.isfinite(found.seconds) or found.seconds > timedelta(days=3650).total_seconds():
        return "does not reach its limit within ten years"
    about, soonest = _moment(now, found.seconds), _moment(now, found.soonest)
    far = found.latest > timedelta(days=3650).total_seconds()
    latest = "later than can be said" if far else _moment(now, found.latest)
    return f"reaches {quantity.show(limit, track.unit)} about {about}, between {soonest} and {latest}"


def _moment(now: datetime, seconds: float) -> str:
    return (now + timedelta(seconds=seconds)).astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


# What is usual.


def _compare(history: History, parent: Check, trends: tuple[Usual, ...]) -> Iterator[Observation]:
    if parent.every > RAREST:
        raise NotApplicable(f"{parent.id} is looked at too rarely for hours to be compared")
    _tracks(history, parent, trends[0].metric, EVERY)
    if seasonal.is_month_end(history.now.astimezone(history.site.zone).date()):
        raise NotYet("month end: these days are unlike other weeks, and are not compared with them")
    step = 300 if parent.every <= EVERY else 3600
    seen = [
        said
        for trend in trends
        for now, earlier in _pairs(history, parent.id, trend.metric, step)
        for said in _judged(now, earlier, trend, step, history)
    ]
    if not seen:
        raise NotYet("needs the same hour of at least three of the last four weeks, and a fresh measurement")
    yield from seen


def _pairs(history: History, check: str, metric: str, step: int) -> list[tuple[Track, Track]]:
    """Each item's last values, and those of the same hour of other weeks."""
    end = history.now
    start = end - timedelta(seconds=(seasonal.OF + 2) * step)
    around = max(seasonal.AROUND, timedelta(seconds=step))
    earlier: list[Span] = [
        (moment - (end - start) - around, moment + around)
        for moment in seasonal.same_times(end, history.site.zone)
    ]
    now = history.spans(check, metric, [(start, end)], step)
    return list(zip(now, history.spans(check, metric, earlier, step), strict=True))


def _judged(now: Track, earlier: Track, trend: Usual, step: int, history: History) -> list[Observation]:
    """What is to be said about one item; nothing when too little is known of it."""
    around, zone = max(seasonal.AROUND.total_seconds(), step), history.site.zone
    recent = []
    for at, value in now.points[-seasonal.OF :]:
        times = [m.timestamp() for m in seasonal.same_times(datetime.fromtimestamp(at, UTC), zone)]
        values = [v for t, v in earlier.points if any(abs(t - time) <= around for time in times)]
        usual = seasonal.rhythm(values, trend.least)
        if usual is not None:
            recent.append((value, usual))
    if len(recent) < seasonal.LEAST:
        return []
    value, usual = recent[-1]
    unit, name = now.unit, trend.metric.replace("_", " ")
    where = f"{now.item}: " if now.item else ""
    text = (
        f"{where}{name} {quantity.show(value, unit)}, usually {quantity.show(usual.low, unit)} to"
        f" {quantity.show(usual.high, unit)} at this hour"
    )
    said: list[Observation] = [Note(now.item or name, text)]
    if seasonal.is_unusual(recent, trend.direction):
        said.append(Finding(f"{trend.metric} {now.item}".strip(), text))
    return said
