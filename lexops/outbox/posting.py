"""Posting JSON to a service, and what its answers mean for a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests

from lexops.errors import ConfigError
from lexops.outbox.channels import Hider, Proof, Undelivered
from lexops.text import one_line
from lexops.web.client import Unanswered, exchange, retry_after

ANSWER_LIMIT = 4096
"""Bytes of an answer that are read."""
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it may go better another time (RFC 9110 and RFC 6585)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered when it took something."""

    status: int
    text: str

    @property
    def proof(self) -> Proof:
        said = f": {one_line(self.text, 120)}" if self.text.strip() else ""
        return Proof(f"HTTP {self.status}{said}")


class Poster:
    """Posts to one address on the web. A redirect is not followed: what we say is for this host only."""

    def __init__(self, url: str, seconds: float, hide: Hider, ca_file: Path | None = None) -> None:
        self._url, self._seconds, self._hide, self._ca_file = url, seconds, hide, ca_file

    def post(self, body: bytes, headers: Mapping[str, str], at: datetime) -> Answer:
        """Post a body; `at` is now, for a service that says until when it wants to be left alone.

        Raises Undelivered.
        """
        more = {"Content-Type": "application/json", **headers}
        try:
            with exchange(
                "POST", self._url, seconds=self._seconds, headers=more, ca_file=self._ca_file, data=body
            ) as response:
                return self._answer(response, at)
        except Unanswered as error:
            raise Undelivered(str(error), error.later) from None
        except ConfigError as error:
            raise Undelivered(str(error), False) from None

    def _answer(self, response: requests.Response, at: datetime) -> Answer:
        raw = response.raw.read(ANSWER_LIMIT, decode_content=True)
        text = self._hide(raw.decode("utf-8", "replace"))
        status = response.status_code
        if 200 <= status < 300:
            return Answer(status, text)
        if 300 <= status < 400:
            raise Undelivered(f"HTTP {status}: it points elsewhere, and redirects are not followed", False)
        said = f": {one_line(text, 200)}" if text.strip() else ""
        later = status in _LATER or status > 504
        raise Undelivered(f"HTTP {status}{said}", later, retry_after(response.headers.get("Retry-After"), at))
