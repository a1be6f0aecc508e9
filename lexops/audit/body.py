"""The exact bytes of an entry: what is hashed, kept and shown to a court. Pure."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from lexops.audit.model import Commitment, Entry, Plain
from lexops.errors import InvalidRequest, StoreError

FORMAT = 1
MOST_BYTES = 65_535
"""The most that an entry bundle of C2SP tlog-tiles can carry."""
# No quote and no backslash: JSON writes these as they are, so verification can look for them in the bytes.
_NAME = re.compile(r"[ !#-\[\]-~]+")
_LONGEST = {"kind": 60, "actor": 80, "key": 120, "writer": 120}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(
    *,
    id: str,
    at: datetime,
    writer: str,
    writer_seq: int,
    writer_prev: str | None,
    kind: str,
    actor: str,
    key: str,
    data: Mapping[str, Plain],
    personal: Mapping[str, Commitment],
) -> bytes:
    """The entry as JSON: sorted keys, no spaces, UTF-8. Raises InvalidRequest for what it cannot carry."""
    for what, value in (("kind", kind), ("actor", actor), ("key", key), ("writer", writer)):
        if not _NAME.fullmatch(value) or len(value) > _LONGEST[what]:
            raise InvalidRequest(f"the record cannot take {value!r} as an entry's {what}")
    for name, plain in data.items():
        if not isinstance(plain, str | int | bool | None):
            raise InvalidRequest(
                f"the record takes text, whole numbers and yes or no; {name} is none of these"
            )
    content = {
        "actor": actor,
        "data": dict(data),
        "format": FORMAT,
        "id": id,
        "key": key,
        "kind": kind,
        "personal": {
            field: {"commitment": each.commitment, "subject": each.subject}
            for field, each in personal.items()
        },
        "time": time_text(at),
        "writer": writer,
        "writer_prev": writer_prev,
        "writer_seq": writer_seq,
    }
    try:
        body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequest("the record cannot take text that is not valid Unicode") from None
    if len(body) > MOST_BYTES:
        raise InvalidRequest(f"an entry of {len(body):,} bytes is too long for the record ({MOST_BYTES:,})")
    return body


def read(body: bytes, index: int | None) -> Entry:
    """The entry that the bytes are. Raises StoreError when they are none."""
    try:
        content = json.loads(body)
        if content["format"] != FORMAT:
            raise StoreError(
                f"an entry has the format {content['format']}",
                hint="a newer LexOps wrote it; update this one",
            )
        return Entry(
            id=content["id"],
            index=index,
            at=datetime.fromisoformat(content["time"]),
            kind=content["kind"],
            actor=content["actor"],
            key=content["key"],
            writer=content["writer"],
            writer_seq=content["writer_seq"],
            writer_prev=content["writer_prev"],
            data=content["data"],
            personal={
                field: Commitment(each["subject"], each["commitment"])
                for field, each in content["personal"].items()
            },
            body=body,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        place = "an entry" if index is None else f"entry {index}"
        raise StoreError(
            f"{place} of the record cannot be read", hint="see what is wrong: lexops audit verify"
        ) from None


def time_text(at: datetime) -> str:
    """`2026-03-02T09:00:00.000000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def uuid7(at: datetime, random: bytes | None = None) -> str:
    """A time-ordered identifier (RFC 9562, 5.7): milliseconds, their fraction (6.2, method 3), chance."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    milliseconds, rest = divmod(microseconds, 1000)
    chance = int.from_bytes(random or os.urandom(8)) & (1 << 62) - 1
    number = milliseconds << 80 | 7 << 76 | (rest * 4096 // 1000) << 64 | 0b10 << 62 | chance
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
