"""A served console with a stub for a child, and clients for it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import paramiko
import pytest

from lexops.clock import SystemClock
from lexops.config import ServeSettings
from lexops.tui.serving.connection import Service
from lexops.tui.serving.login import Login
from lexops.tui.serving.server import Server, host_key
from tests.servers import HOST, new_ssh_key
from tests.waiting import PATIENCE, until

STUB = Path(__file__).with_name("stub.py")


def is_running(pid: int) -> bool:
    """Whether a process is there and is no mere zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Screen:
    """A client's end of a session on a terminal."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self.channel = channel
        self.seen = b""

    def until(self, text: str, seconds: float = PATIENCE) -> bytes:
        end = time.monotonic() + seconds
        self.channel.settimeout(0.2)
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"{text!r} was not shown: {self.seen[-2000:]!r}"
            with suppress(TimeoutError):
                data = self.channel.recv(65536)
                assert data, f"{text!r} was not shown before the end: {self.seen[-2000:]!r}"
                self.seen += data
        return self.seen

    def report(self) -> dict[str, Any]:
        """How the stub was started."""
        seen = self.until(" END").decode()
        found: dict[str, Any] = json.loads(seen.partition("READY ")[2].partition(" END")[0])
        return found

    def rest(self, seconds: float = PATIENCE) -> bytes:
        """What comes until the channel is closed."""
        end = time.monotonic() + seconds
        self.channel.settimeout(0.2)
        while True:
            assert time.monotonic() < end, "the session goes on"
            with suppress(TimeoutError):
                data = self.channel.recv(65536)
                if not data:
                    return self.seen
                self.seen += data

    def type(self, text: str) -> None:
        self.channel.sendall(text.encode())


@dataclass
class Serving:
    """A running server."""

    server: Server
    folder: Path
    keys: dict[str, Path]
    operators: dict[str, str]
    records: list[tuple[str, str | None, Mapping[str, str | int]]]
    asked: list[tuple[str, str, str]]
    stop: threading.Event
    thread: threading.Thread
    clients: list[paramiko.Transport] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def log(self) -> Path:
        """What the stubs note."""
        return self.folder / "stub.log"

    def noted(self, word: str) -> list[int]:
        """The stubs' process numbers beside a word in their log."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [int(line.split()[1]) for line in lines if line.split()[0] == word]

    def recorded(self, kind: str) -> list[tuple[str | None, Mapping[str, str | int]]]:
        return [(operator, details) for found, operator, details in self.records if found == kind]

    def key(self, name: str) -> paramiko.Ed25519Key:
        return paramiko.Ed25519Key.from_private_key_file(str(self.keys[name]))

    def line(self, source: str = HOST) -> paramiko.Transport:
        """A connection before the login."""
        import socket

        raw = socket.create_connection((HOST, self.port), 60, source_address=(source, 0))
        made = paramiko.Transport(raw)
        self.clients.append(made)
        made.banner_timeout = made.handshake_timeout = made.auth_timeout = PATIENCE
        made.start_client(timeout=60)
        return made

    def client(self, name: str = "alice", user: str = "lexops", source: str = HOST) -> paramiko.Transport:
        made = self.line(source)
        made.auth_publickey(user, self.key(name))
        return made

    def shell(self, name: str = "alice", width: int = 80, height: int = 24, term: str = "xterm") -> Screen:
        channel = self.client(name).open_session(timeout=60)
        channel.get_pty(term, width, height)
        channel.invoke_shell()
        return Screen(channel)

    def run(self, command: str, name: str = "alice") -> tuple[int, str, str]:
        """Exit status, output and errors of a command."""
        channel = self.client(name).open_session(timeout=60)
        channel.settimeout(60)
        channel.exec_command(command)
        output, errors = channel.makefile("rb").read(), channel.makefile_stderr("rb").read()
        return channel.recv_exit_status(), output.decode(), errors.decode()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.end()
        for client in self.clients:
            if client.ident is not None:
                client.join(60)


Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server: `serve(clock=…, patience=…, program=…, **settings)`."""
    made: list[Serving] = []

    def start(
        clock: Any = None,
        patience: timedelta = timedelta(seconds=15),
        program: tuple[str, ...] | None = None,
        on_record: Callable[[str], None] = lambda _kind: None,
        **settings: Any,
    ) -> Serving:
        keys = {name: tmp_path / f"key_{name}" for name in ("alice", "bob", "mallory")}
        operators: dict[str, str] = {}
        for name, path in keys.items():
            new_ssh_key(path)
            if name != "mallory":
                operators[paramiko.Ed25519Key.from_private_key_file(str(path)).fingerprint] = name
        records: list[Any] = []
        asked: list[tuple[str, str, str]] = []

        def who(fingerprint: str, line: str, login: str) -> Login | None:
            asked.append((fingerprint, line, login))
            name = operators.get(fingerprint)
            return Login(name, "support", fingerprint) if name else None

        def record(kind: str, operator: str | None, details: Mapping[str, str | int]) -> None:
            on_record(kind)
            records.append((kind, operator, dict(details)))

        service = Service(
            ServeSettings(port=1).model_copy(
                update={"port": 0, "grace": timedelta(seconds=PATIENCE)} | settings
            ),
            host_key(tmp_path / "serve_host_key"),
            program or (sys.executable, str(STUB), str(tmp_path / "stub.log")),
            tmp_path / "lexops.toml",
            who,
            record,
            clock or SystemClock(),
            patience,
        )
        server, stop = Server(service), threading.Event()
        thread = threading.Thread(target=server.run, args=(stop.is_set,), name="server")
        thread.start()
        made.append(Serving(server, tmp_path, keys, operators, records, asked, stop, thread))
        return made[-1]

    before = handles()
    yield start
    for serving in made:
        serving.close()
        pids = serving.noted("STARTED")
        until(lambda pids=pids: not any(map(is_running, pids)))  # type: ignore[misc]
    until(lambda: not [t for t in threading.enumerate() if t.name in ("connection", "session-input")])
    until(lambda: handles() <= before)


def handles() -> Counter[str]:
    """The open sockets, terminals and pipes of this process, counted by kind."""
    found: Counter[str] = Counter()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found[os.readlink(f"/proc/self/fd/{name}").partition(":")[0]] += 1
    return found
