"""SSH signatures: those of ssh-keygen and of security keys are accepted, and nothing that was touched up."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth import sshsig
from lexops.auth.sshkey import Fields, NotAccepted, blob, fingerprint, string
from tests.auth.sshkeys import KINDS, PIN, TOUCH, KeyFile, SecurityKey, new_key, run

TEXT = sshsig.message(
    site="Muster & Partner",
    operator="anna",
    scope="destroy:production",
    nonce="b7sJ",
    expires=datetime(2026, 3, 2, 9, 2, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KeyFile]:
    folder = tmp_path_factory.mktemp("keys")
    return {kind: new_key(folder, kind, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def signed(keys: dict[str, KeyFile]) -> dict[str, str]:
    """A signature of every kind of key over TEXT."""
    made = {kind: key.sign(TEXT) for kind, key in keys.items()}
    return made | {f"sk-{kind}": SecurityKey(kind).sign(TEXT) for kind in ("ed25519", "ecdsa")}


ALL = (*KINDS, "sk-ed25519", "sk-ecdsa")


def _raw(armoured: str) -> bytes:
    return b64decode("".join(armoured.split("\n")[1:-2]))


def _armoured(raw: bytes) -> str:
    body = b64encode(raw).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n"


def test_the_challenge_says_what_it_is_for() -> None:
    assert TEXT == (
        "LexOps step-up\nsite: Muster & Partner\noperator: anna\nscope: destroy:production\n"
        "nonce: b7sJ\nexpires: 2026-03-02T09:02:00Z\n"
    )


def test_no_field_of_the_challenge_can_pose_as_another() -> None:
    text = sshsig.message(
        site="x\nscope: read:demo\x1b[2J",
        operator="a\r\nb",
        scope="s",
        nonce="n",
        expires=datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert [line.partition(":")[0] for line in text.splitlines()[1:]] == [
        "site",
        "operator",
        "scope",
        "nonce",
        "expires",
    ]
    assert "\x1b" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_ssh_keygen_is_accepted(
    kind: str, keys: dict[str, KeyFile], signed: dict[str, str]
) -> None:
    signature = sshsig.parse(signed[kind])
    sshsig.verify(signature, TEXT)
    assert signature.fingerprint == keys[kind].fingerprint
    assert not signature.proof.hardware


def test_a_signature_with_sha256_is_accepted(keys: dict[str, KeyFile]) -> None:
    path = keys["rsa"].path
    command = ("ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=sha256", "-n", sshsig.NAMESPACE, "-f", path)
    signature = sshsig.parse(run(*command, text=TEXT))
    assert signature.hash_name == "sha256"
    sshsig.verify(signature, TEXT)


@pytest.mark.parametrize("bits", [384, 521])
def test_the_larger_curves_are_accepted(bits: int, tmp_path: Path) -> None:
    sshsig.verify(sshsig.parse(new_key(tmp_path, "id", "ecdsa", bits).sign(TEXT)), TEXT)


def test_the_shown_command_makes_an_accepted_signature(keys: dict[str, KeyFile]) -> None:
    shown = sshsig.command(TEXT).replace("~/.ssh/id_ed25519", str(keys["ed25519"].path))
    sshsig.verify(sshsig.parse(run("sh", "-c", shown)), TEXT)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
@pytest.mark.parametrize(("flags", "touched", "pin"), [(0, False, False), (1, True, False), (5, True, True)])
def test_a_security_key_vouches_for_touch_and_pin(kind: str, flags: int, touched: bool, pin: bool) -> None:
    key = SecurityKey(kind, counter=41)
    signature = sshsig.parse(key.sign(TEXT, flags))
    sshsig.verify(signature, TEXT)
    proof = signature.proof
    assert (proof.hardware, proof.touched, proof.pin_given, proof.counter) == (True, touched, pin, 42)
    assert signature.fingerprint == key.fingerprint


def test_a_security_key_of_another_application_is_refused() -> None:
    armoured = SecurityKey().sign(TEXT, application=b"ssh:elsewhere")
    with pytest.raises(NotAccepted, match="does not fit"):
        sshsig.verify(sshsig.parse(armoured), TEXT)


@pytest.mark.parametrize("kind", ALL)
def test_a_signature_over_another_text_is_refused(kind: str, signed: dict[str, str]) -> None:
    with pytest.raises(NotAccepted, match="does not fit"):
        sshsig.verify(sshsig.parse(signed[kind]), TEXT.replace("production", "demo"))


def test_a_signature_made_for_something_else_is_refused(keys: dict[str, KeyFile]) -> None:
    signature = sshsig.parse(keys["ed25519"].sign(TEXT, "git"))
    with pytest.raises(NotAccepted, match="made for 'git'") as refused:
        sshsig.verify(signature, TEXT)
    assert "-n step-up@lexops" in refused.value.hint


@pytest.mark.parametrize("kind", ALL)
@given(data=st.data())
def test_a_signature_with_any_byte_changed_is_refused(
    kind: str, signed: dict[str, str], keys: dict[str, KeyFile], data: st.DataObject
) -> None:
    raw = bytearray(_raw(signed[kind]))
    owner = sshsig.parse(signed[kind]).fingerprint
    at = data.draw(st.integers(0, len(raw) - 1), "at")
    raw[at] ^= data.draw(st.integers(1, 255), "change")
    with pytest.raises(NotAccepted) as refused:
        changed = sshsig.parse(_armoured(bytes(raw)))
        sshsig.verify(changed, TEXT)
        if changed.fingerprint != owner:
            raise NotAccepted("another key")
    assert "\n" not in str(refused.value)


@given(st.binary(max_size=400))
def test_rubbish_is_refused_in_one_line(raw: bytes) -> None:
    with pytest.raises(NotAccepted):
        sshsig.verify(sshsig.parse(_armoured(b"SSHSIG\x00\x00\x00\x01" + raw)), TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "-----BEGIN SSH SIGNATURE-----\n%%%\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nü\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 20_000 + "\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----",
    ],
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(NotAccepted):
        sshsig.parse(text)


def test_a_signature_cut_off_anywhere_or_with_a_tail_is_refused(signed: dict[str, str]) -> None:
    raw = _raw(signed["sk-ed25519"])
    for end in range(len(raw)):
        with pytest.raises(NotAccepted):
            sshsig.parse(_armoured(raw[:end]))
    with pytest.raises(NotAccepted, match="after its end"):
        sshsig.parse(_armoured(raw + b"\0"))


def test_a_weak_rsa_key_and_a_sha1_signature_are_refused(tmp_path: Path, signed: dict[str, str]) -> None:
    weak = new_key(tmp_path, "weak", "rsa", 1024)
    with pytest.raises(NotAccepted, match="fewer than 2048 bits"):
        sshsig.verify(sshsig.parse(weak.sign(TEXT)), TEXT)
    fields = Fields(_raw(signed["rsa"])[10:], "SSH signature")
    public_key = fields.string()
    sha1 = string(b"ssh-rsa") + string(b"\1" * 256)
    with pytest.raises(NotAccepted, match="a signature of kind ssh-rsa by a ssh-rsa key"):
        sshsig.verify(sshsig.parse(sshsig.armour(public_key, sha1, hash_name="sha512")), TEXT)


def test_a_plain_key_cannot_pose_as_a_security_key(keys: dict[str, KeyFile]) -> None:
    plain = blob(keys["ed25519"].line)
    key = SecurityKey()
    raw = _raw(key.sign(TEXT, TOUCH | PIN)).replace(string(key.blob), string(plain))
    with pytest.raises(NotAccepted, match="by a ssh-ed25519 key is not accepted"):
        sshsig.verify(sshsig.parse(_armoured(raw)), TEXT)


def test_a_key_with_something_after_its_end_is_refused(
    keys: dict[str, KeyFile], signed: dict[str, str]
) -> None:
    plain = blob(keys["ed25519"].line)
    raw = _raw(signed["ed25519"]).replace(string(plain), string(plain + b"x"))
    with pytest.raises(NotAccepted, match="the SSH key has something after its end"):
        sshsig.verify(sshsig.parse(_armoured(raw)), TEXT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_fingerprint_is_that_of_ssh_keygen(kind: str, keys: dict[str, KeyFile]) -> None:
    assert fingerprint(blob(keys[kind].line)) == keys[kind].fingerprint


@pytest.mark.parametrize(
    "line",
    ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==", "from=x ssh-rsa A"],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(NotAccepted):
        blob(line)
