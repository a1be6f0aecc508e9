"""What somebody with the whole database, and perhaps a stolen key, would do to a record."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select, text, update

from lexops.audit import note, store
from lexops.audit.merkle import leaf_hash, root_of
from lexops.audit.model import Checkpoint
from lexops.audit.tiles import GrowingTree
from tests.audit.record import Record

entries = store.entry_table


def edit(connection: Connection, index: int, value: object, *, thoroughly: bool = False) -> str:
    """Change what an entry says, and `thoroughly` its hash too; gives its identifier."""
    row = connection.execute(select(entries).where(entries.c.leaf_index == index)).one()
    content = json.loads(row.body)
    content["data"]["n"] = value
    body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    values = {"body": body, "leaf": leaf_hash(body)} if thoroughly else {"body": body}
    connection.execute(update(entries).where(entries.c.id == row.id).values(values))
    return str(row.entry_id)


def cut(connection: Connection, size: int, *, seals: bool) -> None:
    """Remove the entries from `size` on, and with `seals` everything that was signed about them."""
    connection.execute(delete(entries).where(entries.c.leaf_index >= size))
    if seals:
        sealed = store.checkpoint_table.c
        first = connection.execute(
            select(sealed.id).where(sealed.size > size).order_by(sealed.id).limit(1)
        ).scalar_one()
        connection.execute(delete(store.checkpoint_table).where(sealed.id >= first))
        epoch = connection.execute(select(sealed.epoch).order_by(sealed.id.desc()).limit(1)).scalar_one()
        connection.execute(delete(store.epoch_table).where(store.epoch_table.c.number > epoch))
        connection.execute(text("DELETE FROM audit_tile"))


def forge(record: Record, connection: Connection, index: int, value: object) -> None:
    """Write another history from entry `index` on, and sign its head with the present (stolen) key."""
    edit(connection, index, value, thoroughly=True)
    rows = connection.execute(select(entries).order_by(entries.c.leaf_index)).all()
    last: dict[str, str] = {}
    leaves = []
    for row in rows:
        content = json.loads(row.body)
        content["writer_prev"] = last.get(row.writer)
        body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        leaves.append(leaf_hash(body))
        last[row.writer] = leaves[-1].hex()
        connection.execute(update(entries).where(entries.c.id == row.id).values(body=body, leaf=leaves[-1]))
    connection.execute(text("DELETE FROM audit_tile"))
    store.add_tiles(connection, GrowingTree().extend(leaves, 0))
    newest = store.newest_checkpoint(connection)
    assert newest is not None
    key = record.keys.key(newest.epoch)
    assert key is not None, "the thief has the present key"
    table = store.checkpoint_table
    connection.execute(delete(table).where(table.c.size > index))
    root = root_of(leaves)
    signed = note.sign(
        note.write_head(note.Head(newest.origin, newest.size, root)),
        newest.origin,
        key,
        record.keys.log_key(),
    )
    forged = Checkpoint(newest.origin, newest.size, root, newest.epoch, newest.at, signed)
    connection.execute(
        insert(table).values(
            id=newest.id, size=forged.size, root=root, epoch=forged.epoch, at=forged.at, note=signed
        )
    )
