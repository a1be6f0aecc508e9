"""What the worker does for other monitoring systems: it serves /metrics, and writes passive results.

/metrics is for this machine only and tells states and numbers, no summaries. Files are written whole: to
Nagios' pipe line by line, each no longer than what a pipe takes at once; to Checkmk's spool folder under a
hidden name that is then renamed, so that its agent never reads half a file.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from lexops.checks import export
from lexops.errors import LexOpsError
from lexops.site import Site
from lexops.worker.periodic import Chore

TURN = 2.0
"""Seconds that requests are waited for before the chore looks whether the worker leaves."""
REST = timedelta(milliseconds=100)
CLIENT = 5.0
"""Seconds that one client may take."""
PATIENCE = 5.0
"""Seconds that a full pipe is waited for."""
AGE = 3
"""Times the interval of writing after which Checkmk takes our results for too old."""


class Unwritable(LexOpsError):
    """Passive results could not be handed over."""


def chores(site: Site) -> list[Chore]:
    """What the site's [export] asks for."""
    settings, file = site.file.settings.export, site.file
    found = []
    if settings.prometheus is not None:
        server = MetricsServer(settings.prometheus, lambda: export.prometheus(_snapshot(site)))
        found.append(Chore("serving metrics", REST, server.turn))
    if settings.nagios_command_file is not None:
        pipe = file.resolve(settings.nagios_command_file)
        tell = partial(_tell, site, partial(write_pipe, pipe), export.nagios)
        found.append(Chore("telling Nagios", settings.every, tell))
    if settings.checkmk_spool is not None:
        spool = file.resolve(settings.checkmk_spool)
        tell = partial(_tell, site, partial(write_spool, spool, settings.every), export.checkmk)
        found.append(Chore("telling Checkmk", settings.every, tell))
    return found


def _tell(site: Site, write: Callable[[str], object], form: Callable[[export.Snapshot], str]) -> None:
    write(form(_snapshot(site)))


def _snapshot(site: Site) -> export.Snapshot:
    with site.store.read() as connection:
        return export.snapshot(connection, site.clock.now())


class MetricsServer:
    """GET /metrics, one request after the other. Opened at the first turn, again after a failure."""

    def __init__(self, address: str, page: Callable[[], str]) -> None:
        """`address` is host:port; `page` makes the answer."""
        self._address = address
        self._page = page
        self._server: HTTPServer | None = None

    @property
    def port(self) -> int | None:
        return self._server.server_port if self._server is not None else None

    def turn(self, seconds: float = TURN) -> None:
        """Answer what comes within so long. Raises LexOpsError when the address cannot be had."""
        if self._server is None:
            self._server = self._open()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._server], [], [], left)[0]:
                self._server.handle_request()

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.server_close()

    def _open(self) -> HTTPServer:
        host, _, port = self._address.rpartition(":")
        host = host.strip("[]")
        try:
            return _server_class(host)((host, int(port)), _handler(self._page))
        except OSError as error:
            raise LexOpsError(f"{self._address} cannot be served: {error.strerror}") from None


def _server_class(host: str) -> type[HTTPServer]:
    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def server_bind(self) -> None:
            """Without asking who we are: a name server that hangs must not keep us from serving."""
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_address = self.socket.getsockname()
            self.server_name, self.server_port = host, self.server_address[1]

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is nothing to tell."""

    return Server


def _handler(page: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT
        server_version, sys_version = "LexOps", ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(404, "only /metrics is here\n")
                return
            try:
                self._answer(200, page(), export.PROMETHEUS_TYPE)
            except LexOpsError:
                self._answer(503, "the store does not answer\n")

        def _answer(self, code: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Scrapes are not worth a line."""

    return Handler


def write_pipe(path: Path, text: str) -> None:
    """Write external commands to Nagios' pipe. Raises Unwritable when nobody reads, or it is no pipe."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        why = "nobody reads it; is Nagios running?" if error.errno == errno.ENXIO else error.strerror
        raise Unwritable(f"{path}: {why}") from None
    try:
        if not stat.S_ISFIFO(os.fstat(handle).st_mode):
            raise Unwritable(f"{path} is no pipe; external commands are not taken while Nagios is down")
        end = time.monotonic() + PATIENCE
        for line in text.splitlines(keepends=True):
            _write_line(handle, line.encode(), path, end)
    finally:
        os.close(handle)


def _write_line(handle: int, line: bytes, path: Path, end: float) -> None:
    """One whole line, or none: below PIPE_BUF a pipe takes all at once."""
    while True:
        try:
            os.write(handle, line)
        except BlockingIOError:
            left = end - time.monotonic()
            if left <= 0:
                raise Unwritable(f"{path} is full; its reader does not keep up") from None
            select.select([], [handle], [], left)
        except OSError as error:
            raise Unwritable(f"{path}: {error.strerror}") from None
        else:
            return


def write_spool(folder: Path, every: timedelta, text: str) -> Path:
    """Put local checks into a Checkmk agent's spool folder; the file's name says how long they are good."""
    file = folder / f"{max(60, int(AGE * every.total_seconds()))}_lexops.txt"
    hidden = folder / f".{file.name}.{os.getpid()}"
    try:
        with hidden.open("w", encoding="utf-8") as opened:
            opened.write(text)
        hidden.chmod(0o644)
        hidden.replace(file)
    except OSError as error:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)
        raise Unwritable(f"{folder}: {error.strerror}") from None
    return file
