"""The lines that are always in sight: site, environment, operator, worker, and where one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.checks.view import WorkerRow
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone, cells, line, spread
from lexops.tui.presenters.status import age
from lexops.tui.snapshot import Snapshot, Trouble

LOST_AFTER = timedelta(seconds=45)
"""A worker whose last beat is older does no work."""
FRESH_FOR = timedelta(seconds=30)
"""Data younger than this needs no mention of its age."""

_SERIOUS = ("production", "prod", "live", "staging", "acceptance", "test", "development", "demo")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the header says."""

    site: str
    operator: str
    now: datetime
    snapshot: Snapshot | None = None
    trouble: Trouble | None = None
    paused: bool = False
    selecting: bool = False
    """Paused by itself, because text is selected."""


def most_serious(environments: Iterable[str]) -> str:
    """The environment in which a slip costs most; an unknown name counts right after production."""
    given = sorted({name for name in environments if name})
    return min(given, key=_seriousness, default="")


def _seriousness(name: str) -> float:
    lowered = name.casefold()
    return _SERIOUS.index(lowered) if lowered in _SERIOUS else 2.5


def environment_badge(name: str) -> Ink:
    """The environment, loud when it is production."""
    loud = name.casefold() in _SERIOUS[:3]
    return Ink(f" {name.upper()} ", Tone.PRODUCTION if loud else Tone.BADGE)


def worker_is_lost(worker: WorkerRow | None, now: datetime) -> bool:
    """Whether nobody looks at the targets any more."""
    return worker is None or now - worker.beat > LOST_AFTER


def worker_words(worker: WorkerRow | None, now: datetime) -> Ink:
    """`worker alive`, or since when not."""
    if worker is None:
        return Ink("✖ no worker", Tone.CRITICAL)
    if worker_is_lost(worker, now):
        return Ink(f"✖ worker lost {age(worker.beat, now)} ago", Tone.CRITICAL)
    return Ink("worker alive", Tone.QUIET)


def header_line(standing: Standing, width: int) -> Line:
    """Site and badge on the left; state of the data, incidents, worker and operator on the right."""
    snapshot = standing.snapshot
    left = [Ink(" "), Ink(standing.site, Tone.STRONG)]
    right: list[Ink] = []
    if standing.paused or standing.selecting:
        right.append(Ink(" PAUSED ", Tone.CHIP))
    if standing.trouble:
        right.append(Ink(f"✖ {standing.trouble.text}", Tone.CRITICAL))
    if snapshot is None:
        if not standing.trouble:
            right.append(Ink("reading the store", Tone.QUIET))
    else:
        environment = most_serious(target.environment for target in snapshot.fleet.targets)
        if environment:
            left += [Ink("  "), environment_badge(environment)]
        if standing.now - snapshot.fleet.at > FRESH_FOR:
            right.append(Ink(f"data {age(snapshot.fleet.at, standing.now)} old", Tone.WARNING))
        right.append(Ink(plural(len(snapshot.incidents), "open incident"), Tone.QUIET))
        right.append(worker_words(snapshot.fleet.worker, snapshot.fleet.at))
    right.append(Ink(standing.operator))
    while len(right) > 1 and cells(left) + cells(joined(right)) + 3 > width:
        # The operator and calm words give way first; what is wrong stays.
        calm = [piece for piece in right if piece.tone in (Tone.PLAIN, Tone.QUIET)]
        if not calm:
            break
        right.remove(calm[-1])
    return spread(left, (*joined(right), Ink(" ")), width)


def joined(pieces: Sequence[Ink], separator: str = " · ") -> Line:
    """Pieces with a quiet separator between them."""
    result: list[Ink] = []
    for piece in pieces:
        if result:
            result.append(Ink(separator, Tone.QUIET))
        result.append(piece)
    return tuple(result)


def modes_line(modes: Sequence[tuple[str, str, bool]], width: int) -> Line:
    """Number and title of each mode; the current one stands out."""
    pieces: list[Ink] = [Ink(" ")]
    for key, title, current in modes:
        pieces.append(Ink(f" {key} {title} ", Tone.CHIP if current else Tone.QUIET))
    return spread(pieces, (), width)


def rule(width: int) -> Line:
    """The line under the header."""
    return line(Ink("─" * width, Tone.QUIET))


def section(title: str, width: int, remark: Sequence[Ink] = ()) -> Line:
    """A heading with a remark at its right."""
    return spread((Ink(" "), Ink(title, Tone.TITLE)), (*remark, Ink(" ")), width)
