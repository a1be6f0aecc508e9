"""Erasure: what is sealed about people goes, and the record stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lexops.audit import log
from lexops.audit import verify as verification
from lexops.audit.log import Filter
from lexops.audit.verdict import Verdict
from lexops.errors import NotFound, Refused
from lexops.gate import store as requests
from lexops.gate.erasure import erase
from lexops.privacy.store import reveal
from lexops.store.database import Store
from tests.gates import World, paint, world


@pytest.fixture
def told(store: Store, tmp_path: Path) -> World:
    """A site on which something personal was noted, sealed."""
    made = world(store, tmp_path, environment="demo", operations=(paint, erase))
    made.submit("sam", "wall.paint", target="wall", note="Mrs Huber asked", key="asked")
    made.gate.sealer.seal()
    return made


def test_what_is_erased_cannot_be_read_and_the_record_is_intact(told: World) -> None:
    answer = told.submit("ana", "audit.erase", entry="#0", reason="art. 17", confirmed="audit.erase")
    assert "of entry #0 erased" in answer
    told.gate.sealer.seal()
    with told.store.read() as connection:
        (entry,) = log.entries(connection, Filter(kind="done", text="wall.paint"), limit=10)
        assert set(reveal(connection, told.gate.keyring, entry.key).values()) == {None}
        view = next(v for v in requests.views(connection, told.gate.keyring) if v.key == "asked")
    assert view.arguments["note"] == "(erased)"
    report = verification.verify(told.store, keyring=told.gate.keyring)
    assert report.verdict is Verdict.INTACT, report.problems


def test_it_is_a_destructive_act_of_administrators(told: World) -> None:
    with pytest.raises(Refused, match=r"destroy nothing|needs the role"):
        told.submit("sam", "audit.erase", entry="#0", reason="x", confirmed="audit.erase")
    with pytest.raises(Refused, match="confirmed"):
        told.submit("ana", "audit.erase", entry="#0", reason="x")
    with pytest.raises(NotFound, match="no entry #99"):
        told.submit("ana", "audit.erase", entry="#99", reason="x", confirmed="audit.erase")
