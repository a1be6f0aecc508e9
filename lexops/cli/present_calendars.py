"""Business calendars as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from lexops.calendars.edit import differences, period_on
from lexops.calendars.model import DAY, Calendar, Interval, Period, Revision
from lexops.calendars.month import MonthDay
from lexops.calendars.notation import DAYS, show_day, show_span, show_week, weekly
from lexops.cli.present import moment
from lexops.text import fit, one_line, plural

HEAD = ("calendar", "zone", "days ahead", "rev", "hours")
WIDTH = 80
_GAP = " "


def today(calendar: Calendar, now: datetime) -> date:
    """The date that a moment is there, in the zone that holds on it."""
    rough = now.astimezone(calendar.periods[-1].zone).date()
    return now.astimezone(period_on(calendar, rough).zone).date()


# The list.


def calendar_row(revision: Revision[Calendar], now: datetime) -> tuple[str, ...]:
    """One line of the list of calendars."""
    calendar = revision.value
    on = today(calendar, now)
    period = period_on(calendar, on)
    coming = [each for each in calendar.periods if each.since and each.since > on]
    later = [f"; from {each.since}: {show_week(each.week)}" for each in coming]
    return (
        calendar.name,
        period.zone.key,
        _ahead(calendar, on),
        f"{revision.number}",
        show_week(period.week) + "".join(later),
    )


def _ahead(calendar: Calendar, on: date) -> str:
    """How many days that differ still come, and until when they are known."""
    coming = [each for each in calendar.days if each >= on]
    return f"{len(coming)} to {max(coming)}" if coming else "0"


def calendar_json(revision: Revision[Calendar], now: datetime) -> dict[str, Any]:
    """A calendar as data, as a whole."""
    calendar = revision.value
    on = today(calendar, now)
    period = period_on(calendar, on)
    return {
        "calendar": calendar.name,
        "revision": revision.number,
        "recorded": moment(revision.recorded),
        "zone": period.zone.key,
        "hours": show_week(period.week),
        "weekly_seconds": weekly(period.week),
        "days_ahead": sum(each >= on for each in calendar.days),
        "periods": [_period_json(each) for each in calendar.periods],
        "days": [
            {
                "date": each.isoformat(),
                "name": day.name,
                "hours": _pairs(day.hours),
                "source": day.source,
            }
            for each, day in sorted(calendar.days.items())
        ],
    }


def _period_json(period: Period) -> dict[str, Any]:
    since = period.since.isoformat() if period.since else None
    return {"since": since, "zone": period.zone.key, "hours": show_week(period.week)}


def _pairs(hours: Sequence[Interval]) -> list[str]:
    return [show_day([each]) for each in hours]


# The month.


def month_lines(revision: Revision[Calendar], days: Sequence[MonthDay]) -> Iterator[str]:
    """A month drawn with its weeks as rows, and below what is special; at most 80 columns wide."""
    calendar, first = revision.value, days[0].date
    period = period_on(calendar, first)
    yield f"{calendar.name}: {first:%B %Y}, {period.zone.key}, revision {revision.number}"
    yield from _wrapped(f"{show_week(period.week)} ({show_span(weekly(period.week))} a week)", 0)
    yield ""
    yield from _grid(days)
    yield ""
    for day in days:
        yield from _notes(day)
    opened = [day for day in days if day.open]
    yield f"open for {show_span(sum(day.open for day in opened))} on {plural(len(opened), 'day')}"


def _grid(days: Sequence[MonthDay]) -> Iterator[str]:
    """Seven columns as wide as they need to be; times are written tighter where they would not fit."""
    weeks = _weeks(days)
    for tight in (False, True):
        columns = [[_cell(week[place], tight) for week in weeks] for place in range(7)]
        widths = [max(5, *(len(line) for cell in column for line in cell)) for column in columns]
        if sum(widths) + 6 * len(_GAP) <= WIDTH:
            break
    yield _row([name.title() for name in DAYS], widths)
    for number, _ in enumerate(weeks):
        cells = [column[number] for column in columns]
        for line in range(max(map(len, cells))):
            yield _row([cell[line] if line < len(cell) else "" for cell in cells], widths)


def _weeks(days: Sequence[MonthDay]) -> list[list[MonthDay | None]]:
    cells: list[MonthDay | None] = [None] * days[0].date.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(fit(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(day: MonthDay | None, tight: bool) -> list[str]:
    """The date with its marks, and a line for each span of hours."""
    if day is None:
        return []
    marks = f"{'*' if day.differs or day.begins else ''}{'~' if day.is_shifted else ''}"
    hours = [show_day([each]) for each in day.hours] or ["-"]
    return [f"{day.date.day}{marks}", *(_tight(each) if tight else each for each in hours)]


def _tight(hours: str) -> str:
    """`13:30-17:30` in nine columns."""
    return hours.replace(":", "")


def _notes(day: MonthDay) -> Iterator[str]:
    """What the marks of a day mean."""
    on = f"{day.date:%d %b}"
    if day.begins:
        yield from _wrapped(f"{on}  * from here on: {show_week(day.begins.week)} {day.begins.zone.key}", 10)
    if day.differs:
        source = f" ({one_line(day.differs.source, 60)})" if day.differs.source else ""
        name = one_line(day.differs.name, 100)
        yield from _wrapped(f"{on}  * {name}: {show_day(day.differs.hours)}{source}", 10)
    if day.is_shifted:
        opened = f"{show_span(day.open)} open" if day.open else "closed"
        yield from _wrapped(f"{on}  ~ {_shift(day)}, {opened}", 10)


def _shift(day: MonthDay) -> str:
    if not day.length:
        return "this date was left out"
    way = "forward" if day.length < DAY else "back"
    return f"the clocks go {way} {_short(abs(DAY - day.length))}: {show_span(day.length)} long"


def _short(span: int) -> str:
    return f"{span // 60} min" if span < 3600 else show_span(span)


def _wrapped(text: str, indent: int) -> Iterator[str]:
    """A sentence on lines of 80 columns."""
    from textwrap import wrap

    yield from wrap(text, WIDTH, subsequent_indent=" " * indent)


def month_json(revision: Revision[Calendar], days: Sequence[MonthDay]) -> dict[str, Any]:
    """A month as data."""
    period = period_on(revision.value, days[0].date)
    return {
        "calendar": revision.value.name,
        "revision": revision.number,
        "month": f"{days[0].date:%Y-%m}",
        "zone": period.zone.key,
        "hours": show_week(period.week),
        "open_seconds": sum(day.open for day in days),
        "days": [_month_day_json(day) for day in days],
    }


def _month_day_json(day: MonthDay) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "hours": _pairs(day.hours),
        "open_seconds": day.open,
        "length_seconds": day.length,
        "name": day.differs.name if day.differs else None,
        "source": day.differs.source if day.differs else None,
        "begins": _period_json(day.begins) if day.begins else None,
    }


# The history.


def changes(
    revisions: Sequence[Revision[Calendar]],
) -> Iterator[tuple[Revision[Calendar], list[str]]]:
    """Each revision with what it changed, the oldest first."""
    before: Calendar | None = None
    for revision in revisions:
        yield revision, differences(before, revision.value)
        before = revision.value
