"""Does it answer as it should?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Endpoint, Finding, Metric, Note, Observation, Status, check

LOOK = "30s"
"""What any check of an endpoint may take: each of the five phases of the one request has its own limit."""


@check(
    "endpoint.availability",
    target=Endpoint,
    every="1m",
    timeout=LOOK,
    warn="1s",
    crit="5s",
    source="blackbox exporter practice: slow from 1 s on; at 5 s people give up, by LexOps' own judgement",
    mend="Ask it yourself and look at each step: curl -v URL; then the web server's log.",
    availability=True,
)
def availability(endpoint: Endpoint) -> Iterator[Observation]:
    """Endpoint does not answer as it should.

    It is what clients see who want their invoices, and what other systems see that deliver time entries.
    """
    probe = endpoint.probe()
    if probe.trust_error:
        yield Finding("trust", f"not asked, because it is not trusted: {probe.trust_error}", Status.CRITICAL)
        return
    if probe.status != endpoint.expect_status:
        answer = f"{probe.status} {probe.reason}".strip()
        yield Finding("status", f"answers {answer}, not {endpoint.expect_status}", Status.CRITICAL)
    elif endpoint.expect_text is not None and endpoint.expect_text not in probe.body:
        yield Finding("text", f"the answer does not contain {endpoint.expect_text!r}", Status.CRITICAL)
    yield Metric("total", probe.total, "s")
    yield Metric("resolved", probe.resolved, "s", info=True)
    yield Metric("connected", probe.connected, "s", info=True)
    if probe.secured is not None:
        yield Metric("secured", probe.secured, "s", info=True)
    yield Metric("answered", probe.answered, "s", info=True)
    yield Note("status", str(probe.status))
