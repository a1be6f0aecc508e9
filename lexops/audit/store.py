"""The record in the store: the only file that touches its tables. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
    update,
)

from lexops.audit import body as bodies
from lexops.audit.merkle import HASH_BYTES, leaf_hash
from lexops.audit.model import Checkpoint, Entry, Epoch, WitnessState
from lexops.audit.tables import (
    checkpoint_table,
    cosignature_table,
    entry_table,
    epoch_table,
    exact,
    tile_table,
    witness_table,
)
from lexops.audit.tiles import WIDTH, GrowingTree, Tile, tail_ranges
from lexops.errors import StoreError

_CHECKED = [
    getattr(entry_table.c, name)
    for name in "leaf_index entry_id key writer writer_seq at kind actor body leaf".split()
]
PLACE, ENTRY_ID, KEY, BODY, LEAF = 0, 1, 2, 8, 9
Checked = tuple[Any, ...]
"""A row with these columns, as the driver gives it: times are microseconds."""
_SEALING = "lexops audit sealing"
_UNFIT = "see what is wrong: lexops audit verify"


# Writing.


def lock_writer(connection: Connection, writer: str, key: str) -> None:
    """Wait until no other transaction writes for this writer or with this key; held until this one ends."""
    _lock(connection, f"lexops audit writer {writer}", f"lexops audit key {key}")


def lock_sealing(connection: Connection) -> None:
    """Wait until nobody else is sealing; held to the transaction's end."""
    _lock(connection, _SEALING)


def _lock(connection: Connection, *names: str) -> None:
    # On SQLite the write transaction itself is the lock.
    if connection.dialect.name == "postgresql":
        numbers = [int.from_bytes(sha256(name.encode()).digest()[:8], signed=True) for name in names]
        connection.execute(select(*(func.pg_advisory_xact_lock(number) for number in numbers)))


def add_entry(connection: Connection, entry: Entry) -> None:
    """Put an entry on the record, not yet sealed."""
    connection.execute(
        insert(entry_table).values(
            entry_id=entry.id,
            key=entry.key,
            writer=entry.writer,
            writer_seq=entry.writer_seq,
            at=entry.at,
            kind=entry.kind,
            actor=entry.actor,
            body=entry.body,
            leaf=leaf_hash(entry.body),
        )
    )


def number_entries(connection: Connection, ids: Sequence[int], first: int) -> None:
    """Give rows their places in the tree, counting from `first`."""
    if ids:
        query = update(entry_table).where(entry_table.c.id == bindparam("row"))
        places = [{"row": row, "place": first + n} for n, row in enumerate(ids)]
        connection.execute(query.values(leaf_index=bindparam("place")), places)


def add_tiles(connection: Connection, tiles: Iterable[Tile]) -> None:
    """Keep full tiles."""
    rows = [
        {"level": each.level, "position": each.position, "hashes": b"".join(each.hashes), "root": each.root}
        for each in tiles
    ]
    if rows:
        connection.execute(insert(tile_table), rows)


def add_checkpoint(connection: Connection, made: Checkpoint) -> None:
    """Keep a signed head."""
    connection.execute(
        insert(checkpoint_table).values(
            size=made.size, root=made.root, epoch=made.epoch, at=made.at, note=made.note
        )
    )


def add_epoch(connection: Connection, epoch: Epoch) -> None:
    """Keep the statement that opens an epoch."""
    connection.execute(
        insert(epoch_table).values(
            number=epoch.number,
            opened=epoch.opened,
            public_key=epoch.public_key,
            statement=epoch.statement,
        )
    )


# Reading.


def entry_by_key(connection: Connection, key: str) -> Entry | None:
    """The entry that was written with this key."""
    return _entry(connection, entry_table.c.key == key)


def entry_by_id(connection: Connection, entry_id: str) -> Entry | None:
    """The entry with this identifier."""
    return _entry(connection, entry_table.c.entry_id == entry_id)


