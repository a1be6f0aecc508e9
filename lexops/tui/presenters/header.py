"""The lines that are always in sight: site, environment, operator, worker, and where one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lexops.checks.view import WorkerRow
from lexops.text import plural
from lexops.tui.ink import Ink, Line, Tone, cells, line, spread
from lexops.tui.presenters.clocks import next_words
from lexops.tui.presenters.environment import environment_badge, most_serious
from lexops.tui.presenters.offers import to_approve
from lexops.tui.presenters.status import age
from lexops.tui.snapshot import Snapshot, Trouble
from lexops.tui.views import SessionView

LOST_AFTER = timedelta(seconds=45)
"""A worker whose last beat is older does no work."""
FRESH_FOR = timedelta(seconds=30)
"""Data younger than this needs no mention of its age."""


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


def worker_is_lost(worker: WorkerRow | None, now: datetime) -> bool:
    """Whether nobody looks at the targets any more."""
    return worker is None or not worker.lives or now - worker.beat > LOST_AFTER


def worker_words(worker: WorkerRow | None, now: datetime) -> Ink:
    """`worker alive`, or since when not."""
    if worker is None:
        return Ink("✖ no worker", Tone.CRITICAL)
    if worker_is_lost(worker, now):
        return Ink(f"✖ worker lost {age(worker.beat, now)} ago", Tone.CRITICAL)
    return Ink("worker alive", Tone.QUIET)


def header_line(standing: Standing, width: int) -> Line:
    """Site and badge on the left; state of the data, incidents, worker and operator on the right."""
    left, right = _left(standing), _right(standing)
    while len(right) > 1 and cells(left) + cells(joined(right)) + 3 > width:
        # Calm words give way first, then the operator; what is wrong stays.
        calm = [piece for piece in right if piece.tone is Tone.QUIET] or [
            piece for piece in right if piece.tone is Tone.PLAIN
        ]
        if not calm:
            break
        right.remove(calm[-1])
    return spread(left, (*joined(right), Ink(" ")), width)


def _left(standing: Standing) -> list[Ink]:
    left = [Ink(" "), Ink(standing.site, Tone.STRONG)]
    if (snapshot := standing.snapshot) is None:
        return left
    environment = most_serious(target.environment for target in snapshot.fleet.targets)
    if environment:
        left += [Ink("  "), environment_badge(environment)]
    if snapshot.session and snapshot.session.read_only:
        left += [Ink(" "), Ink(" READ-ONLY ", Tone.CHIP)]
    return left


def _right(standing: Standing) -> list[Ink]:
    snapshot = standing.snapshot
    right: list[Ink] = []
    if standing.paused or standing.selecting:
        right.append(Ink(" PAUSED ", Tone.CHIP))
    if standing.trouble:
        right.append(Ink(f"✖ {standing.trouble.text}", Tone.CRITICAL))
    if snapshot is None:
        if not standing.trouble:
            right.append(Ink("reading the store", Tone.QUIET))
        return [*right, Ink(standing.operator)]
    if standing.now - snapshot.fleet.at > FRESH_FOR:
        right.append(Ink(f"data {age(snapshot.fleet.at, standing.now)} old", Tone.WARNING))
    right += _approvals(snapshot)
    right += _breaches(snapshot, standing.now)
    right.append(Ink(plural(len(snapshot.incidents), "open incident"), Tone.QUIET))
    right.append(worker_words(snapshot.fleet.worker, snapshot.fleet.at))
    session = snapshot.session
    if session is None:
        return [*right, Ink(standing.operator)]
    return [*right, Ink(operator_words(session))]


def operator_words(session: SessionView) -> str:
    """`ana, support`."""
    return f"{session.operator}, {session.role or 'no operator'}"


def session_words(session: SessionView) -> str:
    """What opened the session, and from where."""
    opened = {"account": "local account", "key": "SSH key", "certificate": "SSH certificate"}
    how = opened.get(session.how, session.how)
    return f"{how} from {session.remote}" if session.remote else how


def _approvals(snapshot: Snapshot) -> list[Ink]:
    waiting, mine = to_approve(snapshot.requests, snapshot.session, snapshot.denied)
    if mine:
        return [Ink(f"▲ {mine} to approve", Tone.WARNING)]
    return [Ink(f"{plural(waiting, 'request')} waiting", Tone.QUIET)] if waiting else []


def _breaches(snapshot: Snapshot, now: datetime) -> list[Ink]:
    if snapshot.unclear:
        return [Ink("▲ clocks unknown", Tone.WARNING)]
    return next_words(snapshot.clocks, now)


def joined(pieces: Sequence[Ink], separator: str = " · ") -> Line:
    """Pieces with a quiet separator between them."""
    result: list[Ink] = []
    for piece in pieces:
        if result:
            result.append(Ink(separator, Tone.QUIET))
        result.append(piece)
    return tuple(result)


def modes_line(modes: Sequence[tuple[str, str, bool]], width: int, remark: str = "") -> Line:
    """The modes, the current one as a chip; a remark at the right where there is room."""
    pieces: list[Ink] = [Ink(" ")]
    for key, title, current in modes:
        pieces.append(Ink(f" {key} {title} ", Tone.CHIP if current else Tone.QUIET))
    right = (Ink(f"{remark} ", Tone.QUIET),)
    return spread(pieces, right if cells(pieces) + cells(right) < width else (), width)


def rule(width: int) -> Line:
    """The line under the header."""
    return line(Ink("─" * width, Tone.QUIET))


def section(title: str, width: int, remark: Sequence[Ink] = ()) -> Line:
    """A heading with a remark at its right."""
    return spread((Ink(" "), Ink(title, Tone.TITLE)), (*remark, Ink(" ")), width)
