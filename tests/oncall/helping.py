"""Rotas and moments for tests, written as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.oncall.model import Book, Layer, Override, Rota, Shift, Turn

LONDON = "Europe/London"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(text: str, zone: str = LONDON) -> datetime:
    """A time on the clocks of a zone that comes once there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def layer(
    people: str,
    start: str,
    turn: Turn = Turn.WEEKLY,
    length: int = 1,
    *,
    name: str = "week",
    hours: str = "",
    holidays: str = "",
) -> Layer:
    return Layer(name, tuple(people.split()), turn, datetime.fromisoformat(start), length, hours, holidays)


def rota(*layers: Layer, zone: str = LONDON) -> Rota:
    return Rota("support", zone, layers)


def revision(
    value: Rota, number: int = 1, recorded: datetime = LONG_AGO, correction: bool = False
) -> Revision[Rota]:
    return Revision(value, number, recorded, correction, "mia", "because")


def days_off(*dates: str) -> list[Revision[frozenset[int]]]:
    days = frozenset(date.fromisoformat(each).toordinal() for each in dates)
    return [Revision(days, 1, LONG_AGO, False, "mia", "because")]


def book(
    *layers: Layer,
    zone: str = LONDON,
    overrides: Sequence[Override] = (),
    london: Sequence[Revision[frozenset[int]]] = (),
) -> Book:
    """One rota that was always so; `london` is a calendar's days off."""
    return Book({"support": [revision(rota(*layers, zone=zone))]}, tuple(overrides), {"london": london})


def override(
    person: str,
    starts: datetime,
    ends: datetime,
    *,
    id: int = 1,
    instead_of: str = "",
    recorded: datetime = LONG_AGO,
    removed: datetime | None = None,
) -> Override:
    return Override(id, "support", starts, ends, person, instead_of, "ill", "sam", recorded, removed)


def told(shifts: Sequence[Shift], zone: str = LONDON) -> list[str]:
    """`ana 2026-03-27 09:00 GMT - 2026-03-30 09:00 BST`."""
    there = ZoneInfo(zone)
    return [
        f"{each.person or 'nobody'} {each.starts.astimezone(there):%Y-%m-%d %H:%M %Z}"
        f" - {each.ends.astimezone(there):%Y-%m-%d %H:%M %Z}"
        for each in shifts
    ]
