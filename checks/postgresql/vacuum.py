"""Does vacuum keep up, does the planner know the tables, and what holds cleaning up back?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, Metric, NotApplicable, Note, Observation, PostgreSQL, check
from lexops.text import plural

from .rights import PG_MONITOR, demand_statistics


@check(
    "postgresql.autovacuum-overdue",
    target=PostgreSQL,
    every="15m",
    attempts=4,
    warn="200%",
    crit="1000%",
    source="postgres-mixin compares with the table's own trigger, too, but waits 10 h; twice and ten times"
    " for 1 h, from 10,000 rows on, are LexOps' own judgement",
    mend="Vacuum the table: VACUUM (ANALYZE) name. If it comes back, look for what holds cleaning up back,"
    " then lower autovacuum_vacuum_cost_delay, or for this table autovacuum_vacuum_scale_factor.",
    fault="autovacuum is switched off for a table whose rows all change",
)
def autovacuum_overdue(db: PostgreSQL) -> Iterator[Metric]:
    """Autovacuum does not keep up.

    Compares the dead rows of each table with the number at which autovacuum should have begun, by the
    table's own settings where it has some. The table and its indexes grow and become slow.

    Time entries and invoice lines are changed most: drafting a bill reads ever more rows that no longer
    count.
    """
    rows = db.query("autovacuum-overdue")
    if not rows:
        raise NotApplicable("there are no tables")
    for row in rows:
        yield Metric("dead rows", row["dead"], limit=row["trigger"], item=row["name"])


@check(
    "postgresql.autovacuum-workers",
    target=PostgreSQL,
    every="5m",
    attempts=6,
    warn="99%",
    metrics={"against wraparound for": ("6h", "24h")},
    source="LexOps' own judgement: all of them busy for 30 min, one working against wraparound for 6 h; no"
    " published default",
    grants=PG_MONITOR,
    mend="See what they do: SELECT * FROM pg_stat_progress_vacuum. Let them work faster (lower"
    " autovacuum_vacuum_cost_delay, more maintenance_work_mem) before there are more of them.",
    fault="the only worker is made so slow that it does not come to an end",
)
def autovacuum_workers(db: PostgreSQL) -> Iterator[Metric]:
    """All autovacuum workers are busy.

    Counts the workers against autovacuum_max_workers, and looks for how long one has been vacuuming to
    prevent wraparound: that cannot be put off, and it blocks changes to the table's definition.

    While all are busy no other table is cleaned up or analysed: billing becomes slower from day to day.
    """
    demand_statistics(db)
    row = db.query_row("autovacuum-workers")
    yield Metric("workers", row["running"], limit=row["workers"])
    yield Metric("against wraparound for", row["seconds"], "s")


@check(
    "postgresql.statistics-age",
    target=PostgreSQL,
    every="15m",
    attempts=4,
    warn="20%",
    source="LexOps' own judgement: twice what autovacuum waits for (autovacuum_analyze_scale_factor, 10 %),"
    " for 1 h; published checks count days (netdata 7, awesome-prometheus-alerts 10), which quiet tables"
    " pass",
    mend="Analyse the table: ANALYZE name. After an upgrade with pg_upgrade all of them:"
    " vacuumdb --all --analyze-in-stages.",
    fault="a table is filled and changed while autovacuum is off for it",
)
def statistics_age(db: PostgreSQL) -> Iterator[Observation]:
    """Planner knows tables badly.

    Looks at the tables with more than 1,000 rows: whether they were ever analysed, and how many rows have
    changed since. The planner takes the wrong index or none.

    The query that finds unbilled time takes minutes from one day to the next, though nothing was changed.
    """
    rows = db.query("statistics-age")
    if not rows and db.query_row("replay")["is_standby"]:
        raise NotApplicable("a standby does not count changed rows; its primary does")
    if not rows:
        raise NotApplicable("no table has more than 1,000 rows")
    for row in rows:
        if row["is_known"]:
            yield Metric("changed", row["changed"], limit=row["live"], item=row["name"])
        else:
            yield Finding(row["name"], f"{row['name']} was never analysed, with {plural(row['live'], 'row')}")


@check(
    "postgresql.xmin-horizon",
    target=PostgreSQL,
    every="5m",
    attempts=6,
    warn="10M",
    crit="100M",
    source="LexOps' own judgement: no published default; 100 million are a twentieth of all that there are",
    grants=PG_MONITOR,
    mend="End what is first in the evidence: a session with SELECT pg_terminate_backend(pid), a slot without"
    " a reader with SELECT pg_drop_replication_slot('name'), a prepared transaction with ROLLBACK PREPARED"
    " 'name'; for a standby end the report that runs there.",
    fault="a session, a prepared transaction and a slot keep an old state while others work",
)
def xmin_horizon(db: PostgreSQL) -> Iterator[Observation]:
    """Cleaning up is held back.

    Looks for the oldest state that somebody may still want to see, in transactions begun since, and who that
    is: a session, a replication slot, a prepared transaction, a standby. What was deleted since stays.

    Vacuum runs and cleans up nothing: tables of time entries and invoices swell until somebody lets go.
    """
    demand_statistics(db)
    rows = db.query("xmin-horizon")
    yield Metric("transactions held back", max((row["age"] for row in rows), default=0))
    for row in rows:
        yield Note(f"{row['kind']} {row['name']}", plural(row["age"], "transaction"))
