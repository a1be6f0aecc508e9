"""Each SQLite check: a fault makes it fire, the mend clears it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status
from lexops_checks.sqlite import locks, place
from lexops_checks.sqlite.beside import wal_index
from tests.shipped.looking import FAMILIES, Eye, told

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


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["sqlite"]])
def test_a_sound_file_has_no_problem(eye: Eye, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "TEMPORARY", ())
    verdict = eye.follow(check)
    if verdict.status is Status.PENDING:
        verdict = eye.follow(check)
    assert verdict.status in (Status.OK, Status.NOT_APPLICABLE), verdict.summary


@pytest.mark.fires("sqlite.availability")
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


@pytest.mark.fires("sqlite.permissions")
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


@pytest.mark.fires("sqlite.journal-mode")
def test_another_journal_mode_is_a_warning_until_it_is_wal(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    assert eye.look("sqlite.journal-mode").summary == "the journal mode is delete, not wal"
    assert eye.look("sqlite.wal-size").status is Status.NOT_APPLICABLE
    with opened(file) as database:
        database.execute("PRAGMA journal_mode = WAL")
    assert eye.look("sqlite.journal-mode").status is Status.OK


@pytest.mark.fires("sqlite.wal-size")
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


@pytest.mark.fires("sqlite.freelist")
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


@pytest.mark.fires("sqlite.quick-check")
def test_a_damaged_page_is_critical_until_the_backup_is_back(eye: Eye, file: Path, tmp_path: Path) -> None:
    good = shutil.copy(file, tmp_path / "backup.db")
    _overwrite(file, page=4)
    damaged = eye.look("sqlite.quick-check")
    assert damaged.status is Status.CRITICAL
    assert damaged.findings
    shutil.copy(good, file)
    assert eye.look("sqlite.quick-check").status is Status.OK


def test_a_file_too_damaged_to_look_into_is_critical_and_not_unknown(eye: Eye, file: Path) -> None:
    os.truncate(file, 4096 * 2 + 100)
    _overwrite(file, page=2)
    for check in ("sqlite.quick-check", "sqlite.integrity"):
        assert eye.look(check).status is Status.CRITICAL
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    for check in ("sqlite.quick-check", "sqlite.integrity"):
        assert eye.look(check).status is Status.CRITICAL


def _overwrite(file: Path, page: int) -> None:
    with file.open("r+b") as raw:
        raw.seek((page - 1) * 4096)
        raw.write(b"\xaa" * 4096)


@pytest.mark.fires("sqlite.foreign-keys")
def test_lines_without_their_invoice_are_critical_until_they_have_one(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("DELETE FROM invoice WHERE id <= 3")
    orphans = eye.look("sqlite.foreign-keys")
    assert orphans.status is Status.CRITICAL
    assert orphans.summary == "3 rows of invoice_line refer to missing rows of invoice"
    with opened(file) as database:
        database.execute("DELETE FROM invoice_line WHERE invoice NOT IN (SELECT id FROM invoice)")
    assert eye.look("sqlite.foreign-keys").status is Status.OK


@pytest.mark.fires("sqlite.integrity")
def test_rows_that_an_index_lacks_are_critical_until_it_is_made_anew(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("CREATE INDEX by_text ON invoice_line (text) WHERE id < 0")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_text ON invoice_line (text)'"
            " WHERE name = 'by_text'"
        )
    assert eye.look("sqlite.quick-check").status is Status.OK
    found = eye.look("sqlite.integrity")
    assert found.status is Status.CRITICAL
    assert "missing from index by_text" in found.summary
    with opened(file) as database:
        database.execute("REINDEX")
    assert eye.look("sqlite.integrity").status is Status.OK


@pytest.mark.fires("sqlite.schema")
def test_a_changed_schema_is_told_until_it_is_put_back(eye: Eye, file: Path) -> None:
    assert eye.follow("sqlite.schema").status is Status.PENDING
    assert eye.follow("sqlite.schema").status is Status.OK
    with opened(file) as database:
        database.execute("ALTER TABLE invoice ADD COLUMN paid INTEGER")
        database.execute("CREATE TRIGGER trail AFTER UPDATE ON invoice BEGIN SELECT 1; END")
        database.execute("PRAGMA user_version = 7")
    found = eye.follow("sqlite.schema")
    assert found.status is Status.WARNING
    assert [finding.text.partition(", seen")[0] for finding in found.findings] == [
        "table invoice: was changed",
        "trigger trail: is new",
        "user_version: was 0, is 7",
    ]
    with opened(file) as database:
        database.execute("DROP TRIGGER trail")
        database.execute("ALTER TABLE invoice DROP COLUMN paid")
        database.execute("PRAGMA user_version = 0")
    assert eye.follow("sqlite.schema").status is Status.OK


@pytest.mark.fires("sqlite.wal-blocked")
def test_a_reader_that_keeps_the_log_from_being_folded_back_is_named_until_it_ends(
    eye: Eye, file: Path
) -> None:
    with opened(file) as reader, opened(file) as application:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM invoice").fetchone()
        for _ in range(20):
            application.execute("UPDATE invoice_line SET text = hex(randomblob(60))")
        blocked = eye.look("sqlite.wal-blocked", warn="512KiB")
        assert blocked.status is Status.WARNING
        assert f"reads: process {os.getpid()}" in told(blocked)
        reader.execute("COMMIT")
        application.execute("PRAGMA wal_checkpoint(PASSIVE)")
        assert eye.look("sqlite.wal-blocked", warn="512KiB").summary == "waiting 0 B"


def test_the_head_of_the_log_s_index_is_read_only_when_it_is_whole() -> None:
    half = (3007000).to_bytes(4, "little") + bytes(8) + b"\x01\x00" + (1).to_bytes(2, "little")
    half += (500).to_bytes(4, "little") + bytes(28)
    found = wal_index(half + half + (120).to_bytes(4, "little"))
    assert found is not None
    assert (found.frames, found.folded, found.page_size) == (500, 120, 65536)
    assert found.waiting == 380 * 65536
    assert wal_index(half + bytes(48) + bytes(4)) is None
    assert wal_index(b"") is None


@pytest.mark.fires("sqlite.busy")
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_writer_that_does_not_end_is_named_until_it_does(
    eye: Eye, file: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.3)
    with opened(file) as application:
        application.execute(f"PRAGMA journal_mode = {mode}")
        application.execute("BEGIN IMMEDIATE")
        application.execute("UPDATE invoice SET number = number || '-'")
        busy = eye.look("sqlite.busy", warn="200ms")
        assert busy.status is Status.WARNING
        assert f"writes: process {os.getpid()}" in told(busy)
        application.execute("COMMIT")
        assert eye.look("sqlite.busy", warn="200ms").status is Status.OK


@pytest.mark.fires("sqlite.placement")
def test_a_file_in_memory_or_among_temporary_files_is_told_until_it_is_moved(file: Path) -> None:
    def look(path: Path) -> Status:
        return Eye("sqlite", url=f"sqlite:///{path}").look("sqlite.placement").status

    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        assert look(Path(shutil.copy(file, memory))) is Status.CRITICAL
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        assert look(Path(shutil.copy(file, temporary))) is Status.WARNING
    with tempfile.TemporaryDirectory(dir=Path.home()) as kept:
        assert look(Path(shutil.copy(file, kept))) is Status.OK


def test_the_innermost_mount_says_on_what_a_file_lies() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n"
        "filer:/x /srv/law\\040firm nfs4 rw 0 0\n"
        "tmpfs /srv/law\\040firm/t tmpfs rw 0 0"
    )
    assert place.filesystem(Path("/srv/law firm/b.db"), mounts) == "nfs4"
    assert place.filesystem(Path("/srv/law firm/t/b.db"), mounts) == "tmpfs"
    assert place.filesystem(Path("/srv/law firms/b.db"), mounts) == "ext4"


@pytest.mark.fires("sqlite.size")
def test_a_file_that_outgrows_its_share_of_the_disk_is_told_until_it_is_smaller(eye: Eye, file: Path) -> None:
    with opened(file) as database:
        database.execute("CREATE TABLE scan (page BLOB)")
        database.execute("INSERT INTO scan SELECT zeroblob(5000000)")
        assert eye.look("sqlite.size", warn="2MiB").status is Status.WARNING
        database.execute("DROP TABLE scan")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found = eye.look("sqlite.size", warn="2MiB")
    assert found.status is Status.OK
    assert found.metrics[0].limit


@pytest.mark.fires("sqlite.library")
def test_a_bad_library_is_told_until_another_one_writes(eye: Eye, file: Path) -> None:
    with file.open("r+b") as raw:
        raw.seek(96)
        raw.write((3035002).to_bytes(4, "big"))
    found = eye.look("sqlite.library")
    assert (found.status, found.summary[:24]) == (Status.WARNING, "written by SQLite 3.35.2")
    with opened(file) as database:
        database.execute("CREATE TABLE payment (id INTEGER PRIMARY KEY)")
    good = eye.look("sqlite.library")
    assert good.status is Status.OK
    assert f"written by: SQLite {sqlite3.sqlite_version}" in told(good)


@pytest.mark.fires("sqlite.backup-age")
def test_an_old_backup_is_told_until_there_is_a_fresh_one(file: Path, tmp_path: Path) -> None:
    pattern = tmp_path / "backup" / "billing-*.db"
    pattern.parent.mkdir()
    eye = Eye("sqlite", url=f"sqlite:///{file}", backups=str(pattern))
    assert eye.look("sqlite.backup-age").status is Status.CRITICAL
    copy = pattern.with_name("billing-1.db")
    shutil.copy(file, copy)
    old = time.time() - 30 * 3600
    os.utime(copy, (old, old))
    assert eye.look("sqlite.backup-age").status is Status.WARNING
    fresh = pattern.with_name("billing-2.db")
    fresh.touch()
    assert "is empty" in eye.look("sqlite.backup-age").summary
    shutil.copy(file, fresh)
    assert eye.look("sqlite.backup-age").status is Status.OK


def test_where_no_backups_are_named_their_age_is_no_question(eye: Eye) -> None:
    assert eye.look("sqlite.backup-age").status is Status.NOT_APPLICABLE


def test_a_folder_in_which_everybody_may_write_is_told_until_it_is_closed(eye: Eye, file: Path) -> None:
    file.parent.chmod(0o777)
    assert [finding.key for finding in eye.look("sqlite.permissions").findings] == ["folder"]
    file.parent.chmod(0o700)
    assert eye.look("sqlite.permissions").status is Status.OK


def test_looking_changes_nothing(eye: Eye, file: Path) -> None:
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    session = eye.session()
    for check in FAMILIES["sqlite"]:
        observe(check, session)
    session.close()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
