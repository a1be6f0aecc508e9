"""Revisions of what a contract rests on: their tables, and how they are entered; none is ever changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from lexops.calendars.document import Unusable
from lexops.calendars.model import Revision
from lexops.errors import NotFound, Refused, StoreError
from lexops.store.database import Moment, metadata
from lexops.text import one_line

FEW = 12
"""So many names are told in a line; who looks for one among more is sent to their list."""


def revision_table(name: str) -> Table:
    """A table of revisions; `document` is the whole of what was entered."""
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(40), nullable=False),
        Column("number", Integer, nullable=False),
        Column("recorded", Moment, nullable=False),
        Column("correction", Boolean, nullable=False),
        Column("operator", String(80), nullable=False),
        Column("reason", Text, nullable=False),
        Column("document", JSON, nullable=False),
        UniqueConstraint("name", "number"),
    )


class Named(Protocol):
    """What has revisions is known by its name."""

    @property
    def name(self) -> str: ...


Kept = TypeVar("Kept", bound=Named)


@dataclass(frozen=True, slots=True)
class Revisions(Generic[Kept]):
    """All revisions of one kind of thing; the only SQL on its table."""

    table: Table
    noun: str
    """`calendar`, `escalation policy`."""
    command: str
    """What shows and lists it: `lexops sla calendar`."""
    make: str
    """The command that makes one."""
    read: Callable[[str, Any], Kept]
    """A name and a document as that thing; raises Unusable."""
    write: Callable[[Kept], Any]
    """Its document."""
    built_in: Mapping[str, Revision[Kept]] = field(default_factory=dict)
    """Those that every site has."""

    def all(self, connection: Connection) -> dict[str, list[Revision[Kept]]]:
        """Every revision by its name, in the order of their numbers. Raises StoreError if one is damaged."""
        columns = self.table.c
        found = {name: [each] for name, each in self.built_in.items()}
        for row in connection.execute(select(self.table).order_by(columns.name, columns.number)):
            found.setdefault(row.name, []).append(self.entered(row))
        return found

    def history(self, connection: Connection, name: str) -> list[Revision[Kept]]:
        """Every revision of one. Raises NotFound with what there is, or StoreError."""
        if name in self.built_in:
            return [self.built_in[name]]
        columns = self.table.c
        query = select(self.table).where(columns.name == name).order_by(columns.number)
        rows = connection.execute(query).all()
        if not rows:
            raise NotFound(
                f"there is no {self.noun} {one_line(name, 60)!r}", hint=self._hint(connection, name)
            )
        return [self.entered(row) for row in rows]

    def get(self, connection: Connection, name: str, number: int | None = None) -> Revision[Kept]:
        """One as it is now, or one revision of it. Raises NotFound or StoreError."""
        found = self.history(connection, name)
        if number is None:
            return found[-1]
        wanted = next((each for each in found if each.number == number), None)
        if wanted is None:
            raise NotFound(f"{name} has no revision {number}", hint=f"the newest is {found[-1].number}")
        return wanted

    def newest(self, connection: Connection, name: str) -> Revision[Kept] | None:
        """One as it is now; None when there is none. Raises StoreError."""
        if name in self.built_in:
            return self.built_in[name]
        columns = self.table.c
        query = select(self.table).where(columns.name == name).order_by(columns.number.desc()).limit(1)
        row = connection.execute(query).one_or_none()
        return None if row is None else self.entered(row)

    def add(
        self,
        connection: Connection,
        value: Kept,
        *,
        at: datetime,
        operator: str,
        reason: str,
        correction: bool = False,
        after: int = 0,
    ) -> Revision[Kept]:
        """Enter it as the revision that follows the one with the number `after` (0: a new one).

        Raises Refused when somebody else was faster.
        """
        values = {
            "name": value.name,
            "number": after + 1,
            "recorded": at,
            "correction": correction,
            "operator": operator,
            "reason": reason,
            "document": self.write(value),
        }
        try:
            with connection.begin_nested():
                connection.execute(insert(self.table).values(values))
        except IntegrityError:
            hint = f"look at it and ask again: {self.command} show {value.name}"
            raise Refused(f"{value.name} was changed by somebody else just now", hint=hint) from None
        return Revision(value, after + 1, at, correction, operator, reason)

    def entered(self, row: Row[Any]) -> Revision[Kept]:
        """A row as it was entered. Raises StoreError when it cannot be used."""
        try:
            value = self.read(row.name, row.document)
        except Unusable as error:
            raise StoreError(
                f"revision {row.number} of the {self.noun} {row.name} cannot be used: {error}",
                hint="it was not written by LexOps; restore the store, or mend the row by hand",
            ) from None
        return Revision(value, row.number, row.recorded, row.correction, row.operator, row.reason)

    def _hint(self, connection: Connection, name: str) -> str:
        column = self.table.c.name
        names = [*self.built_in, *connection.scalars(select(column).distinct().order_by(column))]
        close = get_close_matches(name, names, 3, 0.5)
        if close:
            return f"did you mean {' or '.join(close)}?"
        if len(names) > FEW:
            return f"see: {self.command} list"
        return f"there are: {', '.join(names)}" if names else f"make one with: {self.make}"
