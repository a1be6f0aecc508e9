"""The test servers leave nothing behind, however the tests end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import servers
from tests.waiting import until

PROGRAM = """
import time
from tests import servers
server = servers.{start}()
print(server.process.running.pid, server.process.folder, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by the kernel on Linux only")
@pytest.mark.parametrize("start", ["start_postgresql", "start_mariadb", "start_sshd"])
def test_a_server_dies_with_the_tests_even_when_they_are_killed(start: str) -> None:
    root = Path(servers.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(start=start)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None and tests.stderr is not None
        line = tests.stdout.readline()
        if not line:
            error = tests.stderr.read()
            if servers.NOT_INSTALLED in error:
                pytest.skip(error.splitlines()[-1].partition(": ")[2])
            pytest.fail(error)
        tests.send_signal(signal.SIGKILL)
    pid, folder = line.split()
    try:
        until(lambda: not _runs(int(pid)), "the server is still there")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_stopped_server_starts_again_with_its_data(postgresql: servers.DatabaseServer) -> None:
    url = postgresql.database()
    postgresql.execute("CREATE TABLE kept AS SELECT 7 AS n", url=url)
    postgresql.stop()
    assert not postgresql.answers()
    postgresql.start()
    assert [tuple(row) for row in postgresql.execute("SELECT n FROM kept", url=url)] == [(7,)]


def test_socket_paths_are_short_enough(postgresql: servers.DatabaseServer) -> None:
    path = postgresql.socket_folder / f".s.PGSQL.{postgresql.port}"
    assert path.is_socket()
    assert len(os.fsencode(path)) <= 107
