"""A crash as an envelope of the Sentry protocol, and the way to its server.

Sentry's package reads the DSN and writes the envelope. Its client is not started: it collects first and
removes afterwards, and it follows proxies and redirections to other hosts.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from typing import Any

from lexops import __version__
from lexops.crash.fault import Crash, Fault

PATIENCE = 2.0
"""Seconds to connect, and again to be answered."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def envelope(crash: Crash, release: str = __version__, python: str = platform.python_version()) -> bytes:
    """The envelope; this is all that is ever sent."""
    from sentry_sdk.envelope import Envelope

    event: Any = {
        "event_id": crash.id,
        "timestamp": crash.moment.isoformat(timespec="seconds"),
        "platform": "python",
        "level": "error",
        "release": f"lexops@{release}",
        "contexts": {"runtime": {"name": "Python", "version": python}},
        "tags": {"reference": crash.reference},
        # The protocol wants the exception that ended it all last.
        "exception": {"values": [_as_value(fault) for fault in reversed(crash.faults)]},
    }
    made = Envelope(headers={"event_id": crash.id})
    made.add_event(event)
    return made.serialize()


def _as_value(fault: Fault) -> dict[str, Any]:
    frames = [
        {
            "module": place.module,
            "function": place.function,
            "lineno": place.line,
            "in_app": place.module.partition(".")[0] == "lexops",
        }
        for place in fault.places
    ]
    return {"type": fault.type, "module": fault.module, "stacktrace": {"frames": frames}}


@dataclass(frozen=True, slots=True)
class Destination:
    """A project on a server."""

    secure: bool
    host: str
    port: int | None
    path: str
    key: str


def destination(dsn: str, host: str) -> Destination:
    """Where a DSN leads to; `host` is the one server that reports may go to.

    Raises ValueError, which does not quote the DSN: it holds a key.
    """
    from sentry_sdk.utils import BadDsn, Dsn

    try:
        parts = Dsn(dsn)
        if not re.fullmatch("[A-Za-z0-9]+", parts.public_key):
            raise BadDsn
    except (BadDsn, ValueError):
        raise ValueError("the DSN has not the form https://KEY@HOST/PROJECT") from None
    if parts.host.casefold() != host.casefold():
        raise ValueError("the DSN names another host than the settings")
    if parts.scheme != "https" and parts.host not in _LOOPBACK:
        raise ValueError("the DSN does not begin with https://")
    path = f"{parts.path}api/{parts.project_id}/envelope/"
    return Destination(parts.scheme == "https", parts.host, parts.port, path, parts.public_key)


def send(to: Destination, body: bytes) -> None:
    """Send an envelope straight to its destination. Raises OSError or HTTPException."""
    from http.client import HTTPConnection, HTTPSConnection

    kind = HTTPSConnection if to.secure else HTTPConnection
    connection = kind(to.host, to.port, timeout=PATIENCE)
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=lexops/{__version__}, sentry_key={to.key}",
    }
    try:
        connection.request("POST", to.path, body, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != 200:
        raise ConnectionError("the server did not take it")
