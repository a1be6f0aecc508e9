"""Fixtures of the intake's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.store.database import Store
from tests.stores import sqlite_store


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite alone: for what no store sees to."""
    made = sqlite_store(tmp_path)
    yield made
    made.close()
