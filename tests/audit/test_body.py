"""An entry's bytes: canonical, readable again, and refused when they could be disputed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.audit import body
from lexops.audit.model import Commitment
from lexops.errors import InvalidRequest, StoreError

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
names = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), min_size=1, max_size=60
)
plain = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), st.booleans(), st.none())


def written(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "id": body.uuid7(AT),
        "at": AT,
        "writer": "host/1",
        "writer_seq": 1,
        "writer_prev": None,
        "kind": "demo.act",
        "actor": "op:7",
        "key": "k1",
        "data": {},
        "personal": {},
    }
    return body.write(**values | changes)


@given(names, names, st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), plain, max_size=5))
def test_what_is_written_is_read_again(kind: str, key: str, data: dict[str, Any]) -> None:
    personal = {"name": Commitment("person:1", "ab" * 32)}
    entry = body.read(written(kind=kind, key=key, data=data, personal=personal), 4)
    assert (entry.kind, entry.key, entry.index, entry.at) == (kind, key, 4, AT)
    assert (entry.data, entry.personal) == (data, personal)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), plain, max_size=5), st.randoms())
def test_the_same_content_has_the_same_bytes_in_whatever_order(data: dict[str, Any], random: Any) -> None:
    shuffled = list(data.items())
    random.shuffle(shuffled)
    fixed = body.uuid7(AT, bytes(8))
    assert written(id=fixed, data=data) == written(id=fixed, data=dict(shuffled))


def test_the_bytes_are_json_with_sorted_keys_and_no_spaces() -> None:
    content = written(data={"b": "ü", "a": 1})
    assert (
        content
        == json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert b'"data":{"a":1,"b":"\xc3\xbc"}' in content
    assert b'"time":"2026-03-02T09:00:00.123456Z"' in content


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": 'a"b'}, "an entry's kind"),
        ({"actor": ""}, "an entry's actor"),
        ({"key": "x" * 121}, "an entry's key"),
        ({"writer": "a\\b"}, "an entry's writer"),
        ({"data": {"amount": 1.5}}, "amount is none of these"),
        ({"data": {"list": [1]}}, "list is none of these"),
        ({"data": {"text": "\ud800"}}, "not valid Unicode"),
        ({"data": {"text": "x" * 70_000}}, "too long"),
    ],
)
def test_what_an_entry_cannot_carry_is_refused_with_a_clear_line(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        written(**changes)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":1}', b"\xff", b'{"format":2}'])
def test_bytes_that_are_no_entry_are_one_clear_line(content: bytes) -> None:
    with pytest.raises(StoreError):
        body.read(content, 3)


@given(st.integers(0, 10**16), st.integers(1, 10**9))
def test_identifiers_are_in_the_order_of_time(microseconds: int, later: int) -> None:
    first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    second = first + timedelta(microseconds=later)
    assert body.uuid7(first, b"\xff" * 8) < body.uuid7(second, bytes(8))


def test_an_identifier_is_a_uuid_of_version_7() -> None:
    from uuid import UUID

    made = UUID(body.uuid7(AT))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(AT.timestamp() * 1000)
