"""A site with incidents and promises, through its gate; and a shorthand for what is in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar, Period
from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.sla import keeping, reading
from lexops.sla import store as policies
from lexops.sla.model import ClockKind, Policy
from lexops.sla.policy_operations import OPERATIONS as POLICIES
from lexops.sla.tables import clock_table, prediction_table, signal_table, ticket_table
from lexops.sla.view import Ticket
from lexops.store import event
from lexops.store.database import Store
from lexops.store.event import Event
from tests.gates import Place, world

HOUR = 3600
OFFICE = (((9 * HOUR, 17 * HOUR),),) * 5 + ((),) * 2
BUDGETS = "P1 response 15m, resolution 4h; P2 response 1h, resolution 8h, update 4h"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def office(name: str = "office", zone: str = "UTC") -> Calendar:
    """Monday to Friday, 9 to 17."""
    return Calendar(name, (Period(ZoneInfo(zone), OFFICE),))


@dataclass
class Desk(Place):
    """A site whose clock stands on Monday 2 March 2026, 09:00 UTC, with its people."""

    def ask(self, name: str, /, who: str = "ana", **arguments: object) -> str:
        """An act of ana's, or of somebody else."""
        return self.world.submit(who, name, **arguments)

    def set(self, name: str = "standard", /, **arguments: object) -> str:
        """Set a policy."""
        usual = {"calendar": "always", "budgets": BUDGETS, "reason": "as agreed"}
        return self.ask("policy.set", name=name, **(usual | arguments))

    def open(self, **arguments: object) -> int:
        said = self.ask("incident.open", **({"title": "Portal is slow", "priority": "P2"} | arguments))
        return int(said.split("#")[1].split()[0])

    def enter(self, calendar: Calendar, correction: bool = False, after: int = 0) -> None:
        with self.store.begin() as connection:
            calendars.add(
                connection,
                calendar,
                at=self.now,
                operator="ana",
                reason="r",
                correction=correction,
                after=after,
            )

    def add(self, policy: Policy, correction: bool = False, after: int = 0) -> None:
        """A policy past the door, as of now."""
        with self.store.begin() as connection:
            policies.add(
                connection,
                policy,
                at=self.now,
                operator="ana",
                reason="r",
                correction=correction,
                after=after,
            )

    def ticket(self, number: int = 1) -> Ticket:
        with self.store.read() as connection:
            return reading.ticket(connection, self.file, number, self.now)

    def refresh(self, limit: int = keeping.BATCH) -> int:
        with self.store.begin() as connection:
            return keeping.refresh(connection, self.file, self.now, limit)

    def behind(self) -> int:
        with self.store.read() as connection:
            return keeping.behind(connection, self.file)

    def kept(self, number: int = 1) -> dict[ClockKind, Row[tuple[object, ...]]]:
        """Kept clocks of a ticket."""
        with self.store.read() as connection:
            rows = connection.execute(select(clock_table).where(clock_table.c.incident == number))
            return {ClockKind(row.kind): row for row in rows}

    def kept_ticket(self, number: int = 1) -> Row[tuple[object, ...]]:
        with self.store.read() as connection:
            return connection.execute(select(ticket_table).where(ticket_table.c.incident == number)).one()

    def signals(self) -> list[Row[tuple[object, ...]]]:
        with self.store.read() as connection:
            return list(connection.execute(select(signal_table).order_by(signal_table.c.id)))

    def predictions(self) -> list[Row[tuple[object, ...]]]:
        with self.store.read() as connection:
            return list(connection.execute(select(prediction_table)))

    def events(self, prefix: str) -> list[Event]:
        with self.store.read() as connection:
            return [each for each in event.after(connection, 0) if each.kind.startswith(prefix)]


def desk(store: Store, folder: Path) -> Desk:
    """In the demo environment, where nobody is asked for a second factor and no time passes for it."""
    return Desk(world(store, folder, environment="demo", operations=(*INCIDENTS, *POLICIES)))
