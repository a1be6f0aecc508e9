"""The queue of incidents: what is to be done first, whose it is, and who is told. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rich.cells import cell_len

from lexops.calendars.business import moment
from lexops.errors import InvalidRequest
from lexops.escalation.model import State as Course_
from lexops.incidents.model import Incident, State
from lexops.incidents.query import BUILT_IN, Asker, Query, Sort, parse
from lexops.incidents.query import Line as Asked
from lexops.sla.model import Clock, ClockState
from lexops.text import fit
from lexops.tui.duty import Course, Duty
from lexops.tui.ink import Ink, Line, Tone, cells, fitted
from lexops.tui.presenters.clocks import due_column
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.status import age, short_badge

STATE_TONES = {
    State.OPEN: Tone.STRONG,
    State.ACKNOWLEDGED: Tone.PLAIN,
    State.WAITING: Tone.QUIET,
    State.RESOLVED: Tone.QUIET,
    State.CANCELLED: Tone.QUIET,
}
_NOBODY = Course()
TOLD = 16
"""Cells in which who is told next is said."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a row says of an incident beside the incident itself."""

    now: datetime
    duty: Duty = field(default_factory=Duty)
    nexts: Mapping[int, Clock] = field(default_factory=dict)
    """The clock of each that runs out next."""
    me: str = ""
    """The operator's name."""
    environments: Mapping[str, str] = field(default_factory=dict)
    """Of the targets."""
    children: Mapping[int, int] = field(default_factory=dict)
    """How many open ones are listed under each."""
    marked: Collection[int] = ()
    whole: bool = False
    """Whether those that are over are among the rows."""


# Finding

_STATES = frozenset({*(str(state) for state in State), "taken", "over"})
_ENDED = frozenset({*(str(state) for state in State if not state.is_open), "over"})


def read(text: str) -> Query:
    """A filter in the notation of `lexops incident list`; `!word` and `is:word` are understood as elsewhere
    in the console. Raises InvalidRequest.
    """
    return parse(" ".join(map(_word, text.split(" "))))


def _word(word: str) -> str:
    turned = word.startswith(("!", "-"))
    name, _, value = word[turned:].partition(":")
    if name.lower() == "is" and value:
        known = "watching:me" if value == "watched" else f"severity:{value}"
        word = f"state:{value}" if value.lower() in _STATES else known
        return f"-{word}" if turned else word
    return f"-{word[1:]}" if word.startswith("!") and len(word) > 1 else word


def lines(rows: Sequence[Incident], around: Around) -> list[Asked]:
    """The incidents with what a filter may ask about them."""
    nobody: frozenset[str] = frozenset()
    return [
        Asked(
            each,
            _due(around.nexts.get(each.id)),
            around.duty.watchers.get(each.id, nobody),
            around.environments.get(each.target or "", ""),
        )
        for each in rows
    ]


def _due(clock: Clock | None) -> datetime | None:
    """When the next promise is broken, or was; None while the clock waits."""
    runs = clock is not None and clock.state in (ClockState.RUNNING, ClockState.OVERDUE)
    return moment(clock.due) if runs and clock and clock.due is not None else None


def asks_for_ended(query: Query) -> bool:
    """Whether a filter wants what is over; for any other one the open incidents are enough."""
    return any(
        term.name == "state" and not term.negated and not _ENDED.isdisjoint(term.values)
        for term in query.terms
    )


@dataclass(frozen=True, slots=True)
class View:
    """A part of the queue under a name."""

    name: str
    query: Query
    why: str = ""
    """Why it shows nothing: what was saved cannot be read any more."""


def views(duty: Duty) -> tuple[View, ...]:
    """Those that are always there, then the saved ones."""
    saved = {each.name: each.query for each in duty.views}
    return tuple(_view(name, text) for name, text in (*BUILT_IN.items(), *saved.items()))


def _view(name: str, text: str) -> View:
    try:
        return View(name, parse(text) if name != "all" else Query())
    except InvalidRequest as error:
        return View(name, Query(), str(error))


def chips(known: Sequence[View], counts: Sequence[int | None], chosen: int, width: int) -> Line:
    """The views in a row, the chosen one marked; those before it give way when there is no room."""
    pieces = [
        Ink(
            f" {view.name} " if count is None else f" {view.name} {count:,} ",
            Tone.CHIP if number == chosen else Tone.QUIET,
        )
        for number, (view, count) in enumerate(zip(known, counts, strict=True))
    ]
    first = 0
    while first < chosen and cells(pieces[first : chosen + 1]) + 1 > width:
        first += 1
    return fitted((Ink("…" if first else " ", Tone.QUIET), *pieces[first:]), width)


# Order

SORTS = (Sort.PRIORITY, Sort.BREACH, Sort.AGE)
"""What a key goes through; a filter may ask for others."""
SAID = {Sort.BREACH: "next breach", Sort.AGE: "age, oldest first", Sort.NEW: "age, newest first"}


def sort_words(sort: Sort) -> str:
    """What comes first."""
    return SAID.get(sort, str(sort))


def ordered(found: Sequence[Asked], sort: Sort, asker: Asker) -> list[Incident]:
    """Sorted; by priority what nobody has taken comes before all others, and what is over after them."""
    rows = [each.incident for each in Query((), sort).chosen(found, asker)]
    if sort is Sort.PRIORITY:
        rows.sort(key=lambda each: (not each.is_open, each.state is not State.OPEN))
    return rows


# Children


def children(rows: Iterable[Incident]) -> Counter[int]:
    """How many open incidents are listed under each."""
    return Counter(each.parent for each in rows if each.parent and each.is_open)


def folded(rows: Sequence[Incident]) -> list[Incident]:
    """Without those that are listed under another one that is there, too."""
    there = {each.id for each in rows}
    return [each for each in rows if each.parent not in there]


