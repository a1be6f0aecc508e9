"""Time-based one-time passwords (RFC 6238): the codes of an authenticator on a phone."""

from __future__ import annotations

import os
from base64 import b32encode
from datetime import datetime
from hmac import compare_digest, digest
from urllib.parse import quote

SECRET_BYTES = 20
"""160 bits, the length RFC 4226 section 4 (R6) recommends."""
DIGITS = 6
STEP_SECONDS = 30
WINDOW = 1
"""Steps either side of the present one whose code is taken: one is what RFC 6238 section 5.2 recommends."""
NEVER = -1
"""The last step of a secret with which no code has been accepted yet."""


def new_secret() -> bytes:
    """A random secret for one authenticator."""
    return os.urandom(SECRET_BYTES)


def step_at(moment: datetime) -> int:
    """How many steps of 30 seconds have passed since 1970 (RFC 6238 section 4.2: T)."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of a step: HOTP (RFC 4226 section 5.3) of its number, with SHA-1, SHA-256 or SHA-512."""
    mac = digest(secret, step.to_bytes(8), algorithm)
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def accepted_step(secret: bytes, code: str, now: datetime, last_step: int = NEVER) -> int | None:
    """The step whose code this is, newer than `last_step` and within the window; None when there is none.

    Whoever keeps the answer as the next `last_step` never accepts a code twice (RFC 6238 section 5.2), also
    when the clock goes backwards.
    """
    found, present, typed = None, step_at(now), code.encode("utf-8", "replace")
    for step in range(max(0, present - WINDOW), present + WINDOW + 1):
        # Every step is compared, in constant time, so that how long it takes tells nothing.
        if compare_digest(code_of(secret, step).encode(), typed) and step > last_step:
            found = step
    return found


def shown(secret: bytes) -> str:
    """The secret as people type it: base32, in groups of four."""
    text = b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def uri(secret: bytes, *, issuer: str, account: str) -> str:
    """The `otpauth` URI that authenticators read from a QR code.

    Six digits, 30 seconds and SHA-1 are what every authenticator assumes, and the issuer stands in the label,
    so these parameters are left out: a shorter URI is a smaller picture.
    """
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={b32encode(secret).decode().rstrip('=')}"
