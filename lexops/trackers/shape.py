"""Takes apart what a tracker answers: it is other people's data, and may have any shape. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lexops.plain import plain
from lexops.text import clean, one_line
from lexops.trackers.port import TrackerDown

ID = 120
"""Characters of an id there, and of a comment's."""
STATE = 80
TEXT = 40_000
"""Characters of a comment that are read: ours are known by their last line, and may grow on their way."""


def record(found: Any, what: str) -> Mapping[str, Any]:
    """An object. Raises TrackerDown when it is none."""
    if not isinstance(found, dict):
        raise TrackerDown(f"its answer holds no {what}")
    return found


def records(found: Any, what: str) -> list[Mapping[str, Any]]:
    """A list of objects. Raises TrackerDown when it is none."""
    if not isinstance(found, list):
        raise TrackerDown(f"its answer holds no list of {what}")
    return [record(each, what) for each in found]


def identity(found: Mapping[str, Any], key: str, what: str) -> str:
    """An id, which is a text or a number. Raises TrackerDown when it cannot be one."""
    value = found.get(key)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > ID or clean(text) != text or any(sign.isspace() for sign in text):
        raise TrackerDown(f"its answer holds no {key} of a {what}")
    return text


def text_of(found: Mapping[str, Any], key: str, limit: int = STATE) -> str:
    """A text in one line; empty where there is none."""
    value = found.get(key)
    return one_line(value, 10 * limit)[:limit] if isinstance(value, str) else ""


def words(value: object, *, html: bool = False) -> str:
    """What somebody wrote, in lines."""
    written = value if isinstance(value, str) else ""
    lines = (plain(written) if html else written).replace("\r\n", "\n").replace("\r", "\n")
    return clean(lines.expandtabs(4).strip(), TEXT)


def moment_of(found: Mapping[str, Any], key: str) -> datetime:
    """A time with its zone. Raises TrackerDown when it is none."""
    try:
        read = datetime.fromisoformat(found[key])
        if read.tzinfo is None:
            raise ValueError
        return read.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TrackerDown(f"its answer holds no time in {key}") from None
