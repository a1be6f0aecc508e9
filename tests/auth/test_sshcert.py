"""SSH certificates: real ones of `ssh-keygen -s`, and why others are refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth import sshcert
from lexops.auth.sshcert import BadCertificate, Certificate
from lexops.auth.sshkey import NotAccepted, fingerprint
from tests.auth.sshkeys import KINDS, KeyFile, SecurityKey, certify, new_key

START, END = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC)
DURING = START + timedelta(hours=3)
TODAY = ("-V", f"{START:%Y%m%d%H%M%S}Z:{END:%Y%m%d%H%M%S}Z")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    return new_key(tmp_path_factory.mktemp("ca"), "ca")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    return new_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def line_today(ca: KeyFile, key: KeyFile) -> str:
    return certify(ca, key, *TODAY)


def _certificate(line: str) -> Certificate:
    found = sshcert.read(line).certificate
    assert found is not None
    return found


def test_a_plain_key_is_read_without_certificate(key: KeyFile) -> None:
    found = sshcert.read(key.line)
    assert (found.kind, found.fingerprint, found.comment) == ("ssh-ed25519", key.fingerprint, "id@test")
    assert key.line == f"{found.line} id@test"
    assert found.certificate is None


def test_everything_the_ca_says_is_read(ca: KeyFile, key: KeyFile) -> None:
    found = sshcert.read(certify(ca, key, "-z", "7", *TODAY, principals="anna,admins"))
    assert found.fingerprint == key.fingerprint
    assert key.line.startswith(found.line)
    certificate = found.certificate
    assert certificate is not None
    assert (certificate.key_id, certificate.serial) == ("anna@firm", 7)
    assert certificate.principals == ("anna", "admins")
    assert (certificate.valid_after, certificate.valid_before) == (START.timestamp(), END.timestamp())
    assert certificate.ca == ca.fingerprint


@pytest.mark.parametrize("of_ca", KINDS)
@pytest.mark.parametrize("of_key", KINDS)
def test_certificates_of_all_kinds_are_accepted(of_ca: str, of_key: str, tmp_path: Path) -> None:
    ca, key = new_key(tmp_path, "ca", of_ca), new_key(tmp_path, "id", of_key)
    found = sshcert.read(certify(ca, key, *TODAY))
    assert found.certificate is not None
    sshcert.accept(found.certificate, {ca.fingerprint}, "anna", DURING)
    assert found.fingerprint == key.fingerprint


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_certificate_for_a_security_key_names_that_key(kind: str, ca: KeyFile, tmp_path: Path) -> None:
    token = SecurityKey(kind)
    public = tmp_path / "sk.pub"
    public.write_text(f"{token.kind.decode()} {b64encode(token.blob).decode()} sk\n")
    found = sshcert.read(certify(ca, KeyFile(tmp_path / "sk"), *TODAY))
    assert found.fingerprint == token.fingerprint
    assert found.certificate is not None
    sshcert.accept(found.certificate, {ca.fingerprint}, "anna", DURING)


def test_a_certificate_holds_from_its_first_to_before_its_last_second(ca: KeyFile, key: KeyFile) -> None:
    certificate, trusted = _certificate(certify(ca, key, *TODAY)), {ca.fingerprint}
    second = timedelta(seconds=1)
    for moment in (START, END - second):
        sshcert.accept(certificate, trusted, "anna", moment)
    with pytest.raises(BadCertificate, match="not valid before 2026-03-02T09:00:00Z"):
        sshcert.accept(certificate, trusted, "anna", START - second)
    with pytest.raises(BadCertificate, match=r"'anna@firm' \(serial 0\) expired on 2026-03-02T17:00:00Z"):
        sshcert.accept(certificate, trusted, "anna", END)


def test_a_certificate_may_hold_for_ever(ca: KeyFile, key: KeyFile) -> None:
    certificate = _certificate(certify(ca, key, "-V", "always:forever"))
    sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING + timedelta(days=36_500))


def test_a_certificate_of_another_ca_is_refused(ca: KeyFile, key: KeyFile, tmp_path: Path) -> None:
    other = new_key(tmp_path, "other")
    with pytest.raises(BadCertificate, match=r"signed by SHA256:\S+, which is not trusted"):
        sshcert.accept(_certificate(certify(other, key, *TODAY)), {ca.fingerprint}, "anna", DURING)


def test_a_certificate_for_other_names_is_refused(ca: KeyFile, key: KeyFile) -> None:
    certificate = _certificate(certify(ca, key, *TODAY, principals="bob,carl"))
    with pytest.raises(BadCertificate, match="is for bob, carl, not for anna"):
        sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING)


def test_a_certificate_without_names_is_for_nobody(ca: KeyFile, key: KeyFile) -> None:
    certificate = _certificate(certify(ca, key, *TODAY, principals=""))
    with pytest.raises(BadCertificate, match="is for nobody"):
        sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING)


def test_a_host_certificate_is_refused(ca: KeyFile, key: KeyFile) -> None:
    with pytest.raises(BadCertificate, match="is one for hosts"):
        sshcert.accept(_certificate(certify(ca, key, "-h", *TODAY)), {ca.fingerprint}, "anna", DURING)


def test_a_demand_that_nobody_enforces_is_refused(ca: KeyFile, key: KeyFile) -> None:
    certificate = _certificate(certify(ca, key, *TODAY, "-O", "source-address=10.0.0.0/8"))
    sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING)
    with pytest.raises(BadCertificate, match="demands 'source-address'"):
        sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING, understood=())
    made_up = _certificate(certify(ca, key, *TODAY, "-O", "critical:only-on-sundays=yes"))
    with pytest.raises(BadCertificate, match="demands 'only-on-sundays'"):
        sshcert.accept(made_up, {ca.fingerprint}, "anna", DURING)


@given(data=st.data())
def test_a_certificate_with_any_byte_changed_is_refused(
    data: st.DataObject, ca: KeyFile, line_today: str
) -> None:
    kind, body, _ = line_today.split(maxsplit=2)
    raw = bytearray(b64decode(body))
    raw[data.draw(st.integers(0, len(raw) - 1), "at")] ^= data.draw(st.integers(1, 255), "change")
    with pytest.raises(NotAccepted):
        certificate = _certificate(f"{kind} {b64encode(raw).decode()}")
        sshcert.accept(certificate, {ca.fingerprint}, "anna", DURING)


def test_the_key_that_opened_the_session_is_read(tmp_path: Path, ca: KeyFile, key: KeyFile) -> None:
    file = tmp_path / "auth"
    plain = " ".join(key.line.split()[:2])
    file.write_text(f"publickey {plain}\n")
    assert sshcert.exposed(file) == sshcert.read(plain)
    line = certify(ca, key, *TODAY)
    file.write_text(f"keyboard-interactive\npublickey {' '.join(line.split()[:2])}\n")
    found = sshcert.exposed(file)
    assert found is not None
    assert found.certificate == _certificate(line)


def test_a_session_that_no_key_opened_shows_none(tmp_path: Path) -> None:
    (tmp_path / "auth").write_text("password\n")
    assert sshcert.exposed(tmp_path / "auth") is None


def test_a_session_that_exposes_nothing_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotAccepted, match="No such file") as refused:
        sshcert.exposed(tmp_path / "auth")
    assert "ExposeAuthInfo yes" in refused.value.hint
    (tmp_path / "auth").write_bytes(b"publickey \xff\x00\n")
    with pytest.raises(NotAccepted, match="no SSH public key"):
        sshcert.exposed(tmp_path / "auth")


def test_the_fingerprint_of_the_ca_is_that_of_its_key_line(ca: KeyFile) -> None:
    assert sshcert.read(ca.line).fingerprint == ca.fingerprint
    assert fingerprint(b64decode(ca.line.split()[1])) == ca.fingerprint
