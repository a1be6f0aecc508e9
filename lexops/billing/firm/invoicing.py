"""The monthly billing run, and what becomes of each invoice: sent, reminded, paid, credited, written off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from lexops.billing.exact import half_up
from lexops.billing.firm import work
from lexops.billing.firm.audit import Audit
from lexops.billing.firm.bills import Bill, tax_rate, write
from lexops.billing.firm.fate import Settlement, fate
from lexops.billing.firm.load import Batch, Row
from lexops.billing.firm.model import Client, Matter, Plan
from lexops.billing.firm.office import (
    ONE_DAY,
    business_days_later,
    month_end,
    month_index,
    next_business_day,
)
from lexops.billing.firm.portal import Portal
from lexops.billing.firm.trust import TrustLedger
from lexops.billing.firm.work import Entry, Month


@dataclass
class Receipt:
    """One payment for one or more invoices."""

    day: date
    client: Client
    parts: list[tuple[int, int]] = field(default_factory=list)
    """Invoices, and cents for each."""
    trust_txn: int | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note that is still to be written; net amount in cents."""

    day: date
    bill: Bill
    net: int


@dataclass(frozen=True, slots=True)
class WriteOff:
    """The rest of an invoice that will not be paid."""

    day: date
    bill: Bill
    amount: int


