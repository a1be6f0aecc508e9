"""A request to a service: time limits, no redirects, no proxies, and failures without addresses."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from lexops.errors import Exit, LexOpsError
from lexops.text import one_line
from lexops.web.trust import trust

LONGEST_WAIT = 86_400.0
"""Seconds that a service may ask us to wait, at most."""


class Unanswered(LexOpsError):
    """A service could not be asked, or did not answer as a whole."""

    exit = Exit.UNREACHABLE

    def __init__(self, why: str, later: bool) -> None:
        super().__init__(why)
        self.later = later
        """Whether it may go better another time without anybody mending anything."""


@contextmanager
def exchange(
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str],
    ca_file: Path | None = None,
    **more: Any,
) -> Iterator[requests.Response]:
    """Ask, and give the answer of which the body is still to be read; `more` is the request's.

    `seconds` are for the connection and between two parts of the answer. A redirect is an answer: what we say
    is for this host only. Raises Unanswered, also for what goes wrong while the answer is read, and
    ConfigError.
    """
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no password file of the account
        session.mount("https://", _Trusting(ca_file))
        try:
            with session.request(
                method,
                url,
                headers={"User-Agent": "LexOps", **headers},
                timeout=seconds,
                allow_redirects=False,
                stream=True,
                **more,
            ) as response:
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _explained(error, seconds) from None


def retry_after(header: str | None, at: datetime | None = None) -> float | None:
    """Seconds of a Retry-After, a day at most: a number, or a date where `at` is now (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    if at is None:
        return None
    try:
        return min(max(0.0, (parsedate_to_datetime(text) - at).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None


class _Trusting(HTTPAdapter):
    """Verifies with what the site trusts, read when it is needed; never asks twice by itself."""

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, ssl_context=trust(self._ca_file), **more)


def _explained(error: Exception, seconds: float) -> Unanswered:
    """Why a request failed, in words of ours: the library's own name the whole address."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return Unanswered(f"no connection within {seconds:g} s", True)
        case requests.exceptions.Timeout() | urllib3.exceptions.TimeoutError():
            return Unanswered(f"no answer within {seconds:g} s", True)
        case requests.exceptions.SSLError():
            if any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error)):
                return Unanswered("its certificate is not trusted", False)
            return Unanswered(f"TLS failed: {_root(error)}", True)  # a peer that restarts hangs up like this
        case requests.exceptions.InvalidURL() | requests.exceptions.MissingSchema():
            return Unanswered("its address in lexops.toml is no address on the web", False)
        case requests.exceptions.InvalidSchema() | requests.exceptions.InvalidHeader():
            return Unanswered("its address or a secret in lexops.toml cannot be used", False)
        case requests.exceptions.ConnectionError() | urllib3.exceptions.HTTPError():
            return Unanswered(f"the connection failed: {_root(error)}", True)
        case _:
            return Unanswered(f"the request failed: {type(error).__name__}", True)


def _root(error: BaseException) -> str:
    """What the system said, at the bottom of the libraries' errors."""
    for each in _chain(error):
        if isinstance(each, OSError) and each.strerror and not isinstance(each, requests.RequestException):
            return one_line(each.strerror, 100)
    return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and those of which the libraries have made it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = [arg for arg in seen.args if isinstance(arg, BaseException)]
        reason = getattr(seen, "reason", None)
        candidates = [reason if isinstance(reason, BaseException) else None, *inner, seen.__context__]
        seen = next((each for each in candidates if each is not None), None)
