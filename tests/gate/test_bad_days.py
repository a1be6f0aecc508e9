"""A full disk, a clock that goes backwards, a lost key folder: one clear line, and nothing half done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as listening
from sqlalchemy import text

from lexops.auth import store as people
from lexops.errors import Exit, StoreError
from lexops.gate import store as requests
from lexops.gate.deciding import Deciding
from lexops.gate.model import State
from lexops.operations import Role
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store
from tests.gates import World, world
from tests.stores import sqlite_store


def fill_the_disk(made: World, spare_pages: int) -> Any:
    """From now on the store cannot grow by more than a few pages; gives what frees the disk again."""
    with made.store.read() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + spare_pages}")

    listening.listen(made.store.engine, "connect", limit)
    return lambda: listening.remove(made.store.engine, "connect", limit)


@pytest.mark.parametrize("spare", [0, 1, 2, 3, 5, 8])
def test_with_a_full_disk_nothing_happens_that_is_not_recorded(tmp_path: Path, spare: int) -> None:
    made = world(sqlite_store(tmp_path), tmp_path, environment="demo")
    free = fill_the_disk(made, spare)
    done = 0
    with pytest.raises(StoreError, match="disk is full") as full:
        for _ in range(200):
            made.submit("sam", "wall.paint", target="wall", note="x" * 3000)
            done += 1
    assert full.value.exit is Exit.UNREACHABLE
    free()
    assert made.kinds().count("painted") == made.entries().count("done") == done
    made.submit("sam", "wall.paint", target="wall")
    assert made.entries().count("done") == done + 1
    made.store.close()


def test_a_destructive_act_that_cannot_be_recorded_does_not_happen(tmp_path: Path) -> None:
    made = world(sqlite_store(tmp_path), tmp_path, environment="demo")
    made.gate.sealer.seal()
    free = fill_the_disk(made, 0)
    with pytest.raises(StoreError, match="disk is full"):
        for _ in range(20):
            made.submit("ana", "wall.tear-down", target="wall", confirmed="wall")
    free()
    torn = made.kinds().count("torn-down")
    with made.store.read() as connection:
        states = [view.state for view in requests.views(connection, made.gate.keyring)]
    assert torn == states.count(State.DONE) == made.entries().count("done")
    made.store.close()


def test_a_clock_far_behind_the_record_stops_what_is_weighty_with_one_line(
    store: Store, tmp_path: Path
) -> None:
    made = world(store, tmp_path, environment="demo")
    made.gate.sealer.seal()
    made.clock.jump(made.clock.now() - timedelta(minutes=3))
    with pytest.raises(StoreError, match="behind"):
        made.submit("ana", "wall.tear-down", target="wall", confirmed="wall")
    assert "torn-down" not in made.kinds()


def test_a_second_factor_given_in_the_future_does_not_count(world: World) -> None:
    world.prove("ana")
    world.clock.jump(world.clock.now() - timedelta(seconds=30))
    with pytest.raises(Exception, match="second factor"):
        world.submit("ana", "wall.rebuild", target="wall", confirmed="wall")


def test_without_the_sites_keys_nobody_is_believed(world: World, tmp_path: Path) -> None:
    other = Deciding(world.gate.file, Keyring(tmp_path / "other-keys"), world.clock)
    case = world.gate.case(world.request("ana", "wall.paint", target="wall"))
    with world.store.read() as connection:
        decision = other.decision(connection, case, people.by_name(connection, "ana"))
    assert (decision.permitted, decision.why) == (False, "ana was not made an operator by LexOps")


def test_the_last_administrator_stays(world: World) -> None:
    from lexops.auth.operations import remove
    from lexops.errors import Refused
    from lexops.operations import Act

    with world.store.begin() as connection:
        for name in ("bo",):
            person = people.get(connection, name)
            people.set_role(connection, world.gate.keyring, person, Role.SUPPORT)
    with world.store.begin() as connection, pytest.raises(Refused, match="last administrator"):
        act = Act(
            world.request("ana", "operator.remove", name="ana"),
            world.clock.now(),
            connection,
            world.gate.file,
            world.gate.keyring,
            world.id_of("ana"),
        )
        remove._body(act, name="ana")
