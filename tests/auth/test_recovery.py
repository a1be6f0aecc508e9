"""Recovery codes: readable, forgiving in how they are typed, kept as hashes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth import recovery


def test_ten_different_codes_are_made_in_readable_groups() -> None:
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", code), code


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_codes_carry_all_80_bits(one: bytes, other: bytes) -> None:
    assert (recovery.new_codes(lambda _: one)[0] == recovery.new_codes(lambda _: other)[0]) == (one == other)


@pytest.mark.parametrize(
    "typed",
    [
        "01AB-CDEF-GHJK-MNPQ",
        "01abcdefghjkmnpq",
        " 01ab cdef ghjk mnpq ",
        "OIab-cdef-ghjk-mnpq",
        "olABCDEFGHJKMNPQ",
    ],
)
def test_how_a_code_is_typed_does_not_matter(typed: str) -> None:
    salt = recovery.new_salt()
    assert recovery.hashed(typed, salt) == recovery.hashed("01ab-cdef-ghjk-mnpq", salt)


def test_the_hash_depends_on_code_and_salt() -> None:
    salt = recovery.new_salt()
    one, other = recovery.new_codes()[:2]
    assert recovery.hashed(one, salt) != recovery.hashed(other, salt)
    assert recovery.hashed(one, salt) != recovery.hashed(one, recovery.new_salt())
    assert recovery.normal(one).encode() not in recovery.hashed(one, salt)
