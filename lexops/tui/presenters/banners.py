"""Lines that stand under the header of every mode as long as something is badly wrong. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lexops.gate.model import RequestView
from lexops.text import fit, plural
from lexops.tui.ink import Ink, Line, Tone, fitted, wrapped
from lexops.tui.presenters.offers import unreviewed
from lexops.tui.presenters.requests import review_words
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import HeadsView

MOST = 2
"""Lines that what is wrong may take, and what to do."""


def banner_lines(snapshot: Snapshot | None, heads: HeadsView, now: datetime, width: int) -> list[Line]:
    """The record first, then acts that broke the glass; none when all is well."""
    return [*_record(heads, width), *_glass(unreviewed(snapshot.requests) if snapshot else [], now, width)]


def _record(heads: HeadsView, width: int) -> list[Line]:
    if heads.problem:
        advice = f"{heads.advice}; 0, then v shows all of it"
        first, *more = [*wrapped(heads.problem, width - 4)[:MOST], *wrapped(advice, width - 4)[:MOST]]
        return [_alarm(f"✖ {first}", width), *(_alarm(f"  {part}", width) for part in more)]
    if heads.unsure:
        said = f" ▲ the record could not be compared with what was seen of it before: {heads.unsure}"
        return [fitted((Ink(said, Tone.WARNING),), width)]
    return []


def _glass(broken: Sequence[RequestView], now: datetime, width: int) -> list[Line]:
    if not broken:
        return []
    first = min(broken, key=lambda each: (each.review_due or now, each.id))
    more = f", and {plural(len(broken) - 1, 'other')}" if len(broken) > 1 else ""
    said = f"▲ GLASS BROKEN by {first.operator}: #{first.id} {first.title}{more}; {review_words(first, now)}"
    return [_alarm(said, width)]


def _alarm(text: str, width: int) -> Line:
    return (Ink(fit(Ink(f" {text}").text, width), Tone.ALARM),)  # made safe before it is measured
