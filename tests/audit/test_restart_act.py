"""The act that restarts the record, at the gate: who may, when, and that weighty acts work again after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from lexops.app import operations
from lexops.audit import store as record
from lexops.audit.heads import gather
from lexops.audit.keys import SealingKeys
from lexops.audit.trail import Trail
from lexops.audit.verdict import Report, Verdict
from lexops.audit.verify import verify
from lexops.errors import Exit, Refused, StoreError
from lexops.gate.model import SecondFactorNeeded
from lexops.gate.record import Recorder
from lexops.gate.restart import restart
from lexops.store.database import Store
from tests.audit.backup import Backup
from tests.gates import World, paint, rebuild, tear_down
from tests.gates import world as make

WHY = "the disk of the database's host died"


@pytest.fixture
def world(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A site that lost an act: its store was restored from a backup made before it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    # A demo site asks nobody else to agree, so that an act of one person shows whether sealing works.
    made = make(
        store,
        tmp_path,
        environment="demo",
        operations=(paint, tear_down, rebuild, restart),
        demo={"second_factor": "10m", "approvals": 0},
    )
    made.gate.sealer.seal()
    backup = Backup(store, tmp_path)
    made.submit("ana", "wall.paint", target="wall", colour="blue")
    made.clock.advance(minutes=1)
    made.gate.sealer.seal()
    backup.put_back()
    _as_a_new_process(made)
    made.prove("ana", "destroy:demo")
    return made


def _as_a_new_process(world: World) -> None:
    world.gate.recorder = Recorder(Trail(world.gate.keyring, "another process"))
    pause = world.gate.sealer._pause
    assert pause is not None
    world.gate.sealer._pause = lambda seconds: world.clock.advance(seconds=5) and None


def tear(world: World) -> str:
    return world.submit("ana", "wall.tear-down", target="wall", confirmed="wall")


def report(world: World) -> Report:
    keys = SealingKeys(world.folder / "keys")
    return verify(world.store, gather(None, keys, []), keys.anchor(), keyring=world.gate.keyring)


def test_weighty_acts_are_refused_after_a_restore_and_work_after_the_restart(world: World) -> None:
    with pytest.raises(StoreError, match="the store is older than what this machine has sealed") as error:
        tear(world)
    assert error.value.exit is Exit.UNREACHABLE and "\n" not in str(error.value)
    assert "lexops audit restart REASON" in error.value.hint
    world.prove("ana", "change:demo")
    said = world.submit("ana", "audit.restart", reason=WHY)
    assert "the record goes on in epoch" in said and "had been sealed before and are lost" in said
    world.prove("ana", "destroy:demo")
    assert tear(world) == "wall is gone"
    world.gate.sealer.seal()
    found = report(world)
    assert found.verdict is Verdict.INTACT and found.remarks[0].startswith("restarted 2026-")


def test_the_restart_is_itself_on_the_record_with_its_reason_sealed(world: World) -> None:
    world.prove("ana", "change:demo")
    request = world.request("ana", "audit.restart", reason=WHY)
    world.gate.submit(request)
    with world.store.read() as connection:
        entry = record.entry_by_key(connection, f"{request.key}:done")
        assert entry is not None and entry.data["operation"] == "audit.restart"
        assert world.gate.recorder._trail.opened(connection, entry)["reason"] == WHY
        assert WHY.encode() not in entry.body
    world.gate.sealer.seal()
    assert report(world).verdict is Verdict.INTACT


def test_a_restart_needs_a_second_factor_for_changes_here(world: World) -> None:
    with pytest.raises(SecondFactorNeeded, match="a second factor is needed in demo") as error:
        world.submit("ana", "audit.restart", reason=WHY)
    assert error.value.preview.scope == "change:demo" and error.value.enrolled
    world.prove("ana", "change:demo")
    world.clock.advance(minutes=11)
    with pytest.raises(SecondFactorNeeded):
        world.submit("ana", "audit.restart", reason=WHY)
    assert _restarts(world) == 0


@pytest.mark.parametrize("who", ["mia", "sam", "aud"])
def test_only_administrators_restart(world: World, who: str) -> None:
    world.prove(who, "change:demo")
    with pytest.raises(Refused, match="needs the role administrator"):
        world.submit(who, "audit.restart", reason=WHY)
    assert _restarts(world) == 0


def test_nothing_is_restarted_by_the_clock(world: World) -> None:
    with pytest.raises(Refused, match="not restarted by the clock"):
        world.submit("ana", "audit.restart", reason=WHY, door="schedule")
    assert _restarts(world) == 0


def test_a_record_that_can_be_sealed_is_not_restarted_a_second_time(world: World) -> None:
    world.prove("ana", "change:demo")
    request = world.request("ana", "audit.restart", reason=WHY)
    first = world.gate.submit(request)
    assert world.gate.submit(request) == first
    with pytest.raises(Refused, match="the record can be sealed; there is nothing to restart"):
        world.submit("ana", "audit.restart", reason=WHY)
    assert _restarts(world) == 1


def test_a_restart_that_cannot_be_recorded_has_not_happened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.prove("ana", "change:demo")
    with monkeypatch.context() as broken:
        broken.setattr("lexops.audit.store.add_entry", _full_disk)
        with pytest.raises(StoreError, match="no space"):
            world.submit("ana", "audit.restart", reason=WHY)
    assert _restarts(world) == 0
    world.submit("ana", "audit.restart", reason=WHY)
    world.gate.sealer.seal()
    assert report(world).verdict is Verdict.INTACT


def _full_disk(*_: object) -> None:
    raise StoreError("no space left")


def test_heads_that_this_account_saw_are_named_when_the_key_folder_forgot(world: World) -> None:
    from lexops.audit.heads import Heads, state_folder

    keys = SealingKeys(world.folder / "keys")
    signed = keys.signed()
    assert signed is not None
    with world.store.read() as connection:
        known = record.newest_checkpoint(connection)
    assert known is not None and known.size < signed.size
    from lexops.audit import note
    from lexops.audit.model import Checkpoint

    head = note.write_head(note.Head(signed.origin, signed.size, signed.root))
    lasting = keys.log_key()
    assert lasting is not None
    seen = note.sign(head, signed.origin, lasting)
    folder = state_folder({"XDG_STATE_HOME": str(world.folder / "state")})
    Heads(folder).remember(Checkpoint(signed.origin, signed.size, signed.root, signed.epoch, signed.at, seen))
    for name in ("signed.json", *(path.name for path in keys.folder.glob("epoch-*.key"))):
        (keys.folder / name).unlink()
    world.prove("ana", "change:demo")
    assert f"entries up to #{signed.size - 1} had been" in world.submit("ana", "audit.restart", reason=WHY)


def test_the_site_offers_the_act() -> None:
    assert restart in operations() and not restart.critical


def _restarts(world: World) -> int:
    with world.store.read() as connection:
        table = record.epoch_table
        assert connection.execute(select(table.c.number)).first() is not None
        return len(record.restarts(connection))
