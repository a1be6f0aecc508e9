"""Certificates as values, and what is weak about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lexops.targets.model import Certificate
from lexops.text import one_line

if TYPE_CHECKING:
    from cryptography import x509

RSA_BITS, CURVE_BITS = 2048, 224
"""The shortest keys that NIST SP 800-57 part 1 and the CA/Browser Forum accept."""
BROKEN_HASHES = ("md5", "sha1")


def certificate_of(der: bytes) -> Certificate | None:
    """A certificate in DER as values; None for one that is not well formed."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=one_line(certificate.subject.rfc4514_string()),
            issuer=one_line(certificate.issuer.rfc4514_string()),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            weaknesses=tuple(_weaknesses(certificate)),
        )
    except ValueError:
        return None


def _weaknesses(certificate: x509.Certificate) -> list[str]:
    """The hash of a certificate that signs itself does not matter: it is trusted by being known."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    found = []
    try:
        key, hash_ = certificate.public_key(), certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ["an algorithm that is not known here"]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_BITS:
        found.append(f"an RSA key of {key.key_size} bits")
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < CURVE_BITS:
        found.append(f"an elliptic curve of {key.key_size} bits")
    elif isinstance(key, dsa.DSAPublicKey):
        found.append("a DSA key")
    if hash_ is not None and hash_.name in BROKEN_HASHES and certificate.subject != certificate.issuer:
        found.append(f"a signature with {hash_.name.upper()}")
    return found


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return tuple(one_line(name) for name in (*hosts, *names.get_values_for_type(x509.IPAddress)))
