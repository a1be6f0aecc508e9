"""A PostgreSQL server that archives, and a standby of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import DatabaseServer, Process

SETTINGS = {
    "archive_mode": "on",
    "archive_command": "/bin/true",
    "wal_level": "logical",
    "max_prepared_transactions": "5",
}


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A server of their own: checks of MariaDB look at all its databases."""
    yield from servers.running(servers.start_mariadb)


@pytest.fixture(scope="session")
def primary() -> Iterator[DatabaseServer]:
    yield from servers.running(lambda: servers.start_postgresql(settings=SETTINGS))


@pytest.fixture(scope="session")
def standby(primary: DatabaseServer) -> Iterator[DatabaseServer]:
    server = copy_of(primary)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def programs_of(server: DatabaseServer) -> Path:
    """The folder with the server's programs."""
    return Path(server.process.command[0]).parent


def base_backup(server: DatabaseServer, folder: Path, *options: str) -> None:
    """Copy the running server to `folder`/data; skips where pg_basebackup is not there."""
    program = programs_of(server) / "pg_basebackup"
    if not program.exists():
        pytest.skip(f"pg_basebackup {servers.NOT_INSTALLED} it is not beside postgres")
    source = ["-h", server.host, "-p", str(server.port), "-U", server.user]
    common = ["-D", str(folder / "data"), "-c", "fast", "--no-sync"]
    servers.run_once([str(program), *source, *common, *options], folder, server.process.owner)


def copy_of(primary: DatabaseServer) -> DatabaseServer:
    """A standby of `primary`, not yet started."""
    owner = servers.unprivileged("postgres")
    folder, port = servers.short_folder(owner), servers.free_port()
    base_backup(primary, folder, "-R")
    with (folder / "data" / "postgresql.conf").open("a") as config:
        config.write(f"port = {port}\nunix_socket_directories = '{folder}'\n")
        config.write("wal_receiver_status_interval = 1\n")  # says soon that it has caught up
    process = Process(
        [str(programs_of(primary) / "postgres"), "-D", str(folder / "data")],
        folder,
        owner,
        ready=lambda: server.answers(),
        stop_with=signal.SIGINT,
    )
    server = DatabaseServer(primary.scheme, primary.user, primary.admin_name, process, port, folder)
    return server
