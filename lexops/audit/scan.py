"""Going through the entries as they stand in the store: hashes, order, and the roots that come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from lexops.audit import body as bodies
from lexops.audit import store
from lexops.audit.merkle import HASH_BYTES, Frontier, leaf_hash
from lexops.audit.store import BODY, ENTRY_ID, LEAF, PLACE, Checked
from lexops.audit.tiles import HEIGHT, WIDTH, tail_ranges
from lexops.audit.verdict import Suspect
from lexops.errors import StoreError

BATCH = 64 * WIDTH
"""Entries hashed at a time; whole tiles."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only turned into text, which adds the Z
_NO_HASH = bytes(HASH_BYTES)
_UNFIT = "does not fit the hash that was kept of it"

_Last = tuple[int, str | None, int | None, str | None]
"""A writer's last entry: its number and hash (hex), its place and identifier."""

Progress = Callable[[int, int], None]
"""Told (done, total) entries after every batch."""


class Scan:
    """What is found from entry `base` on; `roots` by size, for the sizes that were asked for.

    `roots_by_tiles` are the roots with the kept hashes instead of those of entries that do not fit them.
    """

    def __init__(self, connection: Connection, base: int = 0) -> None:
        """Raises StoreError when the tiles that stand for the entries before `base` are incomplete."""
        self._connection = connection
        self._tree = frontier_at(connection, base)
        self._by_tiles: Frontier | None = None
        self._writers: dict[str, _Last] = {}
        self._wrong: set[int] = set()
        self._holes: list[tuple[int | None, str, int]] = []
        self.base = self.total = base
        self.suspects: list[Suspect] = []
        self.against_tiles: list[Suspect] = []
        self.roots = {base: self._tree.root()}
        self.roots_by_tiles: dict[int, bytes] = {}

    def entries(self, size: int, cuts: Sequence[int], progress: Progress) -> None:
        """Go through the entries numbered below `size`; take the root at each of `cuts`, ascending."""
        self.total = max(self.base, min(size, store.places(self._connection)))
        place = self.base
        waiting = [cut for cut in cuts if self.base < cut <= self.total]
        while place < self.total:
            end = min(self.total, (place // BATCH + 1) * BATCH)
            leaves, kept = self._batch(place, end)
            within = [cut for cut in waiting if cut <= end]
            waiting = waiting[len(within) :]
            self._grow(place, end, within, leaves, kept)
            place = end
            progress(place - self.base, self.total - self.base)

    def unsealed(self) -> int:
        """Go through the entries that wait for their place; gives how many there are."""
        rows = store.unsealed_for_checking(self._connection)
        self._check(rows, [leaf_hash(row[BODY]) for row in rows])
        return len(rows)

    def _batch(self, start: int, end: int) -> tuple[list[bytes], list[bytes]]:
        """The hashes of the entries [start, end), and those that were kept of them."""
        rows = store.rows_for_checking(self._connection, start, end)
        tiles = store.leaf_tiles(self._connection, start, end)
        leaves = [sha256(b"\x00" + row[BODY]).digest() for row in rows]
        kept = [row[LEAF] for row in rows]
        if kept != leaves:
            for row, leaf in zip(rows, leaves, strict=True):
                if row[LEAF] != leaf:
                    self._suspect(row[PLACE], row[ENTRY_ID], _UNFIT)
        self._check(rows, leaves)
        if len(rows) != end - start:
            return self._with_holes(rows, leaves, start, end, tiles)
        if self._compare(tiles, start, end, kept, rows):
            kept = [
                self._kept(place, leaf, tiles) for place, leaf in zip(range(start, end), kept, strict=True)
            ]
        return leaves, kept

    def _with_holes(
        self, rows: Sequence[Checked], hashes: list[bytes], start: int, end: int, tiles: dict[int, bytes]
    ) -> tuple[list[bytes], list[bytes]]:
        """The same where entries are missing: the kept hash stands for each, and the rest can be judged."""
        here = {row[PLACE]: (leaf, row[LEAF]) for row, leaf in zip(rows, hashes, strict=True)}
        leaves, kept = [], []
        for place in range(start, end):
            if place not in here:
                self._suspect(place, None, "is missing")
            leaf, known = here.get(place) or (self._kept(place, _NO_HASH, tiles),) * 2
            leaves.append(leaf)
            kept.append(self._kept(place, known, tiles))
        return leaves, kept

    def _compare(
        self, tiles: dict[int, bytes], start: int, end: int, kept: list[bytes], rows: Sequence[Checked]
    ) -> bool:
        """Whether a tile holds another hash than the one beside an entry: one of the two was altered."""
        differs = False
        for first, hashes in tiles.items():
            low, high = max(first, start), min(first + WIDTH, end)
            part = hashes[(low - first) * HASH_BYTES : (high - first) * HASH_BYTES]
            if part != b"".join(kept[low - start : high - start]):
                differs = True
                self.against_tiles += [
                    Suspect(
                        place,
                        rows[place - start][ENTRY_ID],
                        f"entry {place:,} does not fit its hash in the tree",
                    )
                    for place in range(low, high)
                    if self._kept(place, b"", tiles) != kept[place - start]
                ]
        return differs

    def _kept(self, place: int, leaf: bytes, tiles: dict[int, bytes]) -> bytes:
        """The hash that the tree has for a place: the tile's, or where none is full yet the entry's."""
        offset = place % WIDTH * HASH_BYTES
        return tiles.get(place - place % WIDTH, b"")[offset : offset + HASH_BYTES] or leaf

    def holes(self) -> list[Suspect]:
        """Entries whose writer's last one is missing, where no place in the tree tells which that is."""
        return [
            Suspect(
                place,
                entry_id,
                f"{_name(place)} {entry_id} does not follow: its writer's {number} is missing",
            )
            for place, entry_id, number in self._holes
        ]

    def _grow(
        self, start: int, end: int, cuts: Sequence[int], leaves: Sequence[bytes], kept: Sequence[bytes]
    ) -> None:
        if kept != leaves and self._by_tiles is None:
            self._by_tiles = self._tree.copy()
        done = start
        for cut in dict.fromkeys((*cuts, end)):
            self._tree.extend(leaves[done - start : cut - start])
            self.roots[cut] = self._tree.root()
            if self._by_tiles is not None:
                self._by_tiles.extend(kept[done - start : cut - start])
                self.roots_by_tiles[cut] = self._by_tiles.root()
            done = cut

    def _check(self, rows: Sequence[Checked], leaves: Sequence[bytes]) -> None:
        """That the copies beside the bytes are right, and that each entry follows its writer's last one."""
        writers = self._writers
        for row, leaf in zip(rows, leaves, strict=True):
            place, entry_id, key, writer, seq, at, kind, actor, body, _ = row
            known = writers.get(writer) or self._last(writer, seq)
            try:
                content = body.decode()
                time = (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")
            except (TypeError, ValueError, OverflowError):
                content = time = ""
            prev = f'"{known[1]}"' if known[1] else "null"
            if (
                seq != known[0] + 1
                or not content.startswith(f'{{"actor":"{actor}","data":{{')
                or f'}},"format":1,"id":"{entry_id}","key":"{key}","kind":"{kind}","personal":{{'
                not in content
                or not content.endswith(
                    f'}},"time":"{time}Z","writer":"{writer}","writer_prev":{prev},"writer_seq":{seq}}}'
                )
            ):
                self._explain(row, known)
            writers[writer] = seq, leaf.hex(), place, entry_id

    def _explain(self, row: Checked, known: _Last) -> None:
        place, entry_id, key, writer, seq, at, kind, actor, body, _ = row
        last, _, previous, previous_id = known
        try:
            entry = bodies.read(body, place)
        except StoreError:
            self._suspect(place, entry_id, "cannot be read")
            return
        copies = (entry.id, entry.key, entry.writer, entry.writer_seq, entry.kind, entry.actor)
        time = (entry.at.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)
        if copies != (entry_id, key, writer, seq, kind, actor) or time != at:
            self._suspect(place, entry_id, "is shown as something else than what it says")
        elif seq != last + 1:
            self._holes.append((place, entry_id, last + 1))
        elif previous_id is not None and not {place, previous} & self._wrong:
            self._suspect(previous, previous_id, f"is not the one that {entry_id} was written after")

    def _last(self, writer: str, seq: int) -> _Last:
        """What the writer wrote before the part that is looked at."""
        if self.base and seq > 1:
            before = store.entry_before(self._connection, writer, seq)
            if before is not None:
                return seq - 1, before, None, None
        return 0, None, None, None

    def _suspect(self, place: int | None, entry_id: str | None, why: str) -> None:
        if place is None or place not in self._wrong:
            self.suspects.append(Suspect(place, entry_id, f"{_name(place)} {why}"))
        if place is not None:
            self._wrong.add(place)


def _name(place: int | None) -> str:
    return "the unsealed entry" if place is None else f"entry {place:,}"


def frontier_at(connection: Connection, size: int) -> Frontier:
    """The tree of the first `size` entries, from the kept tiles. Raises StoreError when some are missing."""
    frontier = Frontier()
    for level, (start, end) in reversed(list(enumerate(tail_ranges(size)))):
        if start < end:
            frontier.extend(store.hashes(connection, level, start, end), level * HEIGHT)
    return frontier
