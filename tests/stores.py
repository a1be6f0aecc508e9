"""Stores for tests, on both databases. They are copies: migrating every one anew takes half of a test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date
from tests import servers

_DATABASE = "lexops_template"
_FILE = "lexops.db"


def sqlite_store(folder: Path) -> Store:
    copy_store(folder)
    return _opened("sqlite:///lexops.db", folder)


def postgresql_store(url: str, folder: Path) -> Store:
    return _opened(url, folder)


def copy_store(folder: Path) -> None:
    """An empty store where a site in this folder looks for it, unless there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _FILE).exists():
        shutil.copy(_template(), folder / _FILE)


def store_database(server: servers.DatabaseServer) -> str:
    """The URL of a database on a PostgreSQL server that holds an empty store."""
    if not server.has(_DATABASE):
        with tempfile.TemporaryDirectory() as folder:
            _opened(servers.site_url(server.database(_DATABASE)), Path(folder)).close()
    return servers.site_url(server.database(template=_DATABASE))


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lexops-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _opened("sqlite:///lexops.db", folder).close()
    return folder / _FILE


def _opened(url: str, folder: Path) -> Store:
    store = Store(open_engine(url, folder))
    bring_up_to_date(store)
    return store
