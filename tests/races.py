"""Two transactions at once, so that the second always finds the first one under way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, text

from lexops.store.database import Store
from tests.waiting import PATIENCE, until

T = TypeVar("T")
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def at_once(
    store: Store, act: Callable[[Connection], T], other: Callable[[Connection], T] | None = None
) -> tuple[T, T]:
    """What two overlapping write transactions get: the second one acts before the first is committed."""

    def later() -> T:
        with store.begin() as connection:
            return (other or act)(connection)

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as connection:
            first = act(connection)
            second = pool.submit(later)
            if (
                connection.dialect.name == "postgresql"
            ):  # SQLite lets only one in, so the other one waits anyway
                _until_it_waits(store, second)
        return first, second.result(PATIENCE)


def _until_it_waits(store: Store, second: Future[T]) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until(
            lambda: second.done() or connection.scalar(text(_WAITING)),
            "the second transaction neither waits nor ends",
        )
