"""Who is on call, who has a role and who can be reached, as the store has it at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from lexops.auth import store as people
from lexops.auth.model import Operator
from lexops.config import SiteFile
from lexops.errors import NotFound, StoreError
from lexops.oncall import rotation
from lexops.oncall import store as rotas
from lexops.oncall.model import Book
from lexops.outbox import store as outbox
from lexops.outbox.model import Contact, Recipient, RecipientKind
from lexops.outbox.routing import why_unreachable


@dataclass
class _Seen:
    """What was read so far: within one look at all incidents it is read once."""

    operators: list[Operator] | None = None
    book: Book | StoreError | None = None
    contacts: dict[Recipient, list[Contact]] | None = None


@dataclass(frozen=True)
class StoreDirectory:
    """Reads lazily, and each thing once."""

    connection: Connection
    file: SiteFile
    now: datetime
    since: datetime
    """`now` as it was at first: who will be on call is asked of later moments, never of earlier ones."""
    _seen: _Seen = field(default_factory=_Seen)

    def through(self, connection: Connection) -> StoreDirectory:
        """The same, asking through another transaction for what is not known yet."""
        return replace(self, connection=connection)

    def on_call(self, rota: str) -> tuple[str, str]:
        """The person who is on call, or empty and why there is nobody; a rota that cannot be read is one."""
        if self._seen.book is None:
            try:
                self._seen.book = rotas.book(self.connection, since=self.since)
            except StoreError as error:  # a damaged rota; a store that is away raises something else
                self._seen.book = error
        if isinstance(self._seen.book, StoreError):
            return "", f"rota {rota}: {self._seen.book}"
        try:
            person = rotation.who(self._seen.book, rota, self.now)
        except NotFound:
            return "", f"there is no rota {rota}"
        return person, "" if person else f"nobody is on call for {rota}"

    def with_role(self, role: str) -> Sequence[str]:
        """The active operators of a role."""
        return [each.name for each in self.operators() if each.role == role and each.is_active(self.now)]

    def operators(self) -> list[Operator]:
        """Everybody who is or was an operator."""
        if self._seen.operators is None:
            self._seen.operators = people.operators(self.connection)
        return self._seen.operators

    def unreachable(self, recipient: Recipient) -> str:
        """Why nobody can be reached under this name; empty when somebody can. As `outbox.store.reachable`."""
        if recipient.kind is RecipientKind.OPERATOR:
            known = (each for each in self.operators() if each.name == recipient.name)
            person = next(known, None)
            if person is None:
                return f"{recipient.name} is no operator of this site"
            if not person.is_active(self.now):
                return f"{recipient.name} is no longer an operator"
        if self._seen.contacts is None:
            self._seen.contacts = outbox.all_contacts(self.connection)
        contacts = self._seen.contacts.get(recipient, [])
        return why_unreachable(recipient, contacts, self.file.settings.channels)
