"""Untrusted text: database rows, logs, tickets and exception messages before they reach a person.

Textual and most terminals pass escape sequences through, so everything that LexOps did not
write itself goes through :func:`clean` at the boundary.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

# C0 but newline and tab, DEL, C1, the bidirectional marks, overrides and isolates (CVE-2021-42574),
# line and paragraph separators, surrogates that no terminal encoding can carry.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")

LIMIT = 10_000
"""Characters of one untrusted value that are ever shown; the rest is counted, not printed."""


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def clean(value: object, limit: int = LIMIT) -> str:
    """`value` as text that no terminal acts on; control characters become visible signs."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit:,} more characters)"
    return _UNSAFE.sub(_visible, text)


def one_line(value: object, limit: int = 500) -> str:
    """Like :func:`clean`, on a single line: runs of white space become one space."""
    return _SPACE.sub(" ", clean(value, limit)).strip()


def brief(line: str, most: int) -> str:
    """A line of at most `most` characters; one that was longer ends with `…`."""
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """`text` in exactly `cells` terminal cells: padded, or cut with an ellipsis."""
    if cells <= 0:
        return ""
    taken = cell_len(text)
    if taken > cells:
        return set_cell_size(text, cells - 1) + "…"
    pad = " " * (cells - taken)
    return pad + text if right else text + pad


def plural(count: int, noun: str) -> str:
    """`1 check`, `3 checks`, `1,204 entries`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}s"
