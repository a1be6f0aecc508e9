"""A gate over a site with a database in which sessions pile up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lexops.activity.operations import OPERATIONS
from lexops.store.database import Store
from tests import gates
from tests.gates import World, world
from tests.servers import site_url
from tests.stores import sqlite_store

Made = Callable[..., World]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """SQLite alone: the gate's own tests look at both."""
    made = sqlite_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store) -> Made:
    """Makes a gate over a site whose target `db` is at a URL."""

    def make(kind: str, url: str) -> World:
        target = f'[targets.db]\nkind = "{kind}"\nurl = "{site_url(url)}"\nenvironment = "{{environment}}"\n'
        monkeypatch.setattr(gates, "SITE", gates.SITE + target)
        return world(store, tmp_path, operations=OPERATIONS)

    return make
