"""The overview: what is wrong now, what waits for a person, the targets, and how much was really seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lexops.audit.log import State as RecordState
from lexops.checks.model import Status
from lexops.checks.view import CheckRow, Flag, Fleet, TargetRow
from lexops.gate.model import STOPPED
from lexops.gate.model import State as RequestState
from lexops.incidents.model import Incident, State
from lexops.tui.ink import Ink, Line, Tone, fitted, line
from lexops.tui.places import CheckPlace, IncidentPlace, ModePlace, Place, RequestPlace
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.header import worker_is_lost
from lexops.tui.presenters.offers import wanted_of_me
from lexops.tui.presenters.proof import record_line
from lexops.tui.presenters.status import age, badge, counts, flag_words, has_owner, ribbon, symbol
from lexops.tui.snapshot import Snapshot


def urgent(fleet: Fleet) -> list[CheckRow]:
    """The problems, those without an owner first."""
    return sorted(fleet.problems, key=has_owner)


def folded(fleet: Fleet) -> int:
    """Checks that say no more than that their target was out of reach, which is a problem of its own."""
    return sum(Flag.UNREACHABLE in row.flags for row in fleet.checks)


def urgent_columns(rows: Sequence[CheckRow], now: datetime) -> tuple[Column[CheckRow], ...]:
    """Sign and word, target, what, and since when."""
    return (
        Column("status", lambda row: (badge(row.status),), 10),
        Column("target", lambda row: (Ink(row.target),), widest(row.target for row in rows), priority=1),
        Column("what", said, 16, grow=1),
        Column("since", lambda row: (Ink(age(row.since, now), Tone.QUIET),), 4, right=True),
    )


def said(row: CheckRow) -> Line:
    """What a check says, in one line, with its circumstances."""
    marks = flag_words(row.flags)
    tone = Tone.QUIET if has_owner(row) else Tone.PLAIN
    noted = (Ink(f" ({marks})", Tone.QUIET),) if marks else ()
    return (Ink(row.title, tone), *noted, Ink(f"  {row.summary}", Tone.QUIET))


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person."""

    place: Place
    status: Status
    text: str
    remark: str = ""
    since: datetime | None = None


def needs(snapshot: Snapshot, now: datetime) -> list[Need]:
    """What nobody has taken in hand, the most pressing first."""
    fleet = snapshot.fleet
    found: list[Need] = []
    if worker_is_lost(fleet.worker, now):
        beat = fleet.worker.beat if fleet.worker else None
        found.append(Need(ModePlace("health"), Status.CRITICAL, "no worker: nobody looks", since=beat))
    found += _requests(snapshot)  # few, and somebody waits for each of them
    found += [
        Need(IncidentPlace(each.id), each.severity, f"#{each.id} {each.title}", since=each.opened)
        for each in sorted(snapshot.incidents, key=_pressing)
        if each.state is State.OPEN
    ]
    found += [_need(row) for row in urgent(fleet) if _is_orphan(row)]
    found += [
        Need(ModePlace("health"), Status.UNKNOWN, f"plug-in {name}: {reason}", "broken")
        for name, reason in sorted(fleet.broken_plugins.items())
    ]
    return found


def _requests(snapshot: Snapshot) -> list[Need]:
    """Requests that need people: first those that this person can do something about."""
    me, denied = snapshot.session, snapshot.denied
    found = []
    for each in snapshot.requests:
        mine = wanted_of_me(each, me, denied)
        on = f" {each.target}" if each.target else ""
        text = f"{each.title}{on} ({each.operator}, #{each.id})"
        remark = mine or ("others" if each.state is RequestState.WAITING else str(each.state))
        sign = Status.CRITICAL if each.needs_review or each.state in STOPPED else Status.WARNING
        found.append((not mine, Need(RequestPlace(each.id), sign, text, remark, each.changed)))
    return [need for _, need in sorted(found, key=lambda pair: pair[0])]


def _pressing(incident: Incident) -> tuple[int, datetime]:
    return (-incident.severity.rank, incident.opened)


def _is_orphan(row: CheckRow) -> bool:
    return row.incident is None and Flag.SOFT not in row.flags and not has_owner(row)


def _need(row: CheckRow) -> Need:
    unseen = row.status is Status.UNKNOWN
    return Need(
        CheckPlace(row.target, row.check),
        row.status or Status.UNKNOWN,
        f"{row.target} {row.title}",
        "unseen" if unseen else "no owner",
        row.since,
    )


