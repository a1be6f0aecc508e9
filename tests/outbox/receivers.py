"""Real receivers on loopback: a mail server and a web service that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.servers import free_port
from tests.servers.https import Authority
from tests.waiting import PATIENCE

HOST = "127.0.0.1"


# Mail.


@dataclass
class MailServer:
    """Takes mail; `rcpt` and `data` are what it says next, then it takes everything."""

    folder: Path
    security: str = "none"
    rcpt: deque[str] = field(default_factory=deque)
    data: deque[str] = field(default_factory=deque)
    hangs: threading.Event | None = None
    """While it is set the server answers nothing to a recipient."""
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    def __enter__(self) -> MailServer:
        context = None
        if self.security != "none":
            authority = Authority()
            (self.folder / "ca.pem").write_bytes(authority.pem)
            chain, key = authority.issue(self.folder, names=[HOST], valid_for=timedelta(days=1))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain, key)
        more: dict[str, Any] = {"auth_require_tls": self.security != "none", "authenticator": self._log_in}
        if self.security == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        elif self.security == "tls":
            more |= {"ssl_context": context, "auth_require_tls": False}
        self._controller = Controller(self, hostname=HOST, port=free_port(), ready_timeout=PATIENCE, **more)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.hangs is not None:
            self.hangs.clear()
        self._controller.stop()

    @property
    def port(self) -> int:
        port: int = self._controller.port
        return port

    def settings(self, name: str = "mail", **more: object) -> str:
        """Its table in lexops.toml."""
        ca_file = f'ca_file = "{self.folder / "ca.pem"}"\n' if self.security != "none" else ""
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
        return (
            f'[channels.{name}]\nkind = "smtp"\nhost = "{HOST}"\nport = {self.port}\n'
            f'security = "{self.security}"\nsender = "lexops@firm.example"\n{ca_file}{lines}'
        )

    def _log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
        while self.hangs is not None and self.hangs.is_set():
            await asyncio.sleep(0.02)
        answer = self.rcpt.popleft() if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.data.popleft() if self.data else "250 2.0.0 queued as 4711"
        if answer.startswith("250"):
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.mails.append(found)
        return answer


# The web.


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Saying = Callable[[http.server.BaseHTTPRequestHandler, Asked], None]


class WebServer:
    """Answers 200, or what `says` holds for the next requests."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.says: deque[Saying] = deque()
        self.always: Saying | None = None
        self.leaving = threading.Event()
        self._server = http.server.ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "http" if context is None else "https"
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leaving.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}"


def answers(status: int, body: str = "", **headers: str) -> Saying:
    def say(handler: http.server.BaseHTTPRequestHandler, _: Asked) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    return say


def echoes(status: int) -> Saying:
    """Says back all that it was told, as careless services do."""

    def say(handler: http.server.BaseHTTPRequestHandler, asked: Asked) -> None:
        told = f"{asked.path} {dict(asked.headers)} {asked.body.decode()}"
        answers(status, told[:3000])(handler, asked)

    return say


def hangs(server: WebServer) -> Saying:
    """Says nothing until the server leaves."""
    return lambda handler, _: (server.leaving.wait(PATIENCE), None)[1]


def drips(server: WebServer) -> Saying:
    """Says one letter now and then: no single wait is long."""

    def say(handler: http.server.BaseHTTPRequestHandler, _: Asked) -> None:
        with contextlib.suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not server.leaving.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()

    return say


def closes(handler: http.server.BaseHTTPRequestHandler, _: Asked) -> None:
    """Hangs up without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def _handler(owner: WebServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.path, dict(self.headers.items()), self.rfile.read(length))
            owner.asked.append(asked)
            saying = owner.says.popleft() if owner.says else owner.always or answers(200, "ok")
            with contextlib.suppress(OSError):
                saying(self, asked)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
