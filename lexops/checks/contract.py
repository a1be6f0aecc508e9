"""How a check is declared; everything a plug-in imports.

    @check("postgresql.connections", target=PostgreSQL, every="1m", warn="80%", crit="90%")
    def connections(db: PostgreSQL) -> Iterator[Observation]:
        \"\"\"Connections run out.

        What it means and why it matters for billing.
        \"\"\"
        row = db.query_row("connections")
        yield Metric("connections", row["used"], limit=row["usable"])

The first line of the docstring is the title: what is wrong when it fires. The rest is the meaning. SQL
stands beside the module in `<name>.sql`; `<name>.17.sql` is taken from server version 17 on. The function
only collects; the judge decides. It may raise NotApplicable and CannotSee, and then nothing it has yielded
before counts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from lexops.checks.model import Area, Check, Finding, Metric, Note, Observation, Status
from lexops.checks.thresholds import levels
from lexops.clock import parse_duration
from lexops.targets.database import Database, MariaDB, PostgreSQL, SQLite
from lexops.targets.endpoint import Endpoint
from lexops.targets.host import Host
from lexops.targets.model import Kind
from lexops.targets.sqlfile import SqlFolder

__all__ = [
    "Area",
    "CannotSee",
    "Database",
    "Endpoint",
    "Finding",
    "Host",
    "MariaDB",
    "Metric",
    "NotApplicable",
    "Note",
    "Observation",
    "PostgreSQL",
    "RunnableCheck",
    "SQLite",
    "Status",
    "check",
]

_KINDS: dict[type[Any], frozenset[Kind]] = {
    Database: frozenset({Kind.SQLITE, Kind.POSTGRESQL, Kind.MARIADB}),
    SQLite: frozenset({Kind.SQLITE}),
    PostgreSQL: frozenset({Kind.POSTGRESQL}),
    MariaDB: frozenset({Kind.MARIADB}),
    Host: frozenset({Kind.HOST}),
    Endpoint: frozenset({Kind.ENDPOINT}),
}

Collect = Callable[[Any], Iterable[Observation]]


class NotApplicable(Exception):
    """The question does not arise on this target; the text says why."""


class CannotSee(Exception):
    """The answer is hidden from us; `grant` is the statement that mends it."""

    def __init__(self, message: str, *, grant: str = "") -> None:
        super().__init__(message)
        self.grant = grant


@dataclass(frozen=True)
class RunnableCheck:
    """A check together with how to collect what it judges."""

    check: Check
    collect: Collect
    sql: SqlFolder | None = None

    def overridden(self, **changes: Any) -> RunnableCheck:
        return replace(self, check=replace(self.check, **changes))


def check(
    id: str,
    *,
    target: type[Any],
    area: Area = Area.HEALTH,
    every: str = "5m",
    timeout: str = "10s",
    attempts: int = 3,
    warn: str | None = None,
    crit: str | None = None,
    severity: Status = Status.WARNING,
    source: str = "",
    grants: str = "",
    mend: str = "",
    runbook: str = "",
    heavy: bool = False,
    availability: bool = False,
) -> Callable[[Collect], RunnableCheck]:
    """Declare the decorated function as a check. Raises ValueError for a range or duration that is none."""

    def declare(collect: Collect) -> RunnableCheck:
        title, _, meaning = (inspect.getdoc(collect) or id).partition("\n")
        package = collect.__module__.rpartition(".")[0]
        return RunnableCheck(
            Check(
                id=id,
                title=title.rstrip("."),
                area=area,
                kinds=_KINDS[target],
                meaning=" ".join(meaning.split()),
                mend=mend,
                every=parse_duration(every),
                timeout=parse_duration(timeout),
                attempts=attempts,
                levels=levels(warn, crit),
                severity=severity,
                source=source,
                grants=grants,
                runbook=runbook,
                heavy=heavy,
                availability=availability,
                origin=package,
            ),
            collect,
            SqlFolder(files(package)) if package else None,
        )

    return declare
