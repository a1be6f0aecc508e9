"""How much space is taken, and how much of it for nothing?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lexops.checks.contract import Metric, Note, NotYet, Observation, PostgreSQL, check
from lexops.errors import Damaged

from .one_by_one import one_by_one
from .rights import PG_MONITOR, demand_extension

BLOATED = 0.3
"""The share of a relation from which on what it wastes counts."""
_SOURCE = "check_postgres, bloat: 1 and 5 GB; only what is wasted to at least 30 %: LexOps' own judgement"
_MEND = (
    "For an index REINDEX INDEX CONCURRENTLY name; for a table first find why vacuum does not keep up, then"
    " pg_repack, or VACUUM FULL in a planned pause, for it locks everybody out."
)


@check(
    "postgresql.database-size",
    target=PostgreSQL,
    every="1h",
    attempts=1,
    source="no threshold: how much is too much only the disk knows, which the host's checks forecast",
    mend="Give the check a warn in lexops.toml if this database may only grow so far.",
    fault="a table is filled, with a threshold of the site's",
)
def database_size(db: PostgreSQL) -> Iterator[Metric]:
    """Database is large.

    Measures the size of this database, to be plotted; it is judged only by a threshold that the site sets.

    Backups, restores and upgrades take as long as the database is large, and that is how long nobody can
    bill after a loss.
    """
    yield Metric("size", db.query_row("database-size")["bytes"], "B")


@check(
    "postgresql.wal-size",
    target=PostgreSQL,
    every="5m",
    warn="200%",
    crit="400%",
    source="LexOps' own judgement, in max_wal_size: the server stays below it by itself",
    grants=PG_MONITOR,
    mend="See what keeps the log: slots, an archive_command that fails, wal_keep_size; if nothing does,"
    " checkpoints do not come to their end, and the disk is too slow.",
    fault="a slot that nobody reads keeps more than max_wal_size",
)
def wal_size(db: PostgreSQL) -> Iterator[Metric]:
    """Write-ahead log grows too large.

    Compares the size of pg_wal with max_wal_size. The server removes what it no longer needs; when the log is
    far beyond, something holds it: a slot, the archive, or checkpoints that do not end.

    When the disk under it is full the server stops at once, in the middle of whatever is being billed.
    """
    row = db.query_row("wal-size")
    yield Metric("log", row["bytes"], "B", limit=row["most"])


@check(
    "postgresql.bloat",
    target=PostgreSQL,
    every="1h",
    attempts=2,
    warn="1GiB",
    crit="5GiB",
    source=_SOURCE,
    mend=_MEND,
    fault="most rows of a table are deleted and vacuumed",
)
def bloat(db: PostgreSQL) -> Iterator[Observation]:
    """Tables and indexes grow without their rows.

    Compares for the largest tables and indexes the bytes for each row with the fewest that LexOps has seen
    since they were last built. It is an estimate that costs nothing; what was wasted before the first look it
    cannot see, which `postgresql.measured-bloat` does.

    Every report and every backup reads the empty space as well: month-end runs take longer and longer.
    """
    densest, before = {}, db.memory.kept.get("densest")
    found = []
    for row in db.query("bloat"):
        density = row["bytes"] / row["rows"]
        best = min(density, (before or {}).get(row["storage"], density))
        densest[row["storage"]] = best
        found.append(Metric("wasted", row["bytes"] - best * row["rows"], "B", row["bytes"], row["name"]))
    db.memory.kept["densest"] = densest
    if before is None:
        raise NotYet("first look; later ones can tell what has grown without its rows")
    yield from _bloated(found)


@check(
    "postgresql.measured-bloat",
    target=PostgreSQL,
    every="1d",
    timeout="1h",
    attempts=1,
    warn="1GiB",
    crit="5GiB",
    source=_SOURCE,
    grants=PG_MONITOR,
    mend=_MEND,
    fault="most rows of a table are deleted",
    heavy=True,
)
def measured_bloat(db: PostgreSQL) -> Iterator[Observation]:
    """Tables and indexes waste space.

    Measures with the extension pgstattuple how much of the largest tables and B-tree indexes is free or dead:
    of tables it reads only the pages that have changed since the last vacuum, indexes it reads whole.

    Every report and every backup reads the empty space as well: month-end runs take longer and longer.
    """
    demand_extension(db, "pgstattuple", "pgstattuple_approx")
    demand_extension(db, "pgstattuple", "pgstatindex")
    found = []
    for largest, measure in (("largest-tables", "measure-table"), ("largest-indexes", "measure-index")):
        for relation, answer in one_by_one(db, db.query(largest), measure):
            name = relation["name"]
            if isinstance(answer, Exception):
                reason = "it is damaged" if isinstance(answer, Damaged) else "no time"
                yield Note(name, f"not measured: {reason}")
            else:
                found += [Metric("wasted", row["wasted"], "B", row["bytes"], name) for row in answer]
    yield from _bloated(found)


def _bloated(found: Sequence[Metric]) -> Iterator[Metric]:
    """Those that waste a large share of themselves, or that none does."""
    bloated = [metric for metric in found if metric.limit and metric.value >= BLOATED * metric.limit]
    yield from bloated or [Metric("wasted", 0, "B")]
