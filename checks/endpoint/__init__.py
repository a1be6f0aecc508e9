"""Endpoints: do they answer as they should, and can they be trusted?"""

from . import answer, certificate, portal

CHECKS = (
    answer.availability,
    answer.addresses,
    answer.plain_http,
    certificate.certificate,
    certificate.certificate_renewal,
    certificate.certificate_strength,
    certificate.encryption,
    portal.security_headers,
    portal.cookies,
    portal.login,
)
