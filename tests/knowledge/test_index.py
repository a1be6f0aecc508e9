"""The index follows the store, whatever happens to either; on both databases."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from lexops.errors import StoreError
from lexops.gate.erasure import erase
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.incidents.operations import note
from lexops.incidents.tables import entry_table, incident_table
from lexops.knowledge import fts, index
from lexops.knowledge.model import Standing
from lexops.store.database import Store
from tests.gates import world
from tests.knowledge.helping import Firm, firm
from tests.stores import sqlite_store


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Firm:
    return firm(store, tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Firm:
    """On SQLite only, with two incidents and an article: for what has nothing to do with the store."""
    made = firm(sqlite_store(tmp_path), tmp_path)
    made.incident("Standby lags", solved="cancelled the report")
    made.incident("Disk fills up")
    made.article("tape-robot", "The robot wants oil.")
    made.refresh()
    return made


# Following the store.


def test_incidents_and_articles_are_found_with_how_they_were_solved(site: Firm) -> None:
    one = site.incident("Standby lags", "a report holds it back", solved="cancelled the report")
    site.incident("Disk fills up", target="billing-host", check="host.disk-space")
    site.article("tape-robot", "The robot wants oil.", tags=("backup",))
    site.refresh()
    (found,) = site.look_for("standby").found
    assert (found.id, found.solved) == (str(one), "cancelled the report")
    assert site.finds("report holds") == [str(one)]
    assert site.finds("host disk space") == ["2"]
    assert site.finds("robots oiled") == ["tape-robot"], "endings do not matter"
    assert site.finds("backup")[0] == "tape-robot"


def test_what_happens_later_is_found_after_the_next_turn(site: Firm) -> None:
    site.refresh()
    assert site.finds("lockbox") == []
    number = site.incident("Lockbox file shifted")
    site.refresh()
    assert site.finds("lockbox") == [str(number)]
    assert site.look_for("lockbox").found[0].solved == ""
    with site.store.begin() as connection:
        incidents.resolve(connection, number, site.clock.now(), "bo", "asked the bank for another")
    site.refresh()
    assert site.look_for("lockbox").found[0].solved == "asked the bank for another"


def test_a_revision_takes_the_place_of_the_one_before(site: Firm) -> None:
    site.article("robot", "It wants oil.", standing=Standing.DRAFT)
    site.refresh()
    assert site.look_for("oil").found[0].draft
    site.article("robot", "It wants grease.", after=1)
    site.refresh()
    assert (site.finds("oil"), site.finds("grease")) == ([], ["robot"])
    site.retire("robot")
    site.refresh()
    assert site.finds("grease") == []


def test_a_cancelled_incident_is_not_found(site: Firm) -> None:
    number = site.incident("Lockbox file shifted")
    site.refresh()
    with site.store.begin() as connection:
        incidents.cancel(connection, number, site.clock.now(), "bo", "no fault")
    site.refresh()
    assert site.finds("lockbox") == []


def test_what_is_committed_later_under_a_lower_number_is_found(site: Firm) -> None:
    number = site.incident("Disk fills up")
    site.incident("Standby lags")
    site.refresh()
    late = {"id": 900, "incident": number, "at": site.clock.now(), "author": "ana", "text": "lockbox"}
    with site.store.begin() as connection:
        connection.execute(insert(entry_table).values(**late | {"id": 1_000, "text": "x"}, kind="note"))
    site.refresh()
    with site.store.begin() as connection:
        connection.execute(insert(entry_table).values(**late, kind="note"))
    site.refresh()
    assert site.finds("lockbox") == [str(number)]


def test_what_lexops_does_by_itself_is_neither_searched_nor_a_solution(site: Firm) -> None:
    number = site.incident("Disk fills up", "opened quietly", by=incidents.LEXOPS)
    with site.store.begin() as connection:
        incidents.resolve(connection, number, site.clock.now(), incidents.LEXOPS, "resolved by recovery")
    site.refresh()
    assert site.finds("quietly") == []
    with fts.reading(site.path) as opened:
        solved = opened.connection.execute("SELECT is_solved FROM document").fetchall()
    assert solved == [(0,)]
    assert site.look_for("disk").found[0].solved == "resolved by recovery"


def test_nothing_new_writes_nothing_but_a_sign_of_life_now_and_then(small: Firm) -> None:
    def said() -> dict[str, str]:
        with fts.reading(small.path) as opened:
            return opened.meta()

    before = said()
    small.refresh()
    assert said() == before
    small.clock.advance(minutes=6)
    small.refresh()
    assert said()["at"] > before["at"]


def test_an_index_that_nobody_looks_after_says_how_old_it_is(small: Firm) -> None:
    small.clock.advance(hours=3)
    answer = small.look_for("standby")
    assert answer.notice.startswith("the index is 3 h 00 old") and len(answer.found) == 1


# The file.


def test_only_the_owner_may_read_it(small: Firm) -> None:
    with closing(sqlite3.connect(small.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.execute("BEGIN IMMEDIATE")
        files = [path for path in small.path.parent.glob("knowledge.db*") if path.is_file()]
        assert len(files) >= 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def _cut(path: Path) -> None:
    os.truncate(path, 5_000)


def _overwrite(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1_000)


def _flip(path: Path) -> None:
    with path.open("rb+") as file:
        for place in range(4096, path.stat().st_size, 64):
            file.seek(place)
            file.write(b"\xff\x00\xff\x00" * 8)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _of_another_version(path: Path) -> None:
    with fts.writing(path) as connection:
        fts.put_meta(connection, {"version": "0"})


@pytest.mark.parametrize(
    "harm",
    [_cut, _overwrite, _flip, _empty, _of_another_version, Path.unlink],
    ids=lambda harm: harm.__name__,
)
def test_a_spoilt_index_is_said_to_be_searched_around_and_made_anew(
    small: Firm, harm: Callable[[Path], None]
) -> None:
    harm(small.path)
    answer = small.look_for("standby")
    assert answer.notice.startswith("searched without the index")
    assert [each.id for each in answer.found] == ["1"]
    small.refresh()
    assert small.finds("robot") == ["tape-robot"]
    assert small.finds("standby") == ["1"]


def test_an_index_that_cannot_be_kept_is_one_clear_error(small: Firm) -> None:
    fts.remove(small.path)
    fts.beside(small.path, "new").mkdir()
    with pytest.raises(StoreError, match=r"the index of knowledge cannot be kept: .*knowledge\.db\.new"):
        small.refresh()


def test_what_a_writer_left_beside_the_old_file_when_it_was_killed_does_not_get_into_the_new_one(
    small: Firm,
) -> None:
    log = Path(f"{small.path}-wal")
    with closing(sqlite3.connect(small.path)) as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE name = 'version'")
        connection.commit()
        left = log.read_bytes()
    log.write_bytes(left)
    assert small.look_for("standby").notice.startswith("searched without the index")
    fts.beside(small.path, "damaged").touch()
    small.refresh()
    assert small.finds("standby") == ["1"]


# Another past.


def test_the_index_of_another_store_is_made_anew(small: Firm, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = firm(sqlite_store(folder), folder)
    for title in ("Certificate expires", "Clock is wrong", "Mail bounces"):
        other.incident(title, "one more line")
    small.path.replace(other.path)
    other.refresh()
    assert other.finds("standby") == []
    assert other.finds("certificate") == ["1"]


def test_an_index_ahead_of_a_store_that_was_put_back_is_made_anew(site: Firm) -> None:
    site.incident("Disk fills up")
    lost = site.incident("Lockbox file shifted")
    site.refresh()
    with site.store.begin() as connection:
        connection.execute(delete(entry_table).where(entry_table.c.incident == lost))
        connection.execute(delete(incident_table).where(incident_table.c.id == lost))
    site.refresh()
    with fts.reading(site.path) as opened:
        assert opened.connection.execute("SELECT ref FROM document").fetchall() == [("1",)]


def test_a_store_that_was_put_back_and_went_another_way_is_noticed(
    site: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "NEAR", 0)  # as if it had gone on for long since
    site.incident("Disk fills up")
    site.incident("Lockbox file shifted")
    site.refresh()
    with site.store.begin() as connection:
        connection.execute(update(entry_table).values(text="another past"))
        connection.execute(update(incident_table).values(title="Mail bounces"))
    site.refresh()
    assert site.finds("lockbox") == []
    assert site.finds("bounces") == ["2", "1"]


def test_what_is_gone_from_the_store_is_not_shown_before_the_next_turn(site: Firm) -> None:
    number = site.incident("Lockbox file shifted")
    site.refresh()
    with site.store.begin() as connection:
        connection.execute(delete(entry_table).where(entry_table.c.incident == number))
        connection.execute(delete(incident_table).where(incident_table.c.id == number))
    assert site.finds("lockbox") == []


def test_after_an_erasure_nothing_of_it_is_left_in_the_file(store: Store, tmp_path: Path) -> None:
    made = world(store, tmp_path, environment="demo", operations=(note, erase))
    site = firm(store, tmp_path)
    number = site.incident("Portal refuses a client")
    made.submit("sam", "incident.note", incident=number, text="Huberstein telephoned", key="asked")
    made.gate.sealer.seal()
    site.incident("Something that happened later")
    site.refresh()
    assert site.finds("Huberstein") == [str(number)]
    made.submit("ana", "audit.erase", entry="#0", reason="art. 17", confirmed="audit.erase")
    # What the timeline says is taken out of the store by whoever erases; here by hand.
    with store.begin() as connection:
        said = entry_table.c.kind == EntryKind.NOTE.value
        connection.execute(update(entry_table).where(said).values(text="(erased)"))
    site.refresh()
    assert site.finds("Huberstein") == []
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("knowledge.db*"))
    assert b"huberstein" not in kept.lower()


# Several at once.


def test_a_second_worker_leaves_the_turn_to_the_first(small: Firm) -> None:
    fts.remove(small.path)
    with fts.locked(fts.beside(small.path, "turn"), alone=True) as mine:
        assert mine
        small.refresh()
        assert not small.path.exists()
    small.refresh()
    assert small.finds("robot") == ["tape-robot"]


def test_many_workers_and_readers_at_once_do_no_harm(small: Firm) -> None:
    def work(number: int) -> int:
        if number % 3 == 0:
            small.refresh()
            return 1
        if number % 20 == 1:
            fts.beside(small.path, "damaged").touch()
        return len(small.look_for("standby").found)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(work, range(90))) == {1}
    small.refresh()
    assert small.finds("robot") == ["tape-robot"]


def test_who_reads_keeps_the_old_file_whole_until_the_end(
    small: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fts, "PATIENCE", 0.0)
    with fts.reading(small.path) as opened:
        before = opened.meta()
        fts.beside(small.path, "damaged").touch()
        index.refresh(small.store, small.file, small.clock)
        assert opened.meta() == before
    assert fts.beside(small.path, "damaged").exists(), "the new file waits for a quieter moment"
    small.clock.advance(seconds=30)
    small.refresh()
    assert not fts.beside(small.path, "damaged").exists()
