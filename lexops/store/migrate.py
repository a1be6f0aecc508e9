"""The store's own schema: brought up to date when it is opened, refused when it is newer than the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from lexops.errors import StoreError
from lexops.store.database import Store

VERSION_TABLE = "lexops_version"
_LOCK = 0x1E40B5
"""An arbitrary number that only LexOps' migrations lock on."""
HEAD = "0010"
"""The revision this program works with; the newest in `migrations/versions`."""


def bring_up_to_date(store: Store) -> None:
    """Create or upgrade the store, all or nothing. Raises StoreError when a newer LexOps made it."""
    with store.read() as connection:
        if version(connection) == HEAD:
            return
    with store.begin() as connection:
        if connection.dialect.name == "postgresql":
            # SQLite has one writer at a time anyway; here two programs may both find an empty store.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        found = version(connection)
        if found is not None and found not in _known():
            raise StoreError(
                f"the store was made by a newer LexOps (revision {found}; this program knows up to {HEAD})",
                hint="update LexOps on this machine, or point [store] url to another store",
            )
        if found != HEAD:
            upgrade(connection)


def version(connection: Connection) -> str | None:
    """The store's revision; None when it is empty."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return None if found is None else str(found)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("lexops.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _known() -> set[str]:
    folder = Path(str(files("lexops.store") / "migrations" / "versions"))
    return {path.name.partition("_")[0] for path in folder.glob("[0-9]*.py")}
