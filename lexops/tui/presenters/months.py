"""What was kept and broken in a month: by client and day, in numbers, and the last twelve months. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment
from lexops.checks.thresholds import Levels
from lexops.checks.view import Point, Series
from lexops.clock import show_moment
from lexops.sla.rendering import change, share
from lexops.sla.report import Month
from lexops.sla.view import Attainment, Breach, DayCell, Report
from lexops.text import plural
from lexops.tui.ink import EMPTY, Ink, Line, Tone, cells, fitted, line, wrapped
from lexops.tui.places import ExplanationPlace
from lexops.tui.plot import plot
from lexops.tui.presenters.clocks import hours
from lexops.tui.presenters.columns import Column, heading_line, place, row_line, widest

SOME = 75
"""Percent kept on a day, from which a broken promise is only a warning."""
NOBODY = "(no client)"
_FLOORS = (90.0, 80.0, 60.0, 0.0)
"""Where the axis of the trend may begin, so that what differs can be seen."""


# By client and day


def heat_lines(report: Report, width: int) -> list[Line]:
    """A row for each client, those with most broken promises first, and a cell for each day."""
    if not report.days:
        return [line(Ink(" no promise came to its end in this month", Tone.QUIET))]
    clients = _clients(report.days)
    first = date.fromisoformat(f"{report.month}-01")
    days = monthrange(first.year, first.month)[1]
    label = min(
        widest((client or NOBODY for client in clients), least=8, most=18), max(4, width - 2 * days - 3)
    )
    room = max(2, min(4, (width - label - 3) // days))
    lines = [_dates(first, days, label, room)]
    lines += [_client_line(client, clients[client], days, label, room) for client in clients]
    return [fitted(each, width) for each in (*lines, EMPTY, *_legend(width))]


def _clients(cells: Sequence[DayCell]) -> dict[str, dict[int, DayCell]]:
    found: dict[str, dict[int, DayCell]] = {}
    for cell in cells:
        found.setdefault(cell.client, {})[cell.day.day] = cell
    worst = sorted(found, key=lambda name: (-sum(cell.missed for cell in found[name].values()), name))
    return {name: found[name] for name in worst}


def _dates(first: date, days: int, label: int, room: int) -> Line:
    """The numbers of the days, every second one where they would run into each other."""
    pieces = [Ink(" " * (label + 2))]
    for day in range(1, days + 1):
        told = room > 2 or day % 2
        weekend = (first + timedelta(days=day - 1)).weekday() >= 5
        pieces.append(Ink(f"{day if told else '':<{room}}", Tone.QUIET if weekend else Tone.PLAIN))
    return tuple(pieces)


def _client_line(client: str, known: dict[int, DayCell], days: int, label: int, room: int) -> Line:
    inks = [day_cell(known.get(day), room) for day in range(1, days + 1)]
    runs = [
        Ink("".join(each.text for each in run), tone)
        for tone, run in ((tone, list(run)) for tone, run in groupby(inks, key=lambda ink: ink.tone))
    ]
    return (Ink(" "), *fitted((Ink(client or NOBODY),), label), Ink(" "), *runs)


def day_cell(cell: DayCell | None, room: int) -> Ink:
    """How a day looks: by sign and height what share was kept, and how many promises were broken."""
    if cell is None or not cell.met + cell.missed:
        return Ink(f"{'·':<{room}}", Tone.QUIET)
    if not cell.missed:
        return Ink(f"{'▁':<{room}}", Tone.OK)
    kept = 100 * cell.met // (cell.met + cell.missed)
    sign, tone = ("▄", Tone.WARNING) if kept >= SOME else ("█", Tone.CRITICAL)
    most = 10 ** (room - 1) - 1
    number = str(cell.missed) if cell.missed <= most else "+"
    return Ink(f"{sign}{number}".ljust(room), tone)


def _legend(width: int) -> list[Line]:
    told = (
        (Ink(" ▁", Tone.OK), " all kept   "),
        (Ink("▄2", Tone.WARNING), f" 2 broken, {SOME} % kept or more   "),
        (Ink("█2", Tone.CRITICAL), " less kept   "),
        (Ink("·", Tone.QUIET), " nothing ended"),
    )
    return [fitted(tuple(piece for sign, said in told for piece in (sign, Ink(said, Tone.QUIET))), width)]


# In numbers


def summary_lines(report: Report, zone: ZoneInfo, width: int) -> list[Line]:
    """Whether the month is closed, what differs since, and what is in no percentage."""
    said = (
        f"{plural(report.still_open, 'clock')} still open, {report.cancelled:,} cancelled: in no percentage"
    )
    lines = [line(Ink(f" {said}", Tone.QUIET))]
    if report.closed:
        again = f", number {report.number}" if report.earlier else ""
        closed = f" closed {show_moment(report.closed, zone)}{again}, digest {report.digest[:12]}"
        lines.append(line(Ink(closed, Tone.QUIET)))
    if report.tampered:
        sign, tone = ("✖", Tone.ALARM) if report.is_accused else ("?", Tone.WARNING)
        lines += [line(" ", Ink(part, tone)) for part in wrapped(f"{sign} {report.tampered}", width - 2)]
    if report.behind:
        said = f"▲ {plural(report.behind, 'ticket')} to catch up with; a worker does"
        lines.append(line(" ", Ink(said, Tone.WARNING)))
    for each in report.restatements:
        told = f"▲ restated: {each.what}: {each.closed}, now {each.now}"
        lines += [line(" ", Ink(part, Tone.WARNING)) for part in wrapped(told, width - 2)]
    return [fitted(each, width) for each in lines]


def attainment_lines(attainments: Sequence[Attainment], width: int) -> list[Line]:
    """A row for each group and clock: kept, percent with bounds, times, change to the month before."""
    if not attainments:
        return [line(Ink(" nothing was promised that came to its end", Tone.QUIET))]
    placed = place(_attainment_columns(attainments), width - 2)
    rows = [heading_line(placed), *(row_line(each, placed) for each in attainments)]
    return [(Ink(" "), *each, Ink(" ")) for each in rows]


def _attainment_columns(rows: Sequence[Attainment]) -> tuple[Column[Attainment], ...]:
    def quiet(text: str) -> Line:
        return (Ink(text, Tone.QUIET),)

    names = widest((_group(each) for each in rows), least=8, most=24)
    return (
        Column("of", lambda each: (Ink(_group(each)),), names, grow=1),
        Column("clock", lambda each: (Ink(each.kind),), 10),
        Column("kept", lambda each: (Ink(f"{each.met:,} of {each.count:,}"),), 14, right=True),
        Column("attained", lambda each: (_attained(each),), 9, right=True),
        Column(
            "95 % bounds", lambda each: quiet(f"{each.low:.1f}–{each.high:.1f}"), 11, priority=2, right=True
        ),
        Column("change", lambda each: (_change(each),), 7, priority=1, right=True),
        Column("median", lambda each: quiet(_time(each.median)), 7, priority=3, right=True),
        Column("p90", lambda each: quiet(_time(each.p90)), 7, priority=3, right=True),
        Column("worst", lambda each: quiet(_time(each.worst)), 8, priority=4, right=True),
    )


def _group(row: Attainment) -> str:
    return f"{row.group} {row.name or 'none'}" if row.group != "all" else "all"


def _attained(row: Attainment) -> Ink:
    return Ink(share(row.met, row.missed), Tone.STRONG)


def _change(row: Attainment) -> Ink:
    told = change(row)
    return Ink(told, Tone.WARNING if told.startswith("-") else Tone.QUIET)


def _time(length: int | None) -> str:
    return "" if length is None else hours(length)


# Broken promises


def broken(breach: Breach) -> ExplanationPlace:
    """Where it is told how a promise was broken."""
    return ExplanationPlace(breach.incident, breach.kind, breach.round)


def breach_haystack(row: Breach) -> str:
    """What a filter looks through."""
    return "\n".join(
        (
            f"#{row.incident}",
            row.title,
            f"client:{row.client}",
            f"clock:{row.kind}",
            f"priority:{row.priority}",
            f"provider:{row.provider}",
            f"by:{row.responsibility or 'unknown'}",
            "is:open" if row.is_open else "",
            row.reason,
        )
    )


def breach_columns(rows: Sequence[Breach], zone: ZoneInfo) -> tuple[Column[Breach], ...]:
    """Ticket, priority, client, clock, due, how far over, whose fault, why; the title where there is room."""
    few = rows[:1000]
    clients = widest((row.client for row in few), least=6, most=14)
    return (
        Column("ticket", lambda row: (Ink(f"#{row.incident}", Tone.STRONG),), 6, right=True),
        Column("prio", lambda row: (Ink(row.priority),), 4),
        Column("client", lambda row: (Ink(row.client, Tone.QUIET),), clients, priority=1),
        Column("clock", lambda row: (Ink(row.kind),), 10),
        Column("due", lambda row: (Ink(_due(row, zone), Tone.QUIET),), 12),
        Column("over", lambda row: (_over(row),), 8, right=True),
        Column("by", _by, 7),
        Column("reason", lambda row: (Ink(row.reason, Tone.QUIET),), 10, grow=2),
        Column("title", lambda row: (Ink(row.title, Tone.QUIET),), 20, grow=1, priority=2),
    )


def _due(row: Breach, zone: ZoneInfo) -> str:
    return "" if row.due is None else moment(row.due).astimezone(zone).strftime("%d %b %H:%M")


def _over(row: Breach) -> Ink:
    return Ink(f"{hours(row.over)}{' …' if row.is_open else ''}", Tone.CRITICAL)


def _by(row: Breach) -> Line:
    return (Ink(row.responsibility) if row.responsibility else Ink("?", Tone.WARNING),)


# The last twelve months


@dataclass(frozen=True, slots=True)
class Total:
    """What was kept and broken in one month."""

    month: Month
    met: int
    missed: int

    @property
    def attained(self) -> float | None:
        """Percent; None when nothing came to its end."""
        count = self.met + self.missed
        return 100 * self.met / count if count else None


def totals(report: Report) -> list[Total]:
    """The months of the trend, the newest first."""
    return [Total(Month.parse(month), met, missed) for month, met, missed in reversed(report.trend)]


def total_columns() -> tuple[Column[Total], ...]:
    """Month, kept, broken, percent."""
    return (
        Column("month", lambda each: (Ink(each.month.words),), 16),
        Column("promises", lambda each: (Ink(f"{each.met + each.missed:,}"),), 10, right=True),
        Column("broken", lambda each: (Ink(f"{each.missed:,}"),), 8, right=True),
        Column("attained", lambda each: (_share(each),), 10, right=True),
    )


def _share(each: Total) -> Ink:
    return Ink(share(each.met, each.missed), Tone.QUIET if each.attained is None else Tone.STRONG)


def total_haystack(row: Total) -> str:
    """What a filter looks through."""
    return f"{row.month}\n{row.month.words}"


def _each_day(month: Month, zone: ZoneInfo) -> Iterator[datetime]:
    start, end = month.start(zone), month.end(zone)
    for day in range(round((end - start) / timedelta(days=1))):
        yield start + timedelta(days=day)


def trend_lines(known: Sequence[Total], zone: ZoneInfo, width: int, height: int) -> list[Line]:
    """What was attained in each month, oldest first; the axis begins where the differences can be seen."""
    points = tuple(
        Point(at, value, value, value)
        for each in reversed(known)
        if (value := each.attained) is not None
        # Of each day: a column shows its highest point, and a bad month must not vanish between good ones.
        for at in _each_day(each.month, zone)
    )
    if not points:
        return [line(Ink(" nothing that was promised came to its end in these months", Tone.QUIET))]
    floor = next(each for each in _FLOORS if each <= min(point.high for point in points))
    series = Series("attained", "", "%", None, points)
    drawn = plot(series, Levels(), zone, width - 1, height, floor=floor, top=100.0)
    return [(Ink(" "), *each) for each in drawn if cells(each)]
