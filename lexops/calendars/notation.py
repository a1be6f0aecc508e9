"""Weekly hours as text, both ways: `mon-fri 09:00-12:30 13:30-17:30; sat 10:00-12:00`. Pure.

Parts stand between semicolons; each names days (`mon`, `sun-thu`, `mon,wed`, `daily`) and their hours on the
wall clock, to the minute. `always` is every hour of every day. Hours that end before they begin go on into
the next day (`mon 22:00-06:00`); the midnight at which a day ends is 24:00.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lexops.calendars.model import DAY, Interval

Week = tuple[tuple[Interval, ...], ...]
"""Monday to Sunday."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PLACES = {name: place for names in (DAYS, _LONG) for place, name in enumerate(names)}
ALWAYS = "always"
DAILY = "daily"
LONGEST = 500
"""Characters of a text; seven days with a lunch break each have half of them."""
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DASH = re.compile(r" *[-–] *")
_SAMPLE = "write for example: mon-fri 09:00-12:30 13:30-17:30; sat 10:00-12:00"


class Unreadable(ValueError):
    """A text is no hours, or impossible ones: what is wrong and where; `hint` says how to mend it."""

    def __init__(self, what: str, hint: str = _SAMPLE) -> None:
        super().__init__(what)
        self.hint = hint


# Reading.


def parse_week(text: str) -> Week:
    """The week that a text describes: each day sorted, what touches joined. Raises Unreadable."""
    text = _plain(text)
    if text == ALWAYS:
        return (((0, DAY),),) * 7
    named: dict[int, str] = {}
    found: list[list[Interval]] = [[] for _ in DAYS]
    for part in filter(None, (part.strip() for part in text.split(";"))):
        words = part.split()
        hours = [_interval(word, part) for word in words[1:]]
        for place in _days(words[0], part):
            if place in named:
                what = f"{part!r}: {DAYS[place]} is named in {named[place]!r} already"
                raise Unreadable(what, f"write all hours of {DAYS[place]} in one part")
            named[place] = part
            if not hours:
                raise Unreadable(f"{part!r}: no hours", f"leave out the days that are closed; {_SAMPLE}")
            _put(found, place, hours)
    if not any(found):
        raise Unreadable("nothing is open all week", _SAMPLE)
    return tuple(_joined(DAYS[place], each) for place, each in enumerate(found))


def parse_day(text: str) -> tuple[Interval, ...]:
    """The hours of one date: `09:00-12:30 13:30-17:00`; they end with the date. Raises Unreadable."""
    hours = [_interval(word, word) for word in _plain(text).split()]
    for start, end in hours:
        if end < start:
            hint = f"write {_time(start)}-24:00, and the rest at the day after"
            raise Unreadable(f"{_hours(start, end)} ends before it begins", hint)
    if not hours:
        raise Unreadable("no hours", "write for example: 09:00-13:00")
    return _joined("the day", hours)


def _plain(text: str) -> str:
    """Small letters, one kind of dash with nothing around it, lines as parts."""
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    return _DASH.sub("-", ";".join(text.strip().splitlines()).lower())


def _days(word: str, part: str) -> Iterator[int]:
    if word == DAILY:
        yield from range(7)
        return
    for piece in word.split(","):
        first, dash, last = piece.partition("-")
        if first not in _PLACES or (dash and last not in _PLACES):
            wrong = first if first not in _PLACES else last
            raise Unreadable(f"{part!r}: {wrong!r} is no day", f"days are {', '.join(DAYS)}, or {DAILY}")
        start, end = _PLACES[first], _PLACES[last] if dash else _PLACES[first]
        for step in range((end - start) % 7 + 1):
            yield (start + step) % 7


