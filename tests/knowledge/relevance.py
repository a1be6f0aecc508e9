"""Incidents with what somebody would type to find them again; and how well that goes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lexops.knowledge import fts, search
from lexops.knowledge.documents import Document
from lexops.knowledge.model import FoundKind

FILE = Path(__file__).parents[1] / "data" / "knowledge" / "relevance.toml"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)

Search = Callable[[str], Sequence[str]]
"""Numbers of incidents that some words find, the nearest first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody types, and which incidents would help."""

    kind: str
    words: str
    wants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """How well a search does: shares of the questions answered among the first, and the mean of 1 / place."""

    first: float
    third: float
    fifth: float
    mean: float


def load() -> tuple[list[Document], list[Asked]]:
    """The incidents as documents, and the questions."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    asked = [
        Asked(each["kind"], each["words"], frozenset(map(str, each["wants"]))) for each in found["query"]
    ]
    return [_document(each) for each in found["incident"]], asked


def _document(known: Mapping[str, object]) -> Document:
    target, check, notes = str(known["target"]), str(known.get("check", "")), known["notes"]
    assert isinstance(notes, list) and isinstance(known["id"], int)
    return Document(
        FoundKind.INCIDENT,
        str(known["id"]),
        str(known["title"]),
        f"{target} {check}".strip(),
        str(known["solution"]),
        "\n".join(notes),
        target,
        check,
        f"{target}/{check}",
        True,
        False,
        START + timedelta(days=known["id"]),
    )


def make(path: Path, documents: Iterable[Document]) -> Path:
    """An index of these documents."""
    fts.create(path)
    with fts.writing(path) as index:
        for document in documents:
            fts.put(index, document)
        fts.measure_common(index)
    return path


def ours(path: Path) -> Search:
    """Searching an index as people do."""

    def find(words: str) -> list[str]:
        with fts.reading(path) as index:
            return [each.id for each in search.ranked(index.find(search.query(words)), 10)]

    return find


def score(find: Search, asked: Iterable[Asked]) -> Score:
    """How well a search answers."""
    places = [_place(find(each.words), each.wants) for each in asked]
    first, third, fifth = (_share(places, most) for most in (1, 3, 5))
    mean = sum(1 / place for place in places if place is not None) / len(places)
    return Score(first, third, fifth, mean)


def _share(places: Sequence[int | None], most: int) -> float:
    return sum(place is not None and place <= most for place in places) / len(places)


def _place(found: Sequence[str], wants: frozenset[str]) -> int | None:
    return next((place for place, each in enumerate(found, 1) if each in wants), None)
