"""Signatures of an SSH key over a text: what `ssh-keygen -Y sign` writes (OpenSSH's PROTOCOL.sshsig)."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from lexops.auth.sshkey import Fields, NotAccepted, Proof, check, fingerprint, read_proof, string
from lexops.clock import utc_text
from lexops.text import one_line

NAMESPACE = "step-up@lexops"
"""What our signatures are for; one made for mail or git is not taken (PROTOCOL.sshsig section 2)."""
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_VERSION = 1
_LONGEST = 16_384
"""Characters of an armoured signature that are looked at; one of a 4096-bit RSA key has 1,700."""
_HASHES = ("sha256", "sha512")
_WHAT = "SSH signature"


@dataclass(frozen=True, slots=True)
class Signature:
    """What an armoured signature says; nothing of it is believed before `verify`."""

    public_key: bytes
    namespace: str
    reserved: bytes
    hash_name: str
    proof: Proof

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


def message(*, site: str, operator: str, scope: str, nonce: str, expires: datetime) -> str:
    """The challenge that is signed: what it is for stands in it, so that nobody signs unseen."""
    about = {"site": site, "operator": operator, "scope": scope, "nonce": nonce, "expires": utc_text(expires)}
    return "LexOps step-up\n" + "".join(f"{name}: {one_line(value)}\n" for name, value in about.items())


def command(text: str) -> str:
    """What to type in a shell on the machine that has the key; it prints the signature."""
    return f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 <<'END'\n{text}END"


def signed_bytes(text: str, *, namespace: str = NAMESPACE, hash_name: str, reserved: bytes = b"") -> bytes:
    """What the key signs for a text (PROTOCOL.sshsig section 3)."""
    digest = hashlib.new(hash_name, text.encode()).digest()
    return _MAGIC + b"".join(map(string, (namespace.encode(), reserved, hash_name.encode(), digest)))


def armour(public_key: bytes, proof: bytes, *, namespace: str = NAMESPACE, hash_name: str) -> str:
    """A signature over `signed_bytes`, as `ssh-keygen -Y sign` writes it."""
    parts = (public_key, namespace.encode(), b"", hash_name.encode(), proof)
    body = b64encode(_MAGIC + _VERSION.to_bytes(4) + b"".join(map(string, parts))).decode()
    return "\n".join((_BEGIN, *(body[at : at + 70] for at in range(0, len(body), 70)), _END, ""))


def parse(armoured: str) -> Signature:
    """Read an armoured signature. Raises NotAccepted."""
    text = armoured.strip()
    if len(text) > _LONGEST or not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise NotAccepted("this is no SSH signature", hint=f"paste all of it, from {_BEGIN} to {_END}")
    try:
        data = b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except ValueError:
        raise NotAccepted("the SSH signature is not readable (bad base64)", hint="paste all of it") from None
    fields = Fields(data, _WHAT)
    if fields.take(len(_MAGIC)) != _MAGIC or fields.number() != _VERSION:
        raise NotAccepted("this is no SSH signature of version 1", hint="make it with ssh-keygen -Y sign")
    public_key, namespace, reserved = fields.string(), fields.text(), fields.string()
    hash_name, proof = fields.text(), read_proof(fields.string(), _WHAT)
    fields.end()
    return Signature(public_key, namespace, reserved, hash_name, proof)


def verify(signature: Signature, text: str, *, namespace: str = NAMESPACE) -> None:
    """Check that the signature's key signed this text for this purpose. Raises NotAccepted."""
    if signature.namespace != namespace:
        made_for = one_line(signature.namespace, 60)
        raise NotAccepted(
            f"the signature was made for {made_for!r}, not {namespace!r}", hint=f"sign with -n {namespace}"
        )
    if signature.hash_name not in _HASHES:
        raise NotAccepted(
            f"the hash {one_line(signature.hash_name, 40)!r} is not accepted", hint="use sha512"
        )
    signed = signed_bytes(
        text, namespace=namespace, hash_name=signature.hash_name, reserved=signature.reserved
    )
    check(signature.public_key, signature.proof, signed)
