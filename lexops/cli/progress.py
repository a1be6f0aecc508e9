"""How far something long is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


class Progress:
    """A bar with the time left, on a terminal only."""

    def __init__(self, title: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._monotonic = monotonic
        self._start = monotonic()
        self._shown = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = self._monotonic()
        if not sys.stderr.isatty() or (now - self._shown < 0.2 and done < total):
            return
        self._shown = now
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{bar(self._title, done, total, now - self._start)}{end}")
        sys.stderr.flush()


def bar(title: str, done: int, total: int, seconds: float) -> str:
    """`building the demo firm ████░░░░  52 %  4 s left`."""
    share = done / total if total else 1.0
    filled = round(share * 24)
    left = f"{seconds / share - seconds:.0f} s left" if 0 < share < 1 else ""
    return f"{title} {'█' * filled}{'░' * (24 - filled)} {share:4.0%}  {left:<12}"
