"""Which statements became slow? By their normalised text, which the server keeps without values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lexops.checks.contract import Finding, MariaDB, Note, Observation, check
from lexops.checks.quantity import show
from lexops.targets.masking import masked

from .indexes import demand_performance_schema
from .rights import STATEMENTS

SLOWER = 3.0
"""Times its usual mean from which on a statement became slow."""
SHARE = 0.1
"""Of all the time that statements took, below which one does not matter."""
FEWEST = 10
"""Runs between two looks below which a mean says nothing."""
_FRESH = 0.1
"""How much of a new mean goes into the usual one at each look."""
_PICOSECONDS = 1e12


@dataclass(frozen=True, slots=True)
class Run:
    """What a statement did between two looks."""

    digest: str
    text: str
    count: int
    seconds: float

    @property
    def mean(self) -> float:
        return self.seconds / self.count


@check(
    "mariadb.statements",
    target=MariaDB,
    every="5m",
    attempts=2,
    source="LexOps' own judgement: three times its usual mean, and a tenth of all the time",
    grants=STATEMENTS,
    mend="EXPLAIN it: mostly its table has grown past a missing index, or its statistics are old: ANALYZE"
    " TABLE t.",
    fault="a statement that takes many times as long as before",
)
def statements(db: MariaDB) -> Iterator[Observation]:
    """Statement has become slow.

    Compares what each kind of statement took since the last look with what it usually takes, as
    performance_schema counts it. What became slow is told until it is fast again, or slow has become usual.

    It is where to look first when time entry or billing is slow today and was not yesterday.
    """
    demand_performance_schema(db)
    rows = db.query("statements")
    runs = _runs(rows, db.memory.kept.get("seen", {}))
    usual: dict[str, float] = db.memory.kept.get("usual", {})
    every = sum(run.seconds for run in runs) or 1.0
    for run in runs:
        before = usual.get(run.digest)
        if before and run.mean >= SLOWER * before and run.seconds >= SHARE * every:
            yield Finding(
                run.digest,
                f"{show(run.mean, 's')} instead of {show(before, 's')}, {100 * run.seconds / every:.0f} % of"
                f" all time: {run.text}",
            )
    db.memory.kept["usual"] = _learnt(rows, runs, usual)
    db.memory.kept["seen"] = {row["digest"]: [int(row["count"]), int(row["taken"])] for row in rows}
    busiest = max(runs, key=lambda run: run.seconds, default=None)
    if busiest is not None:
        yield Note("most time", f"{100 * busiest.seconds / every:.0f} %: {busiest.text}")


def _runs(rows: list[dict[str, Any]], seen: Mapping[str, list[int]]) -> list[Run]:
    """What ran often enough since the last look, which had `seen` counts and picoseconds by digest."""
    found = []
    for row in rows:
        count, taken = seen.get(row["digest"], [0, 0]) if seen else [int(row["count"]), 0]
        ran, took = int(row["count"]) - count, int(row["taken"]) - taken
        if ran >= FEWEST and took > 0:
            found.append(
                Run(row["digest"], masked(row["statement"] or "", mariadb=True), ran, took / _PICOSECONDS)
            )
    return found


def _learnt(rows: list[dict[str, Any]], runs: list[Run], usual: Mapping[str, float]) -> dict[str, float]:
    """The usual means by digest; what is gone from the server's table is forgotten."""
    learnt = {row["digest"]: usual[row["digest"]] for row in rows if row["digest"] in usual}
    for run in runs:
        before = usual.get(run.digest, run.mean)
        learnt[run.digest] = before + _FRESH * (min(run.mean, SLOWER * before) - before)
    return learnt
