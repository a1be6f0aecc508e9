"""A PostgreSQL server that archives, and a standby of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import DatabaseServer, Process

ARCHIVING = ("ALTER SYSTEM SET archive_mode = on", "ALTER SYSTEM SET archive_command = '/bin/true'")


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A server of their own: checks of MariaDB look at all its databases."""
    yield from servers.running(servers.start_mariadb)


@pytest.fixture(scope="session")
def primary() -> Iterator[DatabaseServer]:
    try:
        server = servers.start_postgresql()
    except servers.Missing as missing:
        pytest.skip(str(missing))
    try:
        server.execute(*ARCHIVING)
        server.stop()
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def standby(primary: DatabaseServer) -> Iterator[DatabaseServer]:
    if not Path(primary.process.command[0]).with_name("pg_basebackup").exists():
        pytest.skip(f"pg_basebackup {servers.NOT_INSTALLED} it is not beside postgres")
    server = _copy_of(primary)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _copy_of(primary: DatabaseServer) -> DatabaseServer:
    owner = servers.unprivileged("postgres")
    folder, port = servers.short_folder(owner), servers.free_port()
    programs = Path(primary.process.command[0]).parent
    source = ["-h", primary.host, "-p", str(primary.port), "-U", primary.user]
    servers.run_once(
        [
            str(programs / "pg_basebackup"),
            *source,
            "-D",
            str(folder / "data"),
            "-R",
            "-c",
            "fast",
            "--no-sync",
        ],
        folder,
        owner,
    )
    with (folder / "data" / "postgresql.conf").open("a") as config:
        config.write(f"port = {port}\nunix_socket_directories = '{folder}'\n")
        config.write("wal_receiver_status_interval = 1\n")  # says soon that it has caught up
    process = Process(
        [str(programs / "postgres"), "-D", str(folder / "data")],
        folder,
        owner,
        ready=lambda: server.answers(),
        stop_with=signal.SIGINT,
    )
    server = DatabaseServer(primary.scheme, primary.user, primary.admin_name, process, port, folder)
    return server
