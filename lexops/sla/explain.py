"""How every due time of a ticket came about, second by second, in words that a client accepts. Pure.

Each line tells of a stretch of time and the next one begins where it ends, or of something that happened in
between; see :func:`account`. Moments are shown in the zone of the calendar by which the clock is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import DAY, Revision
from lexops.calendars.notation import ALWAYS, show_week
from lexops.sla import legal
from lexops.sla.clock import ordered, promise, waits
from lexops.sla.model import Book, Change, Clock, ClockKind, ClockState, Facts, Happening, Policy, TicketEvent
from lexops.sla.stretches import Stretch, Wall, segments, stretches, waiting_words
from lexops.sla.view import Explanation, Ticket, Told
from lexops.text import one_line, plural

FEW = 4
"""Stretches of open time that are told one by one; of more, those in the middle are told together."""
_PROMISES = {
    ClockKind.RESPONSE: "response",
    ClockKind.UPDATE: "an answer",
    ClockKind.RESOLUTION: "resolution",
    ClockKind.NOTICE: "notification",
}
_ENDINGS = {
    ClockKind.RESPONSE: "Answered",
    ClockKind.UPDATE: "Answered",
    ClockKind.RESOLUTION: "Resolved",
    ClockKind.NOTICE: "Notified",
}
_FACTS = ("priority", "client", "provider", "queue")


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of the seconds from `start` to `end`, or of the moment, when both are the same."""

    start: int
    end: int
    text: str


def explain(ticket: Ticket, events: Iterable[TicketEvent], book: Book) -> Explanation:
    """How the clocks of a ticket came about: `events` and `book` are what they were computed from."""
    known = ordered(events)
    return Explanation(ticket, tuple(_told(clock, known, book) for clock in ticket.clocks))


def _told(clock: Clock, events: Sequence[TicketEvent], book: Book) -> Told:
    story = _Story(clock, events, book)
    lines = [*_head(story), *(line.text for line in account(clock, events, book)), *_end(story)]
    return Told(clock, segments(stretches(clock, story.time)), tuple(lines))


def account(clock: Clock, events: Sequence[TicketEvent], book: Book) -> list[Line]:
    """Every second of a clock's life, each in one line, without a gap; between them what happened.

    `events` in their order. From the start to the end, or to what it is due at if that is later.
    """
    story = _Story(clock, events, book)
    happened = sorted(_happened(story), key=lambda line: line.start)
    found = stretches(clock, story.time, [line.start for line in happened])
    cuts = {clock.end, clock.due, *(line.start for line in happened)}
    lines = list(happened)
    for run in _runs(found, cuts):
        lines += _paused(story, run) if run[0].pause else _unpaused(story, run)
    # What happened at a moment is said before what came then.
    return sorted(lines, key=lambda line: (line.start, line.end > line.start))