def _interval(word: str, part: str) -> Interval:
    where = "" if word == part else f"{part!r}: "
    first, dash, last = word.partition("-")
    if not dash:
        raise Unreadable(
            f"{where}{word!r} is no span of hours", "write both ends: 09:00-17:30, and no closed days"
        )
    start, end = _second(first, word, where), _second(last, word, where)
    if start == DAY:
        raise Unreadable(f"{where}{word} begins at 24:00", "begin at 00:00 of the next day")
    if end == 0:
        raise Unreadable(f"{where}{word} ends at 00:00", f"write {_time(start)}-24:00")
    if end == DAY - 60:
        what = f"{where}{word} ends at 23:59 and loses a minute every night"
        raise Unreadable(what, f"write {_time(start)}-24:00")
    if start == end:
        raise Unreadable(f"{where}{word} is empty", "for a whole day write 00:00-24:00")
    return start, end


def _second(text: str, word: str, where: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        hint = "write hours and minutes, 00:00 to 24:00; seconds are not needed"
        raise Unreadable(f"{where}{text!r} in {word!r} is no time", hint)
    hour, minute = int(found[1]), int(found[2])
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise Unreadable(f"{where}{text} in {word} is not on a clock", "write 00:00 to 24:00")
    return hour * 3600 + minute * 60


def _put(found: list[list[Interval]], place: int, hours: Sequence[Interval]) -> None:
    """Hours of a day, those after midnight with the next one."""
    for start, end in hours:
        if end > start:
            found[place].append((start, end))
        else:
            found[place].append((start, DAY))
            found[(place + 1) % 7].append((0, end))


def _joined(name: str, hours: Sequence[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for start, end in sorted(hours):
        if joined and start < joined[-1][1]:
            what = f"{name}: {_hours(*joined[-1])} and {_hours(start, end)} overlap"
            raise Unreadable(what, "hours after midnight count as the next day's; write each hour once")
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


# Writing.


def show_week(week: Week) -> str:
    """The text that `parse_week` reads as this week: nights as one span, equal days together."""
    if all(day == ((0, DAY),) for day in week):
        return ALWAYS
    told = [_told(week, place) for place in range(7)]
    if len(set(told)) == 1 and told[0]:
        return f"{DAILY} {told[0]}"
    groups: dict[str, list[int]] = {}
    for place, hours in enumerate(told):
        if hours:
            groups.setdefault(hours, []).append(place)
    return "; ".join(f"{_span(places)} {hours}" for hours, places in groups.items())


def show_day(hours: Sequence[Interval]) -> str:
    """`09:00-12:30 13:30-17:30`, or `closed`."""
    return " ".join(_hours(start, end) for start, end in hours) or "closed"


def weekly(week: Week) -> int:
    """Seconds that a week without changes of the clocks is open."""
    return sum(end - start for day in week for start, end in day)


def show_span(span: int) -> str:
    """Seconds as `8 h`, `42 h 30 min`, `7 h 00 min 01 s`."""
    hours, rest = divmod(span, 3600)
    minutes, seconds = divmod(rest, 60)
    if not rest:
        return f"{hours:,} h"
    return f"{hours:,} h {minutes:02d} min" + (f" {seconds:02d} s" if seconds else "")


def _told(week: Week, place: int) -> str:
    """The hours that begin on a day, but for what has begun the day before."""
    told = []
    for start, end in week[place]:
        if start == 0 and _goes_on(week, place - 1) is not None:
            continue
        over = _goes_on(week, place) if end == DAY else None
        told.append(_hours(start, end if over is None else over))
    return " ".join(told)


def _goes_on(week: Week, place: int) -> int | None:
    """Until when the last hours of a day go on after midnight, where that reads as one night."""
    evening, morning = week[place], week[(place + 1) % 7]
    if not evening or not morning or evening[-1][1] != DAY or morning[0][0] != 0:
        return None
    end = morning[0][1]
    return end if end < evening[-1][0] and end != DAY - 60 else None


def _span(places: Sequence[int]) -> str:
    """`mon-fri`, `sat`, `mon,wed-fri`."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _hours(start: int, end: int) -> str:
    return f"{_time(start)}-{_time(end)}"


def _time(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
