"""Endpoints: do they answer as they should, and can they be trusted?"""

from . import answer, certificate

CHECKS = (answer.availability, certificate.certificate, certificate.certificate_renewal)
