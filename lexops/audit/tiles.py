"""The tree in tiles of 256 hashes (as C2SP tlog-tiles): what is kept, and what is still growing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lexops.audit.merkle import Frontier, full_root

WIDTH = 256
HEIGHT = 8
"""A full tile is a full subtree of this height."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile. Level 0 holds leaf hashes, level 1 the roots of tiles of level 0, and so on."""

    level: int
    position: int
    hashes: tuple[bytes, ...]
    root: bytes


class GrowingTree:
    """A tree of some size of which only the not yet full tiles are held."""

    def __init__(self, tails: Sequence[Sequence[bytes]] = ()) -> None:
        """`tails[level]`: the hashes of that level behind its last full tile; see :func:`tail_ranges`."""
        self._tails = [list(tail) for tail in tails]

    def extend(self, leaves: Sequence[bytes], size: int) -> list[Tile]:
        """Append leaves to the tree, which has `size` of them; gives the tiles that became full."""
        tiles: list[Tile] = []
        for offset, leaf in enumerate(leaves):
            self._add(leaf, 0, size + offset, tiles)
        return tiles

    def root(self) -> bytes:
        """The root over all leaves."""
        frontier = Frontier()
        for level in range(len(self._tails) - 1, -1, -1):
            frontier.extend(self._tails[level], level * HEIGHT)
        return frontier.root()

    def _add(self, value: bytes, level: int, place: int, tiles: list[Tile]) -> None:
        if level == len(self._tails):
            self._tails.append([])
        tail = self._tails[level]
        tail.append(value)
        if len(tail) == WIDTH:
            tile = Tile(level, place // WIDTH, tuple(tail), full_root(tail))
            tiles.append(tile)
            tail.clear()
            self._add(tile.root, level + 1, tile.position, tiles)


def tail_ranges(size: int) -> list[tuple[int, int]]:
    """For each level the places [start, end) of the hashes behind its last full tile."""
    ranges = []
    while size:
        ranges.append((size - size % WIDTH, size))
        size //= WIDTH
    return ranges


def subtree_of(hashes: Callable[[int, int, int], Sequence[bytes]], height: int, position: int) -> bytes:
    """The root of a full subtree, from `hashes(level, start, end)`: places of a level of tiles."""
    level, inside = divmod(height, HEIGHT)
    return full_root(hashes(level, position << inside, (position + 1) << inside))
