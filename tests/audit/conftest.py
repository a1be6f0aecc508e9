"""Fixtures for the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.store.database import Store
from tests.audit.record import Record
from tests.clock import ManualClock


@pytest.fixture
def record(store: Store, clock: ManualClock, tmp_path: Path) -> Record:
    """A record with its keys, on both databases."""
    return Record(store, clock, tmp_path)
