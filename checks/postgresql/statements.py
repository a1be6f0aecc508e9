"""Which statements take the time? By pg_stat_statements, without what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lexops.checks.contract import (
    CannotSee,
    Metric,
    NotApplicable,
    Note,
    NotYet,
    Observation,
    PostgreSQL,
    Usual,
    check,
)
from lexops.checks.quantity import show
from lexops.targets.masking import masked
from lexops.text import plural

from .rights import PG_MONITOR, demand_statistics

HEAVY = 0.1
"""Share of the time of all statements from which on one matters."""
FEWEST_CALLS = 5
"""Calls in the span below which a mean says nothing."""
KEPT = 200
"""Statements whose counters are kept from look to look: those that took most time."""
SLOWER = 1.5
"""Times as slow as before from which on a statement counts as slower at all."""
ACCEPTED = 7 * 86_400.0
"""Seconds after which a statement's slower mean is its usual one: it has not been mended by then."""
SHOWN = 5

Counters = Mapping[str, tuple[float, float]]
"""Calls and milliseconds of statements, by id."""
Held = Mapping[str, tuple[float, float]]
"""The mean of statements before they became slower, and when that was, by id."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement did since the last look, and its mean before; milliseconds."""

    id: str
    calls: float
    spent: float
    share: float
    """Of the time that all of them took."""
    usual: float | None
    """The mean of its calls up to the last look; None when those were too few."""

    @property
    def mean(self) -> float:
        return self.spent / self.calls

    @property
    def slowdown(self) -> float:
        """How many times as long as before it takes; 1 when nothing is known from before."""
        return self.mean / self.usual if self.usual else 1.0


@check(
    "postgresql.slow-statements",
    target=PostgreSQL,
    every="5m",
    attempts=2,
    warn="1s",
    crit="10s",
    source="LexOps' own judgement: what a person waits for; PgHero lists 20 ms in 100 calls, which is no"
    " alarm. Statements count that take a tenth of all time, from five calls on",
    grants=PG_MONITOR,
    mend="Find it by its number: SELECT query FROM pg_stat_statements WHERE queryid = …; then EXPLAIN"
    " (ANALYZE, BUFFERS) with typical values shows what it waits for. Mostly it lacks an index.",
    fault="a statement that sleeps is called again and again",
    trends=(Usual("time spent", least=0.05),),
)
def slow_statements(db: PostgreSQL) -> Iterator[Observation]:
    """Statement is slow.

    Looks at the mean time of the statements that took most of the server's time since the last look, and at
    the time that all of them took: 1 s/s is one session always at work.

    These are what people wait for in the billing application, hundreds of times a day.
    """
    statements, busy = _since_last_look(db)
    heavy = [statement for statement in statements if statement.share >= HEAVY]
    slowest = max((statement.mean for statement in heavy), default=0.0)
    yield Metric("slowest mean", slowest / 1000, "s")
    yield Metric("time spent", busy, "s/s", info=True)
    yield from _told(db, sorted(heavy, key=lambda statement: -statement.mean))


@check(
    "postgresql.statement-regressions",
    target=PostgreSQL,
    every="15m",
    attempts=2,
    warn="3",
    crit="30",
    source="LexOps' own judgement: three times the mean before and a tenth of all time, at two looks in a"
    " row; 30 is a plan that lost its index",
    grants=PG_MONITOR,
    mend="Analyse its tables, then see its plan with EXPLAIN: an index that is gone, more rows, or a plan"
    " that changed. If the billing application was updated, tell its maker the statement.",
    fault="a statement that was quick sleeps from some moment on",
)
def statement_regressions(db: PostgreSQL) -> Iterator[Observation]:
    """Statement became slower.

    Compares the mean time of each statement since the last look with its mean before, for those that took a
    tenth of all time, in times as slow. What is not mended within seven days is usual from then on.

    What billing did in a moment yesterday holds people up today; tomorrow it may not come to an end.
    """
    held: Held = db.memory.kept.get("usual", {})
    seen, _busy = _since_last_look(db)
    now = db.memory.at.timestamp()
    held = {id: (mean, since) for id, (mean, since) in held.items() if now - since < ACCEPTED}
    statements = [replace(one, usual=held[one.id][0]) if one.id in held else one for one in seen]
    db.memory.kept["usual"] = _to_hold(held, statements, now)
    heavy = [statement for statement in statements if statement.share >= HEAVY]
    yield Metric("times as slow", max((statement.slowdown for statement in heavy), default=1.0))
    slower = [statement for statement in heavy if statement.slowdown > SLOWER]
    yield from _told(db, sorted(slower, key=lambda statement: -statement.slowdown))


