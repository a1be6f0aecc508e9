"""The client portal: who may log in, what they may see, what they looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from lexops.billing.firm import names
from lexops.billing.firm.load import Batch, Row
from lexops.billing.firm.model import Client, Matter, Plan
from lexops.billing.firm.office import ONE_DAY


@dataclass(frozen=True, slots=True)
class Contact:
    """A client's person with a login."""

    id: int
    client: Client
    email: str
    invited: date
    ended: date | None


class Portal:
    """Logins, grants and visits of one firm."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self._plan = plan
        self._rng = rng
        self._visits = 0
        self.contacts: dict[int, list[Contact]] = defaultdict(list)
        number = 0
        for client in plan.clients:
            for _ in range(rng.randint(1, 3) if client.portal else 0):
                number += 1
                invited = max(client.created, plan.start) + timedelta(days=rng.randrange(20))
                invited = min(invited, plan.today)
                email = names.mail(names.person(rng), f"{client.domain}-{number}")
                self.contacts[client.id].append(
                    Contact(number, client, email, invited, plan.closed.get(client.id))
                )

    def rows(self) -> Iterator[Batch]:
        """All logins and grants."""
        yield "portal_user", [self._user(c) for known in self.contacts.values() for c in known]
        opened = [matter for matter in self._plan.matters if matter.opened <= self._plan.today]
        grants: list[Row] = []
        for matter in opened:
            for contact in self.contacts[matter.client.id]:
                grants.append(self._grant(len(grants) + 1, contact, matter))
        yield "portal_grant", grants

    def _user(self, contact: Contact) -> Row:
        newest = contact.ended or self._plan.today
        login = max(contact.invited, newest - timedelta(days=self._rng.randrange(1, 60)))
        status = "ended" if contact.ended else "active"
        return (
            contact.id,
            contact.client.id,
            contact.email,
            status,
            1,
            login.isoformat(),
            contact.invited.isoformat(),
            contact.ended and contact.ended.isoformat(),
        )

    def _grant(self, id: int, contact: Contact, matter: Matter) -> Row:
        granted = max(contact.invited, matter.opened)
        return (
            id,
            contact.id,
            matter.id,
            "invoices",
            matter.lead.id,
            granted.isoformat(),
            contact.ended and contact.ended.isoformat(),
            None,
        )

    def visits(self, invoice: int, matter: Matter, sent: date) -> Iterator[Row]:
        """Contacts who open an invoice in the days after it was sent."""
        for contact in self.contacts[matter.client.id]:
            day = sent + ONE_DAY * self._rng.randrange(1, 7)
            may = day > max(contact.invited, matter.opened) and (contact.ended is None or day < contact.ended)
            if may and day < self._plan.today and self._rng.random() < 0.6:
                self._visits += 1
                at = f"{day} {self._rng.randrange(8, 19):02d}:{self._rng.randrange(60):02d}:00"
                yield (self._visits, contact.id, invoice, "view", at)
