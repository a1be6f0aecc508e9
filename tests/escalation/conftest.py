"""A firm for each test, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.store.database import Store
from tests.escalation.firm import Firm, firm
from tests.stores import sqlite_store


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Firm]:
    """On SQLite: for what no database decides."""
    made = sqlite_store(tmp_path)
    yield firm(made, tmp_path)
    made.close()


@pytest.fixture
def both(store: Store, tmp_path: Path) -> Firm:
    """Once on each database."""
    return firm(store, tmp_path)
