"""What people do with calendars. Every change is a new revision; nothing that was promised is overwritten."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from lexops.calendars import edit, notation, public_holidays, store
from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.model import Calendar, Day, Interval, Period, Revision, taken_up
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.operations.common import Correction, HistoryReason
from lexops.store import event
from lexops.text import one_line, plural

LONGEST_IMPORT = 10
"""Years of holidays at once: laws change, and later ones are guesses."""
LONGEST_TITLE = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NO_ZONES = {"Factory", "localtime"}
"""What the machine or nobody has set; another machine would read them differently."""
_REMOVE = "-"


@operation("calendar.set", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def set_(
    act: Act,
    *,
    name: Annotated[str, "the name of the calendar; small letters, digits and dashes"],
    zone: Annotated[str, "its time zone, by the IANA name"],
    hours: Annotated[
        str, "its weekly hours, parts by semicolons: mon-fri 09:00-17:30; sat 10:00-12:00, or always"
    ],
    reason: HistoryReason,
    since: Annotated[str | None, "the date from which these hours hold; else from always on"] = None,
    correction: Correction = False,
) -> str:
    """Set the hours of a calendar.

    Makes the calendar, or puts one entry of its hours in place: the one from this date on, without a date the
    first one. An entry holds until the next later one; the same hours again as before it take it back. Hours
    after midnight (mon 22:00-06:00) are the next day's.
    """
    known = _newest(act, name)
    begins = None if since is None else _date("since", since)
    period = Period(_zone(zone), _hours(hours), begins)
    if known is None and begins is not None:
        raise InvalidRequest(
            f"since: {name} is new, and its first hours hold from always on", hint="leave since out"
        )
    changed = edit.with_hours(known.value, period) if known else Calendar(name, (period,))
    entered = _enter(act, known, changed, reason, correction)
    told = edit.differences(known.value if known else None, changed)
    return f"{entered}: {'; '.join(told) or 'nothing changed, and it was so all along'}"


@operation("calendar.day", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def day(
    act: Act,
    *,
    name: Annotated[str, "the name of the calendar"],
    date: Annotated[str, "the date: 2026-12-24"],
    title: Annotated[str, "what the day is called; when it is removed, why", Privacy.PERSONAL],
    hours: Annotated[
        str | None, "open at these hours: 10:00-13:00; else closed all day; - removes the day again"
    ] = None,
    reason: Annotated[str | None, "why, for the history; else what it is called", Privacy.PERSONAL] = None,
    correction: Correction = False,
) -> str:
    """Enter a day that differs.

    A holiday, a half day, a closure, an extra shift: its hours stand for those of the weekday, from midnight
    to midnight. What was entered by hand is never overwritten by an import; a holiday on which people work
    is best entered with its hours.
    """
    known = _existing(act, name)
    on, called = _date("date", date), one_line(title, LONGEST_TITLE)
    if hours is not None and hours.strip() == _REMOVE:
        if on not in known.value.days:
            hint = f"see: lexops sla calendar show {name} --month {on:%Y-%m}"
            raise NotFound(f"{on} does not differ in {name}", hint=hint)
        changed, now = edit.without_day(known.value, on), f"as every {notation.DAYS[on.weekday()]}"
    else:
        opened = () if hours is None else _day_hours(hours)
        changed = edit.with_day(known.value, Day(on, called, opened, act.operator))
        now = notation.show_day(opened)
    return f"{_enter(act, known, changed, reason or called, correction)}: {on} {now}"


@operation("calendar.holidays", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def holidays(
    act: Act,
    *,
    name: Annotated[str, "the name of the calendar"],
    country: Annotated[str, "the country: GB, a code of ISO 3166"],
    first: Annotated[int, "the first year"],
    last: Annotated[int | None, "the last year, at most ten in all; else only the first"] = None,
    subdivision: Annotated[str | None, "only of this part of the country: ENG"] = None,
    reason: Annotated[str | None, "why, for the history", Privacy.PERSONAL] = None,
    correction: Correction = False,
) -> str:
    """Import public holidays.

    As days that can be edited, with where they come from; observed days are among them. Days entered by hand
    stay. Imported once more, the same years are brought to what the package knows now.
    """
    known = _existing(act, name)
    years = _years(first, first if last is None else last)
    of = public_holidays.region(country, subdivision)
    found = public_holidays.days(of, years)
    if not found:
        raise NotFound(f"no holidays of {of} are known in {_span(years)}")
    earlier = {
        on: each
        for on, each in known.value.days.items()
        if on.year in years and public_holidays.is_from(each, of)
    }
    done = edit.with_holidays(known.value, found, earlier)
    why = reason or f"public holidays of {of} {_span(years)}"
    entered = _enter(act, known, done.calendar, why, correction)
    counts = [f"{plural(done.added, 'holiday')} of {of} added"]
    counts += [f"{done.kept} kept as they were"] if done.kept else []
    counts += [f"{done.dropped} no longer holidays"] if done.dropped else []
    return f"{entered}: {', '.join(counts)}"


def _newest(act: Act, name: str) -> Revision[Calendar] | None:
    """The calendar that is to be changed, when there is one. Raises InvalidRequest and Refused."""
    if not _NAME.fullmatch(name):
        hint = "up to 40 small letters, digits and dashes; no dash in front"
        raise InvalidRequest(f"name: {one_line(name, 60)!r} cannot name a calendar", hint=hint)
    if name == ALWAYS_OPEN.name:
        raise Refused(f"{name} is every second of every day and stays so", hint="choose another name")
    return store.newest(act.connection, name)


def _existing(act: Act, name: str) -> Revision[Calendar]:
    return _newest(act, name) or store.get(act.connection, name)


def _enter(
    act: Act, known: Revision[Calendar] | None, changed: Calendar, reason: str, correction: bool
) -> str:
    """Enter what has changed as a new revision: `london revision 3`; with what a correction brings along.

    Raises InvalidRequest and Refused.
    """
    before = known.value if known else None
    if changed == before and not correction:
        raise Refused(f"{changed.name} is so already", hint="nothing was entered")
    wrong = edit.too_little(changed)
    if wrong is not None:
        hint = "what is promised in it might never fall due; open it more, or use another calendar"
        raise InvalidRequest(f"{changed.name}: {wrong}", hint=hint)
    entered = store.add(
        act.connection,
        changed,
        at=act.at,
        operator=act.operator,
        reason=reason,
        correction=correction,
        after=known.number if known else 0,
    )
    name = f"{changed.name} revision {entered.number}"
    event.append(act.connection, act.at, "calendar.changed", name)
    earlier = store.history(act.connection, changed.name)[:-1] if correction else ()
    too = taken_up(earlier)
    return f"{name} ({too})" if too else name


def _zone(name: str) -> ZoneInfo:
    known = available_timezones() - _NO_ZONES
    if name in known:
        return ZoneInfo(name)
    close = get_close_matches(name, known, 3, 0.5)
    same = [each for each in known if each.lower() == name.lower()]
    hint = f"did you mean {' or '.join(same or close)}?" if same or close else "an IANA name: Europe/London"
    raise InvalidRequest(f"zone: {one_line(name, 60)!r} is no time zone", hint=hint)


def _hours(text: str) -> notation.Week:
    try:
        return notation.parse_week(text)
    except notation.Unreadable as error:
        raise InvalidRequest(f"hours: {error}", hint=error.hint) from None


def _day_hours(text: str) -> tuple[Interval, ...]:
    try:
        return notation.parse_day(text)
    except notation.Unreadable as error:
        raise InvalidRequest(f"hours: {error}", hint=error.hint) from None


def _date(argument: str, text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        hint = "year, month and day: 2026-12-25"
        raise InvalidRequest(f"{argument}: {one_line(text, 40)!r} is no date", hint=hint) from None
    _check_year(argument, found.year)
    return found


def _years(first: int, last: int) -> range:
    _check_year("first", first)
    _check_year("last", last)
    if not 0 <= last - first < LONGEST_IMPORT:
        raise InvalidRequest(f"last: {last} is not within {LONGEST_IMPORT} years from {first} on")
    return range(first, last + 1)


def _span(years: range) -> str:
    return f"{years[0]}" if len(years) == 1 else f"{years[0]}-{years[-1]}"


def _check_year(argument: str, year: int) -> None:
    if year not in edit.YEARS:
        raise InvalidRequest(f"{argument}: {year} is not between {edit.YEARS[0]} and {edit.YEARS[-1]}")


OPERATIONS = (set_, day, holidays)
