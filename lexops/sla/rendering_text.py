"""A report as text: 80 columns of plain characters, to be read in a pager, mailed or printed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.cells import cell_len, chop_cells

from lexops.sla import rendering as shown
from lexops.sla.definitions import lasted
from lexops.sla.view import Attainment, Breach, DayCell, Report
from lexops.text import clean, fit, one_line

WIDTH = 80
BAR = 44
SAVED = 40
"""So many that were close are listed; the rest is counted."""
_COLUMNS = (12, 7, 7, 8, 11, 7, 9, 9, 10)
_HEADS = ("", "kept", "broken", "kept", "95 % in", "change", "median", "90 %", "worst")


def text(report: Report) -> str:
    """The whole report; every line ends itself."""
    lines = [
        *_head(report),
        *_section("Restated since it was closed", _restated(report)),
        *_section("Attainment", _attainments(report)),
        *_section("Trend", _trend(report)),
        *_section("Broken promises", _breaches(report)),
        *_section("Warned, but kept", _saved(report)),
        *_section("Days", _days(report)),
        *_section("Definitions", _definitions(report)),
    ]
    return "".join(f"{clean(line).rstrip()}\n" for line in lines)


def wrapped(words: str, width: int = WIDTH, indent: str = "", first: str | None = None) -> Iterator[str]:
    """Lines of at most so many terminal cells, broken at blanks where there are some."""
    line = first if first is not None else indent
    begun = False
    for word in one_line(words, 100_000).split(" "):
        if begun and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line, begun = indent, False
        while cell_len(line) + begun + cell_len(word) > width:
            piece = chop_cells(word, width - cell_len(line) - begun)[0]
            yield line + piece
            line, word = indent, word[len(piece) :]
        line = f"{line} {word}" if begun else line + word
        begun = True
    yield line


def _head(report: Report) -> Iterator[str]:
    head = shown.head(report)
    yield head.title
    yield from wrapped(head.site)
    yield "=" * WIDTH
    for alarm in head.alarms:
        yield from wrapped(alarm, indent="!! ")
    for name, words in head.lines:
        yield from wrapped(words, indent=" " * 13, first=f"{name.capitalize():<13}")


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", title.upper(), "-" * WIDTH, *found)


def _restated(report: Report) -> Iterator[str]:
    if report.closed is None:
        return
    if not report.restatements:
        yield shown.unchanged(report)
    for each in report.restatements:
        yield from wrapped(each.what)
        yield from wrapped(each.closed, indent=" " * 11, first="    closed ")
        yield from wrapped(each.now, indent=" " * 11, first="    now    ")


def _attainments(report: Report) -> Iterator[str]:
    if not report.attainments:
        yield "No promise was kept or broken."
        return
    yield _row(_HEADS)
    for (group, name), found in shown.blocks(report):
        yield from wrapped(shown.label(group, name))
        yield from map(_attainment, found)


def _row(cells: Sequence[str]) -> str:
    name, *numbers = cells
    return fit(name, _COLUMNS[0]) + "".join(
        cell.rjust(width) for cell, width in zip(numbers, _COLUMNS[1:], strict=True)
    )


def _attainment(each: Attainment) -> str:
    times = ["" if value is None else _short(value) for value in (each.median, each.p90, each.worst)]
    counts = (f"{each.met:,}", f"{each.missed:,}", shown.share(each.met, each.missed))
    return _row((f"  {each.kind}", *counts, shown.between(each), shown.change(each), *times))


def _short(seconds: int) -> str:
    """Within eight cells: from a thousand hours on without minutes."""
    return lasted(seconds) if seconds < 3_600_000 else f"{seconds // 3600:,} h"


def _trend(report: Report) -> Iterator[str]:
    counted = [found for _, *counts in report.trend if (found := shown.permille(*counts)) is not None]
    if not counted:
        yield "Nothing was counted in these months."
        return
    floor = min(900, min(counted) // 100 * 100)
    yield f"Kept promises in percent; the bars begin at {floor // 10} % and end at 100 %."
    for month, met, missed in report.trend:
        found = shown.permille(met, missed)
        bar = "" if found is None else "#" * ((found - floor) * BAR // (1000 - floor))
        count = f"{met:,} of {met + missed:,}" if met + missed else "nothing counted"
        yield f"{month} {shown.share(met, missed):>8} {bar:<{BAR}} {count}"


def _breaches(report: Report) -> Iterator[str]:
    if not report.breaches:
        yield "None."
    zone = ZoneInfo(report.zone)
    for each in report.breaches:
        yield from _breach(each, zone)


def _breach(each: Breach, zone: ZoneInfo) -> Iterator[str]:
    facts = [
        each.priority,
        each.client and f"client {each.client}",
        each.provider and f"provider {each.provider}",
    ]
    told = ", ".join(one_line(fact) for fact in facts if fact)
    yield from wrapped(
        f"#{each.incident} {shown.clock(each.kind, each.round)} {shown.over(each, zone)}; {told}",
        indent="    ",
        first="",
    )
    yield from wrapped(each.title, indent="    ")
    if each.due is not None:
        ended = "" if each.is_open else f", fulfilled {shown.at(each.end, zone)}"
        yield from wrapped(f"due {shown.at(each.due, zone)}{ended}", indent="    ")
    yield from wrapped(shown.cause(each), indent="           ", first="    cause: ")
    if each.pauses:
        yield f"    paused {lasted(each.paused)} of the opening hours:"
    for pause in shown.paused(each, zone):
        yield from wrapped(pause, indent="        ", first="      ")


def _saved(report: Report) -> Iterator[str]:
    if not report.saved:
        yield "None."
        return
    yield "Kept after a warning, with how much of the budget was used:"
    cells = shown.saved(report)[:SAVED]
    for start in range(0, len(cells), 3):
        yield "".join(fit(cell, 26) for cell in cells[start : start + 3])
    if len(report.saved) > SAVED:
        yield f"and {len(report.saved) - SAVED:,} more; all of them are in --format csv and json"


def _days(report: Report) -> Iterator[str]:
    if not report.days:
        return
    zone = ZoneInfo(report.zone)
    count = (report.end.astimezone(zone).date() - report.start.astimezone(zone).date()).days
    yield "+ all kept, 1 to 9 so many broken, # more, . nothing to keep"
    yield " " * 40 + "".join(str(number % 10) for number in range(1, count + 1))
    clients = sorted({each.client for each in report.days})
    cells = {(each.client, each.day.day): each for each in report.days}
    for client in clients:
        signs = (_sign(cells.get((client, number))) for number in range(1, count + 1))
        yield f"{fit(one_line(client) or '(no client)', 39)} {''.join(signs)}"


def _sign(cell: DayCell | None) -> str:
    if cell is None:
        return "."
    return "+" if not cell.missed else str(cell.missed) if cell.missed < 10 else "#"


def _definitions(report: Report) -> Iterator[str]:
    for line in report.definitions:
        yield from wrapped(line, indent="  ", first="- ")
