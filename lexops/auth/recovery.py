"""Recovery codes: ten words to keep in a safe, each good for one entry without the phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import scrypt

CODES = 10
_BYTES = 10
_SALT_BYTES = 16
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for a digit or for another letter."""
_LOOKALIKE = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


def new_codes(random: Callable[[int], bytes] = os.urandom) -> tuple[str, ...]:
    """Ten fresh codes of 80 random bits, in readable groups; they are shown once and only hashes are kept."""
    return tuple(_written(random(_BYTES)) for _ in range(CODES))


def new_salt() -> bytes:
    """A random salt for the codes of one operator."""
    return os.urandom(_SALT_BYTES)


def hashed(code: str, salt: bytes) -> bytes:
    """What is kept of a code: scrypt (RFC 7914) of how it reads, with 4 MiB.

    Salted and slow because 80 bits are fewer than the 112 from which NIST SP 800-63B (section 5.1.2.2) is
    content with a plain hash; far cheaper than for a password, because 80 random bits are no password.
    """
    return scrypt(normal(code).encode("utf-8", "replace"), salt=salt, n=2**12, r=8, p=1, dklen=32)


def normal(code: str) -> str:
    """A code however it was typed: case, spaces and hyphens do not matter, nor O for 0, I or L for 1."""
    return code.lower().translate(_LOOKALIKE)


def _written(raw: bytes) -> str:
    number = int.from_bytes(raw)
    digits = [_ALPHABET[number >> shift & 31] for shift in range(len(raw) * 8 - 5, -1, -5)]
    return "-".join("".join(digits[at : at + 4]) for at in range(0, len(digits), 4))
