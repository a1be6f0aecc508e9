"""Keys in words: the line at the foot of a screen, and the page of help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lexops.tui.ink import EMPTY, Ink, Line, Tone, cells, fitted, line, wrapped
from lexops.tui.presenters.status import GLOSSARY


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """One key of a screen."""

    key: str
    label: str
    """A word or two for the foot line."""
    help: str
    """One line for the page of help."""
    enabled: bool = True
    shown: bool = True
    """Whether it is worth a place in the foot line."""
    why_not: str = ""
    """Why it does nothing now."""


def key_line(keys: Sequence[KeyHelp], width: int) -> Line:
    """As many keys as fit; help is always among them."""
    shown = [key for key in keys if key.shown and key.enabled]
    while len(shown) > 1 and cells(_joined(shown)) > width:
        # The last but help goes: screens put their keys in order of use.
        shown.pop(-2)
    return fitted(_joined(shown), width)


def _joined(keys: Sequence[KeyHelp]) -> Line:
    pieces: list[Ink] = [Ink(" ")]
    for index, key in enumerate(keys):
        if index:
            pieces.append(Ink("   "))
        pieces += [Ink(key.key, Tone.KEY), Ink(f" {key.label}", Tone.QUIET)]
    return tuple(pieces)


def help_lines(title: str, keys: Sequence[KeyHelp], width: int) -> list[Line]:
    """The keys of a screen, one line each, then the signs and words."""
    lines: list[Line] = [line(Ink(title, Tone.TITLE)), EMPTY]
    for key in keys:
        said = key.help if key.enabled else f"{key.help} ({key.why_not or 'not possible here'})"
        lines += _entry(Ink(key.key, Tone.KEY), said, 14, width)
    lines += [EMPTY, line(Ink("SIGNS AND WORDS", Tone.TITLE)), EMPTY]
    for sign, meaning in GLOSSARY:
        lines += _entry(sign, meaning, 18, width)
    lines += [EMPTY, line(Ink("FILTER", Tone.TITLE)), EMPTY]
    for sample, meaning in (
        ("lag web", "rows with both words"),
        ("!portal", "rows without the word"),
        ("target:web-1", "exactly this target"),
        ("is:critical", "also is:stale, is:soft, is:acknowledged, is:downtime …"),
        ("owner:me due:2h", "incidents: also priority:P1,P2 state:taken client:acme sort:age …"),
    ):
        lines += _entry(Ink(sample, Tone.KEY), meaning, 18, width)
    return lines


def _entry(label: Ink, text: str, indent: int, width: int) -> list[Line]:
    said = wrapped(text, max(10, width - indent))
    first: Line = (*fitted((label,), indent), Ink(said[0]))
    return [first, *(line(" " * indent, more) for more in said[1:])]
