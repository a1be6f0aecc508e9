"""Putting acts on the record: with the act or not at all, once, by many writers at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.audit import store as tables
from lexops.audit.model import Draft, Personal
from lexops.audit.trail import Trail
from lexops.audit.verdict import Verdict
from lexops.errors import StoreError
from lexops.privacy.store import erase
from lexops.store.database import Store, open_engine
from tests.audit.record import TABLES, Record
from tests.clock import ManualClock
from tests.servers import DatabaseServer, site_url
from tests.stores import postgresql_store
from tests.waiting import PATIENCE


def test_an_entry_is_written_with_the_act_or_not_at_all(record: Record) -> None:
    draft = Draft("demo.act", "op:7", "k", record.clock.now())
    with pytest.raises(RuntimeError), record.store.begin() as connection:
        record.trail.append(connection, draft)
        raise RuntimeError("the act failed")
    with record.store.begin() as connection:
        assert tables.entry_by_key(connection, "k") is None
        entry = record.trail.append(connection, draft)
    with record.store.read() as connection:
        assert tables.entry_by_key(connection, "k") == entry
    assert (entry.writer_seq, entry.writer_prev) == (1, None)


def test_the_same_key_is_on_the_record_once(record: Record) -> None:
    first = record.act(name="Jane", amount=1)
    again = Draft("demo.other", "op:8", first.key, record.clock.now(), {}, {"name": Personal("p", "Bob")})
    with record.store.begin() as connection:
        assert record.trail.append(connection, again) == first
        assert tables.count_entries(connection) == (1, 1)
        assert record.trail.opened(connection, first) == {"name": "Jane"}


def test_two_processes_with_the_same_key_at_the_same_moment_write_it_once(
    tmp_path: Path, postgresql: DatabaseServer, clock: ManualClock
) -> None:
    record = Record(postgresql_store(site_url(postgresql.database()), tmp_path), clock, tmp_path)
    both = threading.Barrier(2)

    def append(writer: str) -> str:
        draft = Draft("demo.act", "op:7", "same", clock.now(), {}, {"name": Personal("p", "Jane")})
        both.wait(PATIENCE)
        with record.store.begin() as connection:
            return Trail(record.keyring, writer).append(connection, draft).id

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(append, ["a", "b"]))) == 1
    record.store.close()


def test_each_entry_names_the_hash_of_its_writers_last_one(record: Record) -> None:
    first, second = record.act(), record.act()
    from_another = Trail(record.keyring, "host/2")
    with record.store.begin() as connection:
        third = from_another.append(connection, Draft("demo.act", "op:7", "x", record.clock.now()))
        last = tables.last_of_writer(connection, "host/1")
    assert (second.writer_seq, third.writer_seq, third.writer_prev) == (2, 1, None)
    assert first.writer_prev is None
    assert second.writer_prev == tables.leaf_hash(first.body).hex()
    assert last == (2, tables.leaf_hash(second.body).hex())


def test_a_personal_value_is_not_in_the_bytes_and_can_be_forgotten(record: Record) -> None:
    entry = record.act(name="Jane Roe")
    assert b"Jane" not in entry.body
    record.sealer.seal()
    with record.store.begin() as connection:
        assert record.trail.opened(connection, entry) == {"name": "Jane Roe"}
        assert erase(connection, "person:1") == 1
        assert record.trail.opened(connection, entry) == {"name": None}
    report = record.verify()
    assert report.verdict is Verdict.INTACT
    assert report.remarks == ("1 personal value erased",)


def test_the_database_itself_refuses_to_change_the_record(record: Record) -> None:
    record.live(acts=140)
    record.act()
    tries = [f"DELETE FROM audit_{table}" for table in TABLES if table != "cosignature"]
    tries += [
        "UPDATE audit_entry SET actor = 'x'",
        "UPDATE audit_entry SET leaf_index = NULL",
        "UPDATE audit_entry SET leaf_index = leaf_index + 1000",
        "UPDATE audit_entry SET leaf_index = 999, kind = 'x' WHERE leaf_index IS NULL",
        "UPDATE audit_checkpoint SET size = 1",
        "UPDATE audit_epoch SET number = number + 1000",
    ]
    if record.store.engine.dialect.name == "postgresql":
        tries.append("TRUNCATE audit_entry")
    for query in tries:
        with pytest.raises(StoreError) as error, record.store.begin() as connection:
            connection.execute(text(query))
        assert "the record can only be added to" in str(error.value.__cause__), query


def test_eight_writers_at_once_with_failing_acts_leave_whole_chains_and_a_tree_without_gaps(
    tmp_path: Path, postgresql: DatabaseServer, clock: ManualClock
) -> None:
    url = site_url(postgresql.database())
    record = Record(postgresql_store(url, tmp_path), clock, tmp_path)
    finished = threading.Event()

    def write(writer: int) -> int:
        own = Store(open_engine(url, tmp_path))
        trail = Trail(record.keyring, f"host/{writer}")
        kept = 0
        for number in range(40):
            draft = Draft("demo.act", "op:7", f"{writer}-{number}", clock.now(), {"n": number})
            try:
                with own.begin() as connection:
                    trail.append(connection, draft)
                    if number % 3 == writer % 3:
                        raise RuntimeError("the act failed")
                    kept += 1
            except RuntimeError:
                continue
        own.close()
        return kept

    def seal() -> None:
        while not finished.is_set():
            record.sealer.seal()

    with ThreadPoolExecutor(9) as pool:
        sealing = pool.submit(seal)
        kept = sum(pool.map(write, range(8)))
        finished.set()
        sealing.result(30)
    record.sealer.seal()
    report = record.verify()
    assert (report.verdict, report.size, report.unsealed) == (Verdict.INTACT, kept, 0), report.problems
    with record.store.read() as connection:
        rows = connection.execute(text("SELECT max(id), count(*), max(leaf_index) FROM audit_entry")).one()
    assert rows[0] > rows[1] == rows[2] + 1 == kept
    record.store.close()
