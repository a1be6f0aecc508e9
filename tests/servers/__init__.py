"""Real servers for tests and benchmarks: each in a folder of its own, on loopback, gone when the tests are.

Making one raises `Missing` when its programs are not installed; `running` turns that into a counted skip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.servers.databases import (
    BLIND,
    MONITOR,
    DatabaseServer,
    give_blind_role,
    give_role,
    site_url,
    start_mariadb,
    start_postgresql,
)
from tests.servers.https import Authority, HTTPSServer
from tests.servers.process import (
    HOST,
    NOT_INSTALLED,
    Missing,
    Process,
    find_program,
    free_port,
    run_once,
    short_folder,
    unprivileged,
)
from tests.servers.proxy import HalfOpenProxy
from tests.servers.ssh import SSHServer, accepts, new_ssh_key, start_sshd

__all__ = [
    "BLIND",
    "HOST",
    "MONITOR",
    "NOT_INSTALLED",
    "Authority",
    "DatabaseServer",
    "HTTPSServer",
    "HalfOpenProxy",
    "Missing",
    "Process",
    "SSHServer",
    "accepts",
    "find_program",
    "free_port",
    "give_blind_role",
    "give_role",
    "new_ssh_key",
    "run_once",
    "running",
    "short_folder",
    "site_url",
    "start_mariadb",
    "start_postgresql",
    "start_sshd",
    "unprivileged",
]


def running(start: Callable[[], Any]) -> Iterator[Any]:
    """Start a server for as long as a fixture lives; skips when it is not installed."""
    try:
        server = start()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        yield server
    finally:
        server.remove()
