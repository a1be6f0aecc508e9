"""Rows in columns: which columns fit, how wide each is, and what a row looks like in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len

from lexops.tui.ink import Ink, Line, Tone, fitted

R = TypeVar("R")

GAP = 1


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column of a list."""

    name: str
    cell: Callable[[R], Line]
    width: int
    """Cells it wants; the least it takes when it grows."""
    grow: int = 0
    """Its share of the cells that are left over."""
    priority: int = 0
    """0 is never dropped; otherwise the greatest goes first when there is no room."""
    right: bool = False


Placed = tuple[Column[R], int]


def place(columns: Sequence[Column[R]], width: int) -> tuple[Placed[R], ...]:
    """The columns that fit into `width` cells, in order, with the width of each."""
    kept = list(columns)
    while len(kept) > 1 and _needed(kept) > width:
        droppable = max(kept, key=lambda column: column.priority)
        if droppable.priority == 0:
            break
        kept.remove(droppable)
    spare = max(0, width - _needed(kept))
    shares = sum(column.grow for column in kept)
    placed: list[Placed[R]] = []
    left = max(0, width)
    for column in kept:
        extra = spare * column.grow // shares if shares else 0
        taken = min(column.width + extra, left)
        placed.append((column, taken))
        left = max(0, left - taken - GAP)
    return tuple((column, taken) for column, taken in placed if taken)


def _needed(columns: Sequence[Column[R]]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def row_line(row: R, placed: Sequence[Placed[R]]) -> Line:
    """The row in its columns."""
    pieces: list[Ink] = []
    for index, (column, width) in enumerate(placed):
        if index:
            pieces.append(Ink(" " * GAP))
        pieces.extend(fitted(column.cell(row), width, right=column.right))
    return tuple(pieces)


def heading_line(placed: Sequence[Placed[R]]) -> Line:
    """The names of the columns."""
    pieces: list[Ink] = []
    for index, (column, width) in enumerate(placed):
        if index:
            pieces.append(Ink(" " * GAP))
        pieces.extend(fitted((Ink(column.name, Tone.QUIET),), width, right=column.right))
    return tuple(pieces)


def widest(texts: Iterable[str], least: int = 6, most: int = 24) -> int:
    """Cells for a column of names: as wide as the widest, within limits."""
    return max([least, *(min(most, cell_len(text[:most])) for text in texts)])
