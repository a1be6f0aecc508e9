"""The file of the index: one SQLite database with FTS5, read by many and written by one at a time.

Beside it lie two empty files that are locked: who reads or writes holds `.lock` shared, who puts a new file
in its place holds it alone, so that nobody ever has half of both; who writes holds `.turn` alone.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from lexops.knowledge.documents import Document
from lexops.knowledge.model import FoundKind
from lexops.knowledge.search import Hit, Query, combined, expression, without

VERSION = "2"
"""Of the layout below; a file with another one is made anew."""
TOKENIZER = "porter unicode61 remove_diacritics 2"
"""English endings and all accents are ignored."""
WEIGHTS = (5.0, 3.0, 3.0, 1.0)
"""How much a word counts in the title, the place, the solution and the body."""
CANDIDATES = 50
"""Hits of the words that are put in order; and as many of the same check."""
MANY = 200
"""Documents from which on words are common; among fewer, every word tells something."""
COMMONEST = 30
SHARE = 0.2
"""A word in so many of all documents is common; the :data:`COMMONEST` are from a quarter of that on."""
PATIENCE = 5.0
"""Seconds that are waited for somebody else's lock."""

_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE document (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL, digest TEXT NOT NULL,
    target TEXT NOT NULL, "check" TEXT NOT NULL, fingerprint TEXT NOT NULL,
    is_solved INTEGER NOT NULL, is_draft INTEGER NOT NULL, "when" INTEGER,
    UNIQUE (kind, ref)
);
CREATE INDEX document_check ON document ("check", id);
CREATE INDEX document_fingerprint ON document (fingerprint, id);
CREATE VIRTUAL TABLE words USING fts5(title, place, solution, body, tokenize='{TOKENIZER}');
INSERT INTO words (words, rank) VALUES ('rank', 'bm25({", ".join(map(str, WEIGHTS))})');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
CREATE TABLE common (term TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_STEMS = f"""
CREATE VIRTUAL TABLE words USING fts5(word, tokenize='{TOKENIZER}');
CREATE VIRTUAL TABLE stems USING fts5vocab(words, instance);
"""
_MADE_ANEW = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
"""What the file says when it is not what we have written; all else is the machine's trouble, and passes."""


class Unreadable(Exception):
    """There is no index that could be searched now; the text says why."""


class Spoilt(Exception):
    """The file is no index, or a damaged one."""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "no such module" in str(error):
            raise Unreadable("this machine's SQLite was built without FTS5") from None
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _MADE_ANEW:
            raise Spoilt(f"{path} is damaged, or no index") from None
        raise Unreadable(f"{path} cannot be used: {error}") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be used: {error.strerror}") from None


# Locks.


@contextmanager
def locked(path: Path, *, alone: bool, patience: float | None = None) -> Iterator[bool]:
    """Hold the lock of a file, shared or alone; False when it could not be had in time. Raises Unreadable."""
    with _explained(path):
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        yield _has(
            handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, PATIENCE if patience is None else patience
        )
    finally:
        os.close(handle)


def _has(handle: int, kind: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return True
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)


def beside(path: Path, name: str) -> Path:
    """A file that belongs to the index: `knowledge.db.lock`."""
    return path.with_name(f"{path.name}.{name}")


# Making and writing.


def create(path: Path) -> None:
    """Make an empty index, readable for the owner only. Raises Unreadable."""
    remove(path)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(_connected(path, "rw")) as connection:
            # Nobody else has it yet; cut off in the middle, it is made again from the start.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.executescript(_SCHEMA)
            put_meta(connection, {"version": VERSION})


def remove(path: Path) -> None:
    """Delete a file with what SQLite keeps beside it. Raises Unreadable."""
    with _explained(path):
        for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}-journal")):
            each.unlink(missing_ok=True)


