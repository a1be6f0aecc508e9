"""How a check is declared; everything a plug-in imports.

    @check("postgresql.connections", target=PostgreSQL, every="1m", warn="80%", crit="90%")
    def connections(db: PostgreSQL) -> Iterator[Observation]:
        \"\"\"Connections run out.

        What it looks at, and what a failure means.

        Why it matters for billing.
        \"\"\"
        row = db.query_row("connections")
        yield Metric("connections", row["used"], limit=row["usable"])

The first line of the docstring is the title: what is wrong when it fires. The paragraph after it is the
meaning, the last one says why it matters for billing. `db.memory` keeps counters and positions from one look
to the next. SQL stands beside the module in `<name>.sql`; `<name>.17.sql` is taken from server version 17 on.
The function only collects; the judge decides. It may raise NotApplicable, NotYet and CannotSee, and then
nothing it has yielded before counts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Literal

from lexops.checks.history import History
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
    "Forecast",
    "History",
    "Host",
    "MariaDB",
    "Metric",
    "NotApplicable",
    "NotYet",
    "Note",
    "Observation",
    "PostgreSQL",
    "RunnableCheck",
    "SQLite",
    "Status",
    "Usual",
    "check",
]

_KINDS: dict[type[Any], frozenset[Kind]] = {
    Database: frozenset({Kind.SQLITE, Kind.POSTGRESQL, Kind.MARIADB}),
    SQLite: frozenset({Kind.SQLITE}),
    PostgreSQL: frozenset({Kind.POSTGRESQL}),
    MariaDB: frozenset({Kind.MARIADB}),
    Host: frozenset({Kind.HOST}),
    Endpoint: frozenset({Kind.ENDPOINT}),
    History: frozenset({Kind.LEXOPS}),
}

Collect = Callable[[Any], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A metric that runs towards its limit: when will it be there?

    The limit is the metric's own. `warn` and `crit` are the least time that has to be left; below them the
    forecast alarms, with `crit` only when less than `tight` percent of the limit are free, too.
    """

    metric: str
    warn: str = "24h"
    crit: str | None = "4h"
    tight: float = 20.0


@dataclass(frozen=True, slots=True)
class Usual:
    """A metric with a weekly rhythm: is it as it usually is at this hour of the week?"""

    metric: str
    least: float = 0.0
    """Below it differences do not matter."""
    direction: Literal["both", "up", "down"] = "both"


Trend = Forecast | Usual


class NotApplicable(Exception):
    """The question does not arise on this target; the text says why."""


class NotYet(Exception):
    """Another look is needed before anything can be said; the text says what is missing."""


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
    trends: tuple[Trend, ...] = ()
    """What is to be foreseen from its metrics; each becomes a check of its own."""
    of_history: bool = False
    """Whether it looks at what LexOps has kept instead of at the target."""
    parent: str = ""
    """The check whose metrics it looks at; it is switched off with that."""
    text: str = ""
    """The SELECT of a check that is one SQL file, as written there."""

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
    source: str = "",
    grants: str = "",
    mend: str = "",
    runbook: str = "",
    heavy: bool = False,
    availability: bool = False,
    metrics: Mapping[str, tuple[str | None, str | None]] | None = None,
    trends: Sequence[Trend] = (),
    fault: str = "",
) -> Callable[[Collect], RunnableCheck]:
    """Declare the decorated function as a check. Raises ValueError for a range or duration that is none.

    `warn` and `crit` judge every metric but those that `metrics` gives a pair of their own.
    """

    def declare(collect: Collect) -> RunnableCheck:
        title, _, body = (inspect.getdoc(collect) or id).partition("\n")
        meaning, _, why = body.strip().rpartition("\n\n")
        if not meaning:
            meaning, why = why, ""
        package = collect.__module__.rpartition(".")[0]
        return RunnableCheck(
            Check(
                id=id,
                title=title.rstrip("."),
                area=area,
                kinds=_KINDS[target],
                meaning=" ".join(meaning.split()),
                why=" ".join(why.split()),
                mend=mend,
                every=parse_duration(every),
                timeout=parse_duration(timeout),
                attempts=attempts,
                levels=levels(warn, crit),
                levels_of={name: levels(*pair) for name, pair in (metrics or {}).items()},
                source=source,
                grants=grants,
                runbook=runbook,
                fault=fault,
                heavy=heavy,
                availability=availability,
                origin=package,
            ),
            collect,
            SqlFolder(files(package)) if package else None,
            tuple(trends),
            of_history=target is History,
        )

    return declare


@dataclass(frozen=True, slots=True)
class Assignment:
    """One check on one target."""

    target: str
    kind: Kind
    environment: str
    runnable: RunnableCheck
