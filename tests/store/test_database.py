"""The store's own connections."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.errors import StoreError
from lexops.store.database import Store, open_engine

STRANGE = "a %20 b?c#d"
"""Signs that mean something in a URL."""


def test_a_store_that_was_moved_away_is_not_made_anew(tmp_path: Path) -> None:
    file = tmp_path / STRANGE / "lexops.db"
    store = Store(open_engine("sqlite:///lexops.db", tmp_path / STRANGE))
    with store.begin() as connection:
        connection.execute(text("CREATE TABLE kept (n INTEGER)"))
    away = file.rename(tmp_path / "away.db")
    for attempt in (store.read, store.begin):
        with pytest.raises(StoreError, match="unable to open database file"), attempt():
            pass
    assert not file.exists()
    away.rename(file)
    with store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM kept")) == 0
