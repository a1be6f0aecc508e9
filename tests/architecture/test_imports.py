"""What is imported when, measured in a fresh process: static rules do not see lazy imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

DRIVERS = ["sqlalchemy", "psycopg", "pymysql", "paramiko", "psutil", "alembic", "cryptography", "sentry_sdk"]


def modules_after(*arguments: str) -> set[str]:
    """The modules loaded when `lexops` has run with these arguments."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write('MODULES ' + ' '.join(sys.modules)))\n"
        f"sys.argv = ['lexops', *{list(arguments)!r}]\n"
        "from lexops.app import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return set(done.stderr.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "run", "--help"]])
def test_help_loads_no_database_driver_and_no_console(arguments: list[str]) -> None:
    loaded = modules_after(*arguments)
    assert "lexops.cli.main" in loaded
    assert loaded.isdisjoint([*DRIVERS, "textual"])


def test_status_loads_neither_the_console_nor_what_only_targets_need(tmp_path: object) -> None:
    assert modules_after("init", str(tmp_path))
    loaded = modules_after("status", "--site", str(tmp_path))
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint(["textual", "paramiko", "psycopg", "pymysql", "psutil"])


def test_no_command_imports_the_console() -> None:
    code = (
        "import pkgutil, importlib, sys, lexops.cli as cli\n"
        "[importlib.import_module(m.name) for m in pkgutil.iter_modules(cli.__path__, 'lexops.cli.')]\n"
        "import lexops.worker.loop\n"
        "sys.exit('textual' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
