"""Each SQLite check: a fault makes it fire, the mend clears it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status
from tests.shipped.looking import FAMILIES, Eye

SCHEMA = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE invoice (id INTEGER PRIMARY KEY, number TEXT UNIQUE);
    CREATE TABLE invoice_line (id INTEGER PRIMARY KEY, invoice INTEGER REFERENCES invoice, text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        INSERT INTO invoice SELECT i, 'R-' || i FROM n;
    INSERT INTO invoice_line (invoice, text) SELECT id, 'advice ' || hex(randomblob(50)) FROM invoice;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A billing database as it should be."""
    path = tmp_path / "billing.db"
    with opened(path) as database:
        database.executescript(SCHEMA)
    path.chmod(0o600)
    return path


@pytest.fixture
def eye(file: Path) -> Eye:
    return Eye("sqlite", url=f"sqlite:///{file}")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database


def test_a_sound_file_has_no_problem(eye: Eye) -> None:
    for check in FAMILIES["sqlite"]:
        verdict = eye.look(check.check.id)
        assert not verdict.status.is_problem, f"{check.check.id}: {verdict.summary}"


@pytest.mark.parametrize("content", [b"", b"not a database " * 300], ids=["empty", "something else"])
def test_a_file_without_a_database_in_it_is_critical_until_it_is_restored(
    eye: Eye, file: Path, content: bytes, tmp_path: Path
) -> None:
    good = shutil.copy(file, tmp_path / "backup.db")
    file.write_bytes(content)
    assert eye.look("sqlite.availability").status is Status.CRITICAL
    shutil.copy(good, file)
    assert eye.look("sqlite.availability").status is Status.OK


def test_a_locked_file_is_critical_until_it_is_let_go(eye: Eye, file: Path) -> None:
    with opened(file) as application:
        application.execute("PRAGMA journal_mode = DELETE")
        application.execute("BEGIN EXCLUSIVE")
        assert eye.look("sqlite.availability").status is Status.CRITICAL
        application.execute("COMMIT")
        assert eye.look("sqlite.availability").status is Status.OK


def test_a_slow_answer_is_a_warning(eye: Eye) -> None:
    assert eye.look("sqlite.availability", warn="0s").status is Status.WARNING


@pytest.mark.parametrize(
    ("mode", "status", "summary"),
    [
        (0o644, Status.CRITICAL, "billing.db: everybody on the machine can read it"),
        (0o602, Status.CRITICAL, "billing.db: everybody on the machine can change it"),
        (0o660, Status.WARNING, "billing.db: its group can change it"),
        (0o640, Status.OK, "nothing found"),
    ],
)
def test_rights_of_others_are_found_until_they_are_taken_away(
    eye: Eye, file: Path, mode: int, status: Status, summary: str
) -> None:
    file.chmod(mode)
    verdict = eye.look("sqlite.permissions")
    assert (verdict.status, verdict.summary) == (status, summary)
    file.chmod(0o600)
    assert eye.look("sqlite.permissions").status is Status.OK


def test_the_write_ahead_log_must_be_private_too(eye: Eye, file: Path) -> None:
    with opened(file) as application:
        application.execute("INSERT INTO invoice VALUES (1000, 'R-1000')")
        Path(f"{file}-wal").chmod(0o644)
        assert [f.key for f in eye.look("sqlite.permissions").findings] == ["-wal/read"]


def test_a_file_that_went_away_is_not_private_but_unknown(eye: Eye, file: Path) -> None:
    session = eye.session()
    file.unlink()
    [permissions] = [c for c in FAMILIES["sqlite"] if c.check.id == "sqlite.permissions"]
    assert observe(permissions, session).status is Status.UNKNOWN
    session.close()


def test_another_journal_mode_is_a_warning_until_it_is_wal(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    assert eye.look("sqlite.journal-mode").summary == "the journal mode is delete, not wal"
    assert eye.look("sqlite.wal-size").status is Status.NOT_APPLICABLE
    with opened(file) as database:
        database.execute("PRAGMA journal_mode = WAL")
    assert eye.look("sqlite.journal-mode").status is Status.OK


def test_a_log_that_a_reader_keeps_growing_is_told_until_it_is_folded_back(eye: Eye, file: Path) -> None:
    with opened(file) as reader, opened(file) as application:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM invoice").fetchone()
        for _ in range(20):
            application.execute("UPDATE invoice_line SET text = hex(randomblob(60))")
        grown = eye.look("sqlite.wal-size", warn="512KiB", crit="512MiB")
        assert grown.status is Status.WARNING
        reader.execute("COMMIT")
        application.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert eye.look("sqlite.wal-size", warn="512KiB", crit="512MiB").status is Status.OK


def test_unused_space_is_told_until_a_vacuum(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("CREATE TABLE scan (page BLOB)")
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 110)"
            " INSERT INTO scan SELECT zeroblob(1048576) FROM n"
        )
        database.execute("DROP TABLE scan")
        assert eye.look("sqlite.freelist").status is Status.CRITICAL
        assert eye.look("sqlite.freelist", warn="25%", crit="101%").status is Status.WARNING
        database.execute("VACUUM")
    assert eye.look("sqlite.freelist").summary == "only 0 B are unused"


def test_a_damaged_page_is_critical_until_the_backup_is_back(eye: Eye, file: Path, tmp_path: Path) -> None:
    good = shutil.copy(file, tmp_path / "backup.db")
    _overwrite(file, page=4)
    damaged = eye.look("sqlite.integrity")
    assert damaged.status is Status.CRITICAL
    assert damaged.findings
    shutil.copy(good, file)
    assert eye.look("sqlite.integrity").status is Status.OK


def test_a_file_too_damaged_to_look_into_is_critical_and_not_unknown(eye: Eye, file: Path) -> None:
    os.truncate(file, 4096 * 2 + 100)
    _overwrite(file, page=2)
    assert eye.look("sqlite.integrity").status is Status.CRITICAL
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    raised = eye.look("sqlite.integrity")
    assert raised.status is Status.CRITICAL


def _overwrite(file: Path, page: int) -> None:
    with file.open("r+b") as raw:
        raw.seek((page - 1) * 4096)
        raw.write(b"\xaa" * 4096)


def test_lines_without_their_invoice_are_critical_until_they_have_one(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("DELETE FROM invoice WHERE id <= 3")
    orphans = eye.look("sqlite.foreign-keys")
    assert orphans.status is Status.CRITICAL
    assert orphans.summary == "3 rows of invoice_line refer to missing rows of invoice"
    with opened(file) as database:
        database.execute("DELETE FROM invoice_line WHERE invoice NOT IN (SELECT id FROM invoice)")
    assert eye.look("sqlite.foreign-keys").status is Status.OK


def test_looking_changes_nothing(eye: Eye, file: Path) -> None:
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    session = eye.session()
    for check in FAMILIES["sqlite"]:
        observe(check, session)
    session.close()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
