"""Public holidays of a country as days of a calendar, from the package `holidays`.

They are taken into a calendar once and stay as they are: an update of the package changes nothing that was
promised. Observed days (the Monday after a holiday at the weekend) are among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lexops.calendars.model import Day
from lexops.errors import InvalidRequest
from lexops.text import one_line

_PACKAGE = "holidays"


@dataclass(frozen=True, slots=True)
class Region:
    """A country or a part of it, as the package calls them."""

    country: str
    subdivision: str | None

    def __str__(self) -> str:
        return f"{self.country}-{self.subdivision}" if self.subdivision else self.country


def region(country: str, subdivision: str | None) -> Region:
    """The region of a country's and a subdivision's code, in any case of letters.

    Raises InvalidRequest with the codes there are.
    """
    from holidays import list_supported_countries

    countries = list_supported_countries(include_aliases=False)
    code = _found(country, list_supported_countries())
    if code is None:
        hint = f"codes of ISO 3166: {', '.join(sorted(countries))}"
        raise InvalidRequest(f"country: no holidays are known of {one_line(country, 40)!r}", hint=hint)
    if subdivision is None:
        return Region(code, None)
    parts = list_supported_countries()[code]
    part = _found(subdivision, parts)
    if part is None:
        hint = f"there are: {', '.join(parts)}" if parts else "leave it out"
        what = f"subdivision: {code} has no {one_line(subdivision, 40)!r} with holidays of its own"
        raise InvalidRequest(what, hint=hint)
    return Region(code, part)


def days(of: Region, years: range) -> list[Day]:
    """The public holidays of a region in some years, in order, closed all day."""
    from holidays import country_holidays

    found = country_holidays(of.country, subdiv=of.subdivision, years=years)
    named = source(of)
    return [Day(on, one_line(name, 100), (), named) for on, name in sorted(found.items()) if on.year in years]


def source(of: Region) -> str:
    """Where the days of a region come from: `holidays 0.109 GB-ENG`."""
    from importlib.metadata import version

    return f"{_PACKAGE} {version(_PACKAGE)} {of}"


def is_from(day: Day, of: Region) -> bool:
    """Whether a day was taken over from the package for this region, with whatever version."""
    package, _, rest = day.source.partition(" ")
    return package == _PACKAGE and rest.partition(" ")[2] == str(of)


def _found(code: str, known: Iterable[str]) -> str | None:
    return next((each for each in known if each.lower() == code.strip().lower()), None)
