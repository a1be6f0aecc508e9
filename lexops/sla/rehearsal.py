"""A year of tickets of a made-up firm, to look around in and to test with: the same seed, the same year.

Clients with promises of their own, busy month ends, quiet nights, waiting, questions, tickets that come back
or were none, one bad month. Tickets are written as people's acts would write them, in the order of time, and
what went wrong is decided by the promises themselves: somebody answers after a share of the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from lexops.calendars import public_holidays
from lexops.calendars import store as calendars
from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.checks.model import Status
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.incidents.store import LEXOPS
from lexops.sla import keeping, store
from lexops.sla.clock import deadline
from lexops.sla.model import Book, ClockKind, ClockState, Facts, Pause, Policy
from lexops.sla.notation import budgets
from lexops.sla.report import Month
from lexops.sla.tables import clock_table
from lexops.sla.view import Responsibility
from lexops.store.database import Store

SITE_TABLES = """
[providers.nordhost]
title = "Nordhost Managed Databases Ltd"
contract = "NH-2025-117"
scope = "hosting of the billing databases, restores within four hours"
experience = "ISO 27001 since 2019; eleven law firms"
calendar = "always"

[providers.ledgersoft]
title = "Ledgersoft Support"
contract = "LS-4471 § 6"
scope = "third-level support of the billing application"
experience = "makers of the application"
calendar = "london"
"""
"""The providers of the year, for the site's lexops.toml."""
LONDON, ZURICH, LONG = "london", "zurich", "long-day"
PEOPLE = ("ana", "bo", "sam")
BAD = 4
"""The month before last but two of the year in which too few people were there."""

Act = Callable[[Connection, int], object]
"""Something that is done to the ticket with a number."""


@dataclass(slots=True)
class _Plan:
    """One ticket to come."""

    opened: int
    title: str
    severity: Status
    facts: dict[str, str]
    acts: list[tuple[int, Act]] = field(default_factory=list)


def record_year(
    connection: Connection, file: SiteFile, until: datetime, tickets: int = 2_000, seed: int = 20
) -> int:
    """Write a year that ends at a moment into an empty store, with its promises; answers how many tickets.

    The providers of :data:`SITE_TABLES` have to be in the site's file for reports of them.
    """
    random, zone = Random(seed), ZoneInfo("Europe/London")
    first = Month.of(until, zone).plus(-12).start(zone)
    promise(connection, first)
    book = store.book(connection)
    openings = sorted(_openings(random, first, until, zone, tickets))
    bad = Month.of(until, zone).plus(-BAD)
    plans = [_life(random, book, at, Month.of(moment(at), zone) == bad) for at in openings]
    _act(connection, plans, seconds(until), seed)
    while keeping.refresh(connection, file, until):
        pass
    _account(connection, random, until)
    return len(plans)


def rehearse(database: Store, file: SiteFile, until: datetime, tickets: int = 2_000, seed: int = 20) -> int:
    """The same in a transaction of its own. Raises StoreError."""
    with database.begin() as connection:
        return record_year(connection, file, until, tickets, seed)


# What is promised.


def promise(connection: Connection, since: datetime) -> None:
    """Enter the calendars and policies of the firm."""
    years = range(since.year, since.year + 3)
    england = public_holidays.days(public_holidays.region("GB", "ENG"), years)
    swiss = public_holidays.days(public_holidays.region("CH", "ZH"), years)
    for name, zone, hours, days in (
        (LONDON, "Europe/London", "mon-fri 08:00-18:00", england),
        (ZURICH, "Europe/Zurich", "mon-fri 07:30-12:00 13:00-18:00", swiss),
        (LONG, "Europe/London", "mon-fri 07:00-22:00; sat 09:00-13:00", england),
    ):
        period = Period(ZoneInfo(zone), parse_week(hours))
        calendar = Calendar(name, (period,), {day.date: day for day in days})
        calendars.add(connection, calendar, at=since, operator=LEXOPS, reason="the rehearsal's hours")
    for policy in _policies():
        store.add(connection, policy, at=since, operator=LEXOPS, reason="as in the contract")


