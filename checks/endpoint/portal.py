"""Is the clients' portal safe, and can one log in?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lexops.checks.contract import (
    Area,
    CannotSee,
    Endpoint,
    Finding,
    Metric,
    NotApplicable,
    Observation,
    Status,
    check,
)
from lexops.targets.model import Probe

from .answer import LOOK

LONG_ENOUGH = 15_552_000
"""Seconds for which browsers have to insist on HTTPS: half a year (Mozilla Observatory)."""
_LEAKY = ("", "unsafe-url", "no-referrer-when-downgrade")
OWASP = "OWASP Secure Headers Project and Mozilla Observatory"


@check(
    "endpoint.security-headers",
    target=Endpoint,
    area=Area.SECURITY,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source=f"{OWASP}; HSTS for half a year",
    mend="Let the web server send them with every page: add_header (nginx), Header always set (Apache).",
    fault="a page without them",
)
def security_headers(endpoint: Endpoint) -> Iterator[Finding]:
    """Portal does not protect its visitors.

    Headers of a page that tell browsers to insist on HTTPS, to run no script of others, to let nobody frame
    the page, to guess no types and to tell nobody where the visitor came from. Only pages are looked at:
    programs that ask for data do not care.

    In a framed or altered page a client gives the password to somebody else, who then reads all invoices.
    """
    headers = _page(endpoint).headers
    for name, text in _missing(headers):
        yield Finding(name, text)


def _missing(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    age = re.search(r"max-age=\"?(\d{1,12})", headers.get("strict-transport-security", "").lower())
    if age is None:
        yield "hsts", "Strict-Transport-Security is missing"
    elif int(age[1]) < LONG_ENOUGH:
        yield "hsts", f"Strict-Transport-Security holds for {int(age[1])} s only"
    policy = headers.get("content-security-policy", "").lower()
    if "default-src" not in policy and "script-src" not in policy:
        yield "csp", "Content-Security-Policy does not restrict scripts"
    framed = headers.get("x-frame-options", "").strip().lower()
    if "frame-ancestors" not in policy and framed not in ("deny", "sameorigin"):
        yield "frames", "any page may frame it: no frame-ancestors in Content-Security-Policy"
    if headers.get("x-content-type-options", "").strip().lower() != "nosniff":
        yield "types", "X-Content-Type-Options is not nosniff"
    if headers.get("referrer-policy", "").strip().lower() in _LEAKY:
        yield "referrer", "Referrer-Policy lets other sites know the whole address"


@check(
    "endpoint.cookies",
    target=Endpoint,
    area=Area.SECURITY,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source=f"{OWASP}; draft-ietf-httpbis-rfc6265bis",
    mend="Set them with Secure, HttpOnly and SameSite=Lax or Strict; frameworks have a setting for it.",
    fault="a session cookie without its attributes",
)
def cookies(endpoint: Endpoint) -> Iterator[Finding]:
    """Cookie of the portal can be stolen.

    The cookies that the page sets; their values are not kept. Without Secure they go over plain HTTP, without
    HttpOnly scripts can read them, without SameSite other pages can use them.

    With the cookie of a client who is logged in one is that client.
    """
    probe = _page(endpoint)
    if not probe.cookies:
        raise NotApplicable("the page sets no cookies")
    for cookie in probe.cookies:
        safe = {"samesite=lax", "samesite=strict"} & cookie.attributes
        lacking = [name for name in ("Secure", "HttpOnly") if name.lower() not in cookie.attributes]
        lacking += [] if safe else ["SameSite"]
        if lacking:
            yield Finding(cookie.name, f"{cookie.name} is set without {', '.join(lacking)}")


@check(
    "endpoint.login",
    target=Endpoint,
    every="5m",
    timeout="60s",
    attempts=2,
    warn="5s",
    crit="15s",
    source="LexOps' own judgement: people wait a few seconds for a log-in",
    mend="Log in yourself with that account. If it is locked or its password has expired, renew it first.",
    fault="a portal that does not know the password, and one that is slow",
)
def login(endpoint: Endpoint) -> Iterator[Observation]:
    """Clients cannot log in.

    The steps of the settings, made with an account that exists for that: each has to give the status and text
    that the settings name. Neither password, token nor page is ever kept or shown. It logs out at the end.

    A portal whose front page answers while nobody can log in looks well from outside; clients cannot see or
    pay their invoices.
    """
    if endpoint.settings.login is None:
        raise NotApplicable("the settings describe no log-in")
    probe = endpoint.log_in()
    for name, seconds in probe.steps.items():
        yield Metric("step", seconds, "s", item=name, info=True)
    if probe.failure:
        yield Finding("login", probe.failure, Status.CRITICAL)
    else:
        yield Metric("total", sum(probe.steps.values()), "s")


def _page(endpoint: Endpoint) -> Probe:
    """The answer, when it is a page over HTTPS."""
    if endpoint.scheme != "https":
        raise NotApplicable("it is not asked over HTTPS")
    probe = endpoint.probe()
    if probe.trust_error:
        raise CannotSee("it is not trusted, so it was not asked: see endpoint.certificate")
    if not probe.headers.get("content-type", "").lower().startswith("text/html"):
        raise NotApplicable("its answer is no page for browsers")
    return probe
