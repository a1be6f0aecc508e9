"""Triage: a failing check with what surrounds it, in the order in which it is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.checks.model import Status
from lexops.checks.triage import Change, Past, Triage
from lexops.checks.view import CheckRow
from lexops.clock import show_duration, show_moment
from lexops.text import plural
from lexops.tui.duty import Known
from lexops.tui.ink import EMPTY, Ink, Line, Tone, beside, line, spread, wrapped
from lexops.tui.plot import show_value
from lexops.tui.presenters.check import trend_lines
from lexops.tui.presenters.header import joined
from lexops.tui.presenters.knowledge import known_lines
from lexops.tui.presenters.status import age, badge, flag_words, symbol

LABEL = 10
"""Cells of the word before each section."""
FEW = 5
"""Findings, changes and other failures shown before the rest is only counted."""


def triage_lines(
    triage: Triage,
    now: datetime,
    zone: ZoneInfo,
    width: int,
    height: int,
    metric: int = 0,
    known: Known | str = "",
) -> list[Line]:
    """The page; `height` is what the screen has, `metric` the series to plot, `known` what helps, or why
    that could not be looked for.
    """
    detail = triage.detail
    check, row = detail.definition, detail.row
    lines: list[Line] = [
        *(line(" ", Ink(part, Tone.STRONG)) for part in wrapped(_told(row), width - 2)),
        _circumstances(row, now, zone),
        EMPTY,
    ]
    lines += _labelled("CAUSE", _cause(triage, now, width))
    lines += _labelled("SEEN", _evidence(triage, width))
    lines += _plot(triage, zone, width, height, metric)
    lines += _labelled("CHANGED", _changes(triage.changed, row, zone, width))
    lines += _labelled("RELATED", _related(triage, now, width))
    lines += _helps(triage, known, now, zone, width)
    lines += _labelled("MEANS", _text(check.meaning, width))
    lines += _labelled("WHY", _text(check.why, width))
    lines += _labelled("DO", _mend(triage, width))
    return lines


def _told(row: CheckRow) -> str:
    return f"{row.title}: {row.summary}" if row.summary else row.title


def _circumstances(row: CheckRow, now: datetime, zone: ZoneInfo) -> Line:
    since = f"since {show_moment(row.since, zone)}" if row.since else "not looked at yet"
    pieces = [Ink(row.environment, Tone.STRONG), Ink(since)]
    if marks := flag_words(row.flags):
        pieces.append(Ink(marks, Tone.STRONG))
    if row.incident:
        pieces.append(Ink(f"incident #{row.incident}"))
    pieces.append(Ink(f"checked {age(row.checked, now)} ago" if row.checked else "", Tone.QUIET))
    return (Ink(" "), *joined([piece for piece in pieces if piece.text]))


def _cause(triage: Triage, now: datetime, width: int) -> list[Line]:
    """The likely cause; what is only out of reach is counted under it."""
    cause = triage.cause
    if cause is None:
        return []
    lines = [_row(cause, now, width)]
    behind = f"; {plural(triage.folded, 'check')} behind it cannot be reached" if triage.folded else ""
    lines.append(line(Ink(f"{triage.why}{behind}", Tone.QUIET)))
    return lines


def _row(row: CheckRow, now: datetime, width: int) -> Line:
    since = Ink(f"  for {age(row.since, now)}" if row.since else "", Tone.QUIET)
    said = line(badge(row.status), f" {row.target} {row.check} ", Ink(row.summary, Tone.QUIET))
    return beside(said, (since,), width - LABEL - 2)


def _evidence(triage: Triage, width: int) -> list[Line]:
    detail = triage.detail
    told = [(each.status, f"{each.item}: {each.text}" if each.item else each.text) for each in detail.judged]
    told += [(each.status, each.text) for each in detail.findings]
    told.sort(key=lambda pair: -pair[0].rank)
    lines = [each for status, text in told[:FEW] for each in _signed(status, text, width)]
    lines += _more(len(told) - FEW)
    for note in detail.notes[: 2 * FEW]:
        said = f"{note.label}: {note.text}" if note.label else note.text
        lines += [line(Ink(part, Tone.PLAIN)) for part in wrapped(said, width - LABEL - 2)]
    lines += _more(len(detail.notes) - 2 * FEW)
    if detail.hint:
        lines += [line(Ink(part, Tone.STRONG)) for part in wrapped(detail.hint, width - LABEL - 2)]
    return lines or [line(Ink("no evidence is kept of the last look", Tone.QUIET))]


def _signed(status: Status, text: str, width: int) -> list[Line]:
    first, *rest = wrapped(text, width - LABEL - 4)
    return [line(symbol(status), f" {first}"), *(line(f"  {part}") for part in rest)]


def _more(count: int) -> list[Line]:
    return [line(Ink(f"and {count:,} more", Tone.QUIET))] if count > 0 else []


def _plot(triage: Triage, zone: ZoneInfo, width: int, height: int, metric: int) -> list[Line]:
    detail = triage.detail
    if not detail.series:
        return []
    total = len(detail.series)
    series = detail.series[metric % total]
    latest = show_value(series.points[-1].mean, series.unit) if series.points else ""
    remark = Ink(f"{metric % total + 1} of {total}, m next " if total > 1 else "", Tone.QUIET)
    name = f"{series.metric} {series.item}".strip()
    title = spread((Ink(f" {name} ", Tone.TITLE), Ink(latest, Tone.QUIET)), (remark,), width)
    drawn = trend_lines(replace(detail, series=(series,)), zone, width - 1, min(12, max(5, height // 4)))
    return [EMPTY, title, *((Ink(" "), *each) for each in drawn), EMPTY]


def _changes(changed: Sequence[Change], row: CheckRow, zone: ZoneInfo, width: int) -> list[Line]:
    if not changed:
        return [line(Ink("nothing that was seen or asked for, in the day before it", Tone.QUIET))]
    lines = [_change(each, row, zone, width) for each in changed[: 2 * FEW]]
    return [*lines, *_more(len(changed) - 2 * FEW)]


def _change(change: Change, row: CheckRow, zone: ZoneInfo, width: int) -> Line:
    moment = change.at.astimezone(zone).strftime("%d %b %H:%M")
    before = f"{show_duration(row.since - change.at)} before" if row.since and change.at <= row.since else ""
    sign = Ink("▸", Tone.KEY) if change.status is None else symbol(change.status)
    number = f" #{change.request}" if change.request else ""
    who = f" {change.who}" if change.who else ""
    where = f"{change.target} " if change.target != row.target else ""
    return beside(
        line(Ink(f"{moment}  ", Tone.QUIET), sign, f" {where}{change.what}"),
        (Ink(f"{who}{number}  {before}", Tone.QUIET),),
        width - LABEL - 2,
    )


def _related(triage: Triage, now: datetime, width: int) -> list[Line]:
    lines = [_row(each, now, width) for each in triage.related[:FEW]]
    lines += _more(len(triage.related) - FEW)
    if triage.folded and triage.cause is None:
        lines.append(line(Ink(f"{plural(triage.folded, 'check')} of it cannot be reached", Tone.QUIET)))
    return lines


def _helps(triage: Triage, known: Known | str, now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    """What happened before, to this check and to others like it, and what was written down."""
    before = _past(triage.past, zone, width)
    if isinstance(known, str):
        said = wrapped(f"▲ {known}", width - LABEL - 2) if known else []
        return _labelled("BEFORE", [*before, *(line(Ink(part, Tone.WARNING)) for part in said)])
    told = {str(each.incident) for each in triage.past}
    own = triage.detail.definition.runbook
    others = replace(
        known,
        similar=tuple(each for each in known.similar if each.id not in told),
        runbooks=tuple(name for name in known.runbooks if name != own),
    )
    (label, found), *rest = known_lines(others, now, zone, width - LABEL - 2)
    lines = _labelled(label, [*before, *found])
    return [*lines, *(each for label, body in rest for each in _labelled(label, body))]


def _past(past: Sequence[Past], zone: ZoneInfo, width: int) -> list[Line]:
    lines: list[Line] = []
    for each in past:
        opened = each.opened.astimezone(zone).strftime("%d %b %Y")
        took = f" in {show_duration(each.resolved - each.opened)}" if each.resolved else " open"
        ending = f": {each.ending}" if each.ending else ""
        by = f" ({each.owner})" if each.owner else ""
        said = f"#{each.incident} {opened} {each.target} {each.title}{took}{by}{ending}"
        first, *rest = wrapped(said, width - LABEL - 2)
        lines += [line(first), *(line(f"  {part}") for part in rest)]
    return lines


def _mend(triage: Triage, width: int) -> list[Line]:
    check = triage.detail.definition
    lines = _text(check.mend, width)
    if check.runbook:
        lines.append(line(Ink("runbook ", Tone.QUIET), Ink(check.runbook, Tone.STRONG)))
    return lines


def _text(text: str, width: int) -> list[Line]:
    return [line(part) for part in wrapped(text, width - LABEL - 2)] if text else []


def _labelled(label: str, body: Sequence[Line]) -> list[Line]:
    """A body with its word before the first line; nothing where there is no body."""
    return [
        (Ink(f" {label if index == 0 else '':<{LABEL}}", Tone.TITLE), *each)
        for index, each in enumerate(body)
    ]
