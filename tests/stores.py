"""Stores for tests, on both databases."""

from __future__ import annotations

from pathlib import Path

from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date


def sqlite_store(folder: Path) -> Store:
    store = Store(open_engine("sqlite:///lexops.db", folder))
    bring_up_to_date(store)
    return store


def postgresql_store(url: str, folder: Path) -> Store:
    store = Store(open_engine(url, folder))
    bring_up_to_date(store)
    return store
