"""What the worker does for other monitoring systems: it serves /metrics, and writes passive results.

/metrics is for this machine only and tells states and numbers, no summaries. Files are written whole: to
Nagios' pipe line by line, each no longer than what a pipe takes at once; to Checkmk's spool folder under a
hidden name that is then renamed, so that its agent never reads half a file.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from lexops.checks import export
from lexops.errors import LexOpsError
from lexops.site import Site
from lexops.web.server import LocalServer, Reply, Request
from lexops.worker.periodic import Chore

REST = timedelta(milliseconds=100)
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
        server = metrics_server(settings.prometheus, lambda: export.prometheus(_snapshot(site)))
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


def metrics_server(address: str, page: Callable[[], str]) -> LocalServer:
    """Serves GET /metrics; `page` makes the answer."""

    def respond(request: Request) -> Reply:
        if request.path != "/metrics":
            return Reply(404, "only /metrics is here\n")
        if request.method not in ("GET", "HEAD"):
            return Reply(405, "only GET /metrics is answered\n", headers={"Allow": "GET"})
        try:
            return Reply(200, page(), export.PROMETHEUS_TYPE)
        except LexOpsError:
            return Reply(503, "the store does not answer\n")

    return LocalServer(address, lambda: respond)


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
