"""A small HTTP server for this machine: one request after the other, within a worker's chore.

However slowly a request is sent, it is there within a few seconds as a whole, or is hung up on.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from lexops.errors import LexOpsError

TURN = 2.0
"""Seconds that requests are waited for before the chore looks whether the worker leaves."""
CLIENT = 5.0
"""Seconds in which a request has to be there as a whole."""
LINGER = 1.0
"""Seconds in which a body that nobody wants is still taken in: a connection that is closed over unread
bytes is reset, and the answer may be lost with it (RFC 9112, 9.6)."""
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    """Without a query."""
    headers: Message
    read: Callable[[int], bytes]
    """So many bytes of its body."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What it is answered."""

    status: int
    text: str
    type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


Respond = Callable[[Request], Reply]
"""What it raises is answered with 500, and raised once more by the turn."""


class LocalServer:
    """Opened at the first turn, and again after a failure."""

    def __init__(self, address: str, prepare: Callable[[], Respond]) -> None:
        """`address` is host:port; `prepare` reads once, at opening, what it takes to respond."""
        self._address = address
        self._prepare = prepare
        self._server: _Server | None = None

    @property
    def port(self) -> int | None:
        """Where it listens; None while it does not."""
        return self._server.server_port if self._server is not None else None

    def turn(self, seconds: float = TURN) -> None:
        """Answer what comes within so long. Raises LexOpsError when the address cannot be had."""
        server = self._server = self._server or self._open()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([server], [], [], left)[0]:
                server.handle_request()
                server.raise_failure()

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.server_close()

    def _open(self) -> _Server:
        host, _, port = self._address.rpartition(":")
        respond = self._prepare()
        try:
            return _Server(host.strip("[]"), int(port), respond)
        except OSError as error:
            raise LexOpsError(f"{self._address} cannot be served: {error.strerror}") from None


class _Server(HTTPServer):
    """Knows what its requests are answered by, and how the last one failed."""

    def __init__(self, host: str, port: int, respond: Respond) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.respond = respond
        self.failure: Exception | None = None
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Without asking who we are: a name server that hangs must not keep us from serving."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell."""

    def raise_failure(self) -> None:
        error, self.failure = self.failure, None
        if error is not None:
            raise error


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CLIENT
    server_version, sys_version = "LexOps", ""

    def setup(self) -> None:
        super().setup()
        self._unread = False
        # The time limit of a socket is that of one read: a client that sends byte by byte never meets it.
        self._hurry = threading.Timer(CLIENT, self._hang_up)
        self._hurry.daemon = True
        self._hurry.start()

    def finish(self) -> None:
        self._hurry.cancel()
        super().finish()
        if self._unread:
            self._linger()

    def _linger(self) -> None:
        end = time.monotonic() + LINGER
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self.connection.settimeout(left)
                if not self.connection.recv(65536):
                    break

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _read(self, length: int) -> bytes:
        body = self.rfile.read(length)
        self._unread = False
        self._hurry.cancel()  # answering takes as long as it takes
        return body

    def do_GET(self) -> None:
        self._unread = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        if self.command in ("GET", "HEAD"):
            self._hurry.cancel()
        path = self.path.partition("?")[0]
        try:
            reply = self.server.respond(Request(self.command, path, self.headers, self._read))
        except Exception as error:
            self.server.failure = error
            reply = Reply(500, f"it could not be answered: {type(error).__name__}\n")
        self._say(reply)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def _say(self, reply: Reply) -> None:
        body = reply.text.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line."""
