"""Keeps the index up to what the store holds: by what is new, or made anew where that is not enough.

It is made anew when there is none, when it is damaged or of another version, when the store is another one
or was put back from a backup, and after an erasure: what was forgotten must not live on here. A search goes
on in the old file until the new one takes its place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, func, select

from lexops.audit import store as record
from lexops.clock import Clock, utc_text
from lexops.config import SiteFile
from lexops.errors import StoreError
from lexops.gate.store import request_table
from lexops.incidents.store import LEXOPS, entry_table, incident_table, some, timelines
from lexops.knowledge import fts, store
from lexops.knowledge.documents import of_article, of_incident
from lexops.knowledge.fts import Spoilt, Unreadable
from lexops.knowledge.model import FoundKind
from lexops.store.database import Store

NEAR = 200
"""What was written so shortly before the newest is looked at again: on PostgreSQL the lower of two numbers
may be committed later."""
PIECE = 200
"""Incidents that are read at once."""
STILL = timedelta(minutes=5)
"""An index in which nothing changes says so often that it is up to date."""
ERASURE = "audit.erase"


@dataclass(frozen=True, slots=True)
class Source:
    """What the store is, and how far it is."""

    store: str
    """Tells it from every other store, and from itself put back from a backup."""
    entry: int
    """The newest entry of a timeline."""
    article: int
    """The newest revision of an article."""
    erasures: int


def path_of(file: SiteFile) -> Path:
    """Where the index of a site lies."""
    return file.resolve(file.settings.knowledge.index)


def refresh(database: Store, file: SiteFile, time: Clock) -> None:
    """Bring the index up to what the store holds; while somebody else does so, nothing. Raises StoreError."""
    path = path_of(file)
    try:
        with fts.locked(fts.beside(path, "turn"), alone=True, patience=0) as mine:
            if mine:
                _refresh(database, path, time.now())
    except (Unreadable, Spoilt) as error:
        hint = "see [knowledge] index: it has to be in a folder that this account may write to"
        raise StoreError(f"the index of knowledge cannot be kept: {error}", hint=hint) from None


def _refresh(database: Store, path: Path, now: datetime) -> None:
    with database.read() as connection:
        source = _source(connection)
        since = _known(path, source, connection)
    if since is not None:
        try:
            _update(database, path, source, since, now)
            return
        except Spoilt:
            pass
    _make(database, path, source, now)


def _source(connection: Connection) -> Source:
    request, entry = request_table.c, entry_table.c
    erased = select(func.count()).where(request.operation == ERASURE, request.state == "done")
    return Source(
        _name_of(connection),
        connection.scalar(select(func.max(entry.id))) or 0,
        store.newest_revision(connection),
        connection.scalar(erased) or 0,
    )


def _name_of(connection: Connection) -> str:
    """The statement that began its record, and the restarts since: one follows when it was put back."""
    first = record.epochs(connection, after=-1, up_to=0)
    told = [each.statement for each in first] + list(record.restarts(connection))
    return sha256("\n".join(told).encode()).hexdigest()[:32] if told else ""


def _known(path: Path, source: Source, connection: Connection) -> Source | None:
    """How far the index is, if it is one of this store that can be gone on with."""
    if not path.exists() or fts.beside(path, "damaged").exists():
        return None
    try:
        with fts.reading(path) as index:
            said = index.meta()
        known = Source(said["store"], int(said["entry"]), int(said["article"]), int(said["erasures"]))
    except (Unreadable, KeyError, ValueError):
        return None
    if (known.store, known.erasures) != (source.store, source.erasures):
        return None
    if known.entry > source.entry or known.article > source.article:
        return None
    return known if said.get("witness") == _witness(connection, known.entry) else None


def _witness(connection: Connection, entry: int) -> str:
    """What the entry up to which the index goes says: a store that was put back has another one there."""
    row = connection.execute(select(entry_table).where(entry_table.c.id == entry)).first()
    told = (row.incident, row.at, row.kind, row.author, row.text) if row else ()
    return sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:32]


# Going on.


def _update(database: Store, path: Path, source: Source, since: Source, now: datetime) -> None:
    with database.read() as connection:
        changed = _incidents_after(connection, since.entry - NEAR)
        names = store.changed_since(connection, since.article - NEAR)
    with fts.locked(fts.beside(path, "lock"), alone=False) as shared:
        if not shared:
            return
        with fts.writing(path) as index:
            said = fts.meta(index)
            for piece in _pieces(changed):
                _put_incidents(database, index, piece)
            _put_articles(database, index, names)
            fts.measure_common(index)
            if source != since or now - datetime.fromisoformat(said["at"]) > STILL:
                fts.put_meta(index, _marks(database, source, now))


def _incidents_after(connection: Connection, entry: int) -> list[int]:
    columns = entry_table.c
    query = select(columns.incident).where(columns.id > entry).distinct().order_by(columns.incident)
    return list(connection.scalars(query))


def _put_incidents(database: Store, index: sqlite3.Connection, ids: list[int]) -> None:
    with database.read() as connection:
        known = some(connection, ids)
        told = timelines(connection, [each.id for each in known])
    for incident in known:
        document = of_incident(incident, told[incident.id], LEXOPS)
        if document is None:
            fts.drop(index, FoundKind.INCIDENT, str(incident.id))
        else:
            fts.put(index, document)


def _put_articles(database: Store, index: sqlite3.Connection, names: list[str] | None) -> None:
    with database.read() as connection:
        found = store.articles(connection, names)
    for revision in found:
        document = of_article(revision)
        if document is None:
            fts.drop(index, FoundKind.ARTICLE, revision.value.name)
        else:
            fts.put(index, document)


def _marks(database: Store, source: Source, now: datetime) -> dict[str, str]:
    with database.read() as connection:
        witness = _witness(connection, source.entry)
    return {
        "store": source.store,
        "entry": str(source.entry),
        "article": str(source.article),
        "erasures": str(source.erasures),
        "witness": witness,
        "at": utc_text(now),
    }


def _pieces(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), PIECE):
        yield ids[start : start + PIECE]


# From the beginning.


def _make(database: Store, path: Path, source: Source, now: datetime) -> None:
    """Make the index anew beside the old one, and let it take its place."""
    new = fts.beside(path, "new")
    fts.create(new)
    with database.read() as connection:
        ids = list(connection.scalars(select(incident_table.c.id).order_by(incident_table.c.id)))
    with fts.writing(new) as index:
        for piece in _pieces(ids):
            _put_incidents(database, index, piece)
        _put_articles(database, index, None)
        fts.measure_common(index)
        fts.put_meta(index, _marks(database, source, now))
    if not fts.put_in_place(new, path):
        fts.remove(new)
