"""A site switches reports on, and the real program obeys."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops import config
from lexops.errors import ConfigError
from tests.crash.receiver import Receiver, receiving

SITE = '[site]\nname = "Test & Partners"\n'
REPORTS = '[crash_reports]\ndsn = { env = "CRASH_DSN" }\nserver = "127.0.0.1"\n'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def load(folder: Path, text: str) -> config.Settings:
    (folder / "lexops.toml").write_text(text)
    return config.load(folder / "lexops.toml").settings


def test_reports_are_off_unless_asked_for(tmp_path: Path) -> None:
    assert load(tmp_path, SITE).crash_reports is None


def test_a_dsn_without_its_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[crash_reports\] server: Field required"):
        load(tmp_path, SITE + '[crash_reports]\ndsn = { env = "CRASH_DSN" }\n')


def test_a_dsn_in_the_file_is_refused_without_quoting_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a secret is a table") as refused:
        load(tmp_path, SITE + '[crash_reports]\ndsn = "https://geheim@x.example/1"\nserver = "x.example"\n')
    assert "geheim" not in str(refused.value)


def test_the_former_key_is_refused_with_what_replaced_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='unknown key "sentry_dsn"') as refused:
        load(tmp_path, f'sentry_dsn = {{ env = "CRASH_DSN" }}\n{SITE}')
    assert refused.value.hint == "it is now [crash_reports] with dsn and server; see docs/crash-reports.md"


def python(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a site's folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LEXOPS_LOG": str(folder / "log"), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_check_on_the_page_sends_a_report(tmp_path: Path, receiver: Receiver) -> None:
    page = (Path(__file__).parents[2] / "docs" / "crash-reports.md").read_text()
    code = page.partition("python -c '")[2].partition("'\n")[0]
    (tmp_path / "lexops.toml").write_text(SITE + REPORTS)
    patience = "from lexops.crash import envelope, keeping\nenvelope.PATIENCE = keeping.FAREWELL = 60.0\n"
    done = python(tmp_path, patience + code, CRASH_DSN=receiver.dsn)
    assert (done.returncode, done.stderr) == (0, "")
    (sent,) = receiver.received
    assert f"report {sent.event['tags']['reference']} sent to 127.0.0.1" in (tmp_path / "log").read_text()


def test_the_program_guards_itself_first(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from lexops import app\n"
        "sys.argv = ['lexops', '--version']\n"
        "try:\n"
        "    app.main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "class Unforeseen(BaseException): pass\n"
        "raise Unforeseen('geheim')\n"
    )
    done = python(tmp_path, code)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: LexOps failed unexpectedly (reference ")
    assert "__main__.Unforeseen" in (tmp_path / "log").read_text()
