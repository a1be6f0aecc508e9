"""How an invoice ends: paid at once or in parts, credited, or written off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from lexops.billing.exact import half_up, share_of
from lexops.billing.firm.bills import Bill
from lexops.billing.firm.office import ONE_DAY, next_business_day


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settles part of an invoice on a day; `kind` as in `allocation`."""

    day: date
    kind: str
    amount: int


def fate(rng: Random, bill: Bill, left: int, due: date, pay_day: date) -> list[Settlement]:
    """How an invoice will be settled, whether or not that day has come."""
    if left <= 0:
        return []
    draw = rng.random()
    if draw < 0.02 and bill.fees > 50_000 and left == bill.total:
        net = half_up(bill.fees * rng.randrange(5, 25), 10_000) * 100
        gross = net + share_of(net, bill.tax)
        noted = next_business_day(max(bill.day + timedelta(days=9), pay_day - timedelta(days=12)))
        noted = noted if noted.day > 8 else next_business_day(noted.replace(day=9))
        paid = max(pay_day, noted + ONE_DAY)
        return [Settlement(noted, "credit", gross), Settlement(paid, "payment", left - gross)]
    if draw < 0.08:
        part = left * rng.randrange(40, 85) // 10_000 * 100
        rest = next_business_day(pay_day + timedelta(days=rng.randrange(25, 75)))
        return [
            Settlement(day, "payment", amount)
            for day, amount in ((pay_day, part), (rest, left - part))
            if amount
        ]
    if draw < 0.115:
        given_up = due + timedelta(days=rng.randrange(110, 320))
        return [Settlement(next_business_day(given_up), "writeoff", left)]
    return [Settlement(pay_day, "payment", left)]
