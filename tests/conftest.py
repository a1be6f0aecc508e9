"""Fixtures for all tests: real servers, started when first needed and always stopped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from lexops.store.database import Store
from lexops.text import plural
from tests import servers
from tests.clock import ManualClock
from tests.stores import postgresql_store, sqlite_store, store_database

# The same examples every time, so that a change is judged by itself; `make test-all` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.DatabaseServer]:
    yield from servers.running(servers.start_postgresql)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.DatabaseServer]:
    yield from servers.running(servers.start_mariadb)


@pytest.fixture(scope="session")
def sshd() -> Iterator[servers.SSHServer]:
    yield from servers.running(servers.start_sshd)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """LexOps' own database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        made = sqlite_store(tmp_path)
    else:
        server: servers.DatabaseServer = request.getfixturevalue("postgresql")
        made = postgresql_store(store_database(server), tmp_path)
    yield made
    made.close()


@pytest.fixture
def https_server() -> Iterator[servers.HTTPSServer]:
    yield from servers.running(servers.HTTPSServer)


@pytest.fixture
def half_open_proxy() -> Iterator[Callable[[int], servers.HalfOpenProxy]]:
    """Makes a proxy in front of a port: `half_open_proxy(server.port)`."""
    with ExitStack() as stack:

        def proxy(port: int) -> servers.HalfOpenProxy:
            made = servers.HalfOpenProxy(port)
            stack.callback(made.remove)
            return made

        yield proxy


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names bytes by their parameter: what they hold may differ from worker to worker.

    The workers of pytest-xdist must collect the same names, and what is packed or signed holds
    the second in which it was made.
    """
    return argname if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says aloud what was not tested because a server is not installed."""
    reasons = (str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()))
    missing = Counter(
        reason.removeprefix("Skipped: ") for reason in reasons if servers.NOT_INSTALLED in reason
    )
    if missing:
        terminalreporter.section("servers that are not installed", yellow=True)
        for reason, count in missing.items():
            terminalreporter.line(f"{plural(count, 'test')} skipped: {reason}")
