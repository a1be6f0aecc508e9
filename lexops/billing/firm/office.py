"""The office calendar: months, business days, and how many people are in on a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)

_HOLIDAYS = frozenset({(1, 1), (1, 2), (6, 19), (7, 4), (11, 11), (12, 24), (12, 25), (12, 26), (12, 31)})


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_index(day: date) -> int:
    """Months since year 0; one apart for neighbours."""
    return day.year * 12 + day.month - 1


def is_business_day(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS


def next_business_day(day: date) -> date:
    """`day` itself, or the first business day after it."""
    while not is_business_day(day):
        day += ONE_DAY
    return day


def business_days_later(day: date, count: int) -> date:
    """The business day that is `count` business days after `day`."""
    for _ in range(count):
        day = next_business_day(day + ONE_DAY)
    return day


def run_day(month: date) -> date:
    """When a month is billed: the third business day of the next."""
    return business_days_later(next_business_day(add_months(month_start(month), 1)), 2)


def month_days(month: date, last: date) -> list[date]:
    """The days of a month, not beyond `last`."""
    first = month_start(month)
    end = min(month_end(month), last)
    return [first + timedelta(days=i) for i in range((end - first).days + 1)]


def absence(day: date) -> float:
    """The share of people who are away: holidays, August, around New Year, else leave and illness."""
    if day.weekday() >= 5:
        return 0.95
    if (day.month, day.day) in _HOLIDAYS:
        return 0.97
    if day.month == 12 and day.day > 19:
        return 0.45
    if day.month == 8:
        return 0.28
    return 0.10 if day.month == 7 else 0.05


def is_late_in_month(day: date) -> bool:
    """The last days of the month, when time is caught up before billing."""
    return (day + timedelta(days=4)).month != day.month
