"""Who was told of an incident, who will be told next, and why. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.tui.duty import Ladder, Rung
from lexops.tui.ink import Ink, Line, Tone, fitted, line, wrapped
from lexops.tui.presenters.rows import Row, of_lines
from lexops.tui.presenters.status import age

PAST = 4
"""Rungs already told that are shown, the last ones."""
COMING = 5
"""Rungs to come that are shown."""


def ladder_rows(ladder: Ladder, now: datetime, zone: ZoneInfo, width: int) -> list[Row]:
    """Where it stands in words, then the last rungs that were told and the next ones to come."""
    tone = Tone.WARNING if ladder.alarming else Tone.PLAIN
    sign = "▲ " if ladder.alarming else ""
    words = (
        [line(Ink(part, tone)) for part in wrapped(f"{sign}{ladder.words}", width)] if ladder.words else []
    )
    told = [each for each in ladder.rungs if each.told]
    coming = [each for each in ladder.rungs if not each.told]
    lines = [*_more(len(told) - PAST, "earlier"), *(_told(each, zone, width) for each in told[-PAST:])]
    for number, each in enumerate(coming[:COMING]):
        lines.append(_coming(each, number == 0, now, zone, width))
    lines += _more(len(coming) - COMING, "later")
    return of_lines("ladder", [*words, *lines])


def next_words(ladder: Ladder, now: datetime) -> Line:
    """`; → ana in 3 m`: the next rung; nothing when none comes."""
    coming = next((each for each in ladder.rungs if not each.told), None)
    if coming is None:
        return ()
    away = "now" if coming.at <= now else f"in {age(now, coming.at)}"
    return (Ink("; "), Ink(f"→ {coming.who or 'nobody'} {away}", Tone.STRONG))


def _told(rung: Rung, zone: ZoneInfo, width: int) -> Line:
    sign = Ink("✖ ", Tone.CRITICAL) if rung.failed else Ink("✔ ", Tone.OK)
    noted = f"  {rung.note}" if rung.note else ""
    return fitted(
        (
            sign,
            Ink(f"{rung.at.astimezone(zone):%d %b %H:%M}  ", Tone.QUIET),
            Ink(f"{_level(rung)}{rung.who or 'nobody'}"),
            Ink(noted, Tone.CRITICAL if rung.failed else Tone.QUIET),
        ),
        width,
    )


def _coming(rung: Rung, first: bool, now: datetime, zone: ZoneInfo, width: int) -> Line:
    away = "now" if rung.at <= now else f"in {age(now, rung.at)}"
    return fitted(
        (
            Ink("→ ", Tone.KEY if first else Tone.QUIET),
            Ink(f"{rung.at.astimezone(zone):%d %b %H:%M}  ", Tone.QUIET),
            Ink(f"{_level(rung)}{rung.who or 'nobody'}", Tone.STRONG if first else Tone.PLAIN),
            Ink(f"  {away}", Tone.PLAIN if first else Tone.QUIET),
            Ink(f"  {rung.note}" if rung.note else "", Tone.QUIET),
        ),
        width,
    )


def _level(rung: Rung) -> str:
    return f"{rung.level}: " if rung.level else ""


def _more(count: int, word: str) -> list[Line]:
    return [line(Ink(f"  and {count:,} {word}", Tone.QUIET))] if count > 0 else []
