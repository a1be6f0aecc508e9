"""What verification found, and which of five verdicts that is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """The worst comes last."""

    INTACT = "INTACT"
    ALTERED = "ALTERED"
    TRUNCATED = "TRUNCATED"
    ROLLED_BACK = "ROLLED BACK"
    FORGED = "FORGED"


MEANING = {
    Verdict.INTACT: "every entry is as it was sealed, and nothing is missing",
    Verdict.ALTERED: "an entry or a part of the tree is not what was sealed",
    Verdict.TRUNCATED: "entries that were sealed are missing at the end",
    Verdict.ROLLED_BACK: "the store is older than a seal that is remembered outside it",
    Verdict.FORGED: "another history was signed than the one that was sealed before",
}
ADVICE = {
    Verdict.INTACT: "",
    Verdict.ALTERED: "keep a copy of the store as it is, then compare the entry with a backup",
    Verdict.TRUNCATED: "keep a copy of the store as it is, then look for the missing entries in a backup",
    Verdict.ROLLED_BACK: "find out who put the store back, and from when; what was done since is not in it",
    Verdict.FORGED: "take this machine out of use: its sealing key may be known; trust the witnesses' heads",
}


class Level(StrEnum):
    """How much is looked at: the newest seal; all since a remembered head; everything."""

    HEAD = "head"
    SINCE = "since-last"
    FULL = "full"


SO_FAR = {
    Level.HEAD: "the newest seal is in order; no entry was looked at",
    Level.SINCE: "what came since the last look is as it was sealed; older entries were not looked at",
}
"""What a look at a part may say when it finds nothing wrong."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A head that is remembered outside the store, `where` it is, and when it was signed or seen."""

    origin: str
    size: int
    root: bytes
    where: str
    at: datetime | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim about the tree's root at a size; `trusted` when it stands outside the store."""

    size: int
    root: bytes
    where: str
    at: datetime | None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `since`: when it was still in order, by the seals; what happened is later."""

    verdict: Verdict
    what: str
    entry_id: str | None = None
    index: int | None = None
    since: datetime | None = None

    @property
    def advice(self) -> str:
        return ADVICE[self.verdict]


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of a verification. `size` entries are sealed; `checked` of them were looked at."""

    level: Level
    origin: str | None
    size: int
    checked: int
    unsealed: int
    sealed: datetime | None
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return max((each.verdict for each in self.problems), key=list(Verdict).index, default=Verdict.INTACT)

    @property
    def summary(self) -> str:
        if self.verdict is Verdict.INTACT and self.level is not Level.FULL:
            return f"{self.verdict}: {SO_FAR[self.level]}"
        return f"{self.verdict}: {MEANING[self.verdict]}"


@dataclass(frozen=True, slots=True)
class Suspect:
    """An entry that looks wrong, and why; without an index it is not sealed yet."""

    index: int | None
    entry_id: str | None
    why: str


def judge_marks(
    marks: Sequence[Mark],
    roots: dict[int, bytes],
    newest: Mark | None,
    total: int,
    suspects: Sequence[Suspect],
    by_tiles: dict[int, bytes],
) -> list[Problem]:
    """Problems from the claims about the tree, given its `roots` over the `total` entries that are there.

    `by_tiles` are the roots with the kept hashes in place of entries that do not fit those.
    """
    problems = []
    own = [mark for mark in marks if not mark.trusted]
    sealed = max((mark.size for mark in own), default=0)
    latest = max((mark.at for mark in own if mark.at), default=None)
    fits = [mark for mark in marks if roots.get(mark.size) == mark.root]
    unfit = [mark for mark in marks if mark.size in roots and roots[mark.size] != mark.root]
    problems += [
        Problem(
            Verdict.ROLLED_BACK,
            f"{mark.where} remembers {mark.size:,} sealed entries; the store has seals over {sealed:,}",
            since=latest,
        )
        for mark in marks
        if mark.trusted and mark.size > sealed
    ]
    if total < sealed:
        what = (
            f"the last {sealed - total:,} of {sealed:,} sealed entries are missing, from entry {total:,} on"
        )
        problems.append(Problem(Verdict.TRUNCATED, what, index=total, since=latest))
    if unfit and newest in fits:
        first = f"{unfit[0].where} (over {unfit[0].size:,} entries)"
        what = f"the newest seal fits the entries, but {first} does not"
        place = _place(suspects, fits, unfit)
        before = max((mark.at for mark in fits if mark.at and mark.size <= place), default=None)
        problems.append(Problem(Verdict.FORGED, what, index=place, since=before))
        return problems
    problems += [
        Problem(Verdict.ALTERED, each.why, each.entry_id, each.index, _sealed_at(marks, each.index))
        for each in suspects
    ]
    return problems + _unexplained(fits, unfit, suspects, by_tiles)


def _unexplained(
    fits: Sequence[Mark], unfit: Sequence[Mark], suspects: Sequence[Suspect], by_tiles: dict[int, bytes]
) -> list[Problem]:
    """Something is not what was sealed, and only the seals around it can tell where."""
    mark = next((mark for mark in unfit if by_tiles.get(mark.size) != mark.root), None)
    if mark is None:
        return []
    first, last = max((each.size for each in fits if each.size < mark.size), default=0), mark.size - 1
    if any(each.index is not None and first <= each.index <= last for each in suspects):
        return []
    place = f"entry {first:,}" if first == last else f"one of the entries {first:,} to {last:,}"
    what = f"{place} is not what was sealed: {mark.where} does not fit"
    return [Problem(Verdict.ALTERED, what, index=first, since=mark.at)]


def _sealed_at(marks: Sequence[Mark], index: int | None) -> datetime | None:
    """When an entry was first sealed: it was in order then."""
    return None if index is None else next((mark.at for mark in marks if mark.size > index), None)


def _place(suspects: Sequence[Suspect], fits: Sequence[Mark], unfit: Sequence[Mark]) -> int:
    """The first entry that may be another: a suspect, or the one behind what still fits."""
    first = min(mark.size for mark in unfit)
    start = max((mark.size for mark in fits if mark.size < first), default=0)
    return min(
        (each.index for each in suspects if each.index is not None and each.index < first), default=start
    )