def unfolded(rows: Sequence[Incident]) -> list[Incident]:
    """Those that are listed under another one right after it."""
    below: dict[int, list[Incident]] = {}
    for each in rows:
        below.setdefault(each.parent or 0, []).append(each)
    return [row for head in folded(rows) for row in (head, *below.get(head.id, ()))]


# All of it


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part of the queue is to be seen, and in what order."""

    view: int = 0
    """Which of the views."""
    filter: Query = field(default_factory=Query)
    sort: Sort | None = None
    """None: what the filter or the view asks for."""
    unfolded: bool = False
    """With those that are listed under others."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """The queue as it is to be shown."""

    rows: Sequence[Incident]
    views: tuple[View, ...]
    counts: tuple[int | None, ...]
    """How many there are in each view; None where it asks for those that are over and they were not read."""
    sort: Sort
    around: Around
    view: int = 0


def arranged(rows: Sequence[Incident], wanted: Wanted, around: Around) -> Arranged:
    """Choose, sort and fold; of thousands of rows it takes a while, and so belongs into a thread."""
    asker = Asker(around.me, around.now)
    known, found = views(around.duty), lines(rows, around)
    kept = [[each for each in found if not view.why and view.query.fits(each, asker)] for view in known]
    view = wanted.view if wanted.view < len(known) else 0
    sort = wanted.sort or wanted.filter.sort or known[view].query.sort or Sort.PRIORITY
    shown = ordered([each for each in kept[view] if wanted.filter.fits(each, asker)], sort, asker)
    # A filter finds what is listed under others, too: it would be strange to type a number and see nothing.
    fold = folded if not (wanted.unfolded or wanted.filter.terms) else unfolded
    whole = replace(around, children=children(rows))
    unread = [not around.whole and asks_for_ended(each.query) for each in known]
    counts = tuple(None if unseen else len(each) for unseen, each in zip(unread, kept, strict=True))
    return Arranged(fold(shown), known, counts, sort, whole, view)


# Rows


def course_ink(incident: Incident, around: Around) -> Ink:
    """`→ ana 3 m`: who is told next and in how long; else who has it, or why nobody is told."""
    if not incident.is_open:
        return Ink("")
    if incident.parent:
        return Ink(f"under #{incident.parent}", Tone.QUIET)
    if incident.state is not State.OPEN:
        return Ink(f"taken by {incident.owner}" if incident.owner else "waits", Tone.QUIET)
    course = around.duty.courses.get(incident.id, _NOBODY)
    match course.state:
        case Course_.RUNNING:
            away = "now" if course.due is None or course.due <= around.now else age(around.now, course.due)
            who = course.who or "nobody"
            # When it is matters more than the last letters of whom: the column may cut those only.
            who = fit(who, min(cell_len(who), TOLD - cell_len(away) - len("→  ")))
            return Ink(f"→ {who} {away}", Tone.PLAIN if course.who else Tone.WARNING)
        case Course_.HELD:
            return Ink("held", Tone.QUIET)
        case Course_.EXHAUSTED:
            return Ink("✖ unanswered", Tone.CRITICAL)
        case Course_.TAKEN:
            return Ink("taken", Tone.QUIET)
        case _:
            # A site without policies tells nobody of anything: that is no news on every row.
            return Ink("nobody", Tone.WARNING if around.duty.courses else Tone.QUIET)


def columns(rows: Sequence[Incident], around: Around) -> tuple[Column[Incident], ...]:
    """Age, priority, severity, number, title, target, owner, state, next clock, who is told, children."""
    few, now = rows[:1000], around.now
    marked, counts = around.marked, around.children
    targets = widest((each.target or "" for each in few), most=20)
    owners = widest((each.owner or "" for each in few), least=5, most=10)
    told = widest((course_ink(each, around).text for each in few), least=6, most=TOLD)
    return (
        *((Column[Incident]("", lambda each: (_mark(each, marked),), 1),) if marked else ()),
        Column("age", lambda each: (Ink(age(each.opened, now), Tone.QUIET),), 4, priority=2, right=True),
        Column("prio", lambda each: (Ink(each.priority, STATE_TONES[each.state]),), 4),
        Column("severity", lambda each: (_severity(each),), 10, priority=3),
        Column("no.", lambda each: (Ink(f"#{each.id}"),), 5, right=True),
        Column("title", _title, 19, grow=1),
        *((Column[Incident]("", lambda each: _count(each, counts), 5, right=True),) if counts else ()),
        Column("target", lambda each: (Ink(each.target or "", Tone.QUIET),), targets, priority=6),
        Column("owner", lambda each: (Ink(each.owner or "", Tone.QUIET),), owners, priority=4),
        Column("state", lambda each: (Ink(each.state, STATE_TONES[each.state]),), 12, priority=5),
        *((due_column(around.nexts, now),) if around.nexts else ()),
        Column("told next", lambda each: (course_ink(each, around),), max(told, 9)),
    )


def _mark(incident: Incident, marked: Collection[int]) -> Ink:
    return Ink("●" if incident.id in marked else "", Tone.KEY)


def _title(incident: Incident) -> Line:
    lead = (Ink("└ ", Tone.QUIET),) if incident.parent else ()
    return (*lead, Ink(incident.title, STATE_TONES[incident.state]))


def _count(incident: Incident, counts: Mapping[int, int]) -> Line:
    count = counts.get(incident.id, 0)
    return (Ink(f"▸ {count:,}", Tone.KEY),) if count else ()


def _severity(incident: Incident) -> Ink:
    said = short_badge(incident.severity)
    return said if incident.is_open else Ink(said.text, Tone.QUIET)
