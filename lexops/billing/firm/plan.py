"""Makes the firm: hires people, finds clients and hands out engagements, before any work is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from lexops.billing.firm import names
from lexops.billing.firm.model import SCALES, Client, Matter, Plan, Scale, Size, Timekeeper
from lexops.billing.firm.office import add_months, month_end, month_start

T = TypeVar("T")


MATTERS_PER_TIMEKEEPER = 5.8
"""Open engagements per fee earner: about 16 entries on a monthly bill."""


@dataclass(frozen=True, slots=True)
class _Practice:
    name: str
    code_set: str
    weight: int
    persons: bool
    months: tuple[int, int]
    """Shortest and longest usual duration."""
    fees: tuple[tuple[str, int], ...]


OLD_CLIENTS = 4
"""The first clients bring the most work; the companies among them have guidelines with a highest rate."""

_PRACTICES = (
    _Practice(
        "litigation", "litigation", 28, False, (6, 24), (("hourly", 68), ("capped", 18), ("blended", 14))
    ),
    _Practice("injury", "litigation", 8, True, (8, 18), (("contingency", 100),)),
    _Practice("corporate", "project", 20, False, (3, 9), (("hourly", 62), ("blended", 20), ("capped", 18))),
    _Practice("property", "project", 12, False, (2, 5), (("flat", 55), ("hourly", 45))),
    _Practice("advice", "counseling", 18, False, (5, 20), (("hourly", 55), ("retainer", 45))),
    _Practice("insolvency", "bankruptcy", 7, False, (6, 16), (("hourly", 70), ("retainer", 30))),
    _Practice("personal", "counseling", 7, True, (2, 6), (("flat", 45), ("hourly", 35), ("probono", 20))),
)

# Classification, share of the head count, USD per hour from and to, recorded hours a day.
_GRADES = (
    ("PARTNR", 0.28, 640, 1050, 6.1),
    ("OFCOUN", 0.08, 580, 760, 5.6),
    ("ASSOC", 0.42, 340, 610, 7.4),
    ("PARALG", 0.22, 185, 270, 6.3),
)


def make_plan(size: Size, today: date, seed: int) -> Plan:
    """The firm of a seed as it stands on `today`; the same arguments give the same firm."""
    rng = Random(f"lexops firm {seed} {size} {today.isoformat()}")
    scale = SCALES[size]
    start = month_start(add_months(today, 1 - scale.months))
    timekeepers = _timekeepers(rng, scale, start, today)
    people = len(timekeepers)
    clerks = tuple(_timekeeper(rng, people + 1 + i, "NBOTHR", 0, 0.0, start, None) for i in range(2))
    clients, matters = _engagements(rng, scale, start, timekeepers)
    closed = _closed(rng, clients, matters, today)
    return Plan(size, seed, today, start, timekeepers, clerks, clients, matters, closed)


def _timekeeper(
    rng: Random, id: int, grade: str, base: int, hours: float, started: date, ended: date | None
) -> Timekeeper:
    name = names.person(rng)
    return Timekeeper(
        id=id,
        number=f"TK{id:04d}",
        name=name,
        classification=grade,
        email=names.mail(name, f"hol{id}"),
        started=started,
        ended=ended,
        base=base,
        day_hours=hours,
        clocks=rng.random() < 0.3,
        uses_case_app=id % 4 == 1 or rng.random() < 0.2,  # somebody always does
    )


def _timekeepers(rng: Random, scale: Scale, start: date, today: date) -> tuple[Timekeeper, ...]:
    grades = [grade for grade, share, *_ in _GRADES for _ in range(max(1, round(share * scale.timekeepers)))]
    figures = {grade: tuple(rest) for grade, _, *rest in _GRADES}
    people: list[Timekeeper] = []
    for id, grade in enumerate(grades[: scale.timekeepers], 1):
        low, high, hours = figures[grade]
        base = int(low + rng.random() * (high - low)) // 5 * 500
        years = rng.randrange(1, 12)
        started, ended = start - timedelta(days=365 * years), None
        if grade == "ASSOC" and id % 9 == 0:
            ended = start + (today - start) * 3 // 5
        elif grade in ("ASSOC", "PARALG") and id % 10 == 5:
            started = month_start(start + (today - start) // 3)
        people.append(_timekeeper(rng, id, grade, base, hours + rng.uniform(-0.6, 0.6), started, ended))
    return tuple(people)


@dataclass
class _Office:
    """Who is how busy while engagements are handed out."""

    timekeepers: tuple[Timekeeper, ...]
    load: Counter[int] = field(default_factory=Counter)
    known: dict[tuple[date, tuple[str, ...]], list[Timekeeper]] = field(default_factory=dict)

    def pick(self, rng: Random, day: date, *grades: str) -> Timekeeper:
        """One of the less busy people of these grades."""
        able = self._able(month_start(day), grades)
        chosen = min(rng.sample(able, min(4, len(able))), key=lambda person: self.load[person.id])
        self.load[chosen.id] += 1
        return chosen

    def _able(self, month: date, grades: tuple[str, ...]) -> list[Timekeeper]:
        """People of these grades who are there in a month and stay for at least another half year."""
        key = (month, grades)
        if key not in self.known:
            self.known[key] = [
                person
                for person in self.timekeepers
                if person.classification in grades
                and person.started <= month
                and (person.ended is None or person.ended > month + timedelta(days=200))
            ]
        return self.known[key]

    def team(self, rng: Random, day: date) -> tuple[Timekeeper, ...]:
        """A lead partner, one or two associates or counsel, usually a paralegal."""
        team = [self.pick(rng, day, "PARTNR"), self.pick(rng, day, "ASSOC")]
        if rng.random() < 0.35:
            team.append(self.pick(rng, day, "ASSOC", "OFCOUN"))
        if rng.random() < 0.75:
            team.append(self.pick(rng, day, "PARALG"))
        return tuple(dict.fromkeys(team))

    def leave(self, matter: Matter) -> None:
        self.load.subtract(person.id for person in matter.team)


def _engagements(
    rng: Random, scale: Scale, start: date, timekeepers: tuple[Timekeeper, ...]
) -> tuple[tuple[Client, ...], tuple[Matter, ...]]:
    """Enough engagements to keep everyone busy every month."""
    office = _Office(timekeepers)
    clientele = _Clientele(scale.clients)
    letters = _letters(rng)
    matters: list[Matter] = []
    running: list[Matter] = []
    for month in range(scale.months):
        first = add_months(start, month)
        for matter in running:
            if matter.until < first:
                office.leave(matter)
        running = [matter for matter in running if matter.until >= first]
        wanted = round(MATTERS_PER_TIMEKEEPER * sum(_employed(person, first) for person in timekeepers))
        while len(running) < wanted:
            practice, fee_type = next(letters)
            client = clientele.pick(rng, practice, first)
            opened = first + timedelta(days=0 if month == 0 else rng.randrange(20))
            matter = _matter(rng, len(matters) + 1, practice, fee_type, client, opened, office, month == 0)
            matters.append(matter)
            running.append(matter)
    return tuple(clientele.everyone), tuple(_with_payers(rng, clientele.everyone, matters))


def _letters(rng: Random) -> Iterator[tuple[_Practice, str]]:
    """What engagement letters agree on: every kind of fee once, so that no firm lacks one, then as usual."""
    yield from {fee: (practice, fee) for practice in _PRACTICES for fee, _ in practice.fees}.values()
    weights = [(practice, practice.weight) for practice in _PRACTICES]
    while True:
        practice = _weighted(rng, weights)
        yield practice, _weighted(rng, practice.fees)


def _employed(person: Timekeeper, day: date) -> bool:
    return person.started <= day and (person.ended is None or person.ended >= day)


def _weighted(rng: Random, choices: Sequence[tuple[T, int]]) -> T:
    return rng.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]


@dataclass
class _Clientele:
    """The clients so far: persons apart from the others, who bring other engagements."""

    wanted: int
    everyone: list[Client] = field(default_factory=list)
    known: dict[bool, list[Client]] = field(default_factory=lambda: {True: [], False: []})

    def pick(self, rng: Random, practice: _Practice, day: date) -> Client:
        """Who brings a new engagement: about half the time somebody whom the firm knows."""
        known = self.known[practice.persons]
        if known and (rng.random() < 0.55 or len(self.everyone) >= self.wanted):
            return known[int(rng.random() ** 1.6 * len(known))]
        client = _client(rng, len(self.everyone) + 1, practice.persons, day)
        self.everyone.append(client)
        known.append(client)
        return client


def _client(rng: Random, id: int, is_person: bool, day: date) -> Client:
    kind = "person" if is_person else "public" if rng.random() < 0.1 else "company"
    currency = "EUR" if rng.random() < 0.28 else "USD"
    name = {
        "person": lambda: names.person(rng),
        "public": lambda: names.public_body(rng),
        "company": lambda: names.company(rng, currency),
    }[kind]()
    strict = kind == "company" and id <= OLD_CLIENTS
    ebilling = kind == "company" and (strict or rng.random() < 0.4)
    card = rng.choice((85, 88, 90, 92, 95)) if ebilling or (kind == "company" and rng.random() < 0.2) else 100
    return Client(
        id=id,
        number=f"C{id:05d}",
        name=name,
        kind=kind,
        domain=f"{names.mail(name, '').split('@')[0].replace('.', '-')}-{id}",
        currency=currency,
        terms=rng.choice((14, 30, 30)) if kind == "person" else rng.choice((30, 30, 30, 45, 60)),
        taxed=currency == "EUR" and (kind != "company" or rng.random() < 0.7),
        ebilling=ebilling,
        portal=kind != "person" and rng.random() < 0.7,
        card=card,
        cap=rng.choice((65_000, 72_500, 80_000)) if card < 100 and (strict or rng.random() < 0.5) else None,
        discount=rng.choice((30_000, 50_000, 75_000)) if kind == "company" and rng.random() < 0.15 else 0,
        pace=_weighted(rng, [(-9, 42), (2, 34), (20, 18), (55, 6)]),
        created=day - timedelta(days=rng.randrange(10, 1500)),
    )


def _matter(
    rng: Random,
    id: int,
    practice: _Practice,
    fee_type: str,
    client: Client,
    opened: date,
    office: _Office,
    initial: bool,
) -> Matter:
    shortest, longest = practice.months
    # Those already running when the history starts end sooner, so that not all end together.
    months = rng.randint(1 if initial else shortest, longest)
    until = month_end(add_months(opened, months - 1)) - timedelta(days=rng.randrange(9))
    team = office.team(rng, opened)
    figures = _fee_figures(rng, fee_type, months, client, team, until)
    return Matter(
        id=id,
        number=f"M{opened.year % 100:02d}-{id:05d}",
        client=client,
        payer=client,
        name=names.subject(rng, practice.name).capitalize(),
        practice=practice.name,
        code_set=practice.code_set,
        fee_type=fee_type,
        lead=team[0],
        team=team,
        opened=opened,
        until=until,
        walled=rng.random() < 0.03,
        **figures,
    )


def _fee_figures(
    rng: Random, fee_type: str, months: int, client: Client, team: tuple[Timekeeper, ...], until: date
) -> dict[str, Any]:
    """What the engagement letter says in figures, in cents and millionths."""
    thousand = 100_000
    if fee_type == "flat":
        return {"flat_fee": rng.randint(5, 12) * thousand * months}
    if fee_type == "capped":
        return {"fee_cap": rng.randint(8, 16) * thousand * months}
    if fee_type == "blended":
        return {"blended_rate": rng.randint(82, 98) * 500}
    if fee_type == "contingency":
        won = rng.random() < 0.75
        return {
            "contingency": rng.choice((250_000, 300_000, 333_333)),
            "recovery": rng.randint(90, 700) * thousand + rng.randrange(thousand) if won else None,
            "settled": until - timedelta(days=until.day - 8),
        }
    if fee_type == "retainer":
        return {"retainer": rng.choice((10, 15, 20, 25)) * thousand}
    if fee_type == "probono":
        return {}
    special = rng.random() < 0.1
    return {
        "special_rate": min(client.cap or 10**9, team[0].base * 9 // 10 // 500 * 500) if special else None,
        "retainer": rng.choice((5, 10)) * thousand if rng.random() < 0.12 else 0,
        "budget": rng.randint(15, 60) * months * thousand if rng.random() < 0.3 else None,
    }


def _with_payers(rng: Random, clients: list[Client], matters: list[Matter]) -> list[Matter]:
    """Some litigation is paid by the client's insurer, who is itself a client of the firm.

    The first that fits is paid by another company, its parent, so that no firm is without such a matter.
    """
    insurers = [client for client in clients if "Insurance" in client.name]

    def insured(matter: Matter) -> Matter:
        payers = _payers(matter, insurers)
        return _paid_by(matter, rng.choice(payers)) if payers and rng.random() < 0.15 else matter

    paid = [insured(matter) for matter in matters]
    companies = [client for client in clients if client.kind == "company"]
    first = next(index for index, matter in enumerate(matters) if _payers(matter, companies))
    paid[first] = _paid_by(matters[first], _payers(matters[first], companies)[0])
    return paid


def _payers(matter: Matter, clients: list[Client]) -> list[Client]:
    """Who of `clients` may pay for a matter that another client has."""
    if matter.practice != "litigation" or matter.fee_type != "hourly" or matter.special_rate:
        return []
    return [other for other in clients if other.currency == matter.currency and other is not matter.client]


def _paid_by(matter: Matter, payer: Client) -> Matter:
    return replace(matter, payer=payer, retainer=0)


def _closed(
    rng: Random, clients: tuple[Client, ...], matters: tuple[Matter, ...], today: date
) -> dict[int, date]:
    """Clients without an open file for some months; about half of them have left."""
    last: dict[int, date] = {}
    for matter in matters:
        for client in {matter.client.id, matter.payer.id}:
            last[client] = max(last.get(client, date.min), matter.closes)
    return {
        client.id: last[client.id] + timedelta(days=45)
        for client in clients
        if last[client.id] + timedelta(days=120) < today and rng.random() < 0.5
    }
