"""Tickets for tests: calendars, promises and what happened, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.business import seconds
from lexops.calendars.model import Calendar, Day, Interval, Period, Revision
from lexops.sla.clock import clocks
from lexops.sla.model import Book, Clock, ClockKind, Facts, Happening, Policy, TicketEvent

LONDON = ZoneInfo("Europe/London")
BERLIN = ZoneInfo("Europe/Berlin")
BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
"""When what a test takes for granted was entered."""
RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind


def at(text: str, zone: ZoneInfo | None = None) -> datetime:
    """`2026-03-27 16:00`, in a zone or in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone or UTC).astimezone(UTC)


def second(text: str, zone: ZoneInfo | None = None) -> int:
    return seconds(at(text, zone))


def hm(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def hours(text: str) -> tuple[Interval, ...]:
    """`09:00-12:30 13:30-17:30` as intervals; empty: closed."""
    return tuple((hm(start), hm(end)) for start, end in (each.split("-") for each in text.split()))


def week(text: str, weekend: str = "") -> tuple[tuple[Interval, ...], ...]:
    """The same hours from Monday to Friday."""
    return (*[hours(text)] * 5, *[hours(weekend)] * 2)


def calendar(
    name: str, zone: ZoneInfo, text: str, weekend: str = "", days: Mapping[str, Day] | None = None
) -> Calendar:
    found = {date.fromisoformat(on): day for on, day in (days or {}).items()}
    return Calendar(name, (Period(zone, week(text, weekend)),), found)


def holiday(on: str, name: str, text: str = "") -> dict[str, Day]:
    return {on: Day(date.fromisoformat(on), name, hours(text))}


OFFICE = calendar("london", LONDON, "09:00-17:00")
GLPI = Calendar(
    "glpi", (Period(ZoneInfo("UTC"), (hours("10:30-19:00"), *[hours("08:30-19:00")] * 4, (), ())),)
)
"""Mondays begin later."""


def revised(*values: Any, recorded: tuple[datetime, ...] = (), corrections: tuple[int, ...] = ()) -> Any:
    """Revisions 1, 2, … of a calendar or a policy; the first from always, `recorded` those that follow."""
    return [
        Revision(value, number, when, number in corrections, "ana", "agreed")
        for number, (value, when) in enumerate(zip(values, (BEFORE, *recorded), strict=True), 1)
    ]


def policy(calendar: str = "london", **given: Any) -> Policy:
    """A policy with the same budgets for each priority but P1, which has half of them; in hours."""
    budgets = given.pop("budgets", {RESPONSE: 2, UPDATE: 4, RESOLUTION: 8})
    full = {kind: int(hours * 3600) for kind, hours in budgets.items()}
    half = {kind: int(hours * 1800) for kind, hours in budgets.items()}
    by_priority = {"P1": half, "P2": full, "P3": full, "P4": full}
    return Policy(given.pop("name", "std"), calendar, by_priority, **given)


def book(*policies: Policy, calendars: tuple[Calendar, ...] = (OFFICE,)) -> Book:
    """What never changed."""
    return Book(
        {each.name: revised(each) for each in (*calendars, ALWAYS_OPEN)},
        {each.name: revised(each) for each in policies or (policy(),)},
    )


P3 = Facts(priority="P3")
P1 = Facts(priority="P1")


def event(when: str | datetime, kind: Happening, text: str = "", **given: Any) -> TicketEvent:
    moment = when if isinstance(when, datetime) else at(when)
    if kind is Happening.OPENED:
        given.setdefault("facts", P3)
    return TicketEvent(moment, kind, text=text, **given)


def happened(text: str, zone: ZoneInfo | None = None, facts: Facts = P3) -> list[TicketEvent]:
    """Lines of `2026-03-27 16:00 paused the bank`; classified names a priority."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        day, time, kind, *words = line.split(maxsplit=3)
        said = words[0] if words else ""
        happening = Happening(kind)
        told = facts if happening is Happening.OPENED else None
        if happening is Happening.CLASSIFIED:
            told = replace(facts, priority=said)
        found.append(TicketEvent(at(f"{day} {time}", zone), happening, facts=told, text=said))
    return found


def clock(
    events: list[TicketEvent], book: Book, now: str | datetime, kind: ClockKind, round: int = 1
) -> Clock:
    """The one clock of a kind and round."""
    moment = now if isinstance(now, datetime) else at(now)
    (found,) = (each for each in clocks(events, book, moment) if each.kind is kind and each.round == round)
    return found
