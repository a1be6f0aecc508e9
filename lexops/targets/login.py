"""A visitor of a web portal who logs in: what to send next, and what to make of an answer. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from lexops.config import LoginSettings, LoginStepSettings

REDIRECTS = 5
"""So many are followed after one step."""

_REDIRECT = (301, 302, 303, 307, 308)
_FIELD = re.compile(r"\{(username|password|token)\}")


@dataclass(frozen=True)
class Page:
    """An answer, as far as a visitor cares."""

    status: int
    location: str
    cookies: tuple[str, ...]
    """The Set-Cookie headers, with their values: never to be shown."""
    body: str


@dataclass
class Visitor:
    """What is known between two requests. Holds the password, so nothing of it is ever shown."""

    url: str
    settings: LoginSettings
    password: str = field(repr=False)
    token: str = field(default="", repr=False)
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def body(self, step: LoginStepSettings) -> bytes | None:
        """The form of a step, filled in; None when it has none."""
        if not step.form:
            return None
        known = {"username": self.settings.username, "password": self.password, "token": self.token}
        filled = {name: _FIELD.sub(lambda m: known[m[1]], text) for name, text in step.form.items()}
        return urlencode(filled).encode()

    def headers(self, body: bytes | None) -> Mapping[str, str]:
        """What a browser would send besides."""
        told = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        return {**kind, **(told if self.cookies else {})}

    def take(self, page: Page) -> None:
        """Keep the cookies of an answer, and forget those that it takes back."""
        for header in page.cookies:
            pair, _, attributes = header.partition(";")
            name, _, value = pair.strip().partition("=")
            if "max-age=0" in attributes.lower().replace(" ", "") or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def next_path(self, path: str, page: Page) -> str | None:
        """Where a redirect leads on this host; None when the answer is none. Raises ValueError."""
        if page.status not in _REDIRECT or not page.location:
            return None
        there = urlsplit(urljoin(urljoin(self.url, path), page.location))
        here = urlsplit(self.url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise ValueError("the answer leads to another host")
        return f"{there.path or '/'}?{there.query}" if there.query else there.path or "/"

    def verdict(self, step: LoginStepSettings, page: Page) -> str:
        """What is wrong with the answer to a step, without anything of its text; empty when nothing is."""
        if page.status != step.expect_status:
            return f"answers {page.status}, not {step.expect_status}"
        if step.expect_text is not None and step.expect_text not in page.body:
            return f"the page does not contain {step.expect_text!r}"
        if step.token is not None:
            found = re.search(step.token, page.body)
            if found is None:
                return "the page holds no token"
            self.token = html.unescape(found[1])
        return ""