def _policies() -> Iterator[Policy]:
    standard = (
        "P1 response 30m, resolution 4h, update 1h; P2 response 1h, resolution 8h, update 2h;"
        " P3 response 4h, resolution 24h, update 4h; P4 response 8h, resolution 40h, update 8h"
    )
    strict = (
        "P1 response 15m, resolution 4h, update 30m; P2 response 30m, resolution 8h, update 1h;"
        " P3 response 2h, resolution 16h, update 4h; P4 response 8h, resolution 40h"
    )
    watched = (
        "P1 response 15m, resolution 6h, update 1h; P2 response 1h, resolution 12h, update 2h;"
        " P3 response 8h, resolution 48h; P4 response 24h, resolution 120h"
    )
    yield Policy("standard", LONDON, budgets(standard), contract="general terms, § 9")
    yield Policy("halden", LONG, budgets(strict), Facts(client="HALDEN"), contract="HA-2024-11 § 4.2")
    yield Policy("kestrel", "always", budgets(watched), Facts(client="KESTREL"), contract="KB-0107, annex 3")
    yield Policy("orchard", ZURICH, budgets(standard), Facts(client="ORCHARD"), contract="OR-31 § 7")


# What happens.

_TITLES = {
    "billing": (
        "Invoice run stopped half way",
        "Rates of new timekeepers are missing",
        "Trust transfer posted twice",
        "LEDES file rejected by the client",
        "VAT is wrong on credit notes",
        "Time entries of the mobile application are missing",
    ),
    "portal": (
        "Clients cannot log in to the portal",
        "Statements in the portal are empty",
        "The portal is slow in the morning",
        "Upload of engagement letters fails",
    ),
    "infrastructure": (
        "Replication lags behind",
        "Disk of the billing database is nearly full",
        "Nightly backup has failed",
        "Certificate is about to expire",
        "Connections to the database run out",
    ),
}
_WAITING = ("for the client's approval", "for a statement of the client's bank", "for the matter's number")
_HOURS = (1, 1, 1, 1, 1, 1, 3, 8, 22, 34, 34, 28, 20, 24, 30, 28, 22, 14, 6, 3, 2, 2, 1, 1)
"""How many tickets come in each hour of a day, roughly."""


def _openings(random: Random, first: datetime, until: datetime, zone: ZoneInfo, count: int) -> Iterator[int]:
    begin = first.astimezone(zone).date()
    days = [begin + timedelta(days=number) for number in range((until.astimezone(zone).date() - begin).days)]
    weights = [_busy(day) for day in days]
    for day in random.choices(days, weights, k=count):
        hour = random.choices(range(24), _HOURS)[0] if day.weekday() < 5 else random.randrange(24)
        minute, second = random.randrange(60), random.randrange(60)
        yield seconds(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone))


def _busy(day: date) -> int:
    if day.weekday() >= 5:
        return 1
    return 25 if (day + timedelta(days=4)).month != day.month else 10


def _life(random: Random, book: Book, opened: int, is_bad: bool) -> _Plan:
    queue = random.choices(list(_TITLES), (5, 3, 4))[0]
    facts = {
        "priority": random.choices(("P1", "P2", "P3", "P4"), (5, 20, 55, 20))[0],
        "client": random.choices(("", "HALDEN", "KESTREL", "ORCHARD"), (5, 4, 2, 3))[0],
        "provider": random.choices(("", "nordhost", "ledgersoft"), (7, 2, 1))[0],
        "queue": queue,
    }
    severity = Status.CRITICAL if facts["priority"] in ("P1", "P2") else Status.WARNING
    plan = _Plan(opened, random.choice(_TITLES[queue]), severity, facts)
    if random.random() < 0.03:
        at = opened + random.randrange(60, 7_200)
        why = "no fault: a test of the client's"
        plan.acts.append((at, lambda c, n: incidents.cancel(c, n, moment(at), PEOPLE[0], why)))
        return plan
    _Life(random, book, plan, 0.16 if is_bad else 0.035).live()
    return plan


