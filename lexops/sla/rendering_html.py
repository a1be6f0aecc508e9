"""A report as one HTML file: no scripts, nothing from outside, made to be printed and signed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from zoneinfo import ZoneInfo

from lexops.sla import rendering as shown
from lexops.sla.definitions import lasted
from lexops.sla.view import Attainment, Breach, Report
from lexops.text import one_line

_STYLE = """
body { font: 10.5pt/1.4 Georgia, 'Times New Roman', serif; color: #111; background: #fff;
  max-width: 60em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0; }
h2 { font-size: 1.15em; margin: 1.8em 0 .4em; border-bottom: 1px solid #888; }
h2, h3 { page-break-after: avoid; }
h3 { font-size: 1em; margin: 1em 0 .2em; } p { margin: .3em 0; }
table { border-collapse: collapse; width: 100%; margin: .3em 0; }
th, td { text-align: left; vertical-align: top; padding: .15em .5em; border-bottom: 1px solid #ddd; }
th { overflow-wrap: break-word; } td { overflow-wrap: anywhere; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; } td.n { white-space: nowrap; }
th[scope=row] { font-weight: normal; } tr.g th { font-weight: bold; padding-top: .6em; border-bottom: 0; }
.alarm { border: 3px solid #a00; padding: .5em; font-weight: bold; }
.bar { background: #ddd; width: 16em; height: .8em; border: 1px solid #555; }
.bar div { background: #555; height: 100%; }
.days { table-layout: fixed; font-size: .85em; } .days th:first-child { width: 8em; }
.days th[scope=col] { font-size: .85em; font-weight: normal; }
.days th, .days td { padding: .1em 0; text-align: center; border: 1px solid #ddd; overflow-wrap: normal; }
.days th[scope=row] { text-align: left; padding: .1em .3em; overflow-wrap: anywhere; }
.days td.x { background: #111; color: #fff; }
.bar, .bar div, .days td.x { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.sign { margin-top: 3em; display: flex; gap: 2em; page-break-inside: avoid; }
.sign div { flex: 1; border-top: 1px solid #111; padding-top: .2em; margin-top: 2.5em; }
dt { font-weight: bold; margin-top: .6em; page-break-after: avoid; } dd { margin: 0 0 0 1.5em; }
code { overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm; }
@media print { body { margin: 0; max-width: none; padding: 0; } tr, dd, tbody { page-break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_HEADS = (
    "kept",
    "broken",
    "kept in %",
    "95 % between",
    "change",
    "median",
    "90 %",
    "worst",
)


def html(report: Report) -> str:
    """The whole file."""
    head = shown.head(report)
    title = escape(f"{head.title} - {head.site}")
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(head.title)}</h1>",
        f"<p>{escape(head.site)}</p>",
        *(f'<p class="alarm">{_text(alarm)}</p>' for alarm in head.alarms),
        "<table>",
        *(f'<tr><th scope="row">{_text(n.capitalize())}</th><td>{_text(w)}</td></tr>' for n, w in head.lines),
        "</table>",
        *_section("Restated since it was closed", _restated(report)),
        *_section("Attainment", _attainments(report)),
        *_section("The last twelve months", _trend(report)),
        *_section("Broken promises", _breaches(report)),
        *_section("Warned, but kept", _saved(report)),
        *_section("Days and clients", _days(report)),
        *_section(
            "Definitions", [f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in report.definitions)}</ul>"]
        ),
        '<div class="sign"><div>Prepared by, date</div><div>Accepted by, date</div></div>',
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _text(value: object) -> str:
    return escape(one_line(value, 100_000))


def _section(title: str, parts: Iterable[str]) -> Iterator[str]:
    found = list(parts)
    if found:
        yield from (f"<h2>{escape(title)}</h2>", *found)


def _table(heads: Sequence[str], groups: Iterable[Iterable[str]]) -> Iterator[str]:
    first, *others = heads
    cells = "".join(f'<th class="n" scope="col">{_text(each)}</th>' for each in others)
    yield f'<table><thead><tr><th scope="col">{_text(first)}</th>{cells}</tr></thead>'
    for rows in groups:
        yield from ("<tbody>", *rows, "</tbody>")
    yield "</table>"


def _row(name: str, cells: Iterable[str]) -> str:
    values = "".join(f'<td class="n">{_text(cell)}</td>' for cell in cells)
    return f'<tr><th scope="row">{_text(name)}</th>{values}</tr>'


def _restated(report: Report) -> Iterator[str]:
    if report.closed is None:
        return
    if not report.restatements:
        yield f"<p>{_text(shown.unchanged(report))}</p>"
        return
    rows = (
        f'<tr><th scope="row">{_text(each.what)}</th>'
        f"<td>{_text(each.closed)}</td><td>{_text(each.now)}</td></tr>"
        for each in report.restatements
    )
    yield "<table><thead><tr><th>What</th><th>As closed</th><th>Now</th></tr></thead><tbody>"
    yield from rows
    yield "</tbody></table>"


def _attainments(report: Report) -> Iterator[str]:
    if not report.attainments:
        yield "<p>No promise was kept or broken.</p>"
        return
    yield from _table(("Clock", *_HEADS), _attained(report))


def _attained(report: Report) -> Iterator[Iterable[str]]:
    for (group, name), found in shown.blocks(report):
        head = f'<tr class="g"><th scope="rowgroup" colspan="9">{_text(shown.label(group, name))}</th></tr>'
        yield (head, *map(_attainment, found))


def _attainment(each: Attainment) -> str:
    times = ["" if value is None else lasted(value) for value in (each.median, each.p90, each.worst)]
    counts = (f"{each.met:,}", f"{each.missed:,}", shown.share(each.met, each.missed))
    return _row(str(each.kind), (*counts, shown.between(each), shown.change(each), *times))


def _trend(report: Report) -> Iterator[str]:
    yield "<table><tbody>"
    for month, met, missed in report.trend:
        found = shown.permille(met, missed)
        width = "" if found is None else f'<div style="width:{found // 10}.{found % 10}%"></div>'
        count = f"{met:,} of {met + missed:,}" if met + missed else "nothing counted"
        cells = f'<td class="n">{shown.share(met, missed)}</td><td><div class="bar">{width}</div></td>'
        yield f'<tr><th scope="row">{_text(month)}</th>{cells}<td class="n">{count}</td></tr>'
    yield "</tbody></table>"


def _breaches(report: Report) -> Iterator[str]:
    if not report.breaches:
        yield "<p>None.</p>"
        return
    zone = ZoneInfo(report.zone)
    yield "<dl>"
    for each in report.breaches:
        facts = (
            each.priority,
            each.client and f"client {each.client}",
            each.provider and f"provider {each.provider}",
        )
        told = ", ".join(fact for fact in facts if fact)
        what = f"#{each.incident} {shown.clock(each.kind, each.round)} {shown.over(each, zone)}"
        yield f"<dt>{_text(what)}</dt>"
        yield from (f"<dd>{_text(line)}</dd>" for line in (told, *_told(each, zone)) if line)
    yield "</dl>"


def _told(each: Breach, zone: ZoneInfo) -> Iterator[str]:
    yield each.title
    if each.due is not None:
        ended = "" if each.is_open else f", fulfilled {shown.at(each.end, zone)}"
        yield f"due {shown.at(each.due, zone)}{ended}"
    yield f"cause: {shown.cause(each)}"
    if each.pauses:
        yield f"paused {lasted(each.paused)} of the opening hours: {'; '.join(shown.paused(each, zone))}"


def _saved(report: Report) -> Iterator[str]:
    if not report.saved:
        yield "<p>None.</p>"
        return
    told = ", ".join(shown.saved(report))
    yield f"<p>Kept after a warning, with how much of the budget was used: {_text(told)}</p>"


def _days(report: Report) -> Iterator[str]:
    if not report.days:
        return
    zone = ZoneInfo(report.zone)
    count = (report.end.astimezone(zone).date() - report.start.astimezone(zone).date()).days
    yield "<p>+ all kept; a number: so many broken; empty: nothing to keep.</p>"
    heads = "".join(f'<th scope="col">{number}</th>' for number in range(1, count + 1))
    yield f'<table class="days"><thead><tr><th></th>{heads}</tr></thead><tbody>'
    cells = {(each.client, each.day.day): each for each in report.days}
    for client in sorted({each.client for each in report.days}):
        signs = []
        for number in range(1, count + 1):
            cell = cells.get((client, number))
            kind, sign = ("", "") if cell is None else ("x", str(cell.missed)) if cell.missed else ("", "+")
            signs.append(f'<td class="{kind}">{sign}</td>' if kind else f"<td>{sign}</td>")
        yield f'<tr><th scope="row">{_text(client or "(no client)")}</th>{"".join(signs)}</tr>'
    yield "</tbody></table>"
