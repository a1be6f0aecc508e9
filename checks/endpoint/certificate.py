"""Can it be trusted, and for how long?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lexops.checks.contract import Endpoint, Finding, Metric, NotApplicable, Note, Observation, Status, check
from lexops.clock import utc_text
from lexops.targets.model import Certificate, Probe

from .answer import LOOK

SHORT_LIVED = timedelta(days=60)
"""Certificates that live shorter are renewed when a third of that is left, so days cannot be the measure."""

MEND = "See who renews it and why that fails: certbot renew --dry-run, or ask whoever issued it."


@check(
    "endpoint.certificate",
    target=Endpoint,
    every="1h",
    timeout=LOOK,
    warn="20d:",
    crit="3d:",
    source="awesome-prometheus-alerts: 20 d and 3 d",
    mend=MEND,
)
def certificate(endpoint: Endpoint) -> Iterator[Observation]:
    """Certificate is not trusted or expires soon.

    From the moment on in which it runs out, browsers keep clients from their invoices, and other systems
    stop delivering time entries and payments.
    """
    probe = _probe(endpoint)
    if probe.trust_error:
        yield Finding("trust", f"not trusted: {probe.trust_error}", Status.CRITICAL)
    shown = probe.certificate
    if shown is None:
        return
    if not probe.trust_error and _lifetime(shown) < SHORT_LIVED:
        raise NotApplicable(f"it lives only {_lifetime(shown).days} days: see endpoint.certificate-renewal")
    yield Metric("valid for", _left(shown), "s")
    yield from _notes(shown)


@check(
    "endpoint.certificate-renewal",
    target=Endpoint,
    every="1h",
    timeout=LOOK,
    warn="33%:",
    crit="10%:",
    source="ACME clients renew when a third of the lifetime is left; 10 % is LexOps' own judgement",
    mend=MEND,
)
def certificate_renewal(endpoint: Endpoint) -> Iterator[Observation]:
    """Short-lived certificate is not renewed.

    It should have been renewed by then; if it is not, clients cannot reach their invoices within days.
    """
    shown = _probe(endpoint).certificate
    if shown is None:
        return
    if _lifetime(shown) >= SHORT_LIVED:
        raise NotApplicable(f"it lives {_lifetime(shown).days} days: see endpoint.certificate")
    yield Metric("valid for", _left(shown), "s", limit=_lifetime(shown).total_seconds())
    yield from _notes(shown)


def _probe(endpoint: Endpoint) -> Probe:
    probe = endpoint.probe()
    if probe.secured is None and not probe.trust_error:
        raise NotApplicable("it is asked without TLS")
    return probe


def _lifetime(shown: Certificate) -> timedelta:
    return shown.not_after - shown.not_before


def _left(shown: Certificate) -> float:
    """Seconds; negative when it has run out."""
    return (shown.not_after - datetime.now(UTC)).total_seconds()


def _notes(shown: Certificate) -> Iterator[Note]:
    yield Note("runs out", utc_text(shown.not_after))
    yield Note("for", ", ".join(shown.names) or shown.subject)
    yield Note("issued by", shown.issuer)
