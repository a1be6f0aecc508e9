"""A page whose lines lead somewhere: what stands in a list of lines. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol

from lexops.tui.ink import EMPTY, Ink, Line, Tone, plain
from lexops.tui.places import Place
from lexops.tui.presenters.columns import Column


class Leading(Protocol):
    """A line of a page, and where it leads."""

    @property
    def key(self) -> Hashable: ...

    @property
    def line(self) -> Line: ...

    @property
    def place(self) -> Place | None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One line, and where it leads."""

    key: Hashable
    """Stays the same while the line is about the same thing."""
    line: Line
    place: Place | None = None


COLUMNS: tuple[Column[Leading], ...] = (Column("", lambda row: row.line, 1, grow=1),)


def titled(title: str, body: Iterable[Row]) -> list[Row]:
    """A section: a blank line, its title and its rows; nothing where there are none."""
    rows = list(body)
    if not rows:
        return []
    return [Row((title, "blank"), EMPTY), Row((title, "title"), (Ink(title, Tone.TITLE),)), *rows]


def of_lines(name: str, lines: Iterable[Line], place: Place | None = None) -> list[Row]:
    """Lines that belong together and lead to the same place."""
    return [Row((name, number), each, place) for number, each in enumerate(lines)]


def haystack(row: Leading) -> str:
    """What a filter looks through."""
    return plain(row.line)