def _to_hold(held: Held, statements: list[Statement], now: float) -> Held:
    """The means from before for those that are slower; else they would grow with each slow call."""
    quick = {statement.id for statement in statements if statement.slowdown <= SLOWER}
    slower = {one.id: (one.usual, now) for one in statements if one.usual and one.id not in quick}
    return {id: kept for id, kept in (slower | dict(held)).items() if id not in quick}


@check(
    "postgresql.statement-evictions",
    target=PostgreSQL,
    every="15m",
    attempts=1,
    warn="0",
    source="check_pgactivity, pgss_dealloc, reports them without a default; each drops a twentieth of all, so"
    " one an hour is LexOps' own judgement",
    grants=PG_MONITOR,
    mend="Raise pg_stat_statements.max, which needs a restart, or let the application send its values as"
    " parameters instead of writing them into each statement.",
    fault="more different statements run than pg_stat_statements keeps",
)
def statement_evictions(db: PostgreSQL) -> Iterator[Metric]:
    """Statements are forgotten by their statistics.

    Counts how often in the last hour pg_stat_statements was full and dropped the statements that are called
    least.

    Nobody can tell any more which statement of the billing application became slow.
    """
    _demand_extension(db)
    row = db.query_row("statement-evictions")
    grown = db.memory.grown("evictions", row["evictions"], epoch=row["stats_reset"], over="1h")
    if grown:
        yield Metric("evictions", grown.by)


def _since_last_look(db: PostgreSQL) -> tuple[list[Statement], float]:
    """What the statements did, and how many seconds they took per second; keeps what they had done till now.

    Raises NotYet at the first look and after the statistics were reset.
    """
    _demand_extension(db)
    rows = db.query("statements", most=KEPT)
    before: dict[str, Any] = db.memory.kept
    epoch, at = str(rows[0]["stats_reset"]) if rows else "", db.memory.at.timestamp()
    counters = {str(row["id"]): (row["calls"], row["milliseconds"]) for row in rows}
    db.memory.kept = {"epoch": epoch, "at": at, "statements": counters}
    if before.get("epoch") != epoch or before["at"] >= at:
        raise NotYet("a second look at the statements' counters is needed")
    known = _known(before["statements"], counters)
    grown = {
        id: (calls - known[id][0], spent - known[id][1])
        for id, (calls, spent) in counters.items()
        if calls >= known[id][0] and spent >= known[id][1]  # otherwise it was dropped in between
    }
    total = sum(spent for _calls, spent in grown.values())
    statements = [
        Statement(id, calls, spent, spent / total, _mean(*known[id]))
        for id, (calls, spent) in grown.items()
        if calls >= FEWEST_CALLS and total
    ]
    return statements, total / 1000 / (at - before["at"])


def _known(before: Counters, now: Iterable[str]) -> Counters:
    """What each of these had done before; those that were not among the most then had at most as much."""
    most = min((spent for _calls, spent in before.values()), default=0.0) if len(before) == KEPT else 0.0
    return {id: before.get(id, (0, most)) for id in now}


def _mean(calls: float, spent: float) -> float | None:
    return spent / calls if calls >= FEWEST_CALLS else None


def _told(db: PostgreSQL, statements: list[Statement]) -> Iterator[Note]:
    """The first of them with their text, which is fetched only now: all texts lie in one large file."""
    shown = statements[:SHOWN]
    if not shown:
        return
    ids = [int(statement.id) for statement in shown]
    texts = {str(row["id"]): row["statement"] for row in db.query("statement-texts", ids=ids)}
    for statement in shown:
        usual = f" ({show(statement.usual / 1000, 's')} before)" if statement.usual is not None else ""
        yield Note(
            f"statement {statement.id}",
            f"{show(statement.mean / 1000, 's')}{usual} in {plural(int(statement.calls), 'call')},"
            f" {statement.share:.0%} of all time: {masked(texts.get(statement.id) or '')}",
        )


def _demand_extension(db: PostgreSQL) -> None:
    """Raises NotApplicable where pg_stat_statements does not run, CannotSee where we do not find its view."""
    state = db.query_row("statements-state")
    if not state["is_loaded"]:
        raise NotApplicable(
            "pg_stat_statements does not run; to have it, add it to shared_preload_libraries, restart the"
            " server, and CREATE EXTENSION pg_stat_statements in this database"
        )
    if state["schema"] is None:
        raise NotApplicable("to see statements, CREATE EXTENSION pg_stat_statements in this database")
    demand_statistics(db)
    if not state["is_visible"]:
        raise CannotSee(
            f"pg_stat_statements is in the schema {state['schema']}, where {state['role']} does not look",
            grant=f"GRANT USAGE ON SCHEMA {state['schema']} TO {state['role']}; ALTER ROLE {state['role']}"
            f" SET search_path = public, {state['schema']}",
        )
