"""What opened an SSH session: a public key, or a certificate of a CA (OpenSSH's PROTOCOL.certkeys)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lexops.auth.sshkey import FIELDS, Fields, NotAccepted, blob, check, fingerprint, read_proof, string
from lexops.clock import utc_text
from lexops.text import one_line

_CERTIFIED = {f"{kind.removesuffix('@openssh.com')}-cert-v01@openssh.com": kind for kind in FIELDS}
"""The kind of key by the kind of its certificate."""
_USER = 1
_WHAT = "SSH certificate"
_LONGEST = 65_536
"""Bytes of the file of an SSH session that are read."""
ENFORCED_BY_SSHD = frozenset({"force-command", "source-address", "verify-required"})
"""The critical options that sshd has seen to before a session of its begins."""


class BadCertificate(NotAccepted):
    """The SSH certificate is not accepted."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a CA says about a key; nothing of it is believed before `accept`."""

    key_id: str
    serial: int
    principals: tuple[str, ...]
    valid_after: int
    """Seconds since 1970, as is `valid_before`."""
    valid_before: int
    critical_options: tuple[str, ...]
    ca: str
    """Fingerprint of the key that signed it."""
    _kind: int
    _ca_key: bytes
    _signature: bytes
    _signed: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """A public key, perhaps with a certificate."""

    kind: str
    fingerprint: str
    """Of the key itself, the same with and without a certificate."""
    line: str
    """The key as in authorized_keys, without comment."""
    comment: str
    certificate: Certificate | None


def read(line: str) -> Presented:
    """A line of a .pub file. Raises NotAccepted."""
    data = blob(line)
    comment = one_line((*line.split(maxsplit=2), "", "")[2], 120)
    kind = Fields(data, "SSH key").text()
    key, certificate = _certificate(data) if "-cert-" in kind else (data, None)
    kind = _CERTIFIED.get(kind, kind)
    return Presented(kind, fingerprint(key), f"{kind} {b64encode(key).decode()}", comment, certificate)


def _certificate(data: bytes) -> tuple[bytes, Certificate]:
    """The bare key of a certificate, and what is said about it."""
    fields = Fields(data, _WHAT)
    kind = _CERTIFIED.get(certified := fields.text())
    if kind is None:
        raise BadCertificate(f"a certificate of kind {one_line(certified, 60)} is not accepted")
    fields.string()  # the CA's nonce
    key = string(kind.encode()) + b"".join(string(fields.string()) for _ in range(FIELDS[kind]))
    serial, type_number, key_id = fields.number(8), fields.number(), fields.text()
    principals = _strings(fields.string())
    after, before = fields.number(8), fields.number(8)
    options = _strings(fields.string())[::2]
    fields.string()  # extensions: permissions of sshd's, which ours has none of
    fields.string()  # reserved
    ca_key = fields.string()
    signature = fields.string()
    fields.end()
    signed = data[: -len(string(signature))]
    return key, Certificate(
        one_line(key_id, 120),
        serial,
        principals,
        after,
        before,
        options,
        fingerprint(ca_key),
        type_number,
        ca_key,
        signature,
        signed,
    )


def _strings(data: bytes) -> tuple[str, ...]:
    fields, found = Fields(data, _WHAT), []
    while fields.more():
        found.append(fields.text())
    return tuple(found)


def accept(
    certificate: Certificate,
    trusted: Collection[str],
    principal: str,
    now: datetime,
    understood: Collection[str] = ENFORCED_BY_SSHD,
) -> None:
    """Check a user certificate against the fingerprints of the CAs that are trusted. Raises BadCertificate.

    `understood` are the critical options that are enforced where the session was opened: all that sshd
    knows when it was sshd, and only what it checks itself for a server of ours.
    """
    _from_ca(certificate, trusted)
    shown = f"the certificate {certificate.key_id!r} (serial {certificate.serial})"
    if certificate._kind != _USER:
        raise BadCertificate(f"{shown} is one for hosts", hint="ask the CA for a user certificate")
    second = now.timestamp()
    if second < certificate.valid_after:
        raise BadCertificate(f"{shown} is not valid before {_when(certificate.valid_after)}")
    if second >= certificate.valid_before:
        hint = "ask the CA for a new certificate"
        raise BadCertificate(f"{shown} expired on {_when(certificate.valid_before)}", hint=hint)
    if principal not in certificate.principals:
        names = one_line(", ".join(certificate.principals), 120) or "nobody"
        raise BadCertificate(f"{shown} is for {names}, not for {principal}")
    unknown = [name for name in certificate.critical_options if name not in understood]
    if unknown:
        raise BadCertificate(f"{shown} demands {one_line(unknown[0], 60)!r}, which is not understood here")


def _from_ca(certificate: Certificate, trusted: Collection[str]) -> None:
    if certificate.ca not in trusted:
        hint = "have the administrator name the CA in lexops.toml, or get a certificate of one that is"
        raise BadCertificate(
            f"the certificate is signed by {certificate.ca}, which is not trusted", hint=hint
        )
    try:
        proof = read_proof(certificate._signature, _WHAT)
        check(certificate._ca_key, proof, certificate._signed)
    except NotAccepted:
        raise BadCertificate(f"the certificate was not signed by {certificate.ca}, which it names") from None


def _when(second: int) -> str:
    try:
        return utc_text(datetime.fromtimestamp(second, UTC))
    except (OverflowError, ValueError, OSError):
        return "a time after the year 9999"


def exposed(path: Path) -> Presented | None:
    """The key or certificate that opened this session, from `$SSH_USER_AUTH` of an sshd with ExposeAuthInfo.

    None when it was opened otherwise. The file belongs to the user of the session, so it is a hint, which
    only a forced command of sshd or a signed challenge makes certain. Raises NotAccepted.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("ascii", "replace")
    except OSError as error:
        hint = "set ExposeAuthInfo yes in sshd_config, and let $SSH_USER_AUTH through"
        raise NotAccepted(
            f"{path}, which tells what opened this session: {error.strerror}", hint=hint
        ) from None
    keys = [line.removeprefix("publickey ") for line in text.splitlines() if line.startswith("publickey ")]
    return read(keys[0]) if keys else None
