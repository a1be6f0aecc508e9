"""The calendar that every site has. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lexops.calendars.model import DAY, Calendar, Period

ALWAYS_OPEN = Calendar("always", (Period(ZoneInfo("UTC"), (((0, DAY),),) * 7),))
"""Every second of every day; nobody can change it."""
