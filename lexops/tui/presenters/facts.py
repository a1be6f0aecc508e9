"""A fact: a word in a column of words, and a text that may take several lines. Pure."""

from __future__ import annotations

from lexops.tui.ink import Ink, Line, Tone, fitted, line, wrapped


def facts(label: str, text: str, width: int, indent: int = 14, tone: Tone = Tone.PLAIN) -> list[Line]:
    """The lines of a fact; the text begins `indent` cells to the right."""
    first, *rest = wrapped(text, max(10, width - indent))
    lead = fitted((Ink(label, Tone.QUIET),), indent)
    return [(*lead, Ink(first, tone)), *(line(" " * indent, Ink(part, tone)) for part in rest)]
