"""A calendar with something changed, and what has changed between two. Pure.

The hours of a calendar are entries that each hold from a date on, until the next one; the first holds from
always. Days differ from the hours of their weekday, whatever entry holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import Calendar, Day, Period
from lexops.calendars.notation import DAYS, show_day, show_span, show_week, weekly
from lexops.text import plural

YEARS = range(2000, 2100)
"""Dates that can be entered lie within: nobody knows the holidays and time zones of later ones."""
LEAST_WEEKLY = 3600
LEAST_YEARLY = 40 * 3600
"""Seconds that a calendar has to be open: a budget of up to 9 × 40 hours then falls due within ten years."""


def with_hours(calendar: Calendar, period: Period) -> Calendar:
    """The calendar with the entry of this date put in its place; other entries stay.

    An entry that says the same as the one before is dropped: so one is taken back.
    """
    entries: dict[date | None, Period] = {each.since: each for each in calendar.periods}
    entries[period.since] = period
    ordered = sorted(entries.values(), key=lambda each: each.since or date.min)
    kept: list[Period] = []
    for each in ordered:
        if not kept or (kept[-1].zone.key, kept[-1].week) != (each.zone.key, each.week):
            kept.append(each)
    return replace(calendar, periods=tuple(kept))


def with_day(calendar: Calendar, day: Day) -> Calendar:
    """The calendar with this day, in the place of what the date was."""
    return replace(calendar, days={**calendar.days, day.date: day})


def without_day(calendar: Calendar, on: date) -> Calendar:
    """The calendar in which a date is like its weekday again."""
    return replace(calendar, days={each: day for each, day in calendar.days.items() if each != on})


@dataclass(frozen=True, slots=True)
class Imported:
    """A calendar with holidays taken over."""

    calendar: Calendar
    added: int
    kept: int
    """Dates that differ already, entered by hand or of another region; they stay as they are."""
    dropped: int
    """Days of an earlier import of these years that are no holidays any more."""


def with_holidays(calendar: Calendar, holidays: Iterable[Day], earlier: Mapping[date, Day]) -> Imported:
    """The calendar with holidays in the place of those of an `earlier` import; all other days stay."""
    others = {on: day for on, day in calendar.days.items() if on not in earlier}
    found = list(holidays)
    new = {day.date: _known(earlier.get(day.date), day) for day in found if day.date not in others}
    return Imported(
        replace(calendar, days=others | new),
        added=len(new.keys() - earlier.keys()),
        kept=len(found) - len(new),
        dropped=len(earlier.keys() - new.keys()),
    )


def _known(before: Day | None, day: Day) -> Day:
    """The same holiday from a newer package is no change."""
    same = before is not None and (before.name, before.hours) == (day.name, day.hours)
    return before if before is not None and same else day


def period_on(calendar: Calendar, on: date) -> Period:
    """The entry that holds on a date."""
    return [each for each in calendar.periods if each.since is None or each.since <= on][-1]


def too_little(calendar: Calendar) -> str | None:
    """Where a calendar is open so little that what is promised in it might never fall due; None: nowhere."""
    for period in calendar.periods:
        if weekly(period.week) < LEAST_WEEKLY:
            return f"{show_week(period.week)} is less than {show_span(LEAST_WEEKLY)} a week"
    dates = [*calendar.days, *(each.since for each in calendar.periods if each.since)]
    time = BusinessTime(calendar)
    for year in sorted({year for on in dates for year in (on.year - 1, on.year, on.year + 1)}):
        opened = time.elapsed(_begin(year), _begin(year + 1))
        if opened < LEAST_YEARLY:
            return f"in {year} it would be open for {show_span(opened)}, less than {show_span(LEAST_YEARLY)}"
    return None


def _begin(year: int) -> int:
    return seconds(datetime(year, 1, 1, tzinfo=UTC))


def differences(before: Calendar | None, after: Calendar) -> list[str]:
    """What changed from one revision to the next, in words; empty when nothing did."""
    if before is None:
        return [_entry(each) for each in after.periods]
    known = set(before.periods)
    told = [_entry(each) for each in after.periods if each not in known]
    gone = {each.since for each in before.periods} - {each.since for each in after.periods}
    told += [f"no change of hours on {each} any more" for each in sorted(filter(None, gone))]
    new = [day for on, day in sorted(after.days.items()) if before.days.get(on) != day]
    lost = sorted(before.days.keys() - after.days.keys())
    if len(new) + len(lost) > 3:
        added = sum(day.date not in before.days for day in new)
        counts = ((added, "more"), (len(new) - added, "changed"), (len(lost), "fewer"))
        return [*told, *(f"{plural(count, 'day')} {word}" for count, word in counts if count)]
    told += [f"{day.date} {day.name}: {show_day(day.hours)}" for day in new]
    return [*told, *(f"{on} as every {DAYS[on.weekday()]}" for on in lost)]


def _entry(period: Period) -> str:
    since = f"from {period.since} " if period.since else ""
    return f"{since}{show_week(period.week)} {period.zone.key} ({show_span(weekly(period.week))} a week)"
