"""What one operator has to do, from everywhere, in the order in which it presses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.checks.model import Status
from lexops.communication.model import Due, Promise
from lexops.incidents.model import Incident
from lexops.oncall.model import NO_END
from lexops.tui.clocks import nexts
from lexops.tui.duty import OwnShift, Work
from lexops.tui.ink import Ink, Line, Tone
from lexops.tui.places import IncidentPlace, OnCallPlace, Place, RequestPlace
from lexops.tui.presenters.clocks import countdown, is_late
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.offers import wanted_of_me
from lexops.tui.presenters.status import age, symbol
from lexops.tui.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, or to know of."""

    kind: str
    place: Place
    text: str
    sign: Ink
    remark: Ink
    """How it presses."""

    @property
    def key(self) -> tuple[str, Place, str]:
        """What makes it the same row."""
        return (self.kind, self.place, self.text if self.kind in ("shift", "update") else "")


def tasks(snapshot: Snapshot, work: Work, now: datetime, zone: ZoneInfo) -> list[Task]:
    """Updates due, requests, my incidents, those I watch, my shifts."""
    me = snapshot.session.operator if snapshot.session else ""
    mine = [each for each in snapshot.incidents if me and each.owner == me]
    watched = [each for each in snapshot.incidents if each.id in snapshot.duty.watched and each not in mine]
    return [
        *(_update(each, now) for each in work.promises),
        *_requests(snapshot),
        *_incidents("mine", mine, snapshot, now),
        *_incidents("watched", watched, snapshot, now),
        *(_shift(each, now, zone) for each in work.shifts),
    ]


def _update(promise: Promise, now: datetime) -> Task:
    notice, late = promise.notice, promise.due is Due.OVERDUE
    when = f"over {age(promise.by, now)}" if promise.by <= now else f"in {age(now, promise.by)}"
    sign = symbol(Status.CRITICAL if late else Status.WARNING)
    text = f"update of #{notice.incident} for {notice.audience}"
    place = IncidentPlace(notice.incident or 0)
    return Task("update", place, text, sign, Ink(when, Tone.CRITICAL if late else Tone.WARNING))


def _requests(snapshot: Snapshot) -> list[Task]:
    found = []
    for each in snapshot.requests:
        if wanted := wanted_of_me(each, snapshot.session, snapshot.denied):
            on = f" {each.target}" if each.target else ""
            text = f"{each.title}{on} ({each.operator}, #{each.id})"
            sign = symbol(Status.WARNING)
            found.append(Task("request", RequestPlace(each.id), text, sign, Ink(wanted)))
    return found


def _incidents(kind: str, found: Iterable[Incident], snapshot: Snapshot, now: datetime) -> list[Task]:
    clocks = nexts(snapshot.clocks)
    rows = []
    for each in found:
        clock = clocks.get(each.id)
        said = countdown(clock, now) if clock else Ink(str(each.state), Tone.QUIET)
        late = clock is not None and is_late(clock)
        text = f"{each.priority} #{each.id} {each.title}"
        task = Task(kind, IncidentPlace(each.id), text, symbol(each.severity), said)
        rows.append(((not late, each.priority, -each.severity.rank, each.opened), task))
    return [task for _, task in sorted(rows, key=lambda pair: pair[0])]


def _shift(own: OwnShift, now: datetime, zone: ZoneInfo) -> Task:
    shift = own.shift
    on, goes_on = shift.starts <= now, shift.ends == NO_END
    starts = "" if on else f"{'from ' if goes_on else ''}{_moment(shift.starts, zone)}"
    ends = "" if goes_on else f"{'until' if on else ' –'} {_moment(shift.ends, zone)}"
    text = f"{own.rota}  {starts}{ends}".rstrip()
    said = Ink("on call", Tone.STRONG) if on else Ink(f"in {age(now, shift.starts)}", Tone.QUIET)
    return Task("shift", OnCallPlace(), text, Ink("▸", Tone.KEY) if on else Ink("·", Tone.QUIET), said)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"


def haystack(task: Task) -> str:
    """What a filter looks through."""
    return f"{task.text}\n{task.remark.text}\nis:{task.kind}"


def columns(rows: Sequence[Task]) -> tuple[Column[Task], ...]:
    """What kind, sign, what, and how it presses."""
    remarks = widest((each.remark.text for each in rows), least=8, most=14)
    return (
        Column("", lambda each: (Ink(each.kind, Tone.QUIET),), 8),
        Column("", lambda each: (each.sign,), 1),
        Column("what", _what, 20, grow=1),
        Column("how it presses", lambda each: (each.remark,), max(remarks, 14), right=True),
    )


def _what(task: Task) -> Line:
    return (Ink(task.text, Tone.QUIET if task.kind == "watched" else Tone.PLAIN),)
