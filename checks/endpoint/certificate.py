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
    fault="certificates that have run out, are for another name, or of an unknown authority",
)
def certificate(endpoint: Endpoint) -> Iterator[Observation]:
    """Certificate is not trusted or expires soon.

    The endpoint's own certificate and those above it, up to the authority, over HTTPS or after STARTTLS of a
    mail server or PostgreSQL: the chain, the name, and how long each of them lasts.

    From the moment on in which it runs out, browsers keep clients from their invoices, and other systems
    stop delivering time entries and payments.
    """
    probe = _probe(endpoint)
    if probe.trust_error:
        yield Finding("trust", f"not trusted: {probe.trust_error}", Status.CRITICAL)
    shown = probe.certificate
    for issuer in probe.issuers:
        yield Metric("valid for", _left(issuer), "s", item=issuer.subject)
    if shown is None:
        return
    elsewhere = not probe.trust_error and _lifetime(shown) < SHORT_LIVED
    if elsewhere:
        yield Note("judged by", "endpoint.certificate-renewal, since it lives less than 60 days")
    yield Metric("valid for", _left(shown), "s", info=elsewhere)
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
    fault="a certificate in its last hours",
)
def certificate_renewal(endpoint: Endpoint) -> Iterator[Observation]:
    """Short-lived certificate is not renewed.

    Certificates that live less than 60 days are renewed by programs, when a third of their life is left. Less
    than that says that the program does not work.

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


@check(
    "endpoint.certificate-strength",
    target=Endpoint,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source="NIST SP 800-57 and CA/Browser Forum: RSA 2048 bits, no SHA-1",
    mend="Make a new key and let it be certified: openssl ecparam -genkey -name prime256v1.",
    fault="a certificate with a short key",
)
def certificate_strength(endpoint: Endpoint) -> Iterator[Observation]:
    """Certificate is weak.

    Keys that are too short, and signatures by methods that were broken, of the certificate or of one above
    it.

    Who can make such a certificate himself can take the place of the portal and read what clients are billed.
    """
    probe = _probe(endpoint)
    shown = (*((probe.certificate,) if probe.certificate else ()), *probe.issuers)
    for one in shown:
        for weakness in one.weaknesses:
            yield Finding(f"{one.subject} {weakness}", f"{one.subject} has {weakness}", Status.CRITICAL)
    yield Note("looked at", str(len(shown)))


@check(
    "endpoint.encryption",
    target=Endpoint,
    every="1h",
    timeout=LOOK,
    attempts=1,
    source="RFC 8314 and the settings of the endpoint: encrypted",
    mend="Switch it on: smtpd_tls_security_level = may and a certificate (Postfix); ssl = on (PostgreSQL).",
    fault="a mail server that does not offer STARTTLS",
)
def encryption(endpoint: Endpoint) -> Iterator[Finding]:
    """Encryption is not offered.

    Mail servers and PostgreSQL begin in the clear and offer to encrypt. This one does not, so that all
    that is sent to it can be read on the way.

    Invoices are sent as mail, and the billing database answers with them.
    """
    if endpoint.scheme not in ("smtp", "postgresql"):
        raise NotApplicable("only mail servers and PostgreSQL begin in the clear")
    if not endpoint.settings.encrypted:
        raise NotApplicable("the settings do not ask for encryption")
    probe = endpoint.probe()
    if probe.secured is None and not probe.trust_error:
        yield Finding("clear", "it does not offer encryption")


def _lifetime(shown: Certificate) -> timedelta:
    return shown.not_after - shown.not_before


def _left(shown: Certificate) -> float:
    """Seconds; negative when it has run out."""
    return (shown.not_after - datetime.now(UTC)).total_seconds()


def _notes(shown: Certificate) -> Iterator[Note]:
    yield Note("runs out", utc_text(shown.not_after))
    yield Note("for", ", ".join(shown.names) or shown.subject)
    yield Note("issued by", shown.issuer)
