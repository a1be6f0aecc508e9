"""What the console needs to know of the rest of LexOps.

Every call may block on a store or a network, so the console only makes them from threads.
Failures are :class:`lexops.errors.LexOpsError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from lexops.checks.view import CheckDetail, CheckRow, Fleet
from lexops.incidents.model import Entry, Incident


class Parameter(Protocol):
    """One argument of an operation, as declared."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> object:
        """`str`, `int`, `float` or `bool`: the type or its name."""
        ...

    @property
    def help(self) -> str: ...

    @property
    def required(self) -> bool: ...

    @property
    def choices(self) -> Sequence[object] | None:
        """The only values allowed; None or empty when any value is."""
        ...


class Operation(Protocol):
    """Something a person can ask for; the console draws its form from this."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def effect(self) -> object:
        """What it does to the world, in words."""
        ...

    @property
    def parameters(self) -> Sequence[Parameter]: ...


class Port(Protocol):
    """The one door between the console and the rest."""

    @property
    def site_name(self) -> str: ...

    @property
    def zone(self) -> ZoneInfo: ...

    @property
    def operator(self) -> str:
        """Who is at the console, with the role: `ana, support`."""
        ...

    def fleet(self) -> Fleet:
        """All checks and targets as they stand."""
        ...

    def check(self, target: str, check: str) -> CheckDetail:
        """Everything about one check on one target. Raises NotFound."""
        ...

    def incidents(self, include_resolved: bool) -> Sequence[Incident]:
        """Open incidents, or all of them."""
        ...

    def incident(self, id: int) -> tuple[Incident, Sequence[Entry], CheckRow | None]:
        """An incident, its timeline oldest first, and the check it is about. Raises NotFound."""
        ...

    def newest_event(self) -> int:
        """A number that grows whenever anything changed."""
        ...

    def operations(self) -> Sequence[Operation]:
        """What this operator may ask for."""
        ...

    def submit(self, name: str, arguments: Mapping[str, object]) -> str:
        """Ask for an operation; gives one line to show. Raises LexOpsError when it is not allowed."""
        ...
