"""From somebody's words to what the index is asked, and from its hits to an order. Pure.

Nothing that is typed is an expression: words are taken out of it and quoted one by one, so that no text can
be a syntax error, or mean more than its words. Any of them may be in what is found; what has more of them,
and rarer ones, is nearer (BM25). Words that mean the same (synonyms.toml) count half.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from unicodedata import normalize

from lexops.knowledge.documents import Document
from lexops.knowledge.model import Found, FoundKind, Trouble

MOST_WORDS = 32
"""Words of one search that count; of a longer text the first ones."""
MOST_OTHERS = 96
"""Words that mean the same as those."""
LONGEST = 4_000
"""Characters of a search that are read at all."""
SYNONYM = 0.5
"""What a hit by a word of the same meaning counts, beside one by the word itself."""

SAME_FINGERPRINT = 0.6
SAME_CHECK = 0.4
SAME_TARGET = 0.1
SOLVED = 0.15
"""Added to the nearness of words, of which the best hit has 1."""
DRAFT = -0.1
LEAST = 0.2
"""What is less near than that beside the nearest is not like a trouble, unless it is about the same check."""

_WORD = re.compile(r"[^\W_]+")
_LONGEST_PHRASE = 5
_STOP = frozenset(
    """a about after again all also am an and any are as at be because been before being but by can could did
    do does doing for from get got had has have having he her here hers him his how i if in into is it its
    just me more most my no nor not of off on once only or other our ours out over own same she should so
    some such than that the their them then there these they this those through to too under until up us
    very was we were what when where which while who whom why will with would you your""".split()
)
"""English words that tell nothing about what is looked for."""


@dataclass(frozen=True, slots=True)
class Other:
    """A word, or several in a row, that mean the same as what was typed."""

    phrase: str
    typed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    words: tuple[str, ...]
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found, and how near its words are: greater is nearer, 0 where none was asked."""

    document: Document
    nearness: float


def words_of(text: str) -> list[str]:
    """The words of a text in their order, in small letters; digits are words, too."""
    return _WORD.findall(normalize("NFC", text[:LONGEST]).lower())


def query(text: str) -> Query:
    """What a text asks for. Without any word nothing is asked for."""
    typed = words_of(text)
    words = tuple(dict.fromkeys(word for word in typed if word not in _STOP)) or tuple(dict.fromkeys(typed))
    known = set(map(_roots, words))
    return Query(words, tuple(each for each in _others(typed) if _roots(each.phrase) not in known))


def without(asked: Query, common: Collection[str]) -> Query:
    """The query without the commonest words, which cost most and tell least; with them, if all were such.

    What is left is cut to as much as a search may cost.
    """
    telling = [word for word in asked.words if word not in common]
    if not telling:
        return Query(asked.words[:MOST_WORDS])
    others = [
        each.phrase
        for each in asked.others
        if each.phrase not in common and not set(each.typed) <= _STOP.union(common)
    ]
    kept = tuple(dict.fromkeys(others))[:MOST_OTHERS]
    return Query(tuple(telling[:MOST_WORDS]), tuple(Other(each, ()) for each in kept))


def expression(phrases: Iterable[str]) -> str:
    """What FTS5 is asked: any of the phrases. Letters, digits and blanks are all that is in them."""
    return " OR ".join(f'"{phrase}"' for phrase in phrases)


def text_of(trouble: Trouble) -> str:
    """The words by which trouble like this is looked for; what tells most comes first."""
    return " ".join(filter(None, (trouble.title, trouble.check.replace("-", " "), trouble.text)))


# Words that mean the same.


def _others(typed: Sequence[str]) -> Iterator[Other]:
    roots, groups = tuple(map(_root, typed)), _synonyms()
    for length in range(_LONGEST_PHRASE, 0, -1):
        for start in range(len(roots) - length + 1):
            place = slice(start, start + length)
            yield from (Other(each, tuple(typed[place])) for each in groups.get(roots[place], ()))


@cache
def _synonyms() -> dict[tuple[str, ...], tuple[str, ...]]:
    """By the roots of its words, what else a phrase is called."""
    document = tomllib.loads((files("lexops.knowledge") / "synonyms.toml").read_text(encoding="utf-8"))
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in document["groups"]:
        phrases = [" ".join(words_of(each)) for each in group]
        for phrase in phrases:
            key = _roots(phrase)
            found[key] = found.get(key, ()) + tuple(each for each in phrases if each != phrase)
    return found


def _roots(phrase: str) -> tuple[str, ...]:
    return tuple(map(_root, phrase.split()))


def _root(word: str) -> str:
    """A word without its usual endings: only to find it among those that mean the same."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls" else word


# The order of what was found.


def ranked(hits: Iterable[Hit], limit: int, trouble: Trouble | None = None) -> list[Found]:
    """The nearest first; of equally near ones the newest.

    About a trouble, the same incident again and the same check come before what only has words in common.
    """
    found = list(hits)
    best = max((hit.nearness for hit in found), default=0.0) or 1.0
    scored = [
        _found(hit.document, hit.nearness / best, trouble)
        for hit in found
        if trouble is None or hit.nearness / best >= LEAST or _is_same(hit.document, trouble)
    ]
    scored.sort(key=lambda each: (-each.score, -(each.when.timestamp() if each.when else 0.0), each.id))
    return scored[:limit]


def _found(document: Document, nearness: float, trouble: Trouble | None) -> Found:
    score = nearness + (SOLVED if document.is_solved else 0.0) + (DRAFT if document.is_draft else 0.0)
    if trouble is not None and document.kind is FoundKind.INCIDENT:
        score += _likeness(document, trouble)
    return Found(
        document.kind,
        document.ref,
        document.title,
        round(score, 4),
        document.solution,
        document.when,
        draft=document.is_draft,
    )


def _likeness(document: Document, trouble: Trouble) -> float:
    score = SAME_TARGET if trouble.target and document.target == trouble.target else 0.0
    if trouble.fingerprint and document.fingerprint == trouble.fingerprint:
        return score + SAME_FINGERPRINT
    return score + (SAME_CHECK if _is_same(document, trouble) else 0.0)


def _is_same(document: Document, trouble: Trouble) -> bool:
    """Whether it is about the same check, or the same incident again."""
    pairs = ((document.check, trouble.check), (document.fingerprint, trouble.fingerprint))
    return any(wanted and known == wanted for known, wanted in pairs)


def combined(direct: Iterable[tuple[int, float]], others: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Nearness by document, of hits by the words themselves and by others of the same meaning."""
    found: dict[int, float] = {}
    for share, hits in ((1.0, direct), (SYNONYM, others)):
        for id, nearness in hits:
            found[id] = found.get(id, 0.0) + share * nearness
    return found