class _Life:
    """How one ticket goes."""

    def __init__(self, random: Random, book: Book, plan: _Plan, failing: float) -> None:
        self._random, self._plan, self._failing = random, plan, failing
        facts = Facts(**plan.facts)
        revision = book.policy(facts, moment(plan.opened), None)
        assert revision is not None
        self._budgets = revision.value.budgets[facts.priority]
        self._time: BusinessTime = book.time(revision.value.calendar, None)[0]
        self._who = random.choice(PEOPLE)

    def live(self) -> None:
        """Taken, perhaps asked about, perhaps waiting, resolved, perhaps back again."""
        opened, random, who = self._plan.opened, self._random, self._who
        taken = self._after(opened, ClockKind.RESPONSE)
        self._do(taken, lambda c, n: incidents.acknowledge(c, n, moment(taken), who))
        pauses = list(self._waits(taken)) if random.random() < 0.2 else []
        budget = max(1, int(self._budgets[ClockKind.RESOLUTION] * self._share()))
        due = deadline(self._time, opened, budget, pauses)
        assert due is not None
        resolved = max(due, taken + 60, *(pause.end + 60 for pause in pauses if pause.end is not None))
        if ClockKind.UPDATE in self._budgets and random.random() < 0.3:
            self._exchange(taken, resolved)
        self._resolve(resolved, "mended; the client was told")
        if random.random() < 0.03:
            back = resolved + random.randrange(3_600, 60 * 3_600)
            self._do(back, lambda c, n: incidents.reopen(c, n, moment(back), who, "it is back"))
            self._resolve(self._time.due(back, random.randrange(600, 5_400)), "now for good")

    def _share(self) -> float:
        """How much of a budget is used."""
        if self._random.random() < self._failing:
            return self._random.uniform(1.02, 2.5)
        return min(0.995, self._random.betavariate(2, 4))

    def _after(self, start: int, kind: ClockKind) -> int:
        return self._time.due(start, max(1, int(self._budgets[kind] * self._share())))

    def _waits(self, taken: int) -> Iterator[Pause]:
        random, who, why = self._random, self._who, self._random.choice(_WAITING)
        start = taken + random.randrange(60, 1_800)
        end = start + random.randrange(1_800, 30 * 3_600)
        self._do(start, lambda c, n: incidents.pause(c, n, moment(start), who, why, moment(start)))
        self._do(end, lambda c, n: incidents.resume(c, n, moment(end), who, "it came", moment(end)))
        yield Pause(start, end, why)

    def _exchange(self, taken: int, resolved: int) -> None:
        asked = taken + int((resolved - taken) * self._random.uniform(0.05, 0.8))
        answered = self._after(asked, ClockKind.UPDATE)
        self._tell(asked, EntryKind.ASKED, "when will it work again?")
        if answered < resolved:
            self._tell(answered, EntryKind.ANSWERED, "told what we know so far")

    def _tell(self, at: int, kind: EntryKind, words: str) -> None:
        who = self._who
        self._do(at, lambda c, n: incidents.tell(c, n, kind, moment(at), who, words, moment(at)))

    def _resolve(self, at: int, words: str) -> None:
        who = self._who
        self._do(at, lambda c, n: incidents.resolve(c, n, moment(at), who, words))

    def _do(self, at: int, act: Act) -> None:
        self._plan.acts.append((at, act))


def _act(connection: Connection, plans: list[_Plan], until: int, seed: int) -> None:
    """Do it all in the order of time; what would be later than the year's end has not happened."""
    numbers: dict[int, int] = {}
    steps = [
        (at, place, act)
        for place, plan in enumerate(plans)
        for at, act in ((plan.opened, None), *plan.acts)
        if at <= until
    ]
    for at, place, act in sorted(steps, key=lambda each: each[:2]):
        if act is not None:
            act(connection, numbers[place])
            continue
        plan = plans[place]
        key, opened = f"rehearsal/{seed}/{place}", moment(at).astimezone(UTC)
        numbers[place] = incidents.open_by_hand(
            connection, key, plan.title, plan.severity, opened, PEOPLE[2], None, **plan.facts
        )


_REASONS = {
    Responsibility.OURS: ("nobody with the rights was on duty", "taken for less urgent than it was"),
    Responsibility.CLIENT: ("access was granted too late", "the client's network was down"),
    Responsibility.VENDOR: ("the provider's engineer came late", "waited for a fixed release"),
}


def _account(connection: Connection, random: Random, until: datetime) -> None:
    """Say of most promises that were broken why."""
    columns = clock_table.c
    query = select(columns.incident, columns.kind, columns.round, columns.provider)
    late = query.where(columns.state.in_([ClockState.MISSED.value, ClockState.OVERDUE.value]))
    for row in connection.execute(late.order_by(columns.incident, columns.kind, columns.round)).all():
        if random.random() < 0.15:
            continue
        weights = (2, 1, 7) if row.provider else (7, 3, 0)
        whose = random.choices(list(Responsibility), weights)[0]
        why = random.choice(_REASONS[whose])
        kind = ClockKind(row.kind)
        store.add_reason(
            connection, store.Reason(row.incident, kind, row.round, whose, why, PEOPLE[0], until)
        )