class _Story:
    """A clock with what it rests on, and the words for its moments."""

    def __init__(self, clock: Clock, events: Sequence[TicketEvent], book: Book) -> None:
        self.clock = clock
        self.events = [event for event in events if seconds(event.at) <= clock.end]
        self.book = book
        self.time: BusinessTime = legal.ALWAYS
        self.policy: Revision[Policy] | None = None
        if clock.kind is not ClockKind.NOTICE:
            self.time = book.revised(clock.calendar, clock.calendar_revision)
            revisions = book.policies[clock.policy]
            self.policy = next(each for each in revisions if each.number == clock.policy_revision)
        self.wall = Wall(self.time.calendar)
        self.opening = next(each for each in events if each.kind is Happening.OPENED)
        self.year = self.wall.local(clock.start).year

    @property
    def facts(self) -> list[tuple[datetime, Facts]]:
        """What the ticket was, from when on."""
        classified = [
            (event.at, event.facts)
            for event in self.events
            if event.kind is Happening.CLASSIFIED and event.facts and event.at >= self.opening.at
        ]
        return [(self.opening.at, self.opening.facts or Facts()), *classified]

    def promised(self, facts: Facts) -> tuple[Revision[Policy], int] | None:
        """What is promised for a ticket like that, as this clock is judged."""
        finished = moment(self.clock.end) if self.clock.state.is_over else None
        return promise(self.book, facts, self.opening.at, finished, self.clock.kind)

    def day(self, at: int) -> str:
        """`Fri 27 Mar`, with the year where it is another one."""
        local = self.wall.local(at)
        year = "" if local.year == self.year else f" {local.year}"
        return f"{local:%a} {local.day} {local:%b}{year}"

    def clock_time(self, at: int) -> str:
        """`16:00`, `16:00:05`."""
        local = self.wall.local(at)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def at(self, at: int) -> str:
        """`Fri 27 Mar 16:00 GMT`."""
        return f"{self.day(at)} {self.clock_time(at)} {self.wall.local(at):%Z}"

    def at_length(self, at: int) -> str:
        """`Fri 27 Mar 2026 16:00 GMT`."""
        local = self.wall.local(at)
        return f"{local:%a} {local.day} {local:%b} {local.year} {self.clock_time(at)} {local:%Z}"

    def span(self, start: int, end: int) -> str:
        """`Fri 27 Mar 16:00-17:00`, `Fri 27 Mar 17:00 - Mon 30 Mar 09:00`, `Sat 28 Mar - Sun 29 Mar`.

        With the zone where a time alone could be mistaken.
        """
        begins, ends = self.wall.local(start), self.wall.local(end)
        if _is_midnight(begins) and _is_midnight(ends) and self.day(start) != self.day(end):
            last = self.day(end - 1)
            return self.day(start) if self.day(start) == last else f"{self.day(start)} - {last}"
        plain = begins.utcoffset() == ends.utcoffset() and not (_comes_twice(begins) or _comes_twice(ends))
        if plain and self.day(start) == self.day(end):
            return f"{self.day(start)} {self.clock_time(start)}-{self.clock_time(end)}"
        if plain and _is_midnight(ends) and self.day(start) == self.day(end - 1):
            return f"{self.day(start)} {self.clock_time(start)}-24:00"
        if plain:
            return f"{self.day(start)} {self.clock_time(start)} - {self.day(end)} {self.clock_time(end)}"
        return f"{self.at(start)} - {self.at(end)}"

    def turned(self, start: int, end: int, *, dated: bool = False) -> str:
        """`; the clocks went forward`."""
        told = []
        for at, shift in _turns(self.wall, start, end):
            verb = "go" if at > self.clock.end else "went"
            usual = abs(shift) == timedelta(hours=1)
            amount = "" if usual else f" by {length(int(abs(shift).total_seconds()))}"
            day = f" on {self.day(at)}" if dated else ""
            told.append(f"; the clocks {verb} {'forward' if shift > timedelta() else 'back'}{amount}{day}")
        return "".join(told)


