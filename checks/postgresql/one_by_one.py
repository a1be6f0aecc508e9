"""Heavy looks: one question about each of many relations, for as long as the check's time lasts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from lexops.checks.contract import Finding, PostgreSQL, Status
from lexops.errors import Damaged, TimedOut

SHARE = 0.9
"""Of the check's time, so that what was found is told before the time is over."""

Row = dict[str, Any]


def one_by_one(
    db: PostgreSQL, relations: Iterable[Row], question: str
) -> Iterator[tuple[Row, list[Row] | Exception]]:
    """Run the SQL `question` with the parameter `relation`, an oid, for each of `relations`.

    Gives with each what it gave, or why it gave nothing: TimedOut, or Damaged. Raises Denied and the others.
    """
    end = time.monotonic() + SHARE * db.seconds
    for relation in relations:
        left = end - time.monotonic()
        yield relation, _asked(db, question, relation["oid"], left)


def _asked(db: PostgreSQL, question: str, oid: int, left: float) -> list[Row] | Exception:
    if left <= 0:
        return TimedOut("no time was left for it")
    db.allow(left)
    try:
        return db.query(question, relation=oid)
    except (TimedOut, Damaged) as error:
        return error


def not_reached(name: str) -> Finding:
    """What is said of a relation for which the time, or a lock, did not suffice: never that it is fine."""
    return Finding(f"{name}/time", f"{name} was not looked at to the end: no time", Status.UNKNOWN)
