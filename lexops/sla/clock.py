"""Where every clock of a ticket stands: a function of what happened, what was promised, and now. Pure.

The decisions, with their reasons and alternatives, are written in docs/sla.md. In short: stop wins over
pause, pause over start; pauses are measured on the clock's own calendar; a finished clock keeps the rules
that were known when it finished, but for corrections; a new priority brings a new budget and keeps start and
pauses; a re-opened ticket goes on with its clock, and the time in which it was resolved is a pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from lexops.calendars.business import BusinessTime, NeverDue, moment, seconds
from lexops.calendars.model import Revision
from lexops.sla import legal
from lexops.sla.model import (
    Book,
    Change,
    Clock,
    ClockKind,
    ClockState,
    Facts,
    Happening,
    Pause,
    Policy,
    TicketEvent,
)

RESOLVED = "resolved"
"""Why nothing counts between a resolution and the re-opening."""
_ORDER = {kind: place for place, kind in enumerate(Happening)}


def ordered(events: Iterable[TicketEvent]) -> list[TicketEvent]:
    """Events as they happened, whenever they arrived."""
    return sorted(events, key=lambda each: (each.at, _ORDER[each.kind], each.number))


@dataclass(frozen=True, slots=True)
class _Run:
    """One stretch from start to stop, as the events tell it."""

    kind: ClockKind
    round: int
    start: datetime
    stop: datetime | None
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the events of a ticket say, read once."""

    opened: datetime
    facts: list[tuple[datetime, Facts]]
    waits: list[Pause]
    """While the ticket waited for somebody else."""
    resolved: list[datetime]
    reopened: list[datetime]
    """After each of them the ticket is resolved once more, or open now."""
    cancelled: datetime | None

    def at(self, finished: datetime | None) -> Facts:
        """The facts at a moment, or those of now; of a moment before the opening those of the opening."""
        if finished is None:
            return self.facts[-1][1]
        known = [facts for since, facts in self.facts if since <= finished]
        return known[-1] if known else self.facts[0][1]

    @property
    def closed(self) -> list[Pause]:
        """Between a resolution and the re-opening after it."""
        spans = zip(self.resolved, self.reopened, strict=False)
        return [Pause(seconds(start), seconds(end), RESOLVED) for start, end in spans]


def clocks(events: Iterable[TicketEvent], book: Book, now: datetime) -> tuple[Clock, ...]:
    """Every clock of a ticket at a moment, from its events in any order; none before it is opened.

    What happened before the opening and was told later counts: who was aware of a breach, or had answered,
    did not wait for the ticket.
    """
    known = list(_until_cancelled(ordered(event for event in events if event.at <= now)))
    opening = next((each for each in known if each.kind is Happening.OPENED), None)
    if opening is None:
        return ()
    told = _told(known, opening)
    found = (_clock(told, run, book, now) for run in _runs(known, told))
    return tuple(clock for clock in found if clock is not None)


def _until_cancelled(events: Iterable[TicketEvent]) -> Iterator[TicketEvent]:
    """What happened until the ticket was cancelled; the law's clocks go on after it."""
    cancelled = False
    for event in events:
        if not cancelled or event.kind in _LEGAL:
            yield event
        cancelled = cancelled or event.kind is Happening.CANCELLED


_LEGAL = frozenset({Happening.AWARE, Happening.NOTIFIED})


def _told(events: Sequence[TicketEvent], opening: TicketEvent) -> _Told:
    classified = [
        (event.at, event.facts)
        for event in events
        if event.kind is Happening.CLASSIFIED and event.facts and event.at >= opening.at
    ]
    facts = [(opening.at, opening.facts or Facts()), *classified]
    resolved: list[datetime] = []
    reopened: list[datetime] = []
    for event in events:
        if event.kind is Happening.RESOLVED and len(resolved) == len(reopened):
            resolved.append(event.at)
        elif event.kind is Happening.REOPENED and len(resolved) > len(reopened):
            reopened.append(event.at)
    cancelled = next((event.at for event in events if event.kind is Happening.CANCELLED), None)
    return _Told(opening.at, facts, list(waits(events)), resolved, reopened, cancelled)


