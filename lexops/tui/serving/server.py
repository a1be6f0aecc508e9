"""`lexops serve`: listens, counts, and sees to it that nobody stays longer than allowed."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import paramiko

from lexops.config import ServeSettings
from lexops.errors import ConfigError
from lexops.tui.serving.connection import Connection, Line, Service
from lexops.tui.serving.limits import Callers, displaced
from lexops.tui.serving.session import TURN

BACKLOG = 64


class Server:
    """Listens from the moment it is made. Raises ConfigError when the address cannot be had."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._callers = Callers(service.settings.attempts)
        self._connections: dict[int, Connection] = {}
        self._numbers = count()
        self._listener = listen(service.settings)
        self.port: int = self._listener.getsockname()[1]

    def run(self, stop: Callable[[], bool]) -> None:
        """Serve until told to stop; then every session is ended, and has some seconds for it."""
        watch = select.poll()
        watch.register(self._listener, select.POLLIN)
        with ExitStack() as last:
            last.callback(self._end_all)
            last.callback(self._listener.close)
            while not stop():
                if watch.poll(TURN * 1000):
                    self._answer()
                self._tend()

    def _answer(self) -> None:
        try:
            accepted, address = self._listener.accept()
        except OSError:  # gone again, or no file handles are left: the others must not suffer
            time.sleep(TURN / 10)
            return
        line, caller = Line(fileno=accepted.detach()), str(address[0])
        if self._callers.is_barred(caller, self._service.clock.monotonic()):
            line.close()
            return
        self._make_room()
        try:
            connection = Connection(line, caller, self._service, self._failed)
        except OSError:  # gone while it was set up
            line.close()
            return
        try:
            threading.Thread(target=connection.run, name="connection", daemon=True).start()
        except RuntimeError:  # the machine has no room for another thread
            connection.cut()
            return
        self._connections[next(self._numbers)] = connection

    def _failed(self, address: str) -> bool:
        return self._callers.failed(address, self._service.clock.monotonic())

    def _make_room(self) -> None:
        waiting = {
            number: connection.address
            for number, connection in self._connections.items()
            if connection.is_waiting
        }
        number = displaced(self._service.settings, waiting)
        if number is not None:
            self._connections[number].cut()

    def _tend(self) -> None:
        for number, connection in list(self._connections.items()):
            if connection.is_over:
                del self._connections[number]
            else:
                connection.tend()

    def _end_all(self) -> None:
        end = time.monotonic() + self._service.patience.total_seconds()
        for connection in self._connections.values():
            connection.end("the server is ending")
        self._wait(end)
        for connection in self._connections.values():
            connection.cut()
        self._wait(end + 2 * self._service.patience.total_seconds())

    def _wait(self, end: float) -> None:
        while time.monotonic() < end and not all(c.is_over for c in self._connections.values()):
            time.sleep(TURN / 10)
            for connection in self._connections.values():
                connection.press()


def listen(settings: ServeSettings) -> socket.socket:
    """A socket that listens where the settings say. Raises ConfigError."""
    where = f"{settings.address} port {settings.port}"
    try:
        family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
        made = socket.create_server((settings.address, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {where}: {error.strerror or error}", hint="see [serve]"
        ) from None
    made.setblocking(False)
    return made


def host_key(path: Path) -> paramiko.PKey:
    """The server's key, made when there is none. Raises ConfigError."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from lexops.privacy.keyring import write_private

    try:
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            write_private(
                path, made.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
            )
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"the host key {path} can be read by others", hint=f"chmod 600 {path}")
        return paramiko.Ed25519Key.from_private_key_file(str(path))
    except OSError as error:
        raise ConfigError(f"the host key {path} cannot be used: {error.strerror}") from None
    except (paramiko.SSHException, ValueError):
        raise ConfigError(
            f"{path} is no Ed25519 private key without a passphrase", hint="move it away: a new one is made"
        ) from None
