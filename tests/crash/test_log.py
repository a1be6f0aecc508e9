"""The private log: private, and bounded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lexops.crash import log
from lexops.crash.log import log_path, note, open_log


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log lies by default."""
    monkeypatch.delenv("LEXOPS_LOG", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "lexops" / "lexops.log"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_its_owner_reads_it(place: Path) -> None:
    before = os.umask(0)
    try:
        note("something")
    finally:
        os.umask(before)
    assert log_path() == place
    assert (mode(place), mode(place.parent)) == (0o600, 0o700)


def test_one_that_others_could_read_is_made_private(place: Path) -> None:
    place.parent.mkdir(mode=0o755)
    place.touch(0o644)
    note("something")
    assert (mode(place), mode(place.parent)) == (0o600, 0o700)


def test_a_folder_that_was_named_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("LEXOPS_LOG", str(tmp_path / "log"))
    note("something")
    assert (mode(tmp_path / "log"), mode(tmp_path)) == (0o600, 0o755)


def test_a_device_is_written_to_and_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mode(Path("/dev/null"))
    monkeypatch.setenv("LEXOPS_LOG", "/dev/null")
    note("something")
    assert mode(Path("/dev/null")) == before


def test_a_full_one_is_set_aside_and_three_are_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FULL", 100)
    for number in range(50):
        note(f"{number:02d} " + "x" * 60)
    names = sorted(path.name for path in place.parent.iterdir())
    assert names == ["lexops.log", "lexops.log.1", "lexops.log.2", "lexops.log.3"]
    text = "".join((place.parent / name).read_text() for name in reversed(names))
    kept = [int(line.split()[1]) for line in text.splitlines()]
    assert kept == list(range(50 - len(kept), 50))
    assert all(mode(place.parent / name) == 0o600 for name in names)


def test_the_bound_is_five_megabytes(place: Path) -> None:
    with open_log() as opened:
        opened.truncate(4_999_999)
    note("fits still")
    assert not place.with_name("lexops.log.1").exists()
    note("not any more")
    assert place.with_name("lexops.log.1").exists()
    assert place.read_text().endswith("not any more\n")


def test_programs_that_write_at_once_lose_no_line(place: Path) -> None:
    code = (
        "import sys\n"
        "from lexops.crash import log\n"
        "log.FULL = 20_000\n"
        "[log.note(f'{sys.argv[1]}-{number:03d} ' + 'x' * 20) for number in range(300)]\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abcd"]
    assert [program.wait(60) for program in programs] == [0, 0, 0, 0]
    files = list(place.parent.iterdir())
    lines = [line.split()[1] for file in files for line in file.read_text().splitlines()]
    assert len(files) <= 4
    assert sorted(lines) == [f"{name}-{number:03d}" for name in "abcd" for number in range(300)]
