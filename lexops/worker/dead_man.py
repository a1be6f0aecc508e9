"""The dead man's switch: a service outside is told every minute that we live, and alarms when it is not."""

from __future__ import annotations

import urllib.request

TIMEOUT = 10.0
"""Seconds that the service may take; a chore of its own waits for it, nothing else does."""


def ping(url: str) -> None:
    """Tell the service once. Raises OSError; what it answers does not matter unless it is an error."""
    # The scheme is checked by the settings: only http and https come here.
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        answer.read(1024)