def entry_by_index(connection: Connection, index: int) -> Entry | None:
    """The entry at this place of the tree."""
    return _entry(connection, entry_table.c.leaf_index == index)


def _entry(connection: Connection, which: ColumnElement[bool]) -> Entry | None:
    query = select(entry_table.c.body, entry_table.c.leaf_index).where(which)
    row = connection.execute(query).one_or_none()
    return None if row is None else bodies.read(row.body, row.leaf_index)


def last_of_writer(connection: Connection, writer: str) -> tuple[int, str | None]:
    """The number and hash (hex) of the writer's newest entry; 0 and None before its first."""
    columns = entry_table.c
    query = select(columns.writer_seq, columns.leaf).where(columns.writer == writer)
    row = connection.execute(query.order_by(columns.writer_seq.desc()).limit(1)).one_or_none()
    return (0, None) if row is None else (row.writer_seq, row.leaf.hex())


def unsealed(connection: Connection, most: int) -> list[tuple[int, bytes]]:
    """Rows that have no place in the tree yet, in order of arrival, with their hashes."""
    columns = entry_table.c
    query = select(columns.id, columns.leaf).where(columns.leaf_index.is_(None)).order_by(columns.id)
    return [(row.id, row.leaf) for row in connection.execute(query.limit(most))]


