"""What every written form shares: words, moments, and untrusted text made harmless in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from lexops.communication.postmortem import Postmortem
from lexops.text import one_line, plural

LONGEST = 10_000
"""Characters of one text in a document."""
_ENTITIES = {"<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;", "$": "&#36;"}
_ENTITY = re.compile(r"&(?=[#0-9A-Za-z])")
_MARKS = frozenset("\\`*_{}[]")
_STYLE = """
body { font: 10.5pt/1.4 Georgia, 'Times New Roman', serif; color: #111; background: #fff;
  max-width: 60em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0; } p { margin: .3em 0; }
h2 { font-size: 1.15em; margin: 1.8em 0 .4em; border-bottom: 1px solid #888; page-break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: .3em 0; }
th, td { text-align: left; vertical-align: top; padding: .15em .5em; border-bottom: 1px solid #ddd;
  overflow-wrap: anywhere; }
th[scope=row] { font-weight: normal; white-space: nowrap; }
.words { white-space: pre-line; } .fill { border: 1px dashed #888; min-height: 4em; }
@page { size: A4; margin: 18mm; }
@media print { body { margin: 0; max-width: none; padding: 0; } tr { page-break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def day(at: datetime, zone: ZoneInfo) -> str:
    """`2026-10-25 02:30:00 CEST`: the zone's abbreviation tells the two apart when the clocks go back."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def markdown(value: object) -> str:
    """Untrusted text as Markdown on one line that shows it and does nothing else.

    What begins a list, a heading or a link only does so at the beginning of a line or in front of a bracket;
    addresses are not made into links either.
    """
    text = _ENTITY.sub("&amp;", one_line(value, LONGEST))
    shown = "".join(f"\\{sign}" if sign in _MARKS else _ENTITIES.get(sign, sign) for sign in text)
    shown = shown.replace("://", "&#58;//").replace("www.", "www&#46;")
    return _first(shown)


def _first(shown: str) -> str:
    """The beginning of a line, where `1.`, `#`, `-`, `+` and `=` would have a meaning."""
    if shown[:1] in ("#", "-", "+", "="):
        return f"&#{ord(shown[0])};{shown[1:]}"
    digits = len(shown) - len(shown.lstrip("0123456789"))
    if 0 < digits < len(shown) and shown[digits] in ".)":
        return f"{shown[:digits]}&#{ord(shown[digits])};{shown[digits + 1 :]}"
    return shown


def html(value: object) -> str:
    """Untrusted text in HTML, on one line."""
    return escape(one_line(value, LONGEST))


def page(title: str, parts: list[str]) -> str:
    """One HTML file: no scripts, nothing from outside, made to be printed."""
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{html(title)}</title><style>{_STYLE}</style></head><body>",
        *parts,
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


# What every form of the report after an incident says.

FILL = "_To be filled in._"


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a report."""

    title: str
    lines: tuple[str, ...]


def headings(found: Postmortem) -> Head:
    """What it is about, for whom, and how it stands."""
    own = f"Incident #{found.incident}"
    title = f"Report on incident #{found.incident}"
    lines = [one_line(found.site)]
    if found.title != own:
        lines.append(found.title)
    lines.append(
        f"Draft for {found.audience or 'clients'}: read it before it goes out."
        if found.for_clients
        else "Draft, internal."
    )
    if found.as_of is not None:
        lines.append(f"As of {day(found.as_of, found.zone)}: something still goes on.")
    lines.append(f"Times are those of {found.zone.key}.")
    return Head(title, tuple(lines))


def under_words(found: Postmortem) -> str:
    """How many incidents were listed under it; empty when none was."""
    return f"{plural(found.more, 'incident')} under it" if found.more else ""


def promise_words(found: Postmortem) -> Iterator[tuple[str, str, str, str]]:
    """One row for each promise."""
    for each in found.promises:
        due = day(each.due, found.zone) if each.due else "-"
        ended = day(each.ended, found.zone) if each.ended else "-"
        contract = f" (contract {each.contract})" if each.contract else ""
        yield (f"{each.clock}{contract}", each.state, due, ended)
