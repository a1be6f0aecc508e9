"""One check on one target: what it says, against which numbers, since when, and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from lexops.checks.model import Finding, Status
from lexops.checks.thresholds import Levels
from lexops.checks.view import CheckDetail, CheckRow, Flag, ResultRow, Series
from lexops.clock import show_duration, show_moment
from lexops.text import plural
from lexops.trends.forecast import Ahead, ahead
from lexops.tui.ink import EMPTY, Ink, Line, Tone, beside, cells, fitted, line, spread, wrapped
from lexops.tui.plot import Outlook, plot, show_value
from lexops.tui.presenters.columns import Column
from lexops.tui.presenters.header import joined
from lexops.tui.presenters.status import age, badge, flag_words, short_badge, symbol, tone

LABEL = 10
"""Cells of the word before each section."""
NEAR = 2 * 86_400.0
"""Seconds; a limit that is further away is not drawn."""
FEW = 8
"""Findings and results shown before the rest is only counted."""


def crumb(row: CheckRow | None, now: datetime) -> Line:
    """The right end of the crumbs: how it stands, and for how long."""
    if row is None:
        return ()
    return (badge(row.status), Ink(f" {age(row.since, now)}", tone(row.status)))


def detail_lines(
    detail: CheckDetail, now: datetime, zone: ZoneInfo, width: int, height: int, metric: int = 0
) -> list[Line]:
    """The page of a check; `height` is what the screen has, `metric` the series to plot."""
    check, row = detail.definition, detail.row
    lines: list[Line] = [
        *_sentence(_told(row), width, Tone.STRONG),
        _circumstances(row, now),
        *_levels_lines(detail, metric, width),
        EMPTY,
    ]
    lines += _plot(detail, zone, width, height, metric)
    lines += _section("MEANS", check.meaning, width)
    lines += _section("WHY", check.why, width)
    lines += _seen(detail, width)
    for note in detail.notes:
        lines += _section("NOTE", f"{note.label}: {note.text}", width)
    lines += _section("HINT", detail.hint, width)
    lines += _section("MEND", check.mend, width)
    if check.runbook:
        lines += _section("RUNBOOK", check.runbook, width)
    lines += _labelled("RELATED", [_related(each, now, width) for each in detail.related[:FEW]])
    lines += _history(detail.history, zone, width)
    return lines


def _sentence(text: str, width: int, tone_: Tone) -> list[Line]:
    return [line(" ", Ink(part, tone_)) for part in wrapped(text, width - 2)]


def _told(row: CheckRow) -> str:
    """What is wrong; where nothing is, what was asked and what the answer was."""
    wrong = row.status in (Status.WARNING, Status.CRITICAL)
    return f"{row.title}{':' if wrong else '?'} {row.summary}".rstrip()


def _circumstances(row: CheckRow, now: datetime) -> Line:
    pieces = [Ink(row.environment, Tone.STRONG)]
    if row.status and row.status.is_problem:
        pieces.append(Ink("soft, not yet counted" if Flag.SOFT in row.flags else "hard", Tone.QUIET))
    if marks := flag_words(row.flags - {Flag.SOFT}):
        pieces.append(Ink(marks, Tone.STRONG))
    pieces.append(
        Ink(f"checked {age(row.checked, now)} ago" if row.checked else "not yet checked", Tone.QUIET)
    )
    if row.due:
        pieces.append(Ink(show_due(row.due, now), Tone.QUIET))
    if row.incident:
        pieces.append(Ink(f"incident #{row.incident}"))
    return (Ink(" "), *joined(pieces))


def show_due(due: datetime, now: datetime) -> str:
    """How long until the next look, coarse."""
    return "due now" if due <= now else f"next in {age(now, due)}"


def _levels_lines(detail: CheckDetail, metric: int, width: int) -> list[Line]:
    """The thresholds of the metric that is plotted; they may differ from metric to metric."""
    check, series = detail.definition, _shown(detail, metric)
    levels = check.levels_for(series.metric) if series else check.levels
    pieces: list[Ink] = []
    if levels.warn:
        pieces += [Ink("warn ", Tone.QUIET), Ink(levels.warn.text, Tone.WARNING), Ink("   ")]
    if levels.crit:
        pieces += [Ink("crit ", Tone.QUIET), Ink(levels.crit.text, Tone.CRITICAL), Ink("   ")]
    if not pieces:
        pieces.append(Ink("no thresholds   ", Tone.QUIET))
    said = Ink(f"source: {check.source or check.origin}   every {show_duration(check.every)}", Tone.QUIET)
    if cells(pieces) + cells((said,)) <= width - 2:
        return [(Ink(" "), *pieces, said)]
    return [
        (Ink(" "), *pieces),
        *(line(" ", Ink(part, Tone.QUIET)) for part in wrapped(said.text, width - 2)),
    ]


def _plot(detail: CheckDetail, zone: ZoneInfo, width: int, height: int, metric: int) -> list[Line]:
    series = _shown(detail, metric)
    if series is None:
        return []
    name = f"{series.metric} {series.item}".strip()
    latest = show_value(series.points[-1].mean, series.unit) if series.points else ""
    total = len(detail.series)
    remark = Ink(f"{metric % total + 1} of {total}, m next " if total > 1 else "", Tone.QUIET)
    title = spread((Ink(f" {name} ", Tone.TITLE), Ink(latest, Tone.QUIET)), (remark,), width)
    rows = min(16, max(5, height // 3))
    levels = detail.definition.levels_for(series.metric)
    drawn = plot(series, levels, zone, width - 3, rows, outlook=outlook(series, levels), marks=detail.marks)
    return [title, *((Ink("  "), *each) for each in drawn), EMPTY]


def _shown(detail: CheckDetail, metric: int) -> Series | None:
    return detail.series[metric % len(detail.series)] if detail.series else None


def outlook(series: Series, levels: Levels) -> Outlook | None:
    """How a metric that runs towards its limit goes on; None where nothing can be said or nothing is near."""
    if not series.limit or series.info or not series.points:
        return None
    points = [(point.at.timestamp(), point.mean) for point in series.points]
    level = levels.warn or levels.crit
    sinks = level is not None and math.isinf(level.high) and not level.inside
    sign = -1.0 if sinks else 1.0
    limit = 0.0 if sinks else series.limit
    now = points[-1][0] + 1.0
    found = ahead([(at, sign * value) for at, value in points], sign * limit, now)
    if not isinstance(found, Ahead) or found.seconds > NEAR:
        return None
    room = sign * limit - found.level
    slopes = [room / found.latest, found.slope, room / found.soonest if found.soonest else found.slope]
    return Outlook(sign * found.level, *sorted(sign * slope for slope in slopes))


def trend_lines(detail: CheckDetail, zone: ZoneInfo, width: int, height: int) -> list[Line]:
    """The first metric of a check alone, for the foot of a wide overview."""
    if not detail.series or height < 4:
        return [line(Ink(" no numbers are kept for this check", Tone.QUIET))]
    series = detail.series[0]
    drawn = plot(series, detail.definition.levels_for(series.metric), zone, width - 2, height)
    return [(Ink(" "), *each) for each in drawn]


def _section(label: str, text: object, width: int) -> list[Line]:
    if not text:
        return []
    return _labelled(label, [line(part) for part in wrapped(text, width - LABEL - 2)])


def _labelled(label: str, body: Sequence[Line]) -> list[Line]:
    """A body with its word before the first line."""
    return [
        (Ink(f" {label if index == 0 else '':<{LABEL}}", Tone.TITLE), *each)
        for index, each in enumerate(body)
    ]


def _seen(detail: CheckDetail, width: int) -> list[Line]:
    body: list[Line] = []
    for judged in detail.judged[:FEW]:
        text = f"{judged.item}: {judged.text}" if judged.item else judged.text
        body += _with_sign(judged.status, text, width)
    if (more := len(detail.judged) - FEW) > 0:
        body.append(line(Ink(f"and {more:,} more", Tone.QUIET)))
    for finding in detail.findings[:FEW]:
        body += _with_sign(finding.status, finding.text, width)
    if (more := len(detail.findings) - FEW) > 0:
        body.append(line(f"and {more:,} more   ", Ink("f", Tone.KEY), Ink(" shows all", Tone.QUIET)))
    return _labelled("SEEN", body)


def _with_sign(status: Status, text: str, width: int) -> list[Line]:
    first, *rest = wrapped(text, width - LABEL - 4)
    return [line(symbol(status), f" {first}"), *(line(f"  {part}") for part in rest)]


def _related(row: CheckRow, now: datetime, width: int) -> Line:
    since = Ink(f"  for {age(row.since, now)}" if row.since else "", Tone.QUIET)
    said = line(badge(row.status), f" {row.target} {row.check} ", Ink(row.summary, Tone.QUIET))
    return beside(said, (since,), width - LABEL - 2)


def _history(history: Sequence[ResultRow], zone: ZoneInfo, width: int) -> list[Line]:
    """The results, equal neighbours as one line: what matters is when it changed."""
    body: list[Line] = []
    runs = [list(run) for _, run in groupby(history, key=lambda result: (result.status, result.soft))]
    for run in runs[:FEW]:
        newest, oldest = run[0], run[-1]
        times = f" {len(run):,} results since" if len(run) > 1 else ""
        body.append(
            beside(
                line(
                    *fitted((badge(newest.status),), 12),
                    Ink("soft " if newest.soft else "", Tone.QUIET),
                    newest.summary,
                ),
                (Ink(f" {times} {show_moment(oldest.at, zone)}", Tone.QUIET),),
                width - LABEL - 2,
            )
        )
    if (more := len(runs) - FEW) > 0:
        body.append(line(Ink(f"and {plural(more, 'earlier change')}", Tone.QUIET)))
    return _labelled("HISTORY", body)


def finding_columns() -> tuple[Column[Finding], ...]:
    """All findings as a list."""
    return (
        Column("status", lambda finding: (short_badge(finding.status),), 10),
        Column("finding", lambda finding: (Ink(finding.text),), 20, grow=1),
        Column("key", lambda finding: (Ink(finding.key, Tone.QUIET),), 24, priority=1),
    )


def finding_lines(finding: Finding, width: int) -> list[Line]:
    """One finding in full."""
    lines = [*_sentence(finding.text, width, Tone.STRONG), line(Ink(f" {finding.key}", Tone.QUIET))]
    for name, value in finding.detail.items():
        label = fitted((Ink(f" {name}", Tone.QUIET),), 18)
        first, *rest = wrapped(value, width - 20)
        lines.append((*label, Ink(first)))
        lines += [line(" " * 18, part) for part in rest]
    return lines
