"""What an hour costs: the matter's rate goes before the client's, and that before the standard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from lexops.billing.firm.load import Row
from lexops.billing.firm.model import Client, Matter, Plan, Timekeeper

RATE_RISE = 1.04
"""Standard rates go up each January."""

EUR_RATE = 0.92
"""Standard rates in EUR against those in USD."""

_FIVE = 500
"""Rates are multiples of five units, in cents."""


def standard_rate(person: Timekeeper, currency: str, years: int) -> int:
    """Cents per hour after `years` rises."""
    rate = person.base * RATE_RISE**years * (EUR_RATE if currency == "EUR" else 1)
    return int(rate) // _FIVE * _FIVE


def client_rate(client: Client, person: Timekeeper, years: int) -> int:
    """What the client's rate card says, never above the client's cap."""
    carded = standard_rate(person, client.currency, years) * client.card // 100 // _FIVE * _FIVE
    return min(carded, client.cap) if client.cap else carded


def agreed_rate(matter: Matter, person: Timekeeper, years: int) -> int:
    """What an hour of `person` on `matter` costs, in cents."""
    if matter.blended_rate is not None:
        return matter.blended_rate
    if matter.special_rate is not None and person is matter.lead:
        return matter.special_rate
    if matter.client.card < 100:
        return client_rate(matter.client, person, years)
    return standard_rate(person, matter.currency, years)


def rate_rows(plan: Plan) -> Iterator[Row]:
    """Every rate with the time it is in force, as rows of `rate`."""
    id = 0
    years = range(plan.today.year - plan.start.year + 1)
    for person in plan.timekeepers:
        for currency in ("USD", "EUR"):
            for year in years:
                id += 1
                yield (
                    id,
                    person.id,
                    None,
                    None,
                    standard_rate(person, currency, year),
                    currency,
                    *_force(plan, year),
                )
    carded = {
        (matter.client.id, person.id): (matter.client, person)
        for matter in plan.matters
        if matter.client.card < 100
        for person in matter.team
    }
    for client, person in carded.values():
        for year in years:
            id += 1
            yield (
                id,
                person.id,
                client.id,
                None,
                client_rate(client, person, year),
                client.currency,
                *_force(plan, year),
            )
    for matter in plan.matters:
        if matter.special_rate is not None and matter.opened <= plan.today:
            id += 1
            opened = matter.opened.isoformat()
            yield (
                id,
                matter.lead.id,
                None,
                matter.id,
                matter.special_rate,
                matter.currency,
                opened,
                None,
                opened,
            )


def _force(plan: Plan, year: int) -> tuple[str, str | None, str]:
    """First and last day of a year's rates and the day of their approval; the newest have no end."""
    first = date(plan.start.year + year, 1, 1)
    last = None if first.year == plan.today.year else date(first.year, 12, 31).isoformat()
    return first.isoformat(), last, (first - timedelta(days=24)).isoformat()
