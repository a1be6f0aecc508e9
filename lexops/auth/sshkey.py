"""SSH public keys and their signatures, as SSH writes them (RFC 4253 section 6.6, RFC 5656, 8332, 8709).

A security key (`sk-`) also signs whether it was touched, whether its PIN was given, and a counter
(OpenSSH's PROTOCOL.u2f); no USB library is needed to check that.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from lexops.errors import Refused
from lexops.text import one_line

_SMALLEST_RSA = 2048
"""Bits, as NIST SP 800-131A asks."""
_CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_RSA: dict[str, hashes.HashAlgorithm] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_SK_ED25519, _SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
_TOUCHED, _PIN_GIVEN = 0x01, 0x04
FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    **{f"ecdsa-sha2-{curve}": 2 for curve in _CURVES},
    _SK_ED25519: 2,
    _SK_ECDSA: 3,
}
"""The kinds of keys that are accepted, and how many fields their public half has after its kind."""


class NotAccepted(Refused):
    """What was shown as an SSH key or signature is not accepted."""


class Fields:
    """Reads an SSH message field by field (RFC 4251 section 5). Raises NotAccepted where it ends early."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._what = data, what

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise NotAccepted(f"the {self._what} is cut off")
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size))

    def string(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return self.string().decode("utf-8", "replace")

    def more(self) -> bool:
        return bool(self._data)

    def end(self) -> None:
        if self._data:
            raise NotAccepted(f"the {self._what} has something after its end")


@dataclass(frozen=True, slots=True)
class Proof:
    """One signature; nothing of it is believed before `check`."""

    kind: str
    value: bytes
    flags: int | None = None
    """What a security key signed about itself; None for other keys."""
    counter: int | None = None

    @property
    def hardware(self) -> bool:
        """Whether the key lives in a security key."""
        return self.flags is not None

    @property
    def touched(self) -> bool:
        """Whether somebody touched the security key."""
        return bool((self.flags or 0) & _TOUCHED)

    @property
    def pin_given(self) -> bool:
        """Whether the security key asked its owner for the PIN or a finger."""
        return bool((self.flags or 0) & _PIN_GIVEN)


def string(data: bytes) -> bytes:
    """A string of an SSH message (RFC 4251 section 5)."""
    return len(data).to_bytes(4) + data


def fingerprint(public_key: bytes) -> str:
    """`SHA256:…`, as `ssh-keygen -l` shows it."""
    return "SHA256:" + b64encode(sha256(public_key).digest()).decode().rstrip("=")


def blob(line: str) -> bytes:
    """The key or certificate in a line `kind base64 comment`, as in a .pub file. Raises NotAccepted."""
    kind, body = (*line.split(maxsplit=2), "", "")[:2]
    try:
        found = b64decode(body, validate=True)
    except ValueError:
        found = b""
    if not found or Fields(found, "SSH key").text() != kind:
        raise NotAccepted(
            "this is no SSH public key", hint="give the line of a .pub file: kind, base64, comment"
        )
    return found


def read_proof(data: bytes, what: str) -> Proof:
    """The signature in a message; of a security key with its flags and counter. Raises NotAccepted."""
    fields = Fields(data, what)
    kind, value = fields.text(), fields.string()
    flags = counter = None
    if kind.startswith("sk-"):
        flags, counter = fields.number(1), fields.number()
    fields.end()
    return Proof(kind, value, flags, counter)


def check(public_key: bytes, proof: Proof, signed: bytes) -> None:
    """Check that the key made this signature. Raises NotAccepted."""
    key = Fields(public_key, "SSH key")
    kind = key.text()
    if kind not in FIELDS:
        raise NotAccepted(
            f"a key of kind {one_line(kind, 60)} is not accepted",
            hint="use an Ed25519, ECDSA, RSA or security key; for a certificate, the key it is for",
        )
    parts = [key.string() for _ in range(FIELDS[kind])]
    key.end()
    if proof.kind not in (_RSA if kind == "ssh-rsa" else (kind,)):
        raise NotAccepted(f"a signature of kind {one_line(proof.kind, 60)} by a {kind} key is not accepted")
    try:
        if proof.hardware:
            signed = _told(parts.pop(), proof, signed)
        if kind == "ssh-rsa":
            _check_rsa(parts, proof, signed)
        elif "ecdsa" in kind:
            _check_ecdsa(kind, parts, proof.value, signed)
        else:
            ed25519.Ed25519PublicKey.from_public_bytes(parts[0]).verify(proof.value, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise NotAccepted("the signature does not fit what was to be signed") from None


def _told(application: bytes, proof: Proof, signed: bytes) -> bytes:
    """What a security key signs: application, flags, counter and the hash of the message (PROTOCOL.u2f)."""
    about = bytes([proof.flags or 0]) + (proof.counter or 0).to_bytes(4)
    return sha256(application).digest() + about + sha256(signed).digest()


def _check_rsa(parts: list[bytes], proof: Proof, signed: bytes) -> None:
    exponent, modulus = (int.from_bytes(part) for part in parts)
    if modulus.bit_length() < _SMALLEST_RSA:
        raise NotAccepted(f"an RSA key of fewer than {_SMALLEST_RSA} bits is not accepted")
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(proof.value, signed, padding.PKCS1v15(), _RSA[proof.kind])


def _check_ecdsa(kind: str, parts: list[bytes], value: bytes, signed: bytes) -> None:
    name, point = parts[0].decode("ascii", "replace"), parts[1]
    if f"ecdsa-sha2-{name}" not in kind or name not in _CURVES:
        raise NotAccepted("the SSH key contradicts itself")
    pair = Fields(value, "SSH signature")
    r, s = int.from_bytes(pair.string()), int.from_bytes(pair.string())
    pair.end()
    curve, hashing = _CURVES[name]
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashing))
