"""How one bill is written: which lines, at what price, with which tax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from lexops.billing.exact import half_up, share_of
from lexops.billing.firm import work
from lexops.billing.firm.load import Row
from lexops.billing.firm.model import Client, Matter
from lexops.billing.firm.narratives import MAIN_TASK
from lexops.billing.firm.office import month_index
from lexops.billing.firm.work import Entry
from lexops.billing.model import TEN_THOUSAND

TAX_RATES = (
    ("ZERO", 0, date(2000, 1, 1), None),
    ("IE-STD", 230_000, date(2012, 1, 1), date(2020, 8, 31)),
    ("IE-STD", 210_000, date(2020, 9, 1), date(2021, 2, 28)),
    ("IE-STD", 230_000, date(2021, 3, 1), None),
)
"""Irish VAT, with its six months of 21 % (revenue.ie, historical VAT rates)."""

REDACTED = "Privileged: narrative withheld"


def tax_rate(client: Client, day: date) -> int:
    """The share of tax that a client is charged on a day, in millionths."""
    code = "IE-STD" if client.taxed else "ZERO"
    return next(
        rate
        for known, rate, first, last in TAX_RATES
        if known == code and first <= day and (last is None or day <= last)
    )


@dataclass
class Bill:
    """A bill while it is written. Money in cents."""

    id: int
    matter: Matter
    payer: Client
    day: date
    period: tuple[date, date]
    """First and last day of the work it covers."""
    first_line: int
    """The number that its first line gets."""
    tax: int = 0
    lines: list[Row] = field(default_factory=list)
    fees: int = 0
    """Net of reductions."""
    expenses: int = 0
    reduced: int = 0
    taxes: int = 0

    @property
    def total(self) -> int:
        return self.fees + self.expenses + self.taxes

    def time(self, entry: Entry, adjustment: int) -> None:
        """Recorded work at its rate."""
        privileged = entry[work.PRIVILEGED]
        self._add(
            "F",
            entry[work.AMOUNT] + adjustment,
            entry=entry[work.ENTRY_ID],
            person=entry[work.TK_ID],
            day=entry[work.WORK_DATE],
            units=entry[work.HOURS],
            price=entry[work.RATE],
            adjustment=adjustment,
            codes=(entry[work.TASK], entry[work.ACTIVITY], None),
            text=REDACTED if privileged else entry[work.NARRATIVE],
        )

    def fixed(self, amount: int, text: str) -> None:
        """A fee that does not depend on hours."""
        task, activity = MAIN_TASK[self.matter.code_set]
        self._add(
            "F",
            amount,
            person=self.matter.lead.id,
            units=TEN_THOUSAND,
            price=amount,
            codes=(task, activity, None),
            text=text,
        )

    def expense(self, row: Entry) -> None:
        """A disbursement passed on."""
        self._add(
            "E",
            row[6],
            expense=row[0],
            person=row[2],
            day=row[3],
            units=row[4],
            price=row[5],
            codes=(None, None, row[8]),
            text=row[11],
        )

    def reduce(self, amount: int, text: str) -> None:
        """Less for the whole invoice."""
        if amount:
            self.reduced += amount
            self._add("IF", -amount, units=TEN_THOUSAND, price=0, adjustment=-amount, text=text)

    def _add(
        self,
        kind: str,
        amount: int,
        *,
        units: int,
        price: int,
        text: str,
        entry: int | None = None,
        expense: int | None = None,
        person: int | None = None,
        day: str | None = None,
        adjustment: int = 0,
        codes: tuple[str | None, str | None, str | None] = (None, None, None),
    ) -> None:
        tax = share_of(amount, self.tax)
        number = len(self.lines)
        self.lines.append(
            (
                self.first_line + number,
                self.id,
                number + 1,
                kind,
                self.matter.id,
                entry,
                expense,
                person,
                day or self.period[1].isoformat(),
                units,
                price,
                adjustment,
                amount,
                self.tax,
                tax,
                *codes,
                text,
            )
        )
        self.taxes += tax
        if kind == "E":
            self.expenses += amount
        else:
            self.fees += amount


def write(
    bill: Bill, rng: Random, entries: Sequence[Entry], expenses: Sequence[Entry], billed_before: int
) -> None:
    """Fill a bill by the fee arrangement of its matter; `billed_before` are the fees of earlier bills."""
    matter = bill.matter
    for entry in entries:
        bill.time(entry, _adjustment(rng, matter, entry))
    if matter.fee_type == "flat":
        bill.fixed(instalment(matter, bill.day, billed_before), "Fixed fee, instalment as agreed")
    elif matter.fee_type == "contingency" and matter.contingency and matter.recovery:
        bill.fixed(share_of(matter.recovery, matter.contingency), "Contingent fee on recovery")
    elif matter.fee_type == "capped" and matter.fee_cap is not None:
        bill.reduce(max(0, billed_before + bill.fees - matter.fee_cap), "Reduction to agreed fee cap")
    elif bill.payer.discount:
        bill.reduce(share_of(bill.fees, bill.payer.discount), "Discount as agreed")
    for expense in expenses:
        bill.expense(expense)


def instalment(matter: Matter, day: date, billed_before: int) -> int:
    """An equal part of what is left of a fixed fee; all of it with the last bill."""
    left = (matter.flat_fee or 0) - billed_before
    bills_to_come = month_index(matter.until) + 1 - month_index(day)
    return left if bills_to_come <= 0 else left // (bills_to_come + 1) // 100 * 100


def _adjustment(rng: Random, matter: Matter, entry: Entry) -> int:
    """Shown but not charged where the fee does not depend on hours; else now and then a courtesy."""
    amount: int = entry[work.AMOUNT]
    if matter.fee_type in ("flat", "contingency"):
        return -amount
    return -half_up(amount * rng.randrange(10, 50), 100) if rng.random() < 0.06 else 0
