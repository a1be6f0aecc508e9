"""Does it answer as it should?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    Endpoint,
    Finding,
    Metric,
    NotApplicable,
    Note,
    Observation,
    Status,
    Usual,
    check,
)
from lexops.targets.model import Probe

LOOK = "30s"
"""What any check of an endpoint may take: each of the five phases of the one request has its own limit."""

_WEB = ("https", "http")


@check(
    "endpoint.availability",
    target=Endpoint,
    every="1m",
    timeout=LOOK,
    warn="1s",
    crit="5s",
    trends=(Usual("total", least=0.2, direction="up"),),
    source="blackbox exporter practice: slow from 1 s on; at 5 s people give up, by LexOps' own judgement",
    mend="Ask it yourself and look at each step: curl -v URL; then the web server's log.",
    fault="a server that is gone, slow, or answers something else",
    availability=True,
)
def availability(endpoint: Endpoint) -> Iterator[Observation]:
    """Endpoint does not answer as it should.

    One question, the way a browser or program asks it, and each of its phases measured: the name, the
    connection, encryption, the answer. Of a web page also its status, text and where it redirects to.

    It is what clients see who want their invoices, and what other systems see that deliver time entries.
    """
    probe = endpoint.probe()
    if probe.trust_error and endpoint.scheme == "https":
        yield Finding("trust", f"not asked, because it is not trusted: {probe.trust_error}", Status.CRITICAL)
        return
    yield from _complaints(endpoint, probe)
    yield Metric("total", probe.total, "s")
    yield Metric("resolved", probe.resolved, "s", info=True)
    if endpoint.scheme == "dns":
        return
    yield Metric("connected", probe.connected, "s", info=True)
    if probe.secured is not None:
        yield Metric("secured", probe.secured, "s", info=True)
    if endpoint.scheme != "tcp":
        yield Metric("answered", probe.answered, "s", info=True)
    if probe.status:
        yield Note("status", str(probe.status))


def _complaints(endpoint: Endpoint, probe: Probe) -> Iterator[Finding]:
    wanted = endpoint.settings
    if endpoint.scheme == "dns":
        if not any(isinstance(found, frozenset) for found in probe.addresses.values()):
            why = next(iter(probe.addresses.values()))
            yield Finding("resolvers", f"no resolver gives an answer: {why}", Status.CRITICAL)
        return
    expected = wanted.expect_status if endpoint.scheme in _WEB else {"smtp": 220}.get(endpoint.scheme, 0)
    if probe.status != expected:
        answer = f"{probe.status} {probe.reason}".strip()
        yield Finding("status", f"answers {answer}, not {expected}", Status.CRITICAL)
    elif wanted.expect_text is not None and wanted.expect_text not in probe.body:
        yield Finding("text", f"the answer does not contain {wanted.expect_text!r}", Status.CRITICAL)
    if wanted.expect_redirect is not None:
        leads = probe.headers.get("location", "")
        if not leads.startswith(wanted.expect_redirect):
            text = f"it does not redirect to {wanted.expect_redirect}"
            yield Finding("redirect", text, Status.CRITICAL)


@check(
    "endpoint.addresses",
    target=Endpoint,
    every="1m",
    timeout=LOOK,
    source="netdata, dns_query: any that fails; the expected addresses are the site's own",
    mend="Ask yourself: dig NAME @RESOLVER. Then look at the zone, and at who has changed it.",
    fault="a resolver that gives another address, or none",
)
def addresses(endpoint: Endpoint) -> Iterator[Observation]:
    """Name leads to another address.

    The addresses that each resolver gives, against those in the settings, or else against each other. Another
    address is a move that was not finished, or somebody who takes the place of the portal.

    Clients who follow it do not reach their invoices, or give their password to somebody else.
    """
    if endpoint.scheme != "dns":
        raise NotApplicable("only endpoints with dns:// are asked for their addresses")
    told = endpoint.probe().addresses
    wanted = frozenset(endpoint.settings.expect_addresses)
    answers = {found for found in told.values() if isinstance(found, frozenset)}
    for resolver, found in told.items():
        if isinstance(found, str):
            yield Finding(resolver, f"{resolver}: {found}")
            continue
        yield Note(resolver, ", ".join(sorted(found)) or "none")
        if not found or (wanted and found != wanted):
            given = ", ".join(sorted(found)) or "no address"
            yield Finding(resolver, f"{resolver} gives {given}", Status.CRITICAL)
    if not wanted and len(answers) > 1:
        yield Finding("differ", "the resolvers give different addresses")


@check(
    "endpoint.plain-http",
    target=Endpoint,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source="Mozilla Observatory, redirection: plain HTTP has to lead to HTTPS at once",
    mend="Let the web server answer everything on port 80 with a redirect (308) to https://.",
    fault="a web server that answers in the clear",
)
def plain_http(endpoint: Endpoint) -> Iterator[Finding]:
    """Endpoint answers without encryption.

    Asked over http://, it should do nothing but lead to https://. What it answers otherwise can be read and
    changed by everybody on the way.

    Invoices name clients, matters and what was done for them: privileged, and open on the way.
    """
    if endpoint.scheme != "http":
        raise NotApplicable("it is not asked over plain HTTP")
    probe = endpoint.probe()
    if not (300 <= probe.status < 400 and probe.headers.get("location", "").startswith("https://")):
        yield Finding("plain", f"answers {probe.status} in the clear instead of leading to https://")
