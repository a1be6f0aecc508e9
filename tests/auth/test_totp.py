"""Authenticator codes: those of RFC 6238, and never twice."""

from __future__ import annotations

from base64 import b32decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth import totp

_DIGITS = b"1234567890"
_SEEDS = {"sha1": (_DIGITS * 2)[:20], "sha256": (_DIGITS * 4)[:32], "sha512": (_DIGITS * 7)[:64]}
_VECTORS = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}
"""RFC 6238 appendix B."""
SECRET = _SEEDS["sha1"]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
moments = st.integers(1000, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))
secrets = st.binary(min_size=20, max_size=20)


@pytest.mark.parametrize(
    ("second", "algorithm", "code"),
    [
        (second, algorithm, code)
        for second, codes in _VECTORS.items()
        for algorithm, code in zip(_SEEDS, codes, strict=True)
    ],
)
def test_the_codes_are_those_of_rfc_6238(second: int, algorithm: str, code: str) -> None:
    step = totp.step_at(datetime.fromtimestamp(second, UTC))
    assert totp.code_of(_SEEDS[algorithm], step, digits=8, algorithm=algorithm) == code


def test_a_code_is_accepted_one_step_early_or_late_and_no_more() -> None:
    step = totp.step_at(NOON)
    codes = [totp.code_of(SECRET, step + off) for off in (-2, -1, 0, 1, 2)]
    found = [totp.accepted_step(SECRET, code, NOON) for code in codes]
    assert found == [None, step - 1, step, step + 1, None]


@given(secrets, moments, st.integers(-90, 90))
def test_an_accepted_code_is_never_accepted_again_wherever_the_clock_goes(
    secret: bytes, now: datetime, seconds: int
) -> None:
    code = totp.code_of(secret, totp.step_at(now))
    step = totp.accepted_step(secret, code, now)
    assert step is not None
    again = totp.accepted_step(secret, code, now + timedelta(seconds=seconds), step)
    # A neighbouring step may have the same six digits; the step itself is used up.
    assert again is None or (again > step and totp.code_of(secret, again) == code)


@given(secrets, moments)
def test_the_code_before_an_accepted_one_is_used_up_too(secret: bytes, now: datetime) -> None:
    step = totp.step_at(now)
    older = totp.code_of(secret, step - 1)
    found = totp.accepted_step(secret, older, now, last_step=step)
    assert found is None or found == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "½⅓¼⅕⅙⅐", "\x00" * 6, "\udcff" * 6])
def test_what_is_no_code_is_not_accepted(code: str) -> None:
    assert totp.accepted_step(SECRET, code, NOON) is None


def test_a_code_can_be_checked_at_the_beginning_of_time() -> None:
    epoch = datetime.fromtimestamp(0, UTC)
    assert totp.accepted_step(SECRET, totp.code_of(SECRET, 0), epoch) == 0


def test_a_new_secret_has_160_bits_and_is_new() -> None:
    made = {totp.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(secret) for secret in made} == {20}


def test_the_uri_says_whose_code_it_is_and_carries_the_secret() -> None:
    uri = urlsplit(totp.uri(SECRET, issuer="Muster & Söhne: LexOps", account="anna@muster"))
    query = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    # A colon parts issuer and account, so those within them must be escaped.
    issuer, _, account = uri.path.removeprefix("/").partition(":")
    assert (unquote(issuer), unquote(account)) == ("Muster & Söhne: LexOps", "anna@muster")
    assert b32decode(query["secret"][0]) == SECRET


def test_the_secret_can_be_typed_by_hand() -> None:
    assert totp.shown(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
