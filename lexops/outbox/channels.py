"""What a channel is: it takes rendered words to an address, and gives proof or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from lexops.outbox.masking import HIDDEN
from lexops.outbox.rendering import Rendered
from lexops.text import one_line

LONGEST = 300
"""Characters of a proof or a reason."""
_SHORTEST_SECRET = 6
"""Shorter parts of an address on the web are words like `hook`, which everybody has."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the channel said when it took a message."""

    detail: str


class Undelivered(Exception):
    """A channel did not take a message. The text is safe to show: it holds no secret."""

    def __init__(self, detail: str, retry: bool, after: float | None = None) -> None:
        super().__init__(one_line(detail, LONGEST))
        self.retry = retry
        """Whether it may go better another time."""
        self.after = after
        """Seconds that the service wants us to wait."""

    @property
    def detail(self) -> str:
        return str(self)


class Channel(Protocol):
    """A way to tell people something."""

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        """Take it to `address`. Raises Undelivered.

        `key` is the same whenever the same is sent again: a service that knows keys shows it once. May run in
        several threads at once.
        """
        ...


class Hider:
    """Takes secrets out of what a service said, whichever way it has written them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for secret in secrets for word in _spellings(secret) if word}
        longest_first = sorted(words, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if words else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _spellings(secret: str) -> Iterable[str]:
    """A secret as it stands and as parts of it may come back: of an address on the web the telling parts."""
    yield secret
    parts = re.split(r"[/?&=#@:]", f"{urlsplit(secret).netloc}/{secret.partition('://')[2]}")
    telling = [part for part in parts if len(part) >= _SHORTEST_SECRET] if "://" in secret else []
    for word in (secret, *telling):
        yield from (word, quote(word, safe=""), unquote(word))
