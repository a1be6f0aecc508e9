"""Verification: what is in order, and each way of tampering by its right name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from lexops.audit import note, store
from lexops.audit.heads import HeadFile, Heads, gather
from lexops.audit.verdict import ADVICE, Level, Report, Verdict
from lexops.audit.verify import verify
from tests.audit.attacks import cut, edit, forge
from tests.audit.record import Record
from tests.clock import ManualClock
from tests.stores import sqlite_store


def only(report: Report) -> Verdict:
    """The verdict, when all problems have the same one."""
    assert {each.verdict for each in report.problems} <= {report.verdict}, report.problems
    return report.verdict


@pytest.mark.parametrize("level", Level)
def test_a_record_in_order_is_intact_at_every_level(record: Record, level: Level) -> None:
    assert record.verify(level).remarks == ("nothing has been sealed yet",)
    record.live(epochs=3, acts=100)
    record.act(7, name="Jane")
    report = record.verify(level)
    assert (report.verdict, report.problems, report.remarks) == (Verdict.INTACT, (), ())
    assert (report.size, report.unsealed) == (300, 7)
    assert report.checked == (300 if level is Level.FULL else 0)


def test_progress_is_told_up_to_the_last_entry(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexops.audit.scan.BATCH", 256)
    record.live(acts=140)
    told: list[tuple[int, int]] = []
    verify(record.store, progress=lambda done, total: told.append((done, total)))
    assert told == [(256, 280), (280, 280)]


# The five tamperings.


@pytest.mark.parametrize("thoroughly", [False, True], ids=["bytes", "bytes and hash"])
@pytest.mark.parametrize("index", [100, 270, 299], ids=["in a full tile", "behind the tiles", "the last"])
def test_an_edited_entry_is_altered_and_named(record: Record, index: int, thoroughly: bool) -> None:
    record.live(epochs=3, acts=100)
    with record.attacked() as connection:
        entry_id = edit(connection, index, 1_000_000, thoroughly=thoroughly)
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    named = {each.entry_id for each in report.problems}
    if thoroughly and index == 299:
        # Nothing was written after it and no tile is full: only the seals around it can tell where it is.
        assert "one of the entries 250 to 299" in report.problems[0].what
    else:
        assert named == {entry_id}, report.problems
    assert report.problems[0].since is not None and report.problems[0].advice == ADVICE[Verdict.ALTERED]


def test_entries_cut_from_the_end_are_truncated(record: Record) -> None:
    record.live(epochs=3)
    with record.attacked() as connection:
        cut(connection, 90, seals=False)
    report = record.verify(key_folder=False)
    assert only(report) is Verdict.TRUNCATED
    assert "the last 30 of 120 sealed entries are missing, from entry 90 on" in report.problems[0].what


@pytest.mark.parametrize("size", [100, 80])
def test_entries_and_seals_cut_from_the_end_are_rolled_back(record: Record, size: int) -> None:
    record.live(epochs=3)
    with record.attacked() as connection:
        cut(connection, size, seals=True)
    assert record.verify(key_folder=False).verdict is Verdict.INTACT
    report = record.verify()
    assert only(report) is Verdict.ROLLED_BACK
    assert (
        f"key folder remembers 120 sealed entries; the store has seals over {size}" in report.problems[0].what
    )


def test_an_emptied_record_is_rolled_back(record: Record) -> None:
    record.live()
    with record.attacked() as connection:
        for table in ("entry", "checkpoint", "epoch", "tile"):
            connection.execute(text(f"DELETE FROM audit_{table}"))
    assert only(record.verify()) is Verdict.ROLLED_BACK


def test_a_missing_epoch_without_entries_is_rolled_back_too(record: Record) -> None:
    record.live()
    record.sealer.seal()
    with record.attacked() as connection:
        newest = store.newest_epoch(connection)
        assert newest is not None
        for column, table in (("number", "epoch"), ("epoch", "checkpoint")):
            connection.execute(text(f"DELETE FROM audit_{table} WHERE {column} = {newest.number}"))
    assert only(record.verify()) is Verdict.ROLLED_BACK


@pytest.mark.parametrize("key_folder", [True, False])
def test_a_history_rewritten_and_signed_with_the_present_key_is_forged(
    record: Record, key_folder: bool
) -> None:
    record.live(epochs=3, acts=100)
    with record.attacked() as connection:
        forge(record, connection, 150, 1_000_000)
    report = record.verify(key_folder=key_folder)
    assert only(report) is Verdict.FORGED
    assert "the statement that opens epoch 2" in report.problems[0].what


def test_a_stolen_present_key_can_rewrite_its_own_epoch_but_a_remembered_head_shows_it(
    record: Record, tmp_path: Path
) -> None:
    record.live(epochs=2)
    record.act(10)
    record.sealer.seal()
    heads, outside = Heads(tmp_path / "heads"), HeadFile(tmp_path / "heads.log")
    with record.store.read() as connection:
        newest = store.newest_checkpoint(connection)
    assert newest is not None
    heads.remember(newest)
    outside.append(newest)
    with record.attacked() as connection:
        forge(record, connection, 88, 1_000_000)
    assert record.verify(key_folder=False).verdict is Verdict.INTACT
    for place in (heads, outside):
        report = verify(record.store, gather(newest.origin, None, [place]))
        assert only(report) is Verdict.FORGED
    assert only(record.verify(Level.HEAD)) is Verdict.FORGED


def test_a_log_begun_anew_with_other_keys_is_forged(record: Record, tmp_path: Path) -> None:
    record.live()
    other = Record(sqlite_store(tmp_path / "other"), ManualClock(), tmp_path / "other")
    other.live()
    report = verify(other.store, gather(None, record.keys, []), record.keys.anchor())
    assert only(report) is Verdict.FORGED
    other.store.close()


# The rest of what an attacker may touch.


@pytest.mark.parametrize("index", [100, 270])
def test_a_missing_entry_is_altered_and_named_by_its_place(record: Record, index: int) -> None:
    record.live(epochs=3, acts=100)
    with record.attacked() as connection:
        connection.execute(text(f"DELETE FROM audit_entry WHERE leaf_index = {index}"))
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert [(each.what, each.index) for each in report.problems] == [(f"entry {index} is missing", index)]


def test_two_entries_that_changed_places_are_altered(record: Record) -> None:
    record.live(epochs=3, acts=100)
    with record.attacked() as connection:
        for before, after in ((7, 9_000), (8, 7), (9_000, 8)):
            connection.execute(
                text(f"UPDATE audit_entry SET leaf_index = {after} WHERE leaf_index = {before}")
            )
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert {7, 8} <= {each.index for each in report.problems}


@pytest.mark.parametrize("column", ["actor", "kind", "key", "entry_id", "writer", "at", "writer_seq"])
def test_a_copy_beside_the_bytes_that_says_something_else_is_altered(record: Record, column: str) -> None:
    record.live()
    with record.attacked() as connection:
        value = "12345678" if column in ("at", "writer_seq") else "'another'"
        connection.execute(text(f"UPDATE audit_entry SET {column} = {value} WHERE leaf_index = 30"))
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert report.problems[0].index == 30


def test_an_entry_removed_before_it_was_sealed_leaves_a_hole(record: Record) -> None:
    record.live()
    record.act(3)
    with record.attacked() as connection:
        connection.execute(text("DELETE FROM audit_entry WHERE writer_seq = 82"))
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert "its writer's 82 is missing" in report.problems[0].what


def test_an_entry_edited_before_it_was_sealed_is_named(record: Record) -> None:
    record.live()
    entry = record.act()
    with record.attacked() as connection:
        connection.execute(text("UPDATE audit_entry SET leaf_index = 80 WHERE leaf_index IS NULL"))
        edit(connection, 80, 1_000_000)
        connection.execute(text("UPDATE audit_entry SET leaf_index = NULL WHERE leaf_index = 80"))
    record.sealer.seal()
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert {each.entry_id for each in report.problems} == {entry.id}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (
            "UPDATE audit_checkpoint SET note = replace(note, chr(10)||'40'||chr(10), chr(10)||'4'||chr(10))",
            "FORGED",
        ),
        ("UPDATE audit_checkpoint SET size = 41 WHERE size = 40", "ALTERED"),
        ("UPDATE audit_checkpoint SET at = at + 3600000000 WHERE size = 40", "ALTERED"),
        ("UPDATE audit_checkpoint SET note = 'nonsense' WHERE size = 40", "FORGED"),
        ("UPDATE audit_epoch SET opened = opened + 1 WHERE number = 1", "ALTERED"),
        ("UPDATE audit_epoch SET statement = replace(statement, 'size', 'sise') WHERE number = 1", "FORGED"),
        ("DELETE FROM audit_epoch WHERE number = 1", "FORGED"),
        ("DELETE FROM audit_epoch WHERE number = 0", "FORGED"),
        ("DELETE FROM audit_checkpoint WHERE size = 120", "ROLLED BACK"),
        ("UPDATE audit_tile SET hashes = root", "ALTERED"),
        ("UPDATE audit_tile SET root = hashes", "ALTERED"),
    ],
)
def test_altered_seals_and_tiles_are_noticed(record: Record, change: str, verdict: str) -> None:
    record.live(epochs=3, acts=40 if "tile" not in change else 100)
    if record.store.engine.dialect.name == "sqlite":
        change = change.replace("chr(", "char(")
    with record.attacked() as connection:
        assert connection.execute(text(change)).rowcount
    assert record.verify().verdict == verdict


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sealed_value SET commitment = repeat('0', 64)",
        "UPDATE sealed_value SET ciphertext = salt",
        "DELETE FROM sealed_value",
    ],
)
def test_a_sealed_value_that_is_not_what_was_committed_to_is_named(record: Record, change: str) -> None:
    record.live()
    entry = record.act(name="Jane")
    record.sealer.seal()
    if record.store.engine.dialect.name == "sqlite":
        change = change.replace("repeat('0', 64)", "hex(zeroblob(32))")
    with record.attacked() as connection:
        connection.execute(text(change))
    report = record.verify()
    assert only(report) is Verdict.ALTERED
    assert [(each.entry_id, "name" in each.what) for each in report.problems] == [(entry.id, True)]


def test_text_put_in_place_of_bytes_is_no_crash(clock: ManualClock, tmp_path: Path) -> None:
    record = Record(sqlite_store(tmp_path), clock, tmp_path)
    record.live()
    for change in (
        "body = 'text'",
        "at = 'text'",
        "writer_seq = 'text'",
        "leaf = 'text'",
        "leaf_index = 'text'",
    ):
        with record.attacked() as connection:
            connection.execute(text("SAVEPOINT before"))
            connection.execute(text(f"UPDATE audit_entry SET {change} WHERE leaf_index = 70"))
            connection.execute(text("RELEASE before"))
        assert record.verify().verdict is not Verdict.INTACT, change
    record.store.close()


def test_many_edited_entries_are_counted_and_not_all_listed(record: Record) -> None:
    record.live(acts=150)
    with record.attacked() as connection:
        connection.execute(text("UPDATE audit_entry SET leaf = body"))
    report = record.verify()
    assert report.verdict is Verdict.ALTERED
    assert len(report.problems) < 60
    assert "250 more entries do not fit" in report.remarks


def test_since_last_looks_only_at_what_came_after_and_finds_what_is_wrong_there(
    record: Record, tmp_path: Path
) -> None:
    record.live(epochs=3, acts=100)
    heads = Heads(tmp_path / "heads")
    with record.store.read() as connection:
        seen = store.newest_checkpoint(connection)
    assert seen is not None
    heads.remember(seen)
    record.live(epochs=1, acts=60)
    memories = gather(seen.origin, None, [heads])
    report = verify(record.store, memories, level=Level.SINCE)
    assert (report.verdict, report.checked, report.size) == (Verdict.INTACT, 60, 360)
    with record.attacked() as connection:
        entry_id = edit(connection, 330, 1_000_000)
    report = verify(record.store, memories, level=Level.SINCE)
    assert only(report) is Verdict.ALTERED
    assert [each.entry_id for each in report.problems] == [entry_id]


def test_the_trusted_key_is_compared_with_the_logs_own(record: Record) -> None:
    record.live()
    anchor = record.keys.anchor()
    assert anchor is not None
    other = note.VerifierKey(anchor.name, anchor.kind, bytes(32))
    assert verify(record.store, anchor=anchor).verdict is Verdict.INTACT
    assert only(verify(record.store, anchor=other)) is Verdict.FORGED


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_of_any_entry_is_found_and_named(data: st.DataObject, clean: Record) -> None:
    with clean.attacked() as connection:
        index = data.draw(st.integers(0, clean.written - 1))
        row = connection.execute(
            text("SELECT id, entry_id, body FROM audit_entry WHERE leaf_index = :index"), {"index": index}
        ).one()
        place = data.draw(st.integers(0, len(row.body) * 8 - 1))
        flipped = (int.from_bytes(row.body) ^ 1 << place).to_bytes(len(row.body))
        change = text("UPDATE audit_entry SET body = :body WHERE id = :id")
        connection.execute(change, {"body": flipped, "id": row.id})
    report = clean.verify()
    with clean.attacked() as connection:
        connection.execute(change, {"body": row.body, "id": row.id})
    assert only(report) is Verdict.ALTERED
    assert {each.entry_id for each in report.problems} == {row.entry_id}


@pytest.fixture
def clean(clock: ManualClock, tmp_path: Path) -> Record:
    """A record on SQLite that a test puts right again."""
    record = Record(sqlite_store(tmp_path), clock, tmp_path)
    record.live(epochs=1, acts=300)
    return record
