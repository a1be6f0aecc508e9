"""Questions to resolvers, and what they make of garbage."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.targets.dns import AAAA, A, NoAnswer, addresses_in, question
from tests.servers.dns import DNSServer

NUMBER = 4711


def answer(asked: bytes, *, flags: int = 0x8180, records: bytes = b"", count: int = 0) -> bytes:
    return asked[:2] + struct.pack(">5H", flags, 1, count, 0, 0) + asked[12:] + records


def test_a_question_is_written_as_the_standard_says() -> None:
    assert question("a.example", A, 1) == b"\0\1\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(NoAnswer, match="no name"):
        question(name, A, 1)


def test_addresses_behind_an_alias_are_found() -> None:
    asked = question("portal.example", A, NUMBER)
    alias = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1w\xc0\x13"
    address = b"\1w\xc0\x13\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x0a"
    assert addresses_in(answer(asked, records=alias + address, count=2), asked) == {"192.0.2.10"}
    six = question("portal.example", AAAA, NUMBER)
    record = b"\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10" + bytes.fromhex("20010db8" + "0" * 22 + "10")
    assert addresses_in(answer(six, records=record, count=1), six) == {"2001:db8::10"}


def test_no_address_is_an_answer_and_a_cut_one_is_not() -> None:
    asked = question("portal.example", A, NUMBER)
    assert addresses_in(answer(asked), asked) == frozenset()
    assert addresses_in(answer(asked, flags=0x8380), asked) is None


@pytest.mark.parametrize(("code", "why"), [(3, "no such name"), (2, "failed"), (5, "refuses"), (9, "code 9")])
def test_a_refusal_is_told(code: int, why: str) -> None:
    asked = question("portal.example", A, NUMBER)
    with pytest.raises(NoAnswer, match=why):
        addresses_in(answer(asked, flags=0x8180 | code), asked)


def test_an_answer_to_another_question_is_none() -> None:
    asked = question("portal.example", A, NUMBER)
    for other in (question("portal.example", A, NUMBER + 1), question("portal.evil", A, NUMBER), asked):
        with pytest.raises(NoAnswer, match="another question"):
            addresses_in(answer(other) if other is not asked else asked, asked)


@given(st.binary(max_size=120))
def test_garbage_is_an_answer_or_none_and_nothing_else(noise: bytes) -> None:
    asked = question("portal.example", A, NUMBER)
    for message in (noise, asked[:2] + noise, answer(asked, records=noise, count=3)):
        try:
            found = addresses_in(message, asked)
        except NoAnswer:
            continue
        assert found is None or isinstance(found, frozenset)


def test_a_resolver_that_talks_nonsense_gives_no_answer() -> None:
    from lexops.targets.dns import look_up

    server = DNSServer()
    try:
        server.garbage = b"\x81\x80" + b"\0\1\0\1" + b"\xff" * 20
        with pytest.raises(NoAnswer):
            look_up(("127.0.0.1", server.port), "portal.example", 60.0, lambda line: None)
    finally:
        server.remove()
