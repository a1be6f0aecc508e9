"""A database with flags in it, and checks that fire while a flag of theirs is up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lexops.checks.contract import Finding, RunnableCheck, SQLite, check


def colour(name: str) -> RunnableCheck:
    @check(f"sqlite.{name}", target=SQLite, every="1m", attempts=1, mend="take it down")
    def is_up(db: SQLite) -> Iterator[Finding]:
        """A flag is up."""
        for row in db.rows("SELECT colour FROM flag WHERE colour = :name", name=name):
            yield Finding(row["colour"], f"the {row['colour']} flag is up")

    return is_up


def put_up(folder: Path, *colours: str) -> None:
    with closing(sqlite3.connect(folder / "flags.db", isolation_level=None)) as file:
        file.execute("CREATE TABLE IF NOT EXISTS flag (colour text)")
        file.execute("DELETE FROM flag")
        file.executemany("INSERT INTO flag VALUES (?)", [(colour,) for colour in colours])
