"""Time: UTC and aware inside, given in as a clock, shown in the site's zone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


class Clock(Protocol):
    """Where the time comes from; tests move theirs."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for deadlines."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def parse_duration(text: str) -> timedelta:
    """`90s`, `5m`, `1h30m`, `2d`, `1w` as a time span; raises ValueError with what is allowed."""
    if not _DURATION.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no duration; write for example 30s, 5m, 1h30m, 2d or 1w")
    try:
        return timedelta(seconds=sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than can be counted") from None


def parse_moment(text: str, zone: ZoneInfo, away: Callable[[timedelta], datetime]) -> datetime:
    """A day or time as typed, in `zone` unless it names one; of a duration what `away` makes of it.

    Raises ValueError with what is allowed.
    """
    try:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            return away(parse_duration(text))
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write 2026-11-22, 2026-11-22T14:00, 90m or 2d") from None


def show_duration(span: timedelta) -> str:
    """The largest fitting unit, for people: `4 s`, `12 min`, `3 h 05`, `9 d`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"
    return f"{seconds // 86400} d"


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-11-21 14:02:09 CET`: the exact moment in the site's zone."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, as written into JSON."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
