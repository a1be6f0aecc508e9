"""What people do with the demo firm: build it anew."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from sqlalchemy import NullPool, create_engine, make_url

from lexops.config import SQLiteSettings
from lexops.errors import NotFound, QueryFailed, Refused
from lexops.operations import Act, Doing, Effect, Interrupted, Role, operation, step
from lexops.store import event
from lexops.text import one_line


class FirmSize(StrEnum):
    """About 20,000, 500,000 and 5,000,000 time entries."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def plan_rebuild(doing: Doing, *, target: str, size: FirmSize) -> list[str]:
    """What is lost and what is kept. Raises NotFound or Refused for what is no demo firm."""
    database = _database(doing, target)
    return [
        f"replaces everything in {target} by a new {size} demo firm",
        f"loses {_contents(database)}",
        f"keeps the present file as {_kept(database, doing.key).name}",
    ]


@step(interrupted=Interrupted.RERUN)
def build(doing: Doing, *, target: str, size: FirmSize) -> str:
    """Build the new firm beside the old one"""
    from lexops.billing.firm import Size, build_firm

    new = _new(_database(doing, target), doing.key)
    _remove(new)
    engine = create_engine(f"sqlite:///{new}", poolclass=NullPool)
    firm = build_firm(engine, size=Size(size.value), today=doing.at.date(), progress=_percent(doing.say))
    engine.dispose()
    return f"{firm.time_entries:,} time entries, {firm.invoices:,} invoices"


def _has_swapped(doing: Doing, *, target: str, size: FirmSize) -> Interrupted:
    database = _database(doing, target)
    done = _kept(database, doing.key).exists() and not _new(database, doing.key).exists()
    return Interrupted.DONE if done else Interrupted.RERUN


@step(interrupted=_has_swapped)
def swap(doing: Doing, *, target: str, size: FirmSize) -> str:
    """Put the new firm in place and keep the old file"""
    database = _database(doing, target)
    new, kept = _new(database, doing.key), _kept(database, doing.key)
    if not new.exists():
        if kept.exists():
            return "the new firm is in place already"
        raise QueryFailed(f"{new.name} is gone; the present file is untouched", hint="ask for it anew")
    _fold_in_log(database)
    if not kept.exists():
        os.link(database, kept)
    new.chmod(database.stat().st_mode & 0o777)
    new.replace(database)
    return f"the old file is {kept.name}"


@operation(
    "demo.rebuild",
    role=Role.ADMINISTRATOR,
    effect=Effect.DESTROY,
    plan=plan_rebuild,
    steps=(build, swap),
)
def rebuild(
    act: Act,
    *,
    target: Annotated[str, "name of the demo firm's database"],
    size: Annotated[FirmSize, "how many time entries"] = FirmSize.SMALL,
) -> str:
    """Build the demo firm anew.

    Everything in it is replaced; the present file is kept beside the new one.
    """
    event.append(act.connection, act.at, "demo.rebuilt", target)
    return f"{target} is a new {size} demo firm"


def _database(doing: Doing, target: str) -> Path:
    """The file of a demo firm. Raises NotFound, or Refused for anything that is not one."""
    settings = doing.file.settings.targets.get(target)
    if settings is None:
        raise NotFound(f"there is no target {target!r}", hint="see: lexops status")
    if settings.environment != "demo" or not isinstance(settings, SQLiteSettings):
        raise Refused(f"{target} is no demo firm: only a demo SQLite file is ever rebuilt")
    name = make_url(settings.url).database
    database = doing.file.resolve(Path(name or ""))
    if not database.is_file():
        raise NotFound(f"{database} is not there", hint="build the demo with: lexops demo")
    return database


def _new(database: Path, key: str) -> Path:
    return database.with_name(f"{database.name}.new-{key[:8]}")


def _kept(database: Path, key: str) -> Path:
    return database.with_name(f"{database.name}.before-{key[:8]}")


def _remove(file: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def _explained(database: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise QueryFailed(f"{database.name}: {one_line(error, 200)}") from error


def _contents(database: Path) -> str:
    with (
        _explained(database),
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as file,
    ):
        counted = [
            (file.execute(f"SELECT count(*) FROM {table}").fetchone()[0], words)
            for table, words in (
                ("time_entry", "time entries"),
                ("invoice", "invoices"),
                ("payment", "payments"),
            )
        ]
    return ", ".join(f"{count:,} {words}" for count, words in counted)


def _fold_in_log(database: Path) -> None:
    """Move what is only in the write-ahead log into the file: it alone is kept."""
    with _explained(database), closing(sqlite3.connect(database, timeout=5)) as file:
        busy = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise QueryFailed(f"{database.name} is being written to", hint="stop what writes to it, then resume")


def _percent(say: Callable[[str], None]) -> Callable[[int, int], None]:
    """Tells whole tens of a hundred, so that the store is not kept busy with it."""
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        now = done * 10 // total if total else 10
        if now > told:
            told = now
            say(f"{now * 10} %")

    return progress


OPERATIONS = (rebuild,)
