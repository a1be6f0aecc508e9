"""Reaching a host: every step under a time limit, also the look-up of its name."""

from __future__ import annotations

import socket
import time
from typing import Any

from lexops.errors import TimedOut, Unreachable
from lexops.text import one_line
from lexops.within import Overdue, within

Address = tuple[socket.AddressFamily, Any]
"""Where a socket of that family connects to."""


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """The addresses of `host`, best first. Raises Unreachable.

    The system's resolver knows neither a time limit nor an end from outside.
    """
    try:
        found = within(
            seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), "resolving a name"
        )
    except Overdue:
        raise TimedOut(f"{host}: the name was not resolved within {seconds:g} s") from None
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host}: {reason(error)}") from None
    return [(family, address) for family, _, _, _, address in found]


def dial(addresses: list[Address], seconds: float) -> socket.socket:
    """A socket connected to the first of `addresses` that answers, within `seconds` altogether.

    Raises OSError; its socket waits `seconds` for each reading and writing.
    """
    end = time.monotonic() + seconds
    failure: OSError = TimeoutError("timed out")
    for family, address in addresses:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(max(0.001, end - time.monotonic()))
            line.connect(address)
        except OSError as error:
            line.close()
            failure = error
        else:
            line.settimeout(seconds)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
    raise failure


def reason(error: BaseException) -> str:
    """Why it failed, on one line and without the number."""
    return one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)
