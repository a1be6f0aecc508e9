"""The hash tree of RFC 6962 (and RFC 9162), section 2.1: roots, proofs, and their verification. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32

Subtree = Callable[[int, int], bytes]
"""`subtree(height, position)`: the root of the full subtree over 2**height leaves from position << height."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of an entry; the leading 0 keeps it apart from inner nodes."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4, 8 … hashes, a level at a time: the fast way when many are at hand."""
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]


class Frontier:
    """The full subtrees at the right edge of a growing tree (a compact range): grows, and gives the root."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []  # (height, root), highest first

    def extend(self, hashes: Sequence[bytes], height: int = 0) -> None:
        """Append leaves, or with `height` roots of full subtrees; the size must be a multiple of theirs."""
        done = 0
        while done < len(hashes):
            place = self.size >> height
            room = 1 << (len(hashes) - done).bit_length() - 1
            run = min(place & -place or room, room)
            self._push(full_root(hashes[done : done + run]), height + run.bit_length() - 1)
            done += run

    def root(self) -> bytes:
        """The root over all that was appended."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> Frontier:
        """Another one at the same place, to grow in another way."""
        copied = Frontier()
        copied.size, copied._peaks = self.size, list(self._peaks)
        return copied

    def _push(self, root: bytes, height: int) -> None:
        self.size += 1 << height
        while self._peaks and self._peaks[-1][0] == height:
            root = node_hash(self._peaks.pop()[1], root)
            height += 1
        self._peaks.append((height, root))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def range_root(start: int, end: int, subtree: Subtree) -> bytes:
    """The root over the leaves [start, end), a subtree as RFC 9162 cuts them."""
    frontier = Frontier()
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        # The frontier starts at nought: only the order and the heights of its subtrees matter.
        frontier.extend([subtree(height, start >> height)], height)
        start += 1 << height
    return frontier.root()


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end, subtree))
            end = middle
        else:
            path.append(range_root(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """The hashes that show the first `old` leaves to begin the first `size` (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= size:
        raise ValueError(f"{old} leaves cannot be the beginning of {size}")
    if old in (0, size):
        return []
    start, end, path, whole = 0, size, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(middle, end, subtree))
            end = middle
        else:
            path.append(range_root(start, middle, subtree))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, end, subtree))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the old tree to be a beginning of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and old_root == (root if old else EMPTY_ROOT)
    steps = list(proof)
    if not old & (old - 1):
        steps.insert(0, old_root)
    return bool(steps) and _leads_to_both(old, old_root, size, root, steps)


def _leads_to_both(old: int, old_root: bytes, size: int, root: bytes, steps: Sequence[bytes]) -> bool:
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
