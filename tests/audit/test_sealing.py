"""Sealing: whole or not at all, with keys that do not come back, and never over something doubtful."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.audit import epochs, store
from lexops.audit.keys import SealingKeys
from lexops.audit.sealing import CannotSeal, Sealer, anchor, origin
from lexops.audit.verdict import Verdict
from lexops.errors import Exit, NotFound, StoreError
from tests.audit.killed import MOMENTS
from tests.audit.record import Record

ROOT = Path(__file__).parents[2]


def test_the_first_seal_begins_a_log_with_a_name_and_a_trust_anchor(record: Record) -> None:
    with record.store.read() as connection:
        assert (origin(connection), anchor(connection)) == (None, None)
    made = record.sealer.seal()
    assert made is not None and (made.size, made.epoch) == (0, 0)
    with record.store.read() as connection:
        known = anchor(connection)
    assert known is not None and known == record.keys.anchor()
    assert known.name == made.origin and made.origin.startswith("lexops/") and len(made.origin) == 19


def test_sealing_numbers_entries_in_the_order_of_arrival_and_only_once(record: Record) -> None:
    record.act(300)
    made = record.sealer.seal()
    assert made is not None and made.size == 300
    assert record.sealer.seal() is None
    record.act(3)
    made = record.sealer.seal()
    assert made is not None and made.size == 303
    with record.store.read() as connection:
        rows = connection.execute(text("SELECT leaf_index FROM audit_entry ORDER BY id")).scalars().all()
    assert rows == list(range(303))


def test_more_than_one_batch_is_sealed_at_once(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexops.audit.sealing.BATCH", 7)
    record.act(20)
    made = record.sealer.seal()
    assert made is not None and made.size == 20
    assert record.verify().verdict is Verdict.INTACT


def test_an_epoch_without_entries_is_sealed_too_and_its_key_destroyed(record: Record) -> None:
    record.act()
    record.sealer.seal()
    for number in range(1, 4):
        record.clock.advance(minutes=15)
        made = record.sealer.seal()
        assert made is not None and (made.epoch, made.size) == (number, 1)
        assert record.keys.epochs() == [number]
    with record.store.read() as connection:
        chain = [each.statement for each in store.epochs(connection)]
    assert len(chain) == 4
    assert epochs.first_fault(chain) is None
    assert [epochs.read(each).at - epochs.read(each).opened for each in chain[1:]] == [epochs.LENGTH] * 3


def test_waiting_for_an_entry_seals_it(record: Record) -> None:
    entry = record.act()
    covering = record.sealer.include(entry.id, 5)
    assert covering.size == 1
    with pytest.raises(NotFound):
        record.sealer.include("no-such-entry", 5)


def test_an_entry_that_nobody_seals_in_time_is_one_clear_line(record: Record, tmp_path: Path) -> None:
    record.sealer.seal()
    entry = record.act()
    elsewhere = Sealer(
        record.store,
        SealingKeys(_folder(tmp_path)),
        record.clock,
        pause=lambda seconds: record.clock.advance(seconds=seconds) and None,
    )
    assert elsewhere.why_not()
    with pytest.raises(
        StoreError, match="the record could not be sealed: the key of the record's epoch 0"
    ) as error:
        elsewhere.include(entry.id, 2)
    assert error.value.exit is Exit.UNREACHABLE
    assert "machine that has the site's sealing keys" in error.value.hint


def test_an_entry_is_waited_for_until_another_machine_has_sealed_it(record: Record, tmp_path: Path) -> None:
    record.sealer.seal()
    entry = record.act()

    def another_machine_seals(seconds: float) -> None:
        record.sealer.seal()

    elsewhere = Sealer(
        record.store, SealingKeys(_folder(tmp_path)), record.clock, pause=another_machine_seals
    )
    assert elsewhere.include(entry.id, 2).size == 1


def test_a_clock_that_goes_back_a_little_never_takes_times_back(record: Record) -> None:
    record.act()
    record.sealer.seal()
    at = record.clock.now()
    record.clock.jump(at - timedelta(seconds=50))
    record.act()
    made = record.sealer.seal()
    assert made is not None and made.at == at


def test_a_clock_that_goes_back_further_stops_sealing_with_a_clear_line(record: Record) -> None:
    record.act()
    record.sealer.seal()
    record.clock.jump(record.clock.now() - timedelta(hours=2))
    entry = record.act()
    with pytest.raises(StoreError, match="the clock is 2 h 00 behind the newest seal; nothing is sealed"):
        record.sealer.seal()
    record.clock.jump(record.clock.now() + timedelta(hours=3))
    assert record.sealer.include(entry.id, 1).size == 2
    assert record.verify().verdict is Verdict.INTACT


def test_nothing_is_sealed_over_a_record_that_does_not_fit_its_newest_seal(record: Record) -> None:
    record.act(5)
    record.sealer.seal()
    with record.attacked() as connection:
        connection.execute(text("UPDATE audit_entry SET leaf = body WHERE leaf_index = 3"))
    record.act()
    with pytest.raises(StoreError, match="does not fit its newest seal"):
        record.sealer.seal()


def test_nothing_is_sealed_over_a_store_that_is_older_than_what_was_signed(record: Record) -> None:
    record.act(5)
    record.sealer.seal()
    record.act(5)
    record.sealer.seal()
    with record.attacked() as connection:
        connection.execute(text("DELETE FROM audit_entry WHERE leaf_index >= 5"))
        connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 5"))
    record.trail = type(record.trail)(record.keyring, "host/2")
    record.act()
    with pytest.raises(CannotSeal, match="older than what this machine has sealed"):
        record.sealer.seal()
    assert record.sealer.why_not()


def test_a_full_disk_while_sealing_is_one_clear_line_and_changes_nothing(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.act()
    record.sealer.seal()
    record.clock.advance(minutes=20)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("lexops.audit.keys.write_private", full)
        with pytest.raises(StoreError, match="cannot be used: No space left on device"):
            record.sealer.seal()
    made = record.sealer.seal()
    assert made is not None and made.epoch == 1
    assert record.verify().verdict is Verdict.INTACT


@pytest.mark.parametrize("first", [True, False], ids=["the log begins", "an epoch rolls over"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_killed_at_any_moment_of_sealing_leaves_a_record_that_goes_on(
    record: Record, moment: str, first: bool
) -> None:
    if first and moment == "before the old key is removed":
        pytest.skip("there is no old key yet")
    record.act(3)
    if not first:
        record.sealer.seal()
        record.clock.advance(minutes=15)
        record.act(2)
    assert _killed(record, moment) == -9
    before = record.verify()
    assert before.verdict is Verdict.INTACT, before.problems
    entry = record.act()
    assert record.sealer.why_not() is None
    assert record.sealer.include(entry.id, 5).size == (4 if first else 6)
    record.clock.advance(minutes=15)
    record.sealer.seal()
    after = record.verify()
    assert (after.verdict, after.checked, after.unsealed) == (Verdict.INTACT, 4 if first else 6, 0), (
        after.problems
    )
    with record.store.read() as connection:
        newest = store.newest_epoch(connection)
    assert newest is not None and record.keys.epochs() == [newest.number]


def _killed(record: Record, moment: str) -> int:
    url = record.store.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.audit.killed", url, str(record.folder)]
    command += [record.clock.now().isoformat(), moment]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder
