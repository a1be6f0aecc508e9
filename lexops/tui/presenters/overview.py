"""The overview: what is wrong now, what waits for a person, the targets, and how much was really seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lexops.audit.log import State as RecordState
from lexops.checks.model import Status
from lexops.checks.view import CheckRow, Flag, Fleet, TargetRow
from lexops.gate.model import STOPPED
from lexops.gate.model import State as RequestState
from lexops.incidents.model import Incident, State
from lexops.sla.model import Clock, ClockState
from lexops.sla.rendering import share
from lexops.sla.view import SoFar
from lexops.text import plural
from lexops.tui.clocks import nexts
from lexops.tui.ink import Ink, Line, Tone, fitted, line
from lexops.tui.places import (
    CheckPlace,
    IncidentPlace,
    ModePlace,
    OnCallPlace,
    OutboxPlace,
    Place,
    RequestPlace,
)
from lexops.tui.presenters.clocks import countdown, is_late
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.header import worker_is_lost
from lexops.tui.presenters.offers import wanted_of_me
from lexops.tui.presenters.proof import record_line
from lexops.tui.presenters.queue import Around, course_ink
from lexops.tui.presenters.status import age, badge, counts, flag_words, has_owner, ribbon, symbol
from lexops.tui.snapshot import Snapshot


def urgent(fleet: Fleet) -> list[CheckRow]:
    """The problems, those without an owner first."""
    return sorted(fleet.problems, key=has_owner)


def folded(fleet: Fleet) -> int:
    """Checks that say no more than that their target was out of reach, which is a problem of its own."""
    return sum(Flag.UNREACHABLE in row.flags for row in fleet.checks)


def urgent_columns(
    rows: Sequence[CheckRow], now: datetime, takers: Mapping[int, Ink] | None = None
) -> tuple[Column[CheckRow], ...]:
    """Sign and word, target, what, who has it or is told next (`takers`, by incident), and since when."""
    known = takers or {}
    shown = [known[row.incident] for row in rows if row.incident is not None and row.incident in known]
    who: Column[CheckRow] = Column(
        "who",
        lambda row: (known.get(row.incident or 0, Ink("")),),
        widest((ink.text for ink in shown), most=12),
    )
    return (
        Column("status", lambda row: (badge(row.status),), 10),
        Column("target", lambda row: (Ink(row.target),), widest(row.target for row in rows), priority=1),
        Column("what", lambda row: said(row, taken=row.incident in known), 14, grow=1),
        *((who,) if shown else ()),
        Column("since", lambda row: (Ink(age(row.since, now), Tone.QUIET),), 4, right=True),
    )


def said(row: CheckRow, *, taken: bool = False) -> Line:
    """What a check says, in one line, with its circumstances; `taken`: who has it is said beside it."""
    marks = flag_words(row.flags - {Flag.ACKNOWLEDGED} if taken else row.flags)
    tone = Tone.QUIET if has_owner(row) else Tone.PLAIN
    noted = (Ink(f" ({marks})", Tone.QUIET),) if marks else ()
    return (Ink(row.title, tone), *noted, Ink(f"  {row.summary}", Tone.QUIET))


def takers(snapshot: Snapshot, rows: Iterable[CheckRow], now: datetime) -> dict[int, Ink]:
    """Who has the incidents of some problems, or is told next; nothing where nobody is told of anything."""
    wanted = {row.incident for row in rows}
    known = ((each, _taker(each, snapshot, now)) for each in snapshot.incidents if each.id in wanted)
    return {each.id: ink for each, ink in known if ink.text}


def _taker(incident: Incident, snapshot: Snapshot, now: datetime) -> Ink:
    """Who; when they are told stands in the queue, there is little room here."""
    duty = snapshot.duty
    if incident.is_taken:
        return Ink(incident.owner or "", Tone.QUIET)
    if not duty.courses:
        return Ink("")
    course = duty.courses.get(incident.id)
    if course and course.who and incident.state is State.OPEN and not incident.parent:
        return Ink(f"→ {course.who}")
    return course_ink(incident, Around(now, duty))


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person."""

    place: Place
    status: Status
    text: str
    remark: str = ""
    since: datetime | None = None
    tone: Tone = Tone.QUIET
    """How pressing the remark is."""


def needs(snapshot: Snapshot, now: datetime) -> list[Need]:
    """What nobody has taken in hand, the most pressing first."""
    fleet = snapshot.fleet
    found: list[Need] = []
    if worker_is_lost(fleet.worker, now):
        beat = fleet.worker.beat if fleet.worker else None
        found.append(Need(ModePlace("health"), Status.CRITICAL, "no worker: nobody looks", since=beat))
    found += _duty(snapshot, now)
    found += _requests(snapshot)  # few, and somebody waits for each of them
    found += _incidents(snapshot, now)
    found += [_need(row) for row in urgent(fleet) if _is_orphan(row)]
    found += [
        Need(ModePlace("health"), Status.UNKNOWN, f"plug-in {name}: {reason}", "broken")
        for name, reason in sorted(fleet.broken_plugins.items())
    ]
    return found


def _duty(snapshot: Snapshot, now: datetime) -> list[Need]:
    """That nobody would be told, that somebody was not, and updates that should have come."""
    duty = snapshot.duty
    found = [
        Need(OnCallPlace(), Status.CRITICAL, f"nobody is on call: {name}", "gap") for name in duty.unmanned
    ]
    if duty.undelivered:
        said = f"{plural(duty.undelivered, 'page')} reached nobody"
        found.append(Need(OutboxPlace(), Status.CRITICAL, said, "failed"))
    for each in duty.promises:
        if each.by <= now:
            text = f"update of #{each.notice.incident} for {each.notice.audience}"
            place = IncidentPlace(each.notice.incident or 0)
            over = f"over {age(each.by, now)}"
            found.append(Need(place, Status.WARNING, text, over, each.by, Tone.CRITICAL))
    found += [Need(ModePlace("incidents"), Status.UNKNOWN, said, "unclear") for said in duty.unclear]
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


def _incidents(snapshot: Snapshot, now: datetime) -> list[Need]:
    """What nobody has taken, and what is about to break a promise whoever has it."""
    clocks = nexts(snapshot.clocks)
    known = [(each, clocks.get(each.id)) for each in snapshot.incidents]
    open_ = {each.id for each in snapshot.incidents}
    wanted = [
        (each, clock)
        for each, clock in known
        if (clock and is_late(clock)) or (each.state is State.OPEN and each.parent not in open_)
    ]
    return [
        _incident(each, clock, snapshot, now)
        for each, clock in sorted(wanted, key=lambda pair: _pressing(*pair))
    ]


def _incident(incident: Incident, clock: Clock | None, snapshot: Snapshot, now: datetime) -> Need:
    has = f" ({incident.owner} has it)" if incident.is_taken else ""
    place, text = IncidentPlace(incident.id), f"{incident.priority} #{incident.id} {incident.title}{has}"
    if clock is None:
        told = _taker(incident, snapshot, now)
        return Need(place, incident.severity, text, told.text, incident.opened, told.tone)
    said = countdown(clock, now)
    tone = said.tone if is_late(clock) else Tone.QUIET
    return Need(place, incident.severity, text, said.text, incident.opened, tone)


def _pressing(incident: Incident, clock: Clock | None) -> tuple[bool, bool, int, datetime]:
    overdue = clock is not None and clock.state is ClockState.OVERDUE
    late = clock is not None and is_late(clock)
    return (not overdue, not late, -incident.severity.rank, incident.opened)


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
    width = widest(remarks, most=11)
    why: Column[Need] = Column(
        "why", lambda need: (Ink(need.remark, need.tone),), width, priority=1, right=True
    )
    return (
        Column("", lambda need: (symbol(need.status),), 1),
        Column("what", lambda need: (Ink(need.text),), 12, grow=1),
        *((why,) if remarks else ()),
        Column("since", lambda need: (Ink(age(need.since, now), Tone.QUIET),), 4, priority=2, right=True),
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
    month: SoFar | None = None


def coverage(fleet: Fleet, record: RecordState | None = None, month: SoFar | None = None) -> Coverage:
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
        month=month,
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
    if seen.month is not None:
        lines.append(_fact("SLA", *_month(seen.month)))
    for name, reason in sorted(seen.broken_plugins.items()):
        lines.append(_fact("plug-in", Ink("▲ ", Tone.WARNING), Ink(f"{name}: {reason}")))
    return [fitted(each, width) for each in lines]


def _month(so_far: SoFar) -> Line:
    """`98.2 % this month, 1 broken`."""
    if not so_far.met + so_far.missed:
        return (Ink("nothing was due this month yet", Tone.QUIET),)
    broken = Ink(f", {so_far.missed:,} broken", Tone.WARNING)
    return (
        Ink(f"{share(so_far.met, so_far.missed)} this month"),
        broken if so_far.missed else Ink(", none broken", Tone.QUIET),
    )


def _fact(label: str, *pieces: Ink) -> Line:
    return line(Ink(f" {label:<9}", Tone.QUIET), *pieces)


def _commas(pieces: Sequence[Ink]) -> Line:
    result: list[Ink] = []
    for piece in pieces:
        if result:
            result.append(Ink(", ", Tone.QUIET))
        result.append(piece)
    return tuple(result)
