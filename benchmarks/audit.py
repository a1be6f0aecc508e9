"""What the record costs: putting an act on it, and verifying it.

Appending: eight writers at once on one throwaway PostgreSQL server, each act a transaction that writes its
entry first and then works for 5 ms (`pg_sleep`). Ours (`Trail.append`: sealed later, no lock between writers)
beside the same row put in with nothing around it, and beside the usual tamper-evident table, in which each
entry carries the hash of the one before and so takes one advisory lock for the transaction. All go through
the same store and driver; what differs is what is asked of the database. Wall time is for one act with all
writers at work; the server's CPU is not counted.

Verifying: a full verification of a sealed record in SQLite, reading included, beside hashlib over the same
bytes already in memory, one call for each entry: the floor that no verification can go below.

Sealed values: a full verification of a record in which every second entry has two personal values, once
without the keyring (the values are not looked at) and once with it (each is decrypted and compared with what
the entry committed to). Every such entry has a subject of its own, as acts at the gate have.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, text

from benchmarks.figures import Report, Series, report
from benchmarks.measure import Run, by_turns, timed
from lexops.audit import body
from lexops.audit.keys import SealingKeys
from lexops.audit.merkle import leaf_hash
from lexops.audit.model import Draft, Personal
from lexops.audit.sealing import Sealer
from lexops.audit.tables import entry_table
from lexops.audit.trail import Trail
from lexops.audit.verdict import Verdict
from lexops.audit.verify import verify
from lexops.clock import SystemClock
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date
from tests.servers import Missing, site_url, start_postgresql

WRITERS = 8
ACTS = 40
"""Acts of one writer in a run."""
WORK_SECONDS = 0.005
ROUNDS = 5
ENTRIES = 100_000
"""Entries of the record that is verified."""
PERSONAL_ENTRIES = 20_000
"""Entries of the record with sealed values, which every second one has."""
PERSONAL_ROUNDS = 2

OURS = f"append, {WRITERS} writers"
PLAIN = f"plain insert, {WRITERS} writers"
CHAIN = f"global hash chain, {WRITERS} writers"
VERIFY = f"full verification of {ENTRIES:,}"
LOCKED = f"{PERSONAL_ENTRIES:,} entries, sealed values not opened"
OPENED = f"{PERSONAL_ENTRIES:,} entries, {PERSONAL_ENTRIES:,} sealed values opened"
RAW = "hashlib SHA-256 over the same bytes"

Write = Callable[[Connection, int], object]


def measure() -> Report:
    """Run both comparisons; without PostgreSQL only the second."""
    remarks: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        series = _appending(stack, folder, remarks) + _verifying(folder, remarks)
        series += _opening(folder, remarks)
    pairs = [(OURS, PLAIN), (CHAIN, PLAIN), (CHAIN, OURS), (VERIFY, RAW), (OPENED, LOCKED)]
    return report("audit", "one act put on the record; one entry verified", series, pairs, remarks)


def _appending(stack: ExitStack, folder: Path, remarks: list[str]) -> list[Series]:
    try:
        server = start_postgresql()
    except Missing as missing:
        remarks.append(f"appending skipped: {missing}")
        return []
    stack.callback(server.remove)
    stores = [Store(open_engine(site_url(server.admin_url), folder)) for _ in range(WRITERS)]
    for each in stores:
        stack.callback(each.close)
    bring_up_to_date(stores[0])
    with stores[0].begin() as connection:
        for table in ("plain", "chain"):
            columns = "id serial PRIMARY KEY, key text UNIQUE, body bytea, hash bytea"
            connection.execute(text(f"CREATE TABLE bench_{table} ({columns})"))
    keyring, numbers, clock = Keyring(folder / "keys"), count(), SystemClock()
    trails = [Trail(keyring, f"bench/{writer}") for writer in range(WRITERS)]

    def ours(connection: Connection, writer: int) -> None:
        draft = Draft("bench.act", "op:1", f"ours-{next(numbers)}", clock.now(), {"invoice": 4711})
        trails[writer].append(connection, draft)

    def row(table: str, before: bytes, connection: Connection) -> None:
        key, at = f"{table}-{next(numbers)}", clock.now()
        content = _body(key, at, 1, None)
        query = text(f"INSERT INTO bench_{table} (key, body, hash) VALUES (:key, :body, :hash)")
        connection.execute(query, {"key": key, "body": content, "hash": leaf_hash(before + content)})

    def plain(connection: Connection, writer: int) -> None:
        row("plain", b"", connection)

    def chain(connection: Connection, writer: int) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(1)))
        last = connection.scalar(text("SELECT hash FROM bench_chain ORDER BY id DESC LIMIT 1"))
        row("chain", last or b"", connection)

    runs: dict[str, Run] = {
        PLAIN: lambda: timed(
            lambda: _at_once(stores, lambda each, _: row("plain", b"", each)), WRITERS * ACTS
        ),
        OURS: lambda: timed(lambda: _at_once(stores, ours), WRITERS * ACTS),
        CHAIN: lambda: timed(lambda: _at_once(stores, chain), WRITERS * ACTS),
    }
    return by_turns(runs, ROUNDS)


def _at_once(stores: list[Store], write: Write) -> None:
    def work(writer: int) -> None:
        for _ in range(ACTS):
            with stores[writer].begin() as connection:
                write(connection, writer)
                connection.execute(select(func.pg_sleep(WORK_SECONDS)))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(work, range(WRITERS)))


def _verifying(folder: Path, remarks: list[str]) -> list[Series]:
    source = Store(open_engine("sqlite:///record.db", folder))
    bring_up_to_date(source)
    Keyring(folder / "keys-of-record")
    with source.begin() as connection:
        rows = list(_rows())
        connection.execute(insert(entry_table), rows)
    Sealer(source, SealingKeys(folder / "keys-of-record"), SystemClock()).seal()
    contents = [row["body"] for row in rows if isinstance(row["body"], bytes)]

    def full() -> None:
        assert verify(source).verdict is Verdict.INTACT

    def raw() -> None:
        for content in contents:
            hashlib.sha256(content).digest()

    try:
        series = by_turns(
            {VERIFY: lambda: timed(full, ENTRIES), RAW: lambda: timed(raw, ENTRIES)}, rounds=ROUNDS
        )
    finally:
        source.close()
    size = sum(map(len, contents)) / len(contents)
    share = series[1].cpu / series[0].cpu
    remarks.append(f"verification: {1 / series[0].cpu:,.0f} entries of {size:.0f} bytes a second of CPU")
    remarks.append(f"verification reaches {share:.0%} of hashlib's raw rate")
    return series


def _opening(folder: Path, remarks: list[str]) -> list[Series]:
    source = Store(open_engine("sqlite:///sealed.db", folder))
    bring_up_to_date(source)
    keyring = Keyring(folder / "keys-of-sealed")
    trail, start = Trail(keyring, "bench/1"), datetime(2026, 3, 2, 9, tzinfo=UTC)
    with source.begin() as connection:
        for number in range(PERSONAL_ENTRIES):
            subject = f"request:{number}"
            personal = {
                "operator": Personal(subject, "ana"),
                "reason": Personal(subject, f"invoice {number} was sent twice"),
            }
            at, kept = start + timedelta(milliseconds=number), personal if number % 2 else {}
            trail.append(connection, Draft("done", "op:1", f"key-{number}", at, {"invoice": 4711}, kept))
    Sealer(source, SealingKeys(folder / "keys-of-sealed"), SystemClock()).seal()

    def full(opening: Keyring | None) -> None:
        found = verify(source, keyring=opening)
        assert found.verdict is Verdict.INTACT and not found.remarks

    runs: dict[str, Run] = {
        LOCKED: lambda: timed(lambda: full(None), PERSONAL_ENTRIES),
        OPENED: lambda: timed(lambda: full(keyring), PERSONAL_ENTRIES),
    }
    try:
        series = by_turns(runs, rounds=PERSONAL_ROUNDS)
    finally:
        source.close()
    rate = 1 / max(1e-9, series[1].cpu - series[0].cpu)
    remarks.append(f"opening sealed values: {rate:,.0f} of them a second of CPU, each with its check")
    return series


def _rows() -> Iterator[dict[str, object]]:
    start, prev = datetime(2026, 3, 2, 9, tzinfo=UTC), None
    for number in range(1, ENTRIES + 1):
        at = start + timedelta(milliseconds=number)
        content = _body(f"key-{number}", at, number, prev)
        entry, leaf = body.read(content, None), leaf_hash(content)
        prev = leaf.hex()
        yield {
            "entry_id": entry.id,
            "key": entry.key,
            "writer": entry.writer,
            "writer_seq": number,
            "at": at,
            "kind": entry.kind,
            "actor": entry.actor,
            "body": content,
            "leaf": leaf,
        }


def _body(key: str, at: datetime, number: int, prev: str | None) -> bytes:
    return body.write(
        id=body.uuid7(at),
        at=at,
        writer="bench/1",
        writer_seq=number,
        writer_prev=prev,
        kind="bench.act",
        actor="op:1",
        key=key,
        data={"invoice": 4711},
        personal={},
    )