def length(span: int) -> str:
    """Seconds as a person says them: `6 h 12 min`, `72 h`, `30 min 5 s`, `0 s`."""
    hours, rest = divmod(span, 3600)
    parts = ((hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def _comes_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _turns(wall: Wall, start: int, end: int) -> Iterator[tuple[int, timedelta]]:
    """Changes of the clocks within one zone; a calendar that changes its zone turns no clocks."""
    at = start
    while at < end:
        following = min(end, wall.day_ends(at))
        zone = wall.period(at).zone
        before, after = (moment(each).astimezone(zone).utcoffset() for each in (at, following))
        if before is not None and after is not None and before != after:
            yield at, after - before
        at = following


# What was promised, and what became of it.


def _head(story: _Story) -> Iterator[str]:
    clock, opened = story.clock, seconds(story.opening.at)
    first = (story.opening.facts or Facts()).priority
    began = f"Opened {story.at_length(opened)}{f' as {one_line(first, 20)}' if first else ''}."
    if clock.kind is ClockKind.NOTICE:
        yield began
        yield _of_the_law(story)
        return
    if clock.kind is ClockKind.UPDATE:
        begun = next(each for each in _asked(story) if seconds(each.at) <= clock.start)
        began += f" The client asked {story.at_length(seconds(begun.at))}: exchange {clock.round}."
    yield began
    at_first = story.promised(story.facts[0][1])
    changed = len({_terms(story.promised(facts)) for _, facts in story.facts}) > 1
    yield f"Promised{' then' if changed else ''}: {_promise_words(clock.kind, at_first)}."
    hours = show_week(story.wall.period(clock.start).week)
    zone = story.wall.period(clock.start).zone.key
    counted = "day and night" if hours == ALWAYS else f"{hours}, {zone}"
    yield f"Counted: {counted} (calendar {clock.calendar}, revision {clock.calendar_revision})."


def _of_the_law(story: _Story) -> str:
    clock = story.clock
    found = legal.jurisdictions()[clock.policy]
    return (
        f"Aware of a breach of personal data {story.at_length(clock.start)}. {found.name}, {found.law}: "
        f"{found.recipient} to be told within {length(clock.budget)}; counted day and night, never paused."
    )


def _asked(story: _Story) -> list[TicketEvent]:
    return [each for each in reversed(story.events) if each.kind is Happening.ASKED]


def _promise_words(kind: ClockKind, found: tuple[Revision[Policy], int] | None) -> str:
    if found is None:
        return f"nothing for {_PROMISES[kind]}"
    revision, budget = found
    contract = f", contract {one_line(revision.value.contract, 80)}" if revision.value.contract else ""
    policy = f"policy {revision.value.name}{contract}, revision {revision.number}"
    return f"{_PROMISES[kind]} within {length(budget)} ({policy})"


def _terms(found: tuple[Revision[Policy], int] | None) -> tuple[str, int] | None:
    return None if found is None else (found[0].value.name, found[1])


def _end(story: _Story) -> Iterator[str]:
    clock = story.clock
    if clock.due is not None:
        closes = (
            ""
            if story.time.is_open(clock.due) or not story.time.is_open(clock.due - 1)
            else ", at closing time"
        )
        yield f"Due {story.at(clock.due)}{closes}."
    elif clock.state is ClockState.RUNNING:
        yield "Never due: the calendar hardly ever opens."
    if clock.first_end is not None and clock.first_end != clock.end:
        times = {1: "once", 2: "twice"}.get(clock.reopened, f"{clock.reopened} times")
        yield f"Resolved first {story.at(clock.first_end)}, re-opened {times}."
    yield _outcome(story)


def _outcome(story: _Story) -> str:
    clock, when = story.clock, story.at(story.clock.end)
    used = f"{length(clock.worked)} used of {length(clock.budget)}"
    match clock.state:
        case ClockState.MET:
            return f"{_ENDINGS[clock.kind]} {when}: {used}: kept."
        case ClockState.MISSED:
            return f"{_ENDINGS[clock.kind]} {when}: {used}: broken by {length(-clock.left)}."
        case ClockState.CANCELLED:
            return f"Cancelled {when}: {used}; it counts nowhere."
        case ClockState.OVERDUE:
            return f"Now, {when}: {used}: overdue by {length(-clock.left)}."
        case ClockState.PAUSED:
            return f"Now, {when}: it waits; {used}, {length(clock.left)} left, and nothing is due meanwhile."
        case ClockState.RUNNING:
            return f"Now, {when}: {used}, {length(clock.left)} left."


# What happened in between.


def _happened(story: _Story) -> Iterator[Line]:
    yield from _classified(story)
    yield from _aware(story)
    yield from _waited_without(story)
    for at in story.wall.changes(story.clock.start, max(story.clock.end, story.clock.due or 0)):
        period = story.wall.period(at)
        yield Line(at, at, f"From {story.at(at)}: {show_week(period.week)}, {period.zone.key}")


def _aware(story: _Story) -> Iterator[Line]:
    """Moments of awareness that are not the beginning of this clock."""
    for event in story.events:
        at = seconds(event.at)
        if event.kind is not Happening.AWARE:
            continue
        if story.clock.kind is not ClockKind.NOTICE:
            law = one_line(event.text, 20)
            words = f"aware of a breach of personal data ({law}); the law's clock is its own"
            yield Line(at, at, f"{story.at(at)}: {words}")
        elif event.text == story.clock.policy and at != story.clock.start:
            words = "recorded as the moment of awareness, and corrected since; it does not count"
            yield Line(at, at, f"{story.at(at)}: {words}")


def _classified(story: _Story) -> Iterator[Line]:
    for (_, before), (when, after) in pairwise(story.facts):
        if before == after:
            continue
        at, old, new = seconds(when), story.promised(before), story.promised(after)
        changes = ", ".join(_changed(before, after)) or "classified anew"
        told = f"{changes[:1].upper()}{changes[1:]} from {story.at(at)}"
        if story.clock.kind is ClockKind.NOTICE or _terms(old) == _terms(new):
            yield Line(at, at, f"{told}: the promise stays the same")
            continue
        manner = ""
        if new is not None and new[0].value.change is Change.RESTART:
            manner = ", counted anew from here, as the contract says"
        elif new is not None:
            begun = "client's word" if story.clock.kind is ClockKind.UPDATE else "opening"
            manner = f", counted from the {begun}, as the contract says"
        yield Line(at, at, f"{told}: {_promise_words(story.clock.kind, new)}{manner}")


def _changed(before: Facts, after: Facts) -> Iterator[str]:
    for name in _FACTS:
        old, new = (one_line(getattr(facts, name), 40) for facts in (before, after))
        if old != new:
            yield f"{name} {new or 'none'}{f' (was {old})' if old else ''}"


def _waited_without(story: _Story) -> Iterator[Line]:
    """While the ticket waited, and this clock did not."""
    if story.policy is None or story.clock.kind in story.policy.value.pausing:
        return
    for pause in waits(story.events):
        end = story.clock.end if pause.end is None else min(pause.end, story.clock.end)
        if pause.start < end and end > story.clock.start:
            words = f"the ticket waited{f' ({one_line(pause.why, 200)})' if pause.why else ''}"
            begins = max(pause.start, story.clock.start)
            span = story.span(begins, end)
            yield Line(begins, begins, f"{span}: {words}; this clock goes on, as the contract says")


# Every second.


def _runs(found: Iterable[Stretch], cuts: set[int | None]) -> Iterator[list[Stretch]]:
    """Stretches that are told together: of one pause, or between two things that happened."""
    run: list[Stretch] = []
    for stretch in found:
        if run and (stretch.start in cuts or stretch.pause != run[-1].pause):
            yield run
            run = []
        run.append(stretch)
    if run:
        yield run


def _paused(story: _Story, run: Sequence[Stretch]) -> Iterator[Line]:
    start, end, pause = run[0].start, run[-1].end, run[0].pause
    assert pause is not None
    taken = sum(each.end - each.start for each in run if each.is_open)
    words = waiting_words(pause)
    told = words if pause.why and words != f"waiting: {one_line(pause.why, 200)}" else f"paused, {words}"
    closed = ", ".join(_whys(story, [each for each in run if not each.is_open]))
    cost = f"{length(taken)} not counted" if taken else "nothing of it counts anyway"
    rest = f"; closed: {closed}" if closed else ""
    yield Line(start, end, f"{story.span(start, end)}: {told}; {cost}{rest}{story.turned(start, end)}")


def _unpaused(story: _Story, run: Sequence[Stretch]) -> Iterator[Line]:
    if sum(each.is_open for each in run) <= FEW:
        yield from _one_by_one(story, run)
        return
    first, last = (story.wall.local(at).date() for at in (run[0].start, run[-1].end - 1))
    open_ = [place for place, each in enumerate(run) if each.is_open]
    on_first = [place for place in open_ if story.wall.local(run[place].start).date() == first]
    on_last = [place for place in open_ if story.wall.local(run[place].start).date() == last]
    begin = on_first[-1] + 1 if on_first else 0
    end = on_last[0] if on_last else len(run)
    yield from _one_by_one(story, run[:begin])
    yield from _together(story, run[begin:end])
    yield from _one_by_one(story, run[end:])


def _one_by_one(story: _Story, run: Sequence[Stretch]) -> Iterator[Line]:
    for is_open, group in groupby(run, key=lambda each: each.is_open):
        alike = list(group)
        start, end = alike[0].start, alike[-1].end
        said = _counted(story, start, end - start) if is_open else ", ".join(_whys(story, alike))
        yield Line(start, end, f"{story.span(start, end)}: {said}{story.turned(start, end)}")


def _together(story: _Story, run: Sequence[Stretch]) -> Iterator[Line]:
    """Many days in one line: how many of which hours, and why the others are closed."""
    if not run:
        return
    start, end = run[0].start, run[-1].end
    open_ = [each for each in run if each.is_open]
    days = {
        day: " ".join(_hours(story, each) for each in group)
        for day, group in groupby(open_, key=lambda each: story.wall.local(each.start).date())
    }
    total = _counted(story, start, sum(each.end - each.start for each in open_))
    counts = ", ".join(
        f"{plural(count, 'day')} of {hours}" for hours, count in Counter(days.values()).items()
    )
    closed = ", ".join(_whys(story, [each for each in run if not each.is_open]))
    told = f"{total}: {counts}{f'; the rest is closed: {closed}' if closed else ''}"
    yield Line(start, end, f"{story.span(start, end)}: {told}{story.turned(start, end, dated=True)}")


def _hours(story: _Story, stretch: Stretch) -> str:
    lasts = "24:00" if _is_midnight(story.wall.local(stretch.end)) else story.clock_time(stretch.end)
    return f"{story.clock_time(stretch.start)}-{lasts}"


def _counted(story: _Story, start: int, lasts: int) -> str:
    clock, span = story.clock, length(lasts)
    if start >= clock.end:
        return f"{span} not needed" if clock.state.is_over else f"{span} to come"
    if clock.due is not None and start >= clock.due:
        return (
            f"{span} counted, beyond what was {'allowed' if clock.kind is ClockKind.NOTICE else 'promised'}"
        )
    return f"{span} counted"


def _whys(story: _Story, closed: Sequence[Stretch]) -> list[str]:
    """Why it was closed, each reason once; a single day among others with its date."""
    lasts = closed[-1].end - closed[0].start if closed else 0
    found = []
    for each in closed:
        named = story.wall.local(each.start).date() in story.wall.calendar.days
        found.append(f"{each.why} ({story.day(each.start)})" if named and lasts > DAY else each.why)
    return list(dict.fromkeys(found))