def waits(events: Iterable[TicketEvent]) -> Iterator[Pause]:
    """While the ticket waited for somebody else, by events in their order."""
    waiting: TicketEvent | None = None
    resumed: datetime | None = None
    """When it was resumed though it did not wait: a pause of that very moment is over already."""
    for event in events:
        if event.kind is Happening.PAUSED and event.at == resumed:
            resumed = None
        elif event.kind is Happening.PAUSED and waiting is None:
            waiting = event
        elif waiting is not None and event.kind in _GOES_ON:
            yield Pause(seconds(waiting.at), seconds(event.at), waiting.text)
            waiting = None
        elif event.kind is Happening.RESUMED:
            resumed = event.at
    if waiting is not None:
        yield Pause(seconds(waiting.at), None, waiting.text)


_GOES_ON = frozenset({Happening.RESUMED, Happening.RESOLVED, Happening.CANCELLED})
_ANSWERS = frozenset({Happening.ANSWERED, Happening.RESOLVED})
_RESPONSES = _ANSWERS | {Happening.TAKEN}


def _runs(events: Sequence[TicketEvent], told: _Told) -> Iterator[_Run]:
    """The stretches that are to be timed."""
    answered = next((event.at for event in events if event.kind in _RESPONSES), None)
    ended = told.resolved[-1] if len(told.resolved) > len(told.reopened) else None
    yield _Run(ClockKind.RESPONSE, 1, told.opened, answered)
    yield _Run(ClockKind.RESOLUTION, 1, told.opened, ended)
    yield from _exchanges(events)
    yield from _notices(events)


def _exchanges(events: Sequence[TicketEvent]) -> Iterator[_Run]:
    """From the client's word to the answer; more words before it do not begin anew."""
    asked: datetime | None = None
    round = 0
    for event in events:
        if event.kind is Happening.ASKED and asked is None:
            asked, round = event.at, round + 1
        elif asked is not None and event.kind in _ANSWERS:
            yield _Run(ClockKind.UPDATE, round, asked, event.at)
            asked = None
    if asked is not None:
        yield _Run(ClockKind.UPDATE, round, asked, None)


def _notices(events: Sequence[TicketEvent]) -> Iterator[_Run]:
    """From awareness to the notification, for each jurisdiction; rounds in the order they were told.

    Of several moments of awareness under one law the one recorded last counts: it corrects the others.
    """
    aware: dict[str, TicketEvent] = {}
    for event in sorted(events, key=lambda each: each.number):
        if event.kind is Happening.AWARE:
            aware[event.text] = event  # keeps the place of the first
    for round, (law, event) in enumerate(aware.items(), 1):
        told = (
            each.at
            for each in events
            if each.kind is Happening.NOTIFIED and each.text == law and each.at >= event.at
        )
        yield _Run(ClockKind.NOTICE, round, event.at, next(told, None), law)


def _clock(told: _Told, run: _Run, book: Book, now: datetime) -> Clock | None:
    if run.kind is ClockKind.NOTICE:
        return legal.clock(run.jurisdiction, run.round, run.start, run.stop, now, told.at(run.stop))
    stop = run.stop or told.cancelled
    facts = told.at(stop)
    found = promise(book, facts, told.opened, stop, run.kind)
    if found is None:
        return None
    revision, budget = found
    policy = revision.value
    time, calendar_revision = book.time(policy.calendar, stop)
    start = seconds(_start(told, run, policy, book, stop))
    end = max(start, seconds(stop or now))
    pauses = tuple(_apart(start, None if stop is None else end, _pauses(told, run, policy)))
    worked = spent(time, start, end, pauses)
    due = deadline(time, start, budget, pauses)
    return Clock(
        kind=run.kind,
        round=run.round,
        state=_state(run, told, due is None and _is_waiting(pauses), worked <= budget),
        facts=facts,
        start=start,
        end=end,
        due=due,
        budget=budget,
        worked=worked,
        paused=time.elapsed(start, end) - worked,
        pauses=pauses,
        warnings=policy.warnings,
        policy=policy.name,
        policy_revision=revision.number,
        calendar=policy.calendar,
        calendar_revision=calendar_revision,
        contract=policy.contract,
        reopened=len(told.reopened) if run.kind is ClockKind.RESOLUTION else 0,
        first_end=_first_end(told, run),
    )


def _pauses(told: _Told, run: _Run, policy: Policy) -> list[Pause]:
    """What does not count: waiting, where the policy says so; for the resolution also while it was resolved.

    Who asks about what is resolved waits for an answer all the same.
    """
    waiting = told.waits if run.kind in policy.pausing else []
    return [*waiting, *told.closed] if run.kind is ClockKind.RESOLUTION else waiting


