"""A world with a gate, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.store.database import Store
from tests.gates import World
from tests.gates import world as make


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return make(store, tmp_path)
