"""What must hold before the engine starts, and what it may not do then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lexops.config import load
from lexops.errors import ConfigError, StoreError
from lexops.worker.engine import place, sqlite_module, traps
from tests.servers import DatabaseServer, site_url
from tests.sites import write_site

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("python", "sqlite", "has_newer", "module"),
    [
        ((3, 11, 7), (3, 40, 1), False, "sqlite3"),
        ((3, 11, 7), (3, 40, 1), True, "sqlite3"),
        ((3, 12, 0), (3, 42, 0), False, "sqlite3"),
        ((3, 13, 1), (3, 46, 1), True, "sqlite3"),
        ((3, 12, 1), (3, 40, 1), True, "pysqlite3"),
        ((3, 13, 0), (3, 41, 9), True, "pysqlite3"),
    ],
)
def test_an_sqlite_on_which_the_engine_works_is_chosen(
    python: tuple[int, ...], sqlite: tuple[int, ...], has_newer: bool, module: str
) -> None:
    assert sqlite_module(python, sqlite, has_newer) == module


@pytest.mark.parametrize("python", [(3, 12, 0), (3, 13, 5), (3, 14, 0)])
def test_without_one_the_line_says_which_is_there_and_how_to_mend_it(python: tuple[int, ...]) -> None:
    with pytest.raises(
        StoreError, match=r"3\.42 or newer with this Python; this one brings 3\.40\.1"
    ) as refused:
        sqlite_module(python, (3, 40, 1), has_newer=False)
    assert "pysqlite3-binary" in refused.value.hint


def test_variables_that_change_the_engine_or_send_something_out_are_found() -> None:
    names = [
        "DBOS__CLOUD",
        "DBOS__VMID",
        "DBOS__APPVERSION",
        "DBOS_SYSTEM_DATABASE_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]
    assert traps([*names, "HOME", "PATH", "MY_DBOS", "LEXOPS_SITE"]) == sorted(names)


def _place(folder: Path, *lines: str) -> str:
    file = load(write_site(folder, more="\n".join(lines)))
    return place(file.settings, file.folder).url.render_as_string(hide_password=False)


def test_runs_are_kept_beside_an_sqlite_store_and_inside_a_postgresql_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "secret/1")
    assert _place(tmp_path) == f"sqlite:///{tmp_path}/lexops-runs.db"
    assert (
        _place(tmp_path, '[store]\nurl = "sqlite:///data/x.sqlite"')
        == f"sqlite:///{tmp_path}/data/x-runs.sqlite"
    )
    assert _place(tmp_path, '[worker]\nengine = "sqlite:///r.db"') == f"sqlite:///{tmp_path}/r.db"
    postgresql = '[store]\nurl = "postgresql://ops@db/lexops"\npassword = { env = "PASSWORD" }'
    assert _place(tmp_path, postgresql) == "postgresql+psycopg://ops:secret%2F1@db/lexops"
    other = '[worker]\nengine = "postgresql://runs@other/runs"'
    assert _place(tmp_path, postgresql, other) == "postgresql+psycopg://runs@other/runs"


def test_workers_that_share_a_store_must_be_able_to_share_the_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[worker\] engine"):
        _place(
            tmp_path, '[store]\nurl = "postgresql://ops@db/lexops"\n[worker]\nengine = "sqlite:///runs.db"'
        )


WATCHED = """
import sys
seen = set()
ASKED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind")
sys.addaudithook(lambda name, args: seen.add(str(args[1:])) if name in ASKED else None)

import os, re, threading, time
from datetime import timedelta
from pathlib import Path

# What libraries in C connect to, no hook of Python sees; the kernel's table does.
def sample():
    while True:
        held = set()
        for entry in Path("/proc/self/fd").iterdir():
            try:
                held.update(re.findall(r"socket:\\[(\\d+)\\]", os.readlink(entry)))
            except OSError:
                continue
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[9] in held:
                    seen.add(f"{table} port {int(columns[2].rpartition(':')[2], 16)}")
        time.sleep(0.01)

if sys.platform == "linux":
    threading.Thread(target=sample, daemon=True).start()

from lexops import app
from lexops.worker.loop import Worker
from tests.worker.runs import Performer, Run

folder = Path(sys.argv[1])
site = app.open_site(folder / "lexops.toml")
performer = Performer(folder)
performer.jobs = [Run("a")]
Worker(site, performer=performer).drain(lambda: False, timedelta(seconds=60))
assert performer.journal.lines("finish", "a"), "the run was not done"
site.store.close()
left = [name for name in os.environ if name.startswith(("DBOS", "OTEL"))]
assert not left, left
print(*sorted(seen), sep="\\n")
"""


def _watched(folder: Path) -> list[str]:
    """The addresses that a worker with a durable run speaks to; its environment invites to more."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "DBOS__CLOUD": "true",
        "DBOS__CONDUCTOR_KEY": "k",
        "DBOS__CONDUCTOR_APP_NAME": "x",
        "DBOS__CONDUCTOR_URL": "ws://127.0.0.1:9/",
        "DBOS__OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/",
        "DBOS__VMID": "vm",
        "DBOS__APPVERSION": "v",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9/",
    }
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_worker_with_a_durable_run_opens_no_socket_on_an_sqlite_site(tmp_path: Path) -> None:
    write_site(tmp_path)
    assert _watched(tmp_path) == [""]


def test_a_worker_with_a_durable_run_speaks_to_its_store_only(
    tmp_path: Path, postgresql: DatabaseServer
) -> None:
    write_site(tmp_path, more=f'[store]\nurl = "{site_url(postgresql.database())}"')
    told = _watched(tmp_path)
    assert told != [""] and all(str(postgresql.port) in line for line in told)