def _first_end(told: _Told, run: _Run) -> int | None:
    again = run.kind is ClockKind.RESOLUTION and told.reopened
    return seconds(told.resolved[0]) if again else None


def promise(
    book: Book, facts: Facts, opened: datetime, finished: datetime | None, kind: ClockKind
) -> tuple[Revision[Policy], int] | None:
    """What was promised for a clock of a ticket that is `facts`: by which policy, and its budget."""
    revision = book.policy(facts, opened, finished)
    if revision is None:
        return None
    budget = revision.value.budgets.get(facts.priority, {}).get(kind)
    return None if budget is None else (revision, budget)


def _start(told: _Told, run: _Run, policy: Policy, book: Book, stop: datetime | None) -> datetime:
    """Where counting begins: with the run, or, if the policy says so, where the promise last changed."""
    if policy.change is not Change.RESTART:
        return run.start
    promised = [
        (at, promise(book, facts, told.opened, stop, run.kind))
        for at, facts in told.facts
        if stop is None or at <= stop
    ]
    changed = [at for (_, before), (at, after) in pairwise(promised) if before != after]
    return max([run.start, *changed])


def _state(run: _Run, told: _Told, waits: bool, met: bool) -> ClockState:
    if run.stop is not None:
        return ClockState.MET if met else ClockState.MISSED
    if told.cancelled is not None:
        return ClockState.CANCELLED
    if not met:
        return ClockState.OVERDUE
    return ClockState.PAUSED if waits else ClockState.RUNNING


def _is_waiting(pauses: Sequence[Pause]) -> bool:
    return bool(pauses) and pauses[-1].end is None


def deadline(time: BusinessTime, start: int, budget: int, pauses: Sequence[Pause]) -> int | None:
    """When `budget` open seconds outside of the pauses are used up; None while the last pause goes on.

    `pauses` sorted and apart. One that begins exactly when it is due changes nothing.
    """
    at, left = start, budget
    for pause in pauses:
        worked = time.elapsed(at, max(at, pause.start))
        if worked >= left:
            return _due(time, at, left)
        if pause.end is None:
            return None
        at, left = max(at, pause.end), left - worked
    return _due(time, at, left)


def _due(time: BusinessTime, start: int, budget: int) -> int | None:
    """None where the calendar was changed so that it hardly ever opens: then nothing is ever due."""
    try:
        return time.due(start, budget)
    except NeverDue:
        return None


def spent(time: BusinessTime, start: int, end: int, pauses: Sequence[Pause]) -> int:
    """Open seconds from `start` to `end` outside of the pauses."""
    out = sum(
        time.elapsed(max(pause.start, start), min(end if pause.end is None else pause.end, end))
        for pause in pauses
        if pause.start < end and (pause.end is None or pause.end > start)
    )
    return time.elapsed(start, end) - out


def signals(clock: Clock, book: Book) -> Iterator[tuple[int, datetime]]:
    """The percentages of the budget that were reached, each with its moment; 100 is the breach.

    Of a clock that has stopped only those from before it stopped.
    """
    if clock.kind is ClockKind.NOTICE:
        time = legal.ALWAYS
    else:
        time = book.revised(clock.calendar, clock.calendar_revision)
    for percent in (*clock.warnings, 100):
        # 100 % is a breach only one second after the last one that counts.
        budget = clock.budget + 1 if percent == 100 else max(1, clock.budget * percent // 100)
        at = deadline(time, clock.start, budget, clock.pauses)
        if at is not None and at <= clock.end:
            yield percent, moment(at)


def _apart(start: int, end: int | None, pauses: Iterable[Pause]) -> Iterator[Pause]:
    """Pauses within `start` and `end` (None: it runs), sorted; what two of them cover is the earlier one's.

    Those of a clock that has stopped end where it stopped: what comes later is not its own.
    """
    free = start
    for pause in sorted(pauses, key=lambda each: (each.start, each.end is None, each.end or 0, each.why)):
        begins, ends = max(free, pause.start), pause.end
        if end is not None:
            ends = end if ends is None else min(ends, end)
        if ends is not None and ends <= begins:
            continue
        yield Pause(begins, ends, pause.why)
        if ends is None:
            return
        free = ends
