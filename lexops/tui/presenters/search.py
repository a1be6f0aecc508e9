"""Finding things by typing: the filter of a list, and the fuzzy order of a jump."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

R = TypeVar("R")

LIMIT = 4_000
"""Characters of a text that are looked through."""


def matches(needle: str, haystack: str) -> bool:
    """Whether every word of `needle` is in `haystack`, upper and lower case alike.

    `!word` must be absent; a word with a colon (`target:web-1`, `is:stale`) must equal a whole
    line of the haystack.
    """
    hay = haystack[:LIMIT].casefold()
    return all(_has(word, hay) for word in needle.casefold().split())


def _has(word: str, hay: str) -> bool:
    absent = word.startswith("!") and len(word) > 1
    wanted = word[1:] if absent else word
    found = wanted in hay.split("\n") if ":" in wanted else wanted in hay
    return found is not absent


def arrange(
    rows: Sequence[R],
    needle: str = "",
    haystack: Callable[[R], str] = str,
    order: Callable[[R], object] | None = None,
) -> Sequence[R]:
    """The rows that match, in order; the very same object when there is nothing to do."""
    if needle.strip():
        rows = [row for row in rows if matches(needle, haystack(row))]
    if order is not None:
        rows = sorted(rows, key=order)  # type: ignore[arg-type]
    return rows


def score(query: str, text: str) -> int:
    """How well `text` answers `query`: 0 not at all, more is better.

    Equal, then a beginning, then the beginning of a word, then anywhere, then the letters in order.
    """
    wanted, given = query[:LIMIT].casefold().strip(), text[:LIMIT].casefold()
    if not wanted:
        return 1
    if wanted == given:
        return 1000
    at = given.find(wanted)
    if at == 0:
        return 800 - min(len(given), 300)
    if at > 0:
        starts_word = not given[at - 1].isalnum()
        return (600 if starts_word else 400) - min(len(given), 300)
    letters = iter(given)
    if all(letter in letters for letter in wanted if not letter.isspace()):
        return max(2, 99 - min(len(given), 97))
    return 0


def best(query: str, items: Iterable[R], text: Callable[[R], str], most: int = 100) -> list[R]:
    """The items that answer `query`, the best first."""
    scored = [(score(query, text(item)), item) for item in items]
    found = [pair for pair in scored if pair[0]]
    found.sort(key=lambda pair: -pair[0])
    return [item for _, item in found[:most]]