def put_in_place(new: Path, path: Path) -> bool:
    """Let a finished index take the place of the one there; False while somebody still reads that.

    Raises Unreadable.
    """
    with _explained(new):
        with closing(_connected(new, "rw")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        with new.open("rb+") as file:
            os.fsync(file.fileno())
    with locked(beside(path, "lock"), alone=True) as mine:
        if mine:
            # What the old file has not folded back would be taken for the new one's.
            remove(path)
            with _explained(path):
                new.replace(path)
                beside(path, "damaged").unlink(missing_ok=True)
        return mine


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The index in one transaction, committed at the end. Raises Spoilt or Unreadable."""
    with _explained(path), closing(_connected(path, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None
    )


def meta(connection: sqlite3.Connection) -> dict[str, str]:
    """What the index says of itself."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def put_meta(connection: sqlite3.Connection, values: Mapping[str, str]) -> None:
    """Let it say so."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def put(connection: sqlite3.Connection, document: Document) -> None:
    """Enter a document, in the place of what was known of it; nothing is done where that is the same."""
    known = _known(connection, document.kind, document.ref)
    digest = document.digest
    if known is not None and known[1] == digest:
        return
    if known is not None:
        _drop(connection, known[0])
    when = int(document.when.timestamp()) if document.when else None
    done = connection.execute(
        'INSERT INTO document (kind, ref, digest, target, "check", fingerprint, is_solved, is_draft, "when")'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.kind.value, document.ref, digest, document.target, document.check, document.fingerprint,
            document.is_solved, document.is_draft, when,
        ),
    )  # fmt: skip
    words = (done.lastrowid, document.title, document.place, document.solution, document.body)
    connection.execute(
        "INSERT INTO words (rowid, title, place, solution, body) VALUES (?, ?, ?, ?, ?)", words
    )


def drop(connection: sqlite3.Connection, kind: FoundKind, ref: str) -> None:
    """Forget a document, if it is known."""
    known = _known(connection, kind, ref)
    if known is not None:
        _drop(connection, known[0])


def _known(connection: sqlite3.Connection, kind: FoundKind, ref: str) -> tuple[int, str] | None:
    query = "SELECT id, digest FROM document WHERE kind = ? AND ref = ?"
    row = connection.execute(query, (kind.value, ref)).fetchone()
    return None if row is None else (row[0], row[1])


def _drop(connection: sqlite3.Connection, id: int) -> None:
    connection.execute("DELETE FROM words WHERE rowid = ?", (id,))
    connection.execute("DELETE FROM document WHERE id = ?", (id,))


def measure_common(connection: sqlite3.Connection) -> None:
    """Look which words are in so many documents that they tell nothing, once there are 10 % more of them."""
    (count,) = connection.execute("SELECT count(*) FROM document").fetchone()
    if int(meta(connection).get("measured", "0")) * 1.1 > count or count < MANY:
        return
    least = count * SHARE / 4
    query = "SELECT term, doc FROM vocabulary WHERE doc >= ? ORDER BY doc DESC, term"
    found = list(connection.execute(query, (least,)))
    common = [term for place, (term, doc) in enumerate(found) if place < COMMONEST or doc > count * SHARE]
    connection.execute("DELETE FROM common")
    connection.executemany("INSERT INTO common VALUES (?)", [(term,) for term in common])
    put_meta(connection, {"measured": str(count)})


# Reading.


@dataclass(frozen=True)
class Index:
    """An open index."""

    connection: sqlite3.Connection

    def meta(self) -> dict[str, str]:
        """What the index says of itself."""
        return meta(self.connection)

    def find(self, asked: Query, kind: FoundKind | None = None) -> list[Hit]:
        """The documents that are near to what is asked for, in no order."""
        wanted = without(asked, self._common([*asked.words, *(each.phrase for each in asked.others)]))
        if not wanted.words:
            return []
        others = [each.phrase for each in wanted.others]
        found = combined(self._matching(wanted.words), self._matching(others))
        return [hit for hit in self._hits(found) if kind in (None, hit.document.kind)]

    def same(self, check: str, fingerprint: str) -> list[Hit]:
        """The newest incidents about the same check, and those that are the same again."""
        found: dict[int, float] = {}
        for column, value in (('"check"', check), ("fingerprint", fingerprint)):
            if value:
                query = f"SELECT id FROM document WHERE {column} = ? ORDER BY id DESC LIMIT ?"
                rows = self.connection.execute(query, (value, CANDIDATES))
                found |= {row[0]: 0.0 for row in rows}
        return self._hits(found)

    def _common(self, phrases: Collection[str]) -> set[str]:
        """Those of the phrases that are one common word."""
        terms = {row[0] for row in self.connection.execute("SELECT term FROM common")}
        if not terms:
            return set()
        return {word for word, stem in stems(phrases).items() if stem in terms}

    def _matching(self, phrases: Collection[str]) -> list[tuple[int, float]]:
        if not phrases:
            return []
        query = "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
        return [(row[0], row[1]) for row in self.connection.execute(query, (expression(phrases), CANDIDATES))]

    def _hits(self, nearness: Mapping[int, float]) -> list[Hit]:
        query = (
            'SELECT d.id, d.kind, d.ref, d.target, d."check", d.fingerprint, d.is_solved, d.is_draft,'
            ' d."when", w.title, w.place, w.solution FROM document d JOIN words w ON w.rowid = d.id'
            f" WHERE d.id IN ({', '.join('?' * len(nearness))})"
        )
        return [
            Hit(
                Document(
                    FoundKind(kind), ref, title, place, solution, "", target, check, fingerprint,
                    bool(is_solved), bool(is_draft),
                    None if when is None else datetime.fromtimestamp(when, UTC),
                ),
                nearness[id],
            )
            for id, kind, ref, target, check, fingerprint, is_solved, is_draft, when, title, place, solution
            in self.connection.execute(query, list(nearness))
        ]  # fmt: skip


@contextmanager
def reading(path: Path) -> Iterator[Index]:
    """The index, to be searched. Raises Unreadable; a damaged file is marked, so that it is made anew."""
    if not path.exists():
        raise Unreadable("there is no index yet; a worker makes it")
    with locked(beside(path, "lock"), alone=False) as shared:
        if not shared:
            raise Unreadable(f"{path} is just being replaced")
        try:
            with _explained(path), closing(_connected(path, "ro")) as connection:
                connection.execute("PRAGMA query_only=ON")
                if meta(connection).get("version") != VERSION:
                    raise Unreadable(f"{path} was made by another LexOps; a worker makes it anew")
                yield Index(connection)
        except Spoilt as error:
            with suppress(OSError):
                beside(path, "damaged").touch(0o600)
            raise Unreadable(f"{error}; a worker makes it anew") from None


def stems(words: Iterable[str]) -> dict[str, str]:
    """What the index knows each word by; those of several words are left out."""
    single = sorted({word for word in words if " " not in word})
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(_STEMS)
        connection.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", list(enumerate(single)))
        found: dict[str, list[str]] = {}
        for place, term in connection.execute("SELECT doc, term FROM stems"):
            found.setdefault(single[place], []).append(term)
    return {word: terms[0] for word, terms in found.items() if len(terms) == 1}
