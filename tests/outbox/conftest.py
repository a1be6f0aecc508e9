"""Outboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.store.database import Store
from tests.clock import ManualClock
from tests.outbox.helping import Post, fresh_store


@pytest.fixture
def post(tmp_path: Path, clock: ManualClock) -> Iterator[Post]:
    """An outbox of ana's on SQLite: what it decides is the same everywhere."""
    store = fresh_store(tmp_path)
    yield made(store, tmp_path, clock)
    store.close()


@pytest.fixture
def post_on_each(store: Store, tmp_path: Path, clock: ManualClock) -> Post:
    """The same on SQLite and on PostgreSQL: for what rests on locks and SQL."""
    return made(store, tmp_path, clock)


def made(store: Store, folder: Path, clock: ManualClock) -> Post:
    found = Post(store, folder, clock)
    found.contacts(("mail", "ana@firm.example"), ("pager", ""))
    return found
