"""SSH public keys as people paste them."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from lexops.auth.model import Key
from lexops.auth.sshkey import fingerprint
from lexops.errors import InvalidRequest
from lexops.text import one_line

SHORTEST_RSA = 2048
"""Bits; NIST SP 800-131A revision 2 allows no less."""
_HARDWARE = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


def read_key(text: str, at: datetime) -> Key:
    """The key of a line `TYPE BASE64 [COMMENT]`. Raises InvalidRequest for anything else."""
    parts = text.strip().split(None, 2)
    hint = "paste the one line of the .pub file"
    if len(parts) < 2 or "\n" in text.strip():
        raise InvalidRequest("key: this is no SSH public key", hint=hint)
    kind, encoded = parts[:2]
    try:
        blob = b64decode(encoded, validate=True)
        if kind not in _HARDWARE:
            key = load_ssh_public_key(f"{kind} {encoded}".encode())
            if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA:
                raise InvalidRequest(
                    f"key: {key.key_size} bits are too few", hint="make one: ssh-keygen -t ed25519"
                )
        elif blob[4 : 4 + len(kind)] != kind.encode():
            raise InvalidRequest("key: this is no SSH public key", hint=hint)
    except (ValueError, NotBase64, UnsupportedAlgorithm):
        raise InvalidRequest("key: this is no SSH public key that LexOps knows", hint=hint) from None
    comment = one_line(parts[2], 120) if len(parts) == 3 else ""
    return Key(fingerprint(blob), f"{kind} {encoded}", comment, at)
