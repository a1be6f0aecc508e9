"""Clients' money: deposits, fee transfers, refunds, bank statements and monthly reconciliations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from lexops.billing.firm.load import Batch, Row
from lexops.billing.firm.model import Matter, Plan
from lexops.billing.firm.names import FIRM
from lexops.billing.firm.office import business_days_later, month_end, next_business_day

ACCOUNTS = {
    "USD": (1, "IOLTA account, New York", "IOLTA"),
    "EUR": (2, "Client account, Dublin", "client"),
}
FLOAT = 20_000
"""The firm's own money kept there for bank fees, in cents."""


@dataclass
class TrustLedger:
    """Every client ledger, kept up to date while months go by; nothing happens after the plan's day."""

    plan: Plan
    rng: Random
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Cents by matter."""
    book: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    cleared: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Cents by account: booked, and arrived at the bank."""
    in_transit: list[tuple[date, int, int]] = field(default_factory=list)
    later: list[tuple[date, Row]] = field(default_factory=list)
    """Booked on a day of a month that has not come yet."""
    last: int = 0

    def receive(self, matter: Matter, first: date) -> None:
        """What comes in for a matter in the month that starts on `first`, apart from top-ups."""
        if matter.retainer and first <= matter.opened <= month_end(first):
            day = next_business_day(matter.opened + timedelta(days=self.rng.randrange(1, 4)))
            self.move(day, matter, "deposit", matter.retainer)
        if matter.recovery and matter.settled and first <= matter.settled <= month_end(first):
            self.move(next_business_day(matter.settled), matter, "deposit", matter.recovery)

    def top_up(self, matter: Matter, first: date) -> None:
        """An evergreen retainer is filled up in the middle of the month, after the bill was paid from it."""
        day = next_business_day(first.replace(day=15))
        if matter.fee_type == "retainer" and matter.until > day > matter.opened + timedelta(days=9):
            self.move(day, matter, "deposit", max(0, matter.retainer - self.held[matter.id]))

    def pay_out(self, day: date, matter: Matter) -> None:
        """What is left when the last bill is paid goes to the client."""
        self.move(day, matter, "refund", -self.held[matter.id])

    def move(
        self, day: date, matter: Matter, kind: str, amount: int, invoice: int | None = None
    ) -> int | None:
        """Book money in or out; the number of the transaction, or None when the day is still to come."""
        if day > self.plan.today or amount == 0:
            return None
        self.last += 1
        self.held[matter.id] += amount
        self._book(day, matter, kind, amount, invoice)
        return self.last

    def _book(self, day: date, matter: Matter | None, kind: str, amount: int, invoice: int | None) -> None:
        account = ACCOUNTS[matter.currency][0] if matter else self.last
        wait = {"deposit": self.rng.randrange(1, 4), "refund": self.rng.randrange(2, 9)}.get(kind, 1)
        arrives = business_days_later(day, wait)
        entered, approved = self.plan.clerks[0].id, matter.lead.id if matter else None
        payee = FIRM if kind == "fee_transfer" else matter.client.name if matter and amount < 0 else None
        row = (
            self.last,
            account,
            matter.client.id if matter else None,
            matter.id if matter else None,
            day.isoformat(),
            kind,
            amount,
            invoice,
            payee,
            f"{'DEP' if amount > 0 else 'TRF' if kind == 'fee_transfer' else 'CHQ'}-{self.last:06d}",
            arrives.isoformat() if arrives <= self.plan.today else None,
            entered,
            approved,
        )
        self.later.append((day, row))
        self.in_transit.append((arrives, account, amount))

    def begin(self) -> None:
        """The firm's float in each account."""
        for account, _, _ in ACCOUNTS.values():
            self.last = account
            self._book(self.plan.start, None, "firm_float", FLOAT, None)

    def close_month(self, first: date) -> Iterator[Batch]:
        """The month's transactions and, once the month is over, bank statements and reconciliations."""
        end = month_end(first)
        due = sorted((entry for entry in self.later if entry[0] <= end), key=lambda entry: entry[1][0])
        self.later = [entry for entry in self.later if entry[0] > end]
        yield "trust_txn", [row for _, row in due]
        for _, row in due:
            self.book[row[1]] += row[6]
        for day, account, amount in self.in_transit:
            if day <= end:
                self.cleared[account] += amount
        self.in_transit = [item for item in self.in_transit if item[0] > end]
        if business_days_later(end, 2) > self.plan.today:
            return
        accounts = [account for account, _, _ in ACCOUNTS.values()]
        yield "trust_statement", [(id, end.isoformat(), self.cleared[id]) for id in accounts]
        done = business_days_later(end, self.rng.randrange(5, 9))
        if done <= self.plan.today:
            reviewer = self.plan.timekeepers[0].id
            yield (
                "trust_recon",
                [
                    (
                        id,
                        end.isoformat(),
                        self.book[id],
                        self.book[id],
                        self.book[id],
                        done.isoformat(),
                        reviewer,
                    )
                    for id in accounts
                ],
            )