def has_unsealed(connection: Connection) -> bool:
    """Whether an entry waits for its place in the tree."""
    query = select(entry_table.c.id).where(entry_table.c.leaf_index.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def newest_checkpoint(connection: Connection) -> Checkpoint | None:
    """The last head that was signed."""
    return _checkpoint(connection, select(checkpoint_table).order_by(checkpoint_table.c.id.desc()))


def checkpoint_over(connection: Connection, index: int) -> Checkpoint | None:
    """The first head that covers the entry at this place."""
    columns = checkpoint_table.c
    return _checkpoint(connection, select(checkpoint_table).where(columns.size > index).order_by(columns.id))


def _checkpoint(connection: Connection, query: Select[Any]) -> Checkpoint | None:
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else _as_checkpoint(row)


def _as_checkpoint(row: Row[Any]) -> Checkpoint:
    origin = row.note.partition("\n")[0]
    return Checkpoint(origin, row.size, row.root, row.epoch, row.at, row.note, row.id)


def newest_epoch(connection: Connection) -> Epoch | None:
    """The epoch that is open."""
    query = select(epoch_table).order_by(epoch_table.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Epoch(row.number, row.opened, row.public_key, row.statement)


def epochs(connection: Connection, after: int = -1, up_to: int | None = None) -> list[Epoch]:
    """The epochs behind number `after`, oldest first."""
    columns = epoch_table.c
    query = select(epoch_table).where(columns.number > after).order_by(columns.number)
    if up_to is not None:
        query = query.where(columns.number <= up_to)
    return [Epoch(row.number, row.opened, row.public_key, row.statement) for row in connection.execute(query)]


def epochs_from(connection: Connection, number: int) -> list[Epoch]:
    """The epochs from this one on, and the one before it, oldest first."""
    columns = epoch_table.c
    before = select(func.max(columns.number)).where(columns.number < number)
    known = connection.execute(before).scalar()
    return epochs(connection, after=-1 if known is None else known - 1)


def restarts(connection: Connection) -> list[str]:
    """The statements that call themselves restarts, oldest first; they are few."""
    columns = epoch_table.c
    query = select(columns.statement).where(columns.statement.contains("/restart\n")).order_by(columns.number)
    return list(connection.scalars(query))


def hashes(connection: Connection, level: int, start: int, end: int) -> list[bytes]:
    """The hashes at the places [start, end) of a level of tiles. Raises StoreError when some are missing."""
    columns = tile_table.c
    if level:
        query = select(columns.root).where(
            columns.level == level - 1, columns.position.between(start, end - 1)
        )
        found = list(connection.scalars(query.order_by(columns.position)))
    else:
        first = start // WIDTH
        query = select(columns.hashes).where(
            columns.level == 0, columns.position.between(first, (end - 1) // WIDTH)
        )
        kept = b"".join(connection.scalars(query.order_by(columns.position)))
        offset = start - first * WIDTH
        known = _split(kept)[offset : offset + end - start]
        found = known + _leaves(connection, start + len(known), end)
    if len(found) != end - start:
        raise StoreError("a part of the record is missing", hint=_UNFIT)
    return found


def _leaves(connection: Connection, start: int, end: int) -> list[bytes]:
    if start >= end:
        return []
    columns = entry_table.c
    query = select(columns.leaf).where(columns.leaf_index.between(start, end - 1))
    return list(connection.scalars(query.order_by(columns.leaf_index)))


def growing_tree(connection: Connection, size: int) -> GrowingTree:
    """The tree of the first `size` entries, ready to grow. Raises StoreError when some are missing."""
    tails = []
    for level, (start, end) in enumerate(tail_ranges(size)):
        tails.append(hashes(connection, level, start, end) if start < end else [])
    return GrowingTree(tails)


# For verification: all in one snapshot, by the batch.


def hold_snapshot(connection: Connection) -> None:
    """Let the transaction that begins see one state of the store until its end."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def rows_for_checking(connection: Connection, start: int, end: int) -> Sequence[Checked]:
    """Entries at the places [start, end) as they stand: nothing is interpreted."""
    place = entry_table.c.leaf_index
    return _as_they_stand(connection, select(*_CHECKED).where(place >= start, place < end).order_by(place))


def keys_of(start: int, end: int) -> Select[tuple[str]]:
    """The keys of the entries at the places [start, end), to be selected with."""
    place = entry_table.c.leaf_index
    return select(entry_table.c.key).where(place >= start, place < end)


def unsealed_for_checking(connection: Connection) -> Sequence[Checked]:
    """Entries that wait for their place, as they stand."""
    query = select(*_CHECKED).where(entry_table.c.leaf_index.is_(None)).order_by(entry_table.c.id)
    return _as_they_stand(connection, query)


def _as_they_stand(connection: Connection, query: Select[Any]) -> Sequence[Checked]:
    # Straight from the driver: what SQLAlchemy does for each row would be half of a verification's time.
    statement = query.compile(connection, compile_kwargs={"literal_binds": True})
    cursor = connection.exec_driver_sql(str(statement)).cursor
    assert cursor is not None, "a query has rows"
    rows: Sequence[Checked] = cursor.fetchall()
    if any(type(row[BODY]) is str or type(row[LEAF]) is str for row in rows):
        rows = [(*row[:BODY], exact(row[BODY]), exact(row[LEAF])) for row in rows]
    return rows


def places(connection: Connection) -> int:
    """One more than the highest place that an entry has."""
    highest = connection.execute(select(func.max(entry_table.c.leaf_index))).scalar()
    return 0 if highest is None else int(highest) + 1


def entries_beyond(connection: Connection, size: int) -> int:
    """How many entries have a place at or behind `size`."""
    query = select(func.count()).select_from(entry_table).where(entry_table.c.leaf_index >= size)
    return connection.execute(query).scalar_one()


def entry_before(connection: Connection, writer: str, seq: int) -> str | None:
    """The hash (hex) of a writer's entry before number `seq`; None where there is none."""
    columns = entry_table.c
    query = select(columns.leaf).where(columns.writer == writer, columns.writer_seq == seq - 1)
    found = connection.execute(query).scalar()
    return None if found is None else found.hex()


def leaf_tiles(connection: Connection, start: int, end: int) -> dict[int, bytes]:
    """The hashes of the full tiles of leaves over the places [start, end), by the place each begins at."""
    columns = tile_table.c
    query = select(columns.position, columns.hashes).where(
        columns.level == 0, columns.position.between(start // WIDTH, (end - 1) // WIDTH)
    )
    return {row.position * WIDTH: row.hashes for row in connection.execute(query)}


def upper_tiles(connection: Connection) -> Iterator[Tile]:
    """The full tiles above those of the leaves."""
    for row in connection.execute(select(tile_table).where(tile_table.c.level > 0)):
        yield Tile(row.level, row.position, tuple(_split(row.hashes)), row.root)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[place : place + HASH_BYTES] for place in range(0, len(hashes), HASH_BYTES)]


def checkpoints(connection: Connection, from_size: int = 0) -> Sequence[Checkpoint]:
    """The signed heads over at least so many entries, oldest first."""
    query = select(checkpoint_table).where(checkpoint_table.c.size >= from_size)
    return [_as_checkpoint(row) for row in connection.execute(query.order_by(checkpoint_table.c.id))]


# What is outside: witnesses.


def set_witness(
    connection: Connection, name: str, told: Checkpoint | None, at: datetime, trouble: str, line: str | None
) -> None:
    """Keep what came of telling a witness: the head it has now (None: it did not take it), its signature."""
    values: dict[str, object] = {"tried": at, "trouble": trouble}
    if told is not None:
        values |= {"checkpoint": told.id, "size": told.size, "covered": told.at}
    known = connection.execute(update(witness_table).where(witness_table.c.name == name).values(values))
    if not known.rowcount:
        connection.execute(insert(witness_table).values({"name": name, "size": 0, **values}))
    if told is not None and line is not None:
        connection.execute(
            insert(cosignature_table).values(checkpoint=told.id, witness=name, at=at, line=line)
        )


def witnesses(connection: Connection) -> list[WitnessState]:
    """How far each witness has come."""
    return [
        WitnessState(row.name, row.checkpoint, row.size, row.covered, row.tried, row.trouble)
        for row in connection.execute(select(witness_table).order_by(witness_table.c.name))
    ]


def cosigned_over(connection: Connection, index: int) -> Checkpoint | None:
    """The first head that covers the entry at this place and that a witness signed."""
    columns = checkpoint_table.c
    signed = select(cosignature_table.c.checkpoint)
    query = select(checkpoint_table).where(columns.size > index, columns.id.in_(signed))
    return _checkpoint(connection, query.order_by(columns.id))


def cosignatures(connection: Connection, checkpoint: Checkpoint) -> list[str]:
    """The witnesses' lines below a head."""
    columns = cosignature_table.c
    query = select(columns.line).where(columns.checkpoint == checkpoint.id).order_by(columns.id)
    return list(connection.scalars(query))


# For screens.


def find_entries(
    connection: Connection, wanted: Sequence[ColumnElement[bool]], limit: int, *, oldest_first: bool
) -> list[Entry]:
    """Entries that meet all conditions, in order of arrival or the other way round."""
    place = entry_table.c.id
    query = select(entry_table.c.body, entry_table.c.leaf_index).where(*wanted).limit(limit)
    rows = connection.execute(query.order_by(place if oldest_first else place.desc()))
    return [bodies.read(row.body, row.leaf_index) for row in rows]


def arrival(entry_id: str) -> ScalarSelect[int]:
    """When an entry arrived, among the others."""
    return select(entry_table.c.id).where(entry_table.c.entry_id == entry_id).scalar_subquery()


def body_text(connection: Connection) -> ColumnElement[str]:
    """An entry's bytes as text to search in."""
    if connection.dialect.name == "postgresql":
        return func.convert_from(entry_table.c.body, "UTF8")
    return cast(entry_table.c.body, Text)


def count_entries(connection: Connection) -> tuple[int, int]:
    """How many entries there are, and how many of them wait to be sealed."""
    columns = entry_table.c
    query = select(func.count(), func.count(columns.leaf_index))
    every, sealed = connection.execute(query).one()
    return every, every - sealed
