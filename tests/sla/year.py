"""Tickets to report on: a made-up year, and single ones whose numbers can be told by heart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lexops import config
from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.checks.model import Status
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.sla import keeping, rehearsal, store
from lexops.sla.model import Facts, Policy
from lexops.sla.notation import budgets
from lexops.store.database import Store

UNTIL = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
SITE = '[site]\nname = "Test & Partners"\nzone = "{zone}"\n'


def site_file(folder: Path, zone: str = "Europe/London") -> SiteFile:
    """A site with the providers of the year."""
    path = folder / "lexops.toml"
    path.write_text(SITE.format(zone=zone) + rehearsal.SITE_TABLES, encoding="utf-8")
    return config.load(path)


def year(database: Store, folder: Path, tickets: int = 150, seed: int = 20) -> SiteFile:
    """A whole year in a store, seeded; ends at UNTIL."""
    file = site_file(folder)
    rehearsal.rehearse(database, file, UNTIL, tickets, seed)
    return file


def promise(connection: Connection) -> None:
    """Office hours of a UTC week, and for P2 1 h to respond, 2 h for an update, 8 h to resolve."""
    week = parse_week("mon-fri 09:00-17:00")
    calendar = Calendar("office", (Period(ZoneInfo("UTC"), week),))
    calendars.add(connection, calendar, at=SINCE, operator="ana", reason="hours")
    for policy in (
        Policy("usual", "office", budgets("P2 response 1h, update 2h, resolution 8h"), contract="T-1 § 2"),
        Policy("around", "always", budgets("P2 response 1h"), Facts(client="NIGHT")),
    ):
        store.add(connection, policy, at=SINCE, operator="ana", reason="contract")


def ticket(
    connection: Connection,
    opened: datetime,
    taken: timedelta | None = None,
    resolved: timedelta | None = None,
    **facts: str,
) -> int:
    """A P2 ticket, taken and resolved so long after its opening."""
    given = {"priority": "P2", "client": "ACME"} | facts
    title = given.pop("title", "It does not work")
    number = incidents.open_by_hand(
        connection, uuid4().hex, title, Status.WARNING, opened, "sam", None, **given
    )
    if taken is not None:
        incidents.acknowledge(connection, number, opened + taken, "ana")
    if resolved is not None:
        incidents.resolve(connection, number, opened + resolved, "ana", "done")
    return number


def refresh(connection: Connection, file: SiteFile, now: datetime) -> None:
    """Keep every clock as it stands."""
    while keeping.refresh(connection, file, now):
        pass
