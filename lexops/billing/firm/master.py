"""The firm's standing data as rows: people, clients, engagements, codes, and the case-management side."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random

from lexops.billing.firm.bills import TAX_RATES
from lexops.billing.firm.load import Batch, Row
from lexops.billing.firm.model import Client, Matter, Plan, Timekeeper
from lexops.billing.firm.names import mail
from lexops.billing.firm.rates import rate_rows
from lexops.billing.firm.trust import ACCOUNTS
from lexops.billing.model import MILLION, TEN_THOUSAND

# Timekeeper classifications, LOC list of 2014 (Lexitree-Labs/LEDES, MIT).
CLASSES = (
    "ADJSTR ADJSMT ANALST ARBITR ASSOC TRANEE AUDITR CLKSEC CONSLT TEMPAT TEMPOS CSTCNS CTRPTR DSCATT "
    "DSCPMG DSCANJ DSCANS DOCCDR DOCRAT DOCRNA EVDEVL EXPERT FLTFEE FORANL HLNLPF INVSTG IPSVPV IPAGNT "
    "LGLAST LGLINT LGPRMG LIBRRN MEDITR MDRCRV OFCOUN NBOTHR PARALG PARTNR RSRCHR RSPROF SECNDE SPAGNT "
    "SOLDSG STFATT STFCNS TPADMN TRAINR TRNDEV TRNFAG TRANSL VIDOGR"
).split()


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def master_rows(plan: Plan, rng: Random) -> Iterator[Batch]:
    """Everything that does not come month by month."""
    yield "tk_class", [(code,) for code in CLASSES]
    yield "utbms_code", utbms_rows()
    yield "tax_rate", [(code, rate, _iso(first), _iso(last)) for code, rate, first, last in TAX_RATES]
    yield "trust_account", [(id, name, kind, currency) for currency, (id, name, kind) in ACCOUNTS.items()]
    yield "client", [_client(plan, client) for client in plan.clients]
    yield "timekeeper", [_timekeeper(plan, person) for person in (*plan.timekeepers, *plan.clerks)]
    opened = [matter for matter in plan.matters if matter.opened <= plan.today]
    yield "matter", [_matter(plan, matter) for matter in opened]
    yield (
        "matter_tk",
        [(matter.id, person.id, matter.opened.isoformat()) for matter in opened for person in matter.team],
    )
    yield (
        "payer_split",
        [(matter.id, matter.payer.id, MILLION) for matter in opened if matter.payer is not matter.client],
    )
    yield "rate", list(rate_rows(plan))
    yield "case_record", [_case(plan, matter) for matter in opened]
    walled = [matter for matter in opened if matter.walled]
    yield "wall_member", [(matter.id, person.id) for matter in walled for person in matter.team]
    yield "staff_access", list(_staff_accesses(plan, rng, walled))
    yield "erasure_request", list(_erasures(plan))
    yield (
        "purge_log",
        [
            (
                i,
                "notice",
                100 + i,
                None,
                _iso(plan.start - timedelta(days=2600)),
                _iso(plan.start + timedelta(days=i)),
            )
            for i in range(1, 6)
        ],
    )


@cache
def utbms_rows() -> list[Row]:
    """Codes of litigation, counselling, projects, bankruptcy, activities and expenses."""
    text = files(__package__).joinpath("utbms.csv").read_text(encoding="utf-8")
    return [
        (row["code"], row["kind"], row["set"], int(row["leaf"]), None)
        for row in csv.DictReader(text.splitlines())
    ]


def _client(plan: Plan, client: Client) -> Row:
    closed = plan.closed.get(client.id)
    company = client.kind == "company"
    return (
        client.id,
        client.number,
        client.name,
        "closed" if closed else "active",
        client.currency,
        client.terms,
        f"{'IE' if client.currency == 'EUR' else '98-'}{7_300_000 + client.id * 37}" if company else None,
        mail("accounts payable" if company else client.name, client.domain),
        int(client.portal),
        int(client.ebilling),
        client.created.isoformat(),
        _iso(closed),
        None,
        _iso(closed + timedelta(days=7 * 365) if closed else None),
        0,
        12 * TEN_THOUSAND,
        TEN_THOUSAND // 10,
        5,
        60,
        2_500 if client.ebilling else 7_500,
        client.cap,
        client.discount,
    )


def _timekeeper(plan: Plan, person: Timekeeper) -> Row:
    gone = person.ended is not None and person.ended <= plan.today
    return (
        person.id,
        person.number,
        person.name,
        person.classification,
        "left" if gone else "active",
        person.started.isoformat(),
        _iso(person.ended),
        person.email,
    )


def _state(plan: Plan, matter: Matter) -> tuple[str, str | None]:
    closed = matter.closes <= plan.today
    return ("closed", matter.closes.isoformat()) if closed else ("open", None)


def _matter(plan: Plan, matter: Matter) -> Row:
    status, closed = _state(plan, matter)
    won = matter.settled is not None and matter.settled <= plan.today
    return (
        matter.id,
        matter.client.id,
        matter.number,
        f"{matter.payer.number}-{matter.id % 9000 + 1000}"
        if matter.payer.ebilling or matter.client.ebilling
        else None,
        matter.name,
        status,
        matter.opened.isoformat(),
        closed,
        matter.fee_type,
        matter.currency,
        matter.lead.id,
        matter.budget,
        matter.fee_cap,
        matter.flat_fee,
        matter.contingency,
        matter.recovery if won else None,
        matter.blended_rate,
        matter.retainer // 4 if matter.fee_type == "retainer" else None,
        None if matter.fee_type in ("contingency", "probono") else 30,
        matter.code_set,
        f"CASE-{matter.id:06d}",
        int(matter.walled),
    )


def _case(plan: Plan, matter: Matter) -> Row:
    status, closed = _state(plan, matter)
    return (
        f"CASE-{matter.id:06d}",
        matter.number,
        matter.client.number,
        status,
        matter.fee_type,
        matter.opened.isoformat(),
        closed,
        f"{closed or matter.opened} 07:00:00",
    )


def _staff_accesses(plan: Plan, rng: Random, walled: list[Matter]) -> Iterator[Row]:
    number = 0
    for matter in walled:
        days = (min(matter.until, plan.today) - matter.opened).days
        for _ in range(min(20, days // 10)):
            number += 1
            day = matter.opened + timedelta(days=rng.randrange(days))
            yield (number, rng.choice(matter.team).id, matter.id, f"{day} {rng.randrange(8, 19):02d}:15:00")


def _erasures(plan: Plan) -> Iterator[Row]:
    """Former clients who asked; the firm must keep their invoices and says so."""
    gone = [client for client in plan.clients if client.id in plan.closed and client.kind == "person"]
    for number, client in enumerate(gone[:4], 1):
        asked = plan.closed[client.id] + timedelta(days=10)
        if asked + timedelta(days=14) <= plan.today:
            yield (
                number,
                client.id,
                asked.isoformat(),
                _iso(asked + timedelta(days=14)),
                "Invoices are kept for the statutory period",
            )
