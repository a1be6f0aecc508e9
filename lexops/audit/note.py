"""Signed notes and tree heads as text: C2SP signed-note, tlog-checkpoint, tlog-cosignature. Pure."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
"""Kinds of signature: of a note's own author; of a witness, with the time when it saw the head."""
_MARK = "— "
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
# A note has no control characters but line feeds.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_MOST = 1_000_000


class BadNote(ValueError):
    """The text is no signed note."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who, which of their keys, and the signature itself."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a line feed, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says: the first `size` entries of the log `origin` have this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name of its owner; written `NAME+ID+KEY`."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        """Tells the keys of a name apart; the beginning of a hash, so it proves nothing."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.key).decode()}"


def parse_key(text: str) -> VerifierKey:
    """Read `NAME+ID+KEY`. Raises BadNote."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    content = _from_base64(encoded)
    if not _NAME.fullmatch(name) or len(content) != 33 or content[0] not in (ED25519, COSIGNATURE):
        raise BadNote("this is no key of the form NAME+ID+KEY")
    key = VerifierKey(name, content[0], content[1:])
    if key.id.hex() != key_id:
        raise BadNote("the key's identifier does not fit the key")
    return key


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def sign(text: str, name: str, *keys: Ed25519PrivateKey) -> str:
    """The text as a note that `name` signed with each of the keys."""
    lines = []
    for key in keys:
        verifier = VerifierKey(name, ED25519, public_bytes(key))
        lines.append(signature_line(Signature(name, verifier.id, key.sign(text.encode()))))
    return f"{text}\n{''.join(lines)}"


def signature_line(signature: Signature) -> str:
    """The line that stands below the note."""
    return f"{_MARK}{signature.name} {b64encode(signature.key_id + signature.value).decode()}\n"


def parse(note: str) -> Note:
    """Read a signed note strictly. Raises BadNote."""
    text, gap, below = note.rpartition("\n\n")
    if not gap or not note.endswith("\n") or _CONTROL.search(note) or len(note) > _MOST:
        raise BadNote("this is no signed note")
    return Note(f"{text}\n", tuple(_signature(line) for line in below[:-1].split("\n")))


def parse_signature(line: str) -> Signature:
    """Read one signature line. Raises BadNote."""
    return _signature(line.removesuffix("\n"))


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    value = _from_base64(encoded)
    if not line.startswith(_MARK) or not _NAME.fullmatch(name) or len(value) < 5:
        raise BadNote("a signature line cannot be read")
    return Signature(name, value[:4], value[4:])


def is_signed(note: Note, key: VerifierKey) -> bool:
    """Whether the note carries a good signature of this key."""
    return any(
        _is_good(key.key, each.value, note.text.encode())
        for each in note.signatures
        if each.name == key.name and each.key_id == key.id
    )


def cosign(text: str, name: str, key: Ed25519PrivateKey, at: int) -> str:
    """A witness's line for a checkpoint's text that it saw at `at` (seconds since 1970)."""
    verifier = VerifierKey(name, COSIGNATURE, public_bytes(key))
    value = at.to_bytes(8) + key.sign(_cosigned(text, at))
    return signature_line(Signature(name, verifier.id, value))


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """When this witness signed the checkpoint (seconds since 1970); None when it did not, or not rightly."""
    for each in note.signatures:
        if each.name == key.name and each.key_id == key.id and len(each.value) == 72:
            at = int.from_bytes(each.value[:8])
            if _is_good(key.key, each.value[8:], _cosigned(note.text, at)):
                return at
    return None


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _is_good(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def write_head(head: Head) -> str:
    """A checkpoint's text."""
    return f"{head.origin}\n{head.size}\n{b64encode(head.root).decode()}\n"


def read_head(text: str) -> Head:
    """What a checkpoint's text says; lines of extensions are passed over. Raises BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]) or "" in lines[3:-1]:
        raise BadNote("this is no checkpoint")
    root = _from_base64(lines[2])
    if len(root) != 32:
        raise BadNote("a checkpoint's root has 32 bytes")
    return Head(lines[0], int(lines[1]), root)


def _from_base64(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise BadNote("this is not Base64") from None
    if b64encode(value).decode() != text:
        raise BadNote("this is not Base64")
    return value