@dataclass
class Books:
    """The receivables of the firm, month after month."""

    plan: Plan
    rng: Random
    trust: TrustLedger
    audit: Audit
    portal: Portal
    numbers: Counter[str] = field(default_factory=Counter)
    """The last number given out, by entity."""
    held: dict[int, tuple[list[Entry], list[Entry]]] = field(default_factory=dict)
    """Work and expenses of contingency cases not yet decided, by matter."""
    billed: Counter[int] = field(default_factory=Counter)
    """Fees so far, in cents by matter."""
    receivable: Counter[str] = field(default_factory=Counter)
    """What is open today, in cents by currency."""
    coming: list[Receipt | Credit | WriteOff] = field(default_factory=list)
    out: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """Rows ready to be written."""

    def flush(self) -> Iterator[Batch]:
        """What is ready, once."""
        ready, self.out = self.out, defaultdict(list)
        yield from ready.items()

    def run(self, month: Month, day: date, matters: Mapping[int, Matter]) -> None:
        """Bill the month on `day`; its entries and expenses become final."""
        time: dict[int, list[Entry]] = defaultdict(list)
        costs: dict[int, list[Entry]] = defaultdict(list)
        for entry in month.entries:
            time[entry[work.MATTER_ID]].append(entry)
        for expense in month.expenses:
            costs[expense[1]].append(expense)
        before = self.numbers["bills"]
        receipts: dict[tuple[int, date], Receipt] = {}
        pay_days: dict[int, date] = {}
        for id in sorted(time.keys() | costs.keys() | self.held.keys()):
            self._bill(matters[id], month, day, time[id], costs[id], receipts, pay_days)
        self.coming += receipts.values()
        made = self.numbers["bills"] - before
        self._add(
            "billing_run", day.isoformat(), f"{day} 05:00:00", f"{day} 05:{4 + made % 50:02d}:00", "ok", made
        )

    def _add(self, entity: str, *values: object) -> int:
        """A row with the entity's next number in front."""
        self.numbers[entity] += 1
        self.out[entity].append((self.numbers[entity], *values))
        return self.numbers[entity]

    def _bill(
        self,
        matter: Matter,
        month: Month,
        day: date,
        time: list[Entry],
        costs: list[Entry],
        receipts: dict[tuple[int, date], Receipt],
        pay_days: dict[int, date],
    ) -> None:
        work_due = [entry for entry in time if entry[work.BILLABLE] and entry[work.STATUS] != "written_off"]
        decided = {id(entry) for entry in work_due}
        self.out["time_entry"] += [entry for entry in time if id(entry) not in decided]
        first = month.first
        if matter.fee_type == "contingency":
            held_time, held_costs = self.held.pop(matter.id, ([], []))
            work_due, costs = held_time + work_due, held_costs + costs
            if month_index(matter.until) > month_index(month.first):
                self.held[matter.id] = (work_due, costs)
                return
            first = matter.opened
            if matter.recovery is None:
                self._write_off(work_due, costs, "No recovery")
                return
        elif matter.fee_type == "capped" and self.billed[matter.id] >= (matter.fee_cap or 0):
            self._write_off(work_due, [], "Fee cap reached")
            work_due = []
        if work_due or costs:
            self._issue(matter, (first, month_end(month.first)), day, work_due, costs, receipts, pay_days)

    def _write_off(self, time: list[Entry], costs: list[Entry], reason: str) -> None:
        for entry in time:
            entry[work.STATUS], entry[work.REASON] = "written_off", reason
        for cost in costs:
            cost[10] = "written_off"
        self.out["time_entry"] += time
        self.out["expense"] += costs

    def _issue(
        self,
        matter: Matter,
        period: tuple[date, date],
        day: date,
        time: list[Entry],
        costs: list[Entry],
        receipts: dict[tuple[int, date], Receipt],
        pay_days: dict[int, date],
    ) -> None:
        bill = self._new_bill(matter, day, period)
        write(bill, self.rng, time, costs, self.billed[matter.id])
        self.numbers["bills"] += 1
        self.billed[matter.id] += bill.fees
        for entry in time:
            entry[work.STATUS] = "billed"
            if entry[work.APPROVED_BY] is None:
                entry[work.APPROVED_BY], entry[work.APPROVED_ON] = matter.lead.id, day.isoformat()
        for cost in costs:
            cost[10] = "billed"
        self.out["time_entry"] += time
        self.out["expense"] += costs
        sent = business_days_later(day, 1)
        due = day + timedelta(days=bill.payer.terms)
        if bill.payer.id not in pay_days:
            late = bill.payer.pace + round(self.rng.gauss(0, 6))
            pay_days[bill.payer.id] = next_business_day(max(sent + ONE_DAY * 2, due + timedelta(days=late)))
        trust = self._from_trust(bill, sent)
        left = bill.total - sum(part.amount for part in trust)
        ends = fate(self.rng, bill, left, due, pay_days[bill.payer.id])
        self._expect(bill, ends, receipts)
        self._write(bill, due, sent, [*trust, *(part for part in ends if part.day <= self.plan.today)])
        self._remind(bill, due, [*trust, *ends])

    def _new_bill(self, matter: Matter, day: date, period: tuple[date, date]) -> Bill:
        self.numbers["invoice"] += 1
        return Bill(
            self.numbers["invoice"],
            matter,
            matter.payer,
            day,
            period,
            self.numbers["invoice_line"] + 1,
            tax_rate(matter.payer, day),
        )

    def _from_trust(self, bill: Bill, sent: date) -> list[Settlement]:
        """What the client's money in trust pays, a few days after the bill."""
        matter, day = bill.matter, business_days_later(sent, 3)
        amount = min(self.trust.held[matter.id], bill.total) if matter.payer is matter.client else 0
        txn = self.trust.move(day, matter, "fee_transfer", -amount, bill.id)
        if txn is None:
            return []
        self.coming.append(Receipt(day, matter.client, [(bill.id, amount)], txn))
        return [Settlement(day, "payment", amount)]

    def _expect(self, bill: Bill, ends: list[Settlement], receipts: dict[tuple[int, date], Receipt]) -> None:
        """Note what will happen; a client pays all bills that fall on one day with one payment."""
        for part in ends:
            if part.day > self.plan.today:
                continue
            if part.kind == "credit":
                net = half_up(part.amount * 1_000_000, 1_000_000 + bill.tax)
                self.coming.append(Credit(part.day, bill, net))
            elif part.kind == "writeoff":
                self.coming.append(WriteOff(part.day, bill, part.amount))
            else:
                key = (bill.payer.id, part.day)
                receipt = receipts.setdefault(key, Receipt(part.day, bill.payer))
                receipt.parts.append((bill.id, part.amount))

    def _write(self, bill: Bill, due: date, sent: date, settled: list[Settlement]) -> None:
        """The invoice as it stands today, with all that goes out with it."""
        today = self.plan.today
        total = bill.total
        sums = Counter[str]()
        for part in settled:
            sums[part.kind] += part.amount
        balance = total - sums.total()
        is_sent = sent <= today
        status = "paid" if balance == 0 else "part_paid" if sums.total() else "sent" if is_sent else "final"
        version = self._versions(bill, total)
        self._put(
            bill,
            "invoice",
            None,
            due,
            status,
            total,
            (sums["payment"], sums["credit"], sums["writeoff"], balance),
            f"{sent} 09:00:00" if is_sent else None,
            version,
        )
        self.receivable[bill.matter.currency] += balance
        if is_sent:
            self.audit.note(f"{sent} 09:00:00", self.plan.clerks[1].id, "send", "invoice", bill.id)
            self.out["portal_access"] += self.portal.visits(bill.id, bill.matter, sent)
        if bill.payer.ebilling and is_sent:
            answered = min(sent + ONE_DAY * 2, today)
            self._add(
                "ledes_export",
                bill.id,
                "LEDES1998B",
                sent.isoformat(),
                len(bill.lines),
                total,
                "accepted" if answered < today else "submitted",
                answered.isoformat(),
            )

    def _versions(self, bill: Bill, total: int) -> int:
        """The proforma, sometimes corrected before it became final."""
        clerk = self.plan.clerks[1].id
        if self.rng.random() > 0.12:
            self.out["invoice_version"].append((bill.id, 1, total, f"{bill.day} 05:10:00", clerk))
            return 1
        before = total + self.rng.randrange(50, 900) * 100
        self.out["invoice_version"].append((bill.id, 1, before, f"{bill.day} 05:10:00", clerk))
        self.out["invoice_version"].append((bill.id, 2, total, f"{bill.day} 11:20:00", bill.matter.lead.id))
        return 2

    def _put(
        self,
        bill: Bill,
        kind: str,
        original: int | None,
        due: date,
        status: str,
        total: int,
        settled: tuple[int, int, int, int],
        sent: str | None,
        version: int,
    ) -> None:
        """The rows of an invoice or credit note; `settled` is paid, credited, written off and still open."""
        self.numbers["seq"] += 1
        self.numbers["invoice_line"] += len(bill.lines)
        self.out["invoice_line"] += bill.lines
        finalised = f"{bill.day} 14:30:00"
        clerk, payer, matter = self.plan.clerks[1].id, bill.payer, bill.matter
        self.audit.note(finalised, clerk, "finalise", "invoice", bill.id)
        self.out["invoice"].append(
            (
                bill.id,
                f"INV-{bill.day.year}-{self.numbers['seq']:06d}",
                self.numbers["seq"],
                payer.id,
                matter.id,
                kind,
                original,
                bill.day.isoformat(),
                due.isoformat(),
                bill.period[0].isoformat(),
                bill.period[1].isoformat(),
                status,
                matter.currency,
                "line",
                bill.fees,
                bill.expenses,
                bill.reduced,
                bill.taxes,
                total,
                *settled,
                settled[3] if payer.portal else None,
                finalised,
                clerk,
                matter.lead.id,
                sent,
                finalised,
                version,
            )
        )

    def _remind(self, bill: Bill, due: date, settled: list[Settlement]) -> None:
        """Reminders a day and a month after the due date, while something is open."""
        for kind, day in (("overdue_1", due + ONE_DAY), ("overdue_2", due + ONE_DAY * 30)):
            paid = sum(part.amount for part in settled if part.day <= day)
            if day <= self.plan.today and paid < bill.total:
                self._add("notice", bill.id, kind, day.isoformat(), "sent")

    def settle(self, until: date) -> None:
        """Everything that is settled up to a day: payments, credit notes, write-offs."""
        ready = sorted((item for item in self.coming if item.day <= until), key=lambda item: item.day)
        self.coming = [item for item in self.coming if item.day > until]
        for item in ready:
            if isinstance(item, Receipt):
                self._receive(item)
            elif isinstance(item, Credit):
                self._credit(item)
            else:
                self._add(
                    "allocation",
                    None,
                    item.bill.id,
                    item.amount,
                    item.day.isoformat(),
                    "writeoff",
                    item.bill.matter.lead.id,
                )

    def _receive(self, receipt: Receipt) -> None:
        day = receipt.day.isoformat()
        amount = sum(part for _, part in receipt.parts)
        if receipt.trust_txn is None and self.rng.random() < 0.004:
            self._payment(receipt, day, amount, "reversed")
        payment = self._payment(receipt, day, amount, "posted")
        for invoice, part in receipt.parts:
            self._add("allocation", payment, invoice, part, day, "payment", None)
        self.audit.note(f"{day} 16:00:00", self.plan.clerks[0].id, "post", "payment", payment)

    def _payment(self, receipt: Receipt, day: str, amount: int, status: str) -> int:
        number = self.numbers["payment"] + 1
        method = "trust transfer" if receipt.trust_txn else self.rng.choice(_METHODS[receipt.client.kind])
        return self._add(
            "payment",
            receipt.client.id,
            day,
            amount,
            receipt.client.currency,
            method,
            f"{method[:3].upper()}-{number:07d}",
            status,
            "trust" if receipt.trust_txn else "bank",
            receipt.trust_txn,
        )

    def _credit(self, credit: Credit) -> None:
        original = credit.bill
        bill = self._new_bill(original.matter, credit.day, original.period)
        bill.tax = original.tax
        bill.reduce(credit.net, "Credit as agreed")
        total = bill.total
        clerk = self.plan.clerks[1].id
        self.out["invoice_version"].append((bill.id, 1, total, f"{bill.day} 10:00:00", clerk))
        due = bill.day + timedelta(days=bill.payer.terms)
        sent = f"{bill.day} 15:00:00"
        self._put(bill, "credit_note", original.id, due, "paid", total, (0, total, 0, 0), sent, 1)
        self._add(
            "allocation", None, original.id, -total, bill.day.isoformat(), "credit", bill.matter.lead.id
        )


_METHODS = {
    "company": ("wire", "ACH", "wire", "check"),
    "public": ("ACH", "check"),
    "person": ("card", "check", "ACH"),
}