def need_columns(rows: Sequence[Need], now: datetime) -> tuple[Column[Need], ...]:
    """Sign, what, why it waits where that is not plain, and since when."""
    remarks = {need.remark for need in rows if need.remark}
    width = widest(remarks, most=8)
    why: Column[Need] = Column(
        "why", lambda need: (Ink(need.remark, Tone.QUIET),), width, priority=1, right=True
    )
    return (
        Column("", lambda need: (symbol(need.status),), 1),
        Column("what", lambda need: (Ink(need.text),), 12, grow=1),
        *((why,) if remarks else ()),
        Column("since", lambda need: (Ink(age(need.since, now), Tone.QUIET),), 4, right=True),
    )


def target_columns(rows: Sequence[TargetRow], *, narrow: bool = False) -> tuple[Column[TargetRow], ...]:
    """Name, sign, the last day, and how many checks say what; the environment where several are mixed."""
    day: Column[TargetRow] = Column("last 24 h", lambda row: ribbon(row.ribbon), 24, priority=2)
    columns = [
        Column[TargetRow]("target", lambda row: (Ink(row.name),), widest(row.name for row in rows)),
        Column[TargetRow]("", lambda row: (symbol(row.status),), 1),
        *(() if narrow else (day,)),
        Column[TargetRow]("checks", lambda row: counts(row.counts), 12, grow=1),
    ]
    environments = {row.environment for row in rows}
    if len(environments) > 1:
        width = widest(environments, most=12)
        columns.append(
            Column("environment", lambda row: (Ink(row.environment, Tone.QUIET),), width, priority=1)
        )
    return tuple(columns)


def targets_title(rows: Sequence[TargetRow], *, narrow: bool = False) -> str:
    """The heading, with a word over the last day where it is drawn."""
    over = 2 + widest(row.name for row in rows) + 3
    return "TARGETS" if narrow else f"{'TARGETS':<{over - 1}}last 24 h"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what should be seen was seen."""

    total: int
    ok: int
    failing: int
    unseen: int
    """UNKNOWN: looked, but could not see."""
    pending: int
    """Not looked at yet."""
    not_applicable: int
    stale: int
    newest: datetime | None
    broken_plugins: Mapping[str, str]
    record: RecordState | None = None


def coverage(fleet: Fleet, record: RecordState | None = None) -> Coverage:
    """The checks of a site, counted."""
    statuses = [row.status for row in fleet.checks]
    return Coverage(
        total=len(statuses),
        ok=statuses.count(Status.OK),
        failing=statuses.count(Status.WARNING) + statuses.count(Status.CRITICAL),
        unseen=statuses.count(Status.UNKNOWN),
        pending=statuses.count(None),
        not_applicable=statuses.count(Status.NOT_APPLICABLE),
        stale=sum(Flag.STALE in row.flags for row in fleet.checks),
        newest=max((row.checked for row in fleet.checks if row.checked), default=None),
        broken_plugins=fleet.broken_plugins,
        record=record,
    )


def coverage_lines(seen: Coverage, now: datetime, width: int) -> list[Line]:
    """The counts as sentences; only what hides something is coloured."""
    applicable = seen.total - seen.not_applicable
    looked = seen.ok + seen.failing
    newest = f", newest {age(seen.newest, now)} ago" if seen.newest else ""
    gaps = [
        Ink(f"{count:,} {words}", tone)
        for count, words, tone in (
            (seen.unseen, "unknown", Tone.UNKNOWN),
            (seen.pending, "not yet", Tone.PLAIN),
            (seen.stale, "stale", Tone.WARNING),
        )
        if count
    ]
    left_out = f", {seen.not_applicable:,} not applicable" if seen.not_applicable else ""
    lines = [
        _fact("seen", Ink(f"{looked:,} of {applicable:,}"), Ink(newest, Tone.QUIET)),
        _fact("said", Ink(f"{seen.ok:,} ok, {seen.failing:,} failing"), Ink(left_out, Tone.QUIET)),
        _fact("gaps", *(_commas(gaps) or (Ink("none", Tone.QUIET),))),
    ]
    lines.append(_fact("record", *record_line(seen.record, now)))
    for name, reason in sorted(seen.broken_plugins.items()):
        lines.append(_fact("plug-in", Ink("▲ ", Tone.WARNING), Ink(f"{name}: {reason}")))
    return [fitted(each, width) for each in lines]


def _fact(label: str, *pieces: Ink) -> Line:
    return line(Ink(f" {label:<9}", Tone.QUIET), *pieces)


def _commas(pieces: Sequence[Ink]) -> Line:
    result: list[Ink] = []
    for piece in pieces:
        if result:
            result.append(Ink(", ", Tone.QUIET))
        result.append(piece)
    return tuple(result)
