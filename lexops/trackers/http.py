"""JSON over HTTP with a tracker: time limits, a size limit, no redirects, and errors without secrets."""

from __future__ import annotations

import json
import time as machine
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from lexops.clock import Clock
from lexops.errors import ConfigError
from lexops.text import one_line
from lexops.trackers.port import TrackerDown, TrackerRefused
from lexops.web.client import Unanswered, exchange, retry_after
from lexops.within import Overdue, within

MOST = 10_000_000
"""Bytes of an answer."""
GRACE = 1.0
"""Seconds after which a request that should have ended by itself is left behind."""
_LATER = frozenset({408, 425, 429})
_CHUNK = 65_536

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


class Http:
    """One tracker's address, with what it takes to be let in."""

    def __init__(
        self,
        url: str,
        seconds: float,
        time: Clock,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        ca_file: Path | None = None,
    ) -> None:
        """`seconds` are for one request with its answer; `secrets` are cut out of whatever is told."""
        self._url, self._seconds, self._time, self._headers = url.rstrip("/"), seconds, time, dict(headers)
        self._secrets = tuple(each for each in secrets if each)
        self._ca_file = ca_file

    @property
    def url(self) -> str:
        return self._url

    def get(self, path: str, **params: str | int) -> Any:
        """The document at a path below the address. Raises TrackerDown or TrackerRefused."""
        return self.ask("GET", path, params=params)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
        absent: tuple[int, ...] = (),
    ) -> Any:
        """What the tracker answers, None for nothing; None too where its status is in `absent`."""
        status, headers, raw = self._limited(lambda: self._exchange(method, path, body, params or {}))
        if status in absent:
            return None
        if 200 <= status < 300:
            return _document(raw)
        raise self._failure(status, headers, raw)

    def _limited(self, act: Callable[[], Answer]) -> Answer:
        """What comes of it. Headers that come byte by byte meet no time limit: they are left behind."""
        try:
            return within(self._seconds + GRACE, act, "asking a tracker")
        except Overdue:
            raise TrackerDown(f"no answer within {self._seconds:g} s") from None

    def _exchange(self, method: str, path: str, body: object, params: Mapping[str, str | int]) -> Answer:
        end = machine.monotonic() + self._seconds
        try:
            with exchange(
                method,
                f"{self._url}/{path}",
                seconds=self._seconds,
                headers={"Accept": "application/json", **self._headers},
                ca_file=self._ca_file,
                params=dict(params),
                json=body,
            ) as response:
                return response.status_code, response.headers, _read(response, end)
        except Unanswered as error:
            raise TrackerDown(str(error)) from None
        except ConfigError as error:
            raise TrackerRefused(str(error)) from None

    def _failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> TrackerDown | TrackerRefused:
        if status in _LATER or status >= 500:
            retry = retry_after(headers.get("Retry-After"), self._time.now())
            return TrackerDown(f"HTTP {status}", retry=retry)
        if 300 <= status < 400:
            return TrackerRefused(f"HTTP {status}: it points elsewhere; write that address as url")
        if status == 401:
            return TrackerRefused("HTTP 401: the token is not accepted")
        said = self._without_secrets(_reason(raw))
        return TrackerRefused(f"HTTP {status}{': ' if said else ''}{said}")

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return one_line(text, 200)


def _document(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise TrackerDown("its answer is not JSON; is that its address?") from None


def _read(response: requests.Response, end: float) -> bytes:
    """The body, unless it is too long or comes too slowly: each part is looked at as it comes."""
    found = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        found += chunk
        if len(found) > MOST:
            raise TrackerRefused(f"its answer has more than {MOST:,} bytes")
        if machine.monotonic() > end:
            raise requests.exceptions.ReadTimeout
    return bytes(found)


def _reason(raw: bytes) -> str:
    """What a tracker says about a request that it refuses: Jira's lists, or the others' one text."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    lists = [*_texts(document.get("errorMessages")), *_fields(document.get("errors"))]
    return "; ".join(lists or _texts([document.get("error_human") or document.get("error")]))


def _texts(found: object) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _fields(found: object) -> list[str]:
    return [f"{name}: {text}" for name, text in found.items()] if isinstance(found, dict) else []
