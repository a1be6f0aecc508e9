"""What is special about SQLite: it is a file, and nobody else guards it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lexops.errors import Damaged, Denied, QueryFailed, TimedOut, Unreachable
from lexops.targets.database import SQLite
from lexops.targets.model import Kind, Target
from tests.servers import short_folder

TARGET = Target("books", Kind.SQLITE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "books of the firm#1?.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text)")
        connection.executemany("INSERT INTO entry (text) VALUES (?)", [("x" * 500,)] * 2000)
    return path


@pytest.fixture
def books(path: Path) -> Iterator[SQLite]:
    with closing(SQLite(TARGET, path)) as session:
        yield session


def test_text_that_is_no_utf_8_is_read_with_a_sign_in_its_place(path: Path, books: SQLite) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO entry VALUES (0, CAST(x'47fc6e' AS TEXT))")
    assert books.scalar("SELECT text FROM entry WHERE id = 0") == "G\ufffdn"


def test_a_file_that_is_not_there_is_unreachable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No such file"):
        SQLite(TARGET, tmp_path / "absent.db")
    assert not (tmp_path / "absent.db").exists()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is not a file"):
        SQLite(TARGET, tmp_path)


def test_pragmas_come_as_rows(books: SQLite) -> None:
    assert books.pragma("journal_mode") == [{"journal_mode": "delete"}]
    assert books.pragma("quick_check", 20) == [{"quick_check": "ok"}]
    assert books.pragma("foreign_key_check") == []
    with pytest.raises(ValueError, match="no PRAGMA"):
        books.pragma("user_version = 5; --")


def test_a_pragma_cannot_open_the_file_for_writing(books: SQLite) -> None:
    books.rows("PRAGMA query_only")
    with pytest.raises(QueryFailed):
        books.rows("PRAGMA user_version = 5")
    assert books.pragma("user_version") == [{"user_version": 0}]


def test_size_and_mode_of_the_files_are_known(books: SQLite, path: Path) -> None:
    main = books.file()
    assert main is not None
    assert main.st_size == path.stat().st_size
    assert books.file("-wal") is None


def test_a_wal_database_in_use_is_read_with_its_latest_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        with writer:
            writer.execute("INSERT INTO entry (text) VALUES ('latest')")
        with closing(SQLite(TARGET, path)) as books:
            assert books.scalar("SELECT count(*) FROM entry") == 2001
            wal = books.file("-wal")
            assert wal is not None
            assert wal.st_size > 0
            with writer:
                writer.execute("INSERT INTO entry (text) VALUES ('later')")
            assert books.scalar("SELECT count(*) FROM entry") == 2002


def test_a_wal_database_that_nobody_uses_can_be_read_and_written_afterwards(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
    with closing(SQLite(TARGET, path)) as books:
        assert books.scalar("SELECT count(*) FROM entry") == 2000
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute("INSERT INTO entry (text) VALUES ('later')")


@contextmanager
def _without_privilege() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_keeps_a_wal_database_from_being_read_is_named() -> None:
    folder = short_folder()
    path = folder / "books.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE entry (id)")
    folder.chmod(0o555)
    try:
        with _without_privilege(), closing(SQLite(TARGET, path)) as books:
            with pytest.raises(Denied, match="write access to its folder"):
                books.rows("SELECT id FROM entry")
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_locked_file_times_out(books: SQLite, path: Path) -> None:
    books.allow(0.4)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TimedOut, match="locked"):
            books.rows("SELECT id FROM entry")


def test_a_damaged_file_is_told_from_a_failing_query(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(2, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    with closing(SQLite(TARGET, path)) as books, pytest.raises(Damaged, match="malformed"):
        books.rows("SELECT sum(length(text)) FROM entry")


def test_a_file_of_something_else_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Sirs, " * 500)
    with closing(SQLite(TARGET, path)) as books, pytest.raises(Damaged, match="not a database"):
        books.pragma("integrity_check")
