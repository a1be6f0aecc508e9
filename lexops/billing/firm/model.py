"""Who and what the demo firm is made of: people, clients, engagements, and how many of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lexops.billing.firm.office import add_months, month_end


class Size(StrEnum):
    """How much history the firm has: about 20,000, 500,000 or 5,000,000 time entries."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Scale:
    """The figures of a size."""

    timekeepers: int
    months: int
    clients: int
    entries: int
    """About how many time entries come out; for progress only."""


SCALES = {
    Size.SMALL: Scale(timekeepers=9, months=24, clients=45, entries=20_000),
    Size.MEDIUM: Scale(timekeepers=100, months=54, clients=700, entries=500_000),
    Size.LARGE: Scale(timekeepers=650, months=84, clients=6_000, entries=5_000_000),
}


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Who records time. `base` is the standard hourly rate in USD cents in the first year."""

    id: int
    number: str
    name: str
    classification: str
    email: str
    started: date
    ended: date | None
    base: int
    day_hours: float
    """Recorded on an ordinary day."""
    clocks: bool
    """Works with a timer, so entries carry start and end."""
    uses_case_app: bool
    """Records in the case-management system, from where time is synchronised."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who is billed."""

    id: int
    number: str
    name: str
    kind: str
    """company, person or public"""
    domain: str
    currency: str
    terms: int
    taxed: bool
    """Irish VAT is charged; services to US clients carry none."""
    ebilling: bool
    portal: bool
    card: int
    """The client's rate card in percent of the standard rates; 100 is none."""
    cap: int | None
    """Highest hourly rate the client accepts, in cents."""
    discount: int
    """Share of the fees (millionths)."""
    pace: int
    """Days after the due date on which the client usually pays; negative is early."""
    created: date


@dataclass(frozen=True, slots=True)
class Matter:
    """One engagement. Money in cents, shares in millionths."""

    id: int
    number: str
    client: Client
    payer: Client
    name: str
    practice: str
    code_set: str
    fee_type: str
    lead: Timekeeper
    team: tuple[Timekeeper, ...]
    opened: date
    until: date
    """The last day on which work is done."""
    flat_fee: int | None = None
    fee_cap: int | None = None
    blended_rate: int | None = None
    contingency: int | None = None
    recovery: int | None = None
    """What a contingency case brings on `settled`; None when it is lost."""
    settled: date | None = None
    retainer: int = 0
    """Money held in trust at the start; an evergreen retainer is filled up to it."""
    special_rate: int | None = None
    """The lead's rate agreed for this matter alone."""
    budget: int | None = None
    walled: bool = False

    @property
    def currency(self) -> str:
        return self.client.currency

    @property
    def closes(self) -> date:
        """The file is closed a month after the last work, when the final bill is out."""
        return month_end(add_months(self.until, 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole firm at one seed and one day."""

    size: Size
    seed: int
    today: date
    start: date
    """First day with work."""
    timekeepers: tuple[Timekeeper, ...]
    clerks: tuple[Timekeeper, ...]
    """Two in the billing office; they record no time. The first enters, the second finalises."""
    clients: tuple[Client, ...]
    matters: tuple[Matter, ...]
    closed: Mapping[int, date]
    """Clients who left, by id, with the day."""

    @property
    def scale(self) -> Scale:
        return SCALES[self.size]
