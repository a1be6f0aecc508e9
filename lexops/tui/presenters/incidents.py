"""One incident: its facts, its clocks, who is told, what belongs to it and what happened. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.checks.view import CheckRow
from lexops.clock import show_moment
from lexops.incidents.model import Attachment, Entry, EntryKind, Incident, Link, LinkKind, State
from lexops.sla.view import Ticket
from lexops.text import plural
from lexops.tui.clocks import explained
from lexops.tui.duty import Dossier
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line, wrapped
from lexops.tui.places import ArticlePlace, CheckPlace, IncidentPlace, Place, RequestPlace
from lexops.tui.presenters.clocks import clock_lines
from lexops.tui.presenters.knowledge import known_rows
from lexops.tui.presenters.ladder import ladder_rows, next_words
from lexops.tui.presenters.rows import Row, of_lines, titled
from lexops.tui.presenters.status import age, badge, symbol

ANY_TIME = frozenset(
    {
        "incident.note",
        "incident.asked",
        "incident.answer",
        "incident.link",
        "incident.unlink",
        "incident.attach",
        "incident.watch",
        "incident.unwatch",
        "incident.split",
        "incident.action",
        "article.promote",
    }
)
"""What may be done with an incident that is over, too."""
LABEL = 10
FEW = 8
"""Incidents under this one that are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the page shows."""

    incident: Incident
    timeline: Sequence[Entry]
    check: CheckRow | None
    clocks: Ticket | str
    """Or why they are not known."""
    dossier: Dossier | str
    """Or why it is not known."""


def why_not(incident: Incident, operation: str) -> str:
    """Why an operation on incidents is not to be offered for this one; the gate has the last word."""
    if operation in ANY_TIME:
        return ""
    if operation == "incident.reopen":
        return "" if incident.state is State.RESOLVED else f"it is not resolved; it is {incident.state}"
    if not incident.is_open:
        return f"it is {incident.state}"
    if operation == "incident.acknowledge" and incident.state is State.ACKNOWLEDGED:
        return "it has been taken"
    if operation == "incident.release" and not incident.owner:
        return "nobody has it"
    if operation == "incident.ungroup" and not incident.parent:
        return "it is under no other one"
    waits = incident.state is State.WAITING
    if operation == "incident.pause" and waits:
        return "it waits already"
    return "it does not wait" if operation == "incident.resume" and not waits else ""


# What it is


def about_rows(known: Known, now: datetime, zone: ZoneInfo, width: int, *, tight: bool = False) -> list[Row]:
    """Everything but the timeline; with `tight` without blank lines."""
    incident, dossier = known.incident, known.dossier
    title = [(Ink(part, Tone.STRONG),) for part in wrapped(incident.title, width)]
    rows = [*of_lines("title", title), *_facts(known, now, zone, width), *_clocks(known, now, zone, width)]
    if isinstance(dossier, str):
        rows += titled("WHO IS TOLD", of_lines("unclear", _unclear((dossier,), width)))
    else:
        rows += titled("WHO IS TOLD", ladder_rows(dossier.ladder, now, zone, width))
        rows += titled("LISTED UNDER IT", _children(dossier.children, now))
        rows += titled("BELONGS TO IT", _belonging(dossier, width))
        rows += known_rows(dossier.known, now, zone, width)
        rows += titled("NOT KNOWN", of_lines("unclear", _unclear(dossier.unclear, width)))
    return [row for row in rows if row.line != EMPTY] if tight else rows


def _facts(known: Known, now: datetime, zone: ZoneInfo, width: int) -> list[Row]:
    incident, check = known.incident, known.check
    opened = f"  opened {show_moment(incident.opened, zone)}, {age(incident.opened, now)} ago"
    lines = [_fact("state", *_state(known, now))]
    lines.append(_fact("is", Ink(_class_words(incident)), Ink(opened, Tone.QUIET)))
    if incident.resolved:
        lines.append(_fact("resolved", Ink(show_moment(incident.resolved, zone))))
    rows = of_lines("fact", lines)
    if isinstance(known.dossier, Dossier) and (head := known.dossier.parent):
        rows.append(Row("parent", _fact("under", Ink(f"#{head.id} {head.title}")), IncidentPlace(head.id)))
    if incident.target:
        place = CheckPlace(incident.target, incident.check) if incident.check else None
        said = f"{incident.target} {incident.check or ''}".rstrip()
        rows.append(Row("about", _fact("about", Ink(said)), place))
        if check:
            seen = (badge(check.status), Ink(f"  {check.summary}"))
            rows.append(Row("now", _fact("now", *seen), place))
    return [Row(row.key, fitted(row.line, width), row.place) for row in rows]


def _state(known: Known, now: datetime) -> Line:
    incident, dossier = known.incident, known.dossier
    if incident.state is not State.OPEN:
        return (Ink(incident.state), Ink(f", owner {incident.owner}" if incident.owner else ""))
    given = f", though it was given to {incident.owner}" if incident.owner else ""
    said = Ink(f", nobody has taken it{given}", Tone.WARNING)
    following = next_words(dossier.ladder, now) if isinstance(dossier, Dossier) else ()
    return (Ink("open", Tone.STRONG), said, *following)


def _class_words(incident: Incident) -> str:
    given = (
        ("impact", incident.impact),
        ("urgency", incident.urgency),
        ("client", incident.client),
        ("provider", incident.provider),
        ("queue", incident.queue),
    )
    return ", ".join([str(incident.priority), *(f"{name} {value}" for name, value in given if value)])


def _clocks(known: Known, now: datetime, zone: ZoneInfo, width: int) -> list[Row]:
    clocks = known.clocks
    if isinstance(clocks, str):
        return titled("CLOCKS", of_lines("clock", _unclear((clocks,), width)))
    if not clocks.clocks:
        nothing = line(Ink("nothing was promised for it", Tone.QUIET))
        return titled("CLOCKS", of_lines("clock", [nothing]))
    drawn = clock_lines(clocks.clocks, now, zone, width + 1)
    rows = []
    for clock, each in zip(clocks.clocks, drawn, strict=True):
        key = ("clock", clock.kind, clock.policy, clock.round)
        rows.append(Row(key, _unindented(each), explained(known.incident.id, clock)))
    return titled("CLOCKS", rows)


def _unindented(pieces: Line) -> Line:
    first, *rest = pieces
    return (Ink(first.text.removeprefix(" "), first.tone), *rest)


def _unclear(said: Iterable[str], width: int) -> list[Line]:
    return [line(Ink(part, Tone.WARNING)) for text in said for part in wrapped(f"▲ {text}", width)]


def _children(children: Sequence[Incident], now: datetime) -> list[Row]:
    shown = sorted(children, key=lambda each: (not each.is_open, -each.severity.rank, each.id))[:FEW]
    rows = [
        Row(
            ("child", each.id),
            (
                symbol(each.severity),
                Ink(f" #{each.id} {each.title}", Tone.PLAIN if each.is_open else Tone.QUIET),
                Ink(f"  {each.target or ''} {each.state}, {age(each.opened, now)}", Tone.QUIET),
            ),
            IncidentPlace(each.id),
        )
        for each in shown
    ]
    more = len(children) - len(shown)
    return [*rows, *([Row("children", line(Ink(f"and {more:,} more", Tone.QUIET)))] if more else [])]


def _belonging(dossier: Dossier, width: int) -> list[Row]:
    rows = [*_links(dossier.links), *_files(dossier.attachments)]
    if dossier.runbook:
        rows.append(Row("runbook", (Ink("runbook ", Tone.QUIET), Ink(dossier.runbook, Tone.STRONG))))
    if dossier.watchers:
        said = ", ".join(dossier.watchers)
        rows.append(Row("watchers", (Ink("watched by ", Tone.QUIET), Ink(said))))
    return [Row(row.key, fitted(row.line, width), row.place) for row in rows]


def _links(links: Sequence[Link]) -> list[Row]:
    return [
        Row(
            ("link", each.kind, each.ref, each.relation),
            (
                Ink(f"{each.relation} ", Tone.QUIET),
                Ink(_link_words(each)),
                Ink(f"  {each.operator}", Tone.QUIET),
            ),
            link_place(each),
        )
        for each in links
    ]


def _link_words(link: Link) -> str:
    return f"#{link.ref}" if link.kind is LinkKind.INCIDENT else f"{link.kind} {link.ref}"


def link_place(link: Link) -> Place | None:
    """Where a link leads within the console; None for what is elsewhere."""
    number = int(link.ref) if link.ref.isascii() and link.ref.isdigit() and len(link.ref) < 12 else None
    target, _, check = link.ref.partition("/")
    match link.kind:
        case LinkKind.INCIDENT if number is not None:
            return IncidentPlace(number)
        case LinkKind.REQUEST | LinkKind.CHANGE | LinkKind.RUN if number is not None:
            return RequestPlace(number)
        case LinkKind.CHECK if check:
            return CheckPlace(target, check)
        case LinkKind.ARTICLE:
            return ArticlePlace(link.ref)
        case _:
            return None


def _files(files: Sequence[Attachment]) -> list[Row]:
    return [
        Row(
            ("file", each.id),
            (
                Ink("file ", Tone.QUIET),
                Ink(each.name),
                Ink(f"  {plural(each.size, 'byte')}, {each.operator}; ", Tone.QUIET),
                Ink(f"lexops incident attachment {each.id} --to FILE", Tone.QUIET),
            ),
        )
        for each in files
    ]


def _fact(label: str, *pieces: Ink) -> Line:
    return line(Ink(f"{label:<{LABEL}}", Tone.QUIET), *pieces)


# What happened

_SPOKEN = frozenset(
    {EntryKind.NOTE, EntryKind.ASKED, EntryKind.ANSWERED, EntryKind.UPDATED, EntryKind.SYNCED}
)
"""What people said: plain, while what LexOps writes down itself is quiet."""
_HEAD = 14 + 13 + 10 + 1


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of an entry; of thousands only those in sight are ever drawn."""

    entry: Entry
    number: int
    """Of the entry, the oldest is 0."""
    part: int
    text: str
    zone: ZoneInfo

    @property
    def key(self) -> tuple[int, int]:
        """What makes it the same line."""
        return (self.number, self.part)

    @property
    def place(self) -> Place | None:
        """The other incident that the entry tells of."""
        return _other(self.entry)

    @property
    def line(self) -> Line:
        """When, what kind, who and the first words; the others below these."""
        if self.part:
            return line(" " * _HEAD, self.text)
        entry = self.entry
        moment = entry.at.astimezone(self.zone).strftime("%d %b %H:%M")
        kind = Tone.PLAIN if entry.kind in _SPOKEN else Tone.QUIET
        return (
            Ink(f"{moment}  ", Tone.QUIET),
            *fitted((Ink(entry.kind, kind),), 13),
            *fitted((Ink(entry.author, Tone.QUIET),), 10),
            Ink(" "),
            Ink(self.text),
        )


class Timeline:
    """The entries as rows, the newest first; what was wrapped once is kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[EntryRow, ...]] = {}

    def rows(self, entries: Sequence[Entry], zone: ZoneInfo, width: int) -> list[EntryRow]:
        """Every entry at a width, each in the lines it needs; of thousands it takes a while at first."""
        before, kept = self._kept, dict[tuple[object, ...], tuple[EntryRow, ...]]()
        found: list[EntryRow] = []
        for number in range(len(entries) - 1, -1, -1):
            entry = entries[number]
            key = (number, entry.id, entry.at, entry.kind, entry.author, entry.text, zone.key, width)
            rows = before.get(key)
            if rows is None:
                parts = wrapped(entry.text, max(20, width - _HEAD))
                rows = tuple(EntryRow(entry, number, part, text, zone) for part, text in enumerate(parts))
            kept[key] = rows
            found += rows
        self._kept = kept
        return found


def _other(entry: Entry) -> Place | None:
    """The other incident that an entry tells of."""
    for name in ("into", "from", "parent", "incident"):
        number = str(entry.data.get(name, ""))
        if number.isascii() and number.isdigit() and len(number) < 12:
            return IncidentPlace(int(number))
    return None
