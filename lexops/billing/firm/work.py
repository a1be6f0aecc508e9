"""The work of a month: what every timekeeper records, day by day, and what is paid out for clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from lexops.billing.exact import priced
from lexops.billing.firm.load import Row
from lexops.billing.firm.model import Matter, Plan, Timekeeper
from lexops.billing.firm.narratives import EXPENSES, phrases
from lexops.billing.firm.office import ONE_DAY, absence, is_late_in_month, month_days
from lexops.billing.firm.rates import agreed_rate
from lexops.billing.model import TEN_THOUSAND

TENTH = TEN_THOUSAND // 10
"""Six minutes, the billing increment."""

Entry = list[Any]
"""A row of `time_entry` whose status may still change; the positions are below."""
ENTRY_ID, MATTER_ID, TK_ID, WORK_DATE = 0, 1, 2, 3
HOURS, RATE, AMOUNT, BILLABLE, STATUS, NARRATIVE, PRIVILEGED = 7, 8, 9, 11, 12, 13, 14
TASK, ACTIVITY, APPROVED_BY, APPROVED_ON, REASON = 15, 16, 17, 18, 20

WRITEOFF_REASONS = ("Training of junior", "Duplicate effort", "Client guideline", "Courtesy")


@dataclass
class Month:
    """What happened in one month."""

    first: date
    entries: list[Entry] = field(default_factory=list)
    expenses: list[Entry] = field(default_factory=list)
    case_times: list[Row] = field(default_factory=list)


@dataclass
class Desk:
    """Records the work of the firm, month after month, with running numbers."""

    plan: Plan
    rng: Random
    last_entry: int = 0
    last_expense: int = 0

    def month(self, first: date, matters: Sequence[Matter]) -> Month:
        """Everything recorded in the month that starts on `first`, on the engagements then running."""
        month = Month(first)
        years = first.year - self.plan.start.year
        files: dict[int, list[tuple[Matter, int]]] = {person.id: [] for person in self.plan.timekeepers}
        for matter in matters:
            for person in matter.team:
                files[person.id].append((matter, agreed_rate(matter, person, years)))
        for day in month_days(first, self.plan.today):
            away, stamps = absence(day), _Stamps(day, self.plan.today)
            week = day.isocalendar().week
            for person in self.plan.timekeepers:
                if files[person.id] and not self._is_away(person, day, week, away):
                    self._day(month, person, files[person.id], day, stamps)
        for matter in matters:
            self._spend(month, matter)
        return month

    def _is_away(self, person: Timekeeper, day: date, week: int, away: float) -> bool:
        if day < person.started or (person.ended is not None and day > person.ended):
            return True
        if day.weekday() >= 5:
            return self.rng.random() < away
        # Leave is taken by the week, so the same draw holds from Monday to Friday.
        draw = (person.id * 7919 + week * 104_729 + day.year * 1_299_709) % 10_007
        return draw < away * 10_007

    def _day(
        self,
        month: Month,
        person: Timekeeper,
        files: list[tuple[Matter, int]],
        day: date,
        stamps: _Stamps,
    ) -> None:
        rnd = self.rng.random
        usual = person.day_hours * (1.09 if is_late_in_month(day) else 1.0)
        hours = usual * 0.35 if day.weekday() >= 5 else usual + self.rng.gauss(0, 0.9)
        left = max(5, min(115, int(hours * 10)))
        count = min(len(files), max(1, round(left / 13.2 + rnd() * 1.6 - 0.6)))
        start = int(rnd() ** 1.4 * len(files))
        minute = 510 + int(rnd() * 45)
        for i in range(count, 0, -1):
            matter, rate = files[(start + i) % len(files)]
            tenths = left if i == 1 else max(1, int(left / i * (0.45 + rnd() * 1.1)))
            tenths = min(tenths, 80, left - i + 1)
            left -= tenths
            if tenths > 0 and matter.opened <= day <= matter.until:
                self._entry(month, person, matter, rate, tenths, minute, stamps)
            minute += tenths * 6 + 7

    def _entry(
        self,
        month: Month,
        person: Timekeeper,
        matter: Matter,
        rate: int,
        tenths: int,
        minute: int,
        stamps: _Stamps,
    ) -> None:
        rnd = self.rng.random
        self.last_entry += 1
        id = self.last_entry
        hours = tenths * TENTH
        billable = 0 if matter.fee_type == "probono" or rnd() < 0.03 else 1
        written_off = billable and rnd() < 0.035
        choice = phrases(matter.code_set)
        task, activity, narrative = choice[int(rnd() * len(choice))]
        delay = int(rnd() * 1.5)
        ext_id = f"CT-{id:08d}" if person.uses_case_app else None
        clocked = person.clocks and minute + tenths * 6 < 1380
        month.entries.append(
            [
                id,
                matter.id,
                person.id,
                stamps.day,
                stamps.created[delay],
                stamps.at(minute) if clocked else None,
                stamps.at(minute + tenths * 6 - int(rnd() * 6)) if clocked else None,
                hours,
                rate,
                priced(hours, rate) if billable else 0,
                matter.currency,
                billable,
                "written_off" if written_off else stamps.status,
                narrative,
                1 if rnd() < 0.012 else 0,
                task,
                activity,
                matter.lead.id if stamps.status == "approved" else None,
                stamps.created[1] if stamps.status == "approved" else None,
                stamps.created[delay] + " 08:40:00",
                WRITEOFF_REASONS[int(rnd() * len(WRITEOFF_REASONS))] if written_off else None,
                ext_id,
            ]
        )
        if ext_id:
            month.case_times.append(
                (
                    ext_id,
                    f"CASE-{matter.id:06d}",
                    person.number,
                    stamps.day,
                    hours,
                    stamps.created[delay] + " 08:10:00",
                    0,
                )
            )

    def _spend(self, month: Month, matter: Matter) -> None:
        days = month_days(month.first, min(matter.until, self.plan.today))
        days = [day for day in days if day >= matter.opened and day.weekday() < 5]
        if not days or matter.fee_type == "probono" or self.rng.random() > 0.3:
            return
        for _ in range(self.rng.randint(1, 3)):
            self.last_expense += 1
            code, text, cost, fewest, most = self.rng.choice(EXPENSES[matter.code_set])
            pieces = int(fewest + self.rng.random() ** 2 * (most - fewest))
            quantity = pieces * TEN_THOUSAND
            month.expenses.append(
                [
                    self.last_expense,
                    matter.id,
                    matter.team[-1].id,
                    self.rng.choice(days).isoformat(),
                    quantity,
                    cost,
                    priced(quantity, cost),
                    matter.currency,
                    code,
                    f"R-{self.last_expense:07d}",
                    "approved",
                    text,
                ]
            )


class _Stamps:
    """The texts of one day that many rows share."""

    def __init__(self, day: date, today: date) -> None:
        self.day = day.isoformat()
        next_day = min(day + ONE_DAY, today).isoformat()
        self.created = (self.day, next_day)
        age = (today - day).days
        self.status = "draft" if age < 2 else "submitted" if age < 6 else "approved"

    def at(self, minute: int) -> str:
        """The moment `minute` minutes after midnight."""
        return f"{self.day} {minute // 60:02d}:{minute % 60:02d}:00"
