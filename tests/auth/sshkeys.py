"""SSH keys, certificates and signatures: real ones of ssh-keygen, and security keys built by hand."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lexops.auth import sshsig
from lexops.auth.sshkey import fingerprint, string
from tests.servers.process import find_program

KINDS = ("ed25519", "ecdsa", "rsa")
TOUCH, PIN = 0x01, 0x04
APPLICATION = b"ssh:"


def run(*command: str | Path, text: str = "") -> str:
    """Run one of OpenSSH's programs; gives what it prints."""
    program = find_program("OpenSSH client", str(command[0]))
    done = subprocess.run(
        [str(program), *map(str, command[1:])], input=text, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class KeyFile:
    """A key pair in files."""

    path: Path

    @property
    def line(self) -> str:
        return self.path.with_suffix(".pub").read_text().strip()

    @property
    def fingerprint(self) -> str:
        return run("ssh-keygen", "-lf", self.path.with_suffix(".pub")).split()[1]

    def sign(self, text: str, namespace: str = sshsig.NAMESPACE) -> str:
        return run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.path, text=text)


def new_key(folder: Path, name: str = "id", kind: str = "ed25519", bits: int | None = None) -> KeyFile:
    path = folder / name
    size = ("-b", str(bits)) if bits else ()
    run("ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", f"{name}@test", "-f", path)
    return KeyFile(path)


def certify(ca: KeyFile, key: KeyFile, *options: str, principals: str = "anna") -> str:
    """The certificate line that the CA writes for a key."""
    who = ("-n", principals) if principals else ()
    run("ssh-keygen", "-q", "-s", ca.path, "-I", "anna@firm", *who, *options, key.path.with_suffix(".pub"))
    return key.path.with_name(f"{key.path.name}-cert.pub").read_text().strip()


class SecurityKey:
    """A FIDO key as OpenSSH sees it (PROTOCOL.u2f): it signs application, flags, counter and message hash."""

    def __init__(self, kind: str = "ed25519", counter: int = 0) -> None:
        self.counter = counter
        self._private = (
            ed25519.Ed25519PrivateKey.generate()
            if kind == "ed25519"
            else ec.generate_private_key(ec.SECP256R1())
        )
        public = self._private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            self.kind = b"sk-ssh-ed25519@openssh.com"
            parts = [public.public_bytes(Encoding.Raw, PublicFormat.Raw)]
        else:
            self.kind = b"sk-ecdsa-sha2-nistp256@openssh.com"
            parts = [b"nistp256", public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)]
        self.blob = b"".join(map(string, (self.kind, *parts, APPLICATION)))

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)

    def sign(
        self,
        text: str,
        flags: int = TOUCH,
        *,
        namespace: str = sshsig.NAMESPACE,
        application: bytes = APPLICATION,
    ) -> str:
        """The armoured signature of a text; the counter rises by one each time."""
        self.counter += 1
        data = sshsig.signed_bytes(text, namespace=namespace, hash_name="sha512")
        about = bytes([flags]) + self.counter.to_bytes(4)
        told = sha256(application).digest() + about + sha256(data).digest()
        proof = string(self.kind) + string(self._signed(told)) + about
        return sshsig.armour(self.blob, proof, namespace=namespace, hash_name="sha512")

    def _signed(self, told: bytes) -> bytes:
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(told)
        pair = decode_dss_signature(self._private.sign(told, ec.ECDSA(hashes.SHA256())))
        return b"".join(string(number.to_bytes(33)) for number in pair)
