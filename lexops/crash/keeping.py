"""Keeping a crash: into the log under a reference and, if the site wants that, to a server."""

from __future__ import annotations

import atexit
import platform
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from lexops import __version__
from lexops.crash.envelope import destination, envelope, send
from lexops.crash.fault import Crash, describe, faults, reference_of
from lexops.crash.log import log_path, note

FAREWELL = 2.0
"""Seconds that a program which ends waits for its reports."""
MOST = 10
"""Reports that a process sends in `WINDOW` seconds: a fault that repeats itself is known after a few."""
WINDOW = 60.0
_MARK = "__lexops_reference__"


class Reports:
    """Sends reports beside the program, few at a time."""

    def __init__(
        self, dsn: Callable[[], str], host: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._dsn = dsn
        self._host = host
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._lately: deque[float] = deque(maxlen=MOST)
        self._under_way: list[threading.Thread] = []

    def offer(self, crash: Crash) -> bool:
        """Begin to send a report; False when enough were sent lately or are under way."""
        with self._lock:
            now = self._monotonic()
            self._under_way = [thread for thread in self._under_way if thread.is_alive()]
            enough = len(self._lately) == MOST and now - self._lately[0] < WINDOW
            if enough or len(self._under_way) == MOST:
                return False
            thread = threading.Thread(
                target=self._send, args=(crash.reference, envelope(crash)), name="crash-report", daemon=True
            )
            thread.start()
            self._lately.append(now)
            self._under_way.append(thread)
        return True

    def _send(self, reference: str, body: bytes) -> None:
        try:
            send(destination(self._dsn(), self._host), body)
            note(f"report {reference} sent to {self._host}")
        except Exception as error:
            # The text of a ValueError is ours and quotes nothing; that of others may name what was asked for.
            why = str(error) if type(error) is ValueError else type(error).__name__
            note(f"report {reference} not sent: {why}")

    def finish(self) -> None:
        """Wait for what is under way, but not for long."""
        end = time.monotonic() + FAREWELL
        for thread in list(self._under_way):
            thread.join(max(0.0, end - time.monotonic()))


_reports: Reports | None = None


def configure(dsn: Callable[[], str] | None, host: str = "") -> None:
    """From now on send this process's reports to the DSN's project, provided that its host is `host`.

    Without a DSN none are sent. It is asked for when there is something to send: to ask may run a program.
    """
    global _reports
    if _reports is not None:
        atexit.unregister(_reports.finish)
    _reports = Reports(dsn, host) if dsn else None
    if _reports is not None:
        atexit.register(_reports.finish)


def keep(error: BaseException) -> str:
    """Log a crash, report it if that is configured, and give its reference. Never raises, never waits.

    The same exception again, on its way through another door, is neither logged nor sent again.
    """
    id = uuid4().hex
    with suppress(Exception):
        known = vars(error).setdefault(_MARK, reference_of(id))
        if known != reference_of(id):
            return str(known)
    with suppress(Exception):
        crash = Crash(id, datetime.now(UTC), faults(error))
        head = f"{crash.reference} lexops {__version__}, Python {platform.python_version()}"
        note(f"{head}\n{describe(crash.faults)}\n", crash.moment)
        if _reports is not None and not _reports.offer(crash):
            note(f"report {crash.reference} not sent: enough were sent lately")
    return reference_of(id)


def sentence(reference: str) -> str:
    """The one line that a person sees."""
    return f"LexOps failed unexpectedly (reference {reference}); details are in {log_path()}"
