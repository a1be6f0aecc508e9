"""Are similar incidents found, and how long does that take? Beside plain FTS5 and what a store's LIKE can do.

Relevance: the questions of tests/data/knowledge/relevance.toml, half of them with words of the incident that
they want, half in other words. The set is small and was written by one person, who also wrote the table of
synonyms: what that adds is an upper bound, so the same index is measured without it, too.

Time: 100,000 documents of eighty words each, whose words are as unevenly used as those of a language (Zipf).
Every question has three seldom words; with six of the commonest words it is asked again. Ours leaves those
out, since it has measured how common they are; plain FTS5 reads all that they are in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import accumulate, cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.figures import Report, Series, report
from benchmarks.measure import Run, by_turns, timed
from lexops.knowledge import fts, search
from lexops.knowledge.documents import Document
from lexops.knowledge.model import FoundKind
from lexops.knowledge.search import Query
from tests.knowledge.relevance import Asked, Search, load, make, score

DOCUMENTS = 100_000
WORDS = 80
VOCABULARY = 30_000
QUESTIONS = 5
ROUNDS = 5
SELDOM = range(2_000, 12_000)
"""Ranks of the words that somebody looks for."""
COMMON = 6
OURS = "LexOps"
PLAIN = "plain FTS5"


def measure() -> Report:
    """What is found of the set, and the time of one search among many documents."""
    with TemporaryDirectory() as folder:
        told = _relevance(Path(folder))
        series = _times(Path(folder))
    pairs = [
        (f"{OURS}, with common words", f"{OURS}, without"),
        (f"{PLAIN}, with common words", f"{PLAIN}, without"),
        (f"{PLAIN}, with common words", f"{OURS}, with common words"),
    ]
    return report("search", f"one search among {DOCUMENTS:,} documents", series, pairs, told)


# What is found.


def _relevance(folder: Path) -> list[str]:
    documents, asked = load()
    path = make(folder / "set.db", documents)
    ways: dict[str, Search] = {
        OURS: _ours(path, lambda words: words),
        f"{OURS} without synonyms": _ours(path, lambda words: Query(words.words)),
        PLAIN: _plain(documents),
        "LIKE in the store": _like(documents),
    }
    told = [
        f"{len(documents)} incidents, {len(asked)} questions: share found first, among three, mean of 1/place"
    ]
    for kind in ("keyword", "paraphrase"):
        of_kind = [each for each in asked if each.kind == kind]
        told += [_line(kind, name, find, of_kind) for name, find in ways.items()]
    return told


def _line(kind: str, name: str, find: Search, asked: Sequence[Asked]) -> str:
    found = score(find, asked)
    return f"  {kind:10}  {name:24}  {found.first:.2f}  {found.third:.2f}  {found.mean:.3f}"


def _ours(path: Path, change: Callable[[Query], Query]) -> Search:
    def find(words: str) -> list[str]:
        with fts.reading(path) as index:
            hits = index.find(change(search.query(words)))
        return [each.id for each in search.ranked(hits, 10)]

    return find


def _plain(documents: Iterable[Document]) -> Search:
    """FTS5 as it comes: its usual tokenizer, any of the words, the usual order."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(ref UNINDEXED, title, place, solution, body)")
    rows = [(each.ref, each.title, each.place, each.solution, each.body) for each in documents]
    connection.executemany("INSERT INTO words VALUES (?, ?, ?, ?, ?)", rows)

    def find(words: str) -> list[str]:
        query = "SELECT ref FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10"
        return [row[0] for row in connection.execute(query, (search.expression(search.words_of(words)),))]

    return find


def _like(documents: Iterable[Document]) -> Search:
    """What every database can do: the texts that contain most of the words come first."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE incident (ref, text)")
    rows = [(each.ref, f"{each.title} {each.place} {each.solution} {each.body}") for each in documents]
    connection.executemany("INSERT INTO incident VALUES (?, ?)", rows)

    def find(words: str) -> list[str]:
        wanted = search.words_of(words)
        count = " + ".join(["(text LIKE ?)"] * len(wanted))
        query = f"SELECT ref FROM incident WHERE {count} > 0 ORDER BY {count} DESC, ref DESC LIMIT 10"
        return [row[0] for row in connection.execute(query, [f"%{word}%" for word in wanted] * 2)]

    return find


# How long it takes.


def _times(folder: Path) -> list[Series]:
    path = make(folder / "many.db", _many())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    random = Random(11)
    few = [" ".join(f"w{random.choice(SELDOM)}" for _ in range(3)) for _ in range(QUESTIONS)]
    many = [f"{' '.join(f'w{rank}' for rank in range(COMMON))} {words}" for words in few]
    return by_turns(
        {
            f"{OURS}, with common words": _searching(_ours(path, lambda words: words), many),
            f"{OURS}, without": _searching(_ours(path, lambda words: words), few),
            f"{PLAIN}, with common words": _searching(_raw(path), many),
            f"{PLAIN}, without": _searching(_raw(path), few),
        },
        ROUNDS,
    )


def _many(seed: int = 7) -> Iterator[Document]:
    random = Random(seed)
    names = [f"w{rank}" for rank in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))
    for number in range(DOCUMENTS):
        words = random.choices(names, cum_weights=weights, k=WORDS)
        title, body = " ".join(words[:8]), " ".join(words[8:])
        yield Document(FoundKind.INCIDENT, str(number), title, "", "", body)


def _raw(path: Path) -> Search:
    """All words to the same table, with the same weights."""

    def find(words: str) -> list[str]:
        with fts.reading(path) as index:
            query = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10"
            asked = search.expression(search.words_of(words))
            return [str(row[0]) for row in index.connection.execute(query, (asked,))]

    return find


def _searching(find: Search, questions: Sequence[str]) -> Run:
    following = cycle(questions)

    def all_questions() -> None:
        for _ in questions:
            find(next(following))

    return lambda: timed(all_questions, len(questions))
