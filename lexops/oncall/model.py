"""Rotas as plain values: who is on call is a pure function of these and a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from lexops.calendars.model import Revision

OVERRIDE = "override"
"""What stands for the layer of a shift that an override gave."""
NO_BEGINNING = datetime.min.replace(tzinfo=UTC)
NO_END = datetime.max.replace(tzinfo=UTC)
"""What stands for the bounds of a shift with no hand-off in sight."""


class Turn(StrEnum):
    """How long somebody's turn is; hours are elapsed ones, the others end at the wall time of hand-off."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Layer:
    """One rotation: people who take turns."""

    name: str
    people: tuple[str, ...]
    """Operators, in the order of their turns."""
    turn: Turn
    start: datetime
    """The first hand-off: a wall time without zone, in the rota's zone."""
    length: int = 1
    """So many turns' units each: 2 with weekly is a fortnight."""
    hours: str = ""
    """Only in these hours of the week, as in calendars: `mon-fri 09:00-17:30`; empty: always."""
    holidays: str = ""
    """A calendar whose days off this layer leaves to those below (`-NAME`), or serves alone (`+NAME`)."""


@dataclass(frozen=True, slots=True)
class Rota:
    """Layers, the later over the earlier: who is on call is the top one that has somebody then.

    Without layers it has ended: nobody is on call, and nobody is missed.
    """

    name: str
    zone: str
    layers: tuple[Layer, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else for a while."""

    id: int
    rota: str
    starts: datetime
    ends: datetime
    person: str
    """The operator who serves; empty: nobody, which is a gap that somebody wanted."""
    instead_of: str
    """Whose turns only; empty: whoever it is."""
    reason: str
    operator: str
    recorded: datetime
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A span in which one person is on call, or nobody."""

    starts: datetime
    ends: datetime
    person: str
    """Empty in a gap."""
    layer: str
    """`override` where an override gave it."""

    @property
    def is_wanted_gap(self) -> bool:
        """Whether nobody is on call because somebody said so."""
        return not self.person and self.layer == OVERRIDE


@dataclass(frozen=True, slots=True)
class Book:
    """Every revision of every rota, and all overrides."""

    rotas: Mapping[str, Sequence[Revision[Rota]]]
    overrides: tuple[Override, ...] = ()
    holidays: Mapping[str, Sequence[Revision[frozenset[int]]]] = field(default_factory=dict)
    """By calendar, with what was known when: its days off, as ordinals of dates (date.toordinal)."""
