"""Inked text: pieces that no terminal acts on, with the tone they are said in.

Presenters build lines of ink; widgets turn a tone into a style of the theme. Nothing that a
database, a ticket or an exception says can become markup or an escape sequence on the way,
because a piece is made safe when it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len

from lexops.text import clean, fit

LIMIT = 1_000
"""Characters of one piece; more than any screen is wide."""

_BLANK = str.maketrans({"\n": " ", "\t": " "})


class Tone(StrEnum):
    """How a piece is said; the style sheet knows the colour."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    TITLE = "title"
    KEY = "key"
    CHIP = "chip"
    BADGE = "badge"
    PRODUCTION = "production"
    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    CRITICAL = "critical"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Ink:
    """A piece of one line."""

    text: str
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text, LIMIT).translate(_BLANK))


Line = tuple[Ink, ...]

EMPTY: Line = (Ink(""),)


def line(*pieces: str | Ink) -> Line:
    """A line from pieces; bare text is plain."""
    return tuple(piece if isinstance(piece, Ink) else Ink(piece) for piece in pieces)


def plain(pieces: Iterable[Ink]) -> str:
    """The text of a line without its tones."""
    return "".join(piece.text for piece in pieces)


def cells(pieces: Iterable[Ink]) -> int:
    """How many terminal cells a line takes."""
    return sum(cell_len(piece.text) for piece in pieces)


def fitted(pieces: Sequence[Ink], width: int, *, right: bool = False) -> Line:
    """The line in exactly `width` cells: padded, or cut with an ellipsis."""
    taken = cells(pieces)
    if taken <= width:
        pad = Ink(" " * (width - taken))
        return (pad, *pieces) if right else (*pieces, pad)
    shown: list[Ink] = []
    left = width
    for piece in pieces:
        if (size := cell_len(piece.text)) < left:
            shown.append(piece)
            left -= size
        else:
            # One more cell asked for than there is makes the cut visible when the piece just fits.
            shown.append(Ink(fit(piece.text + "…", left), piece.tone))
            break
    return tuple(shown)


def spread(left: Sequence[Ink], right: Sequence[Ink], width: int) -> Line:
    """Both ends of a line; the left one gives way when there is no room."""
    ends = fitted(right, min(cells(right), width))
    room = width - cells(ends)
    return (*fitted(left, room), *ends) if room > 0 else ends


def beside(left: Sequence[Ink], right: Sequence[Ink], width: int) -> Line:
    """One after the other; the left one gives way when there is no room."""
    return (*left, *right) if cells(left) + cells(right) <= width else spread(left, right, width)


def wrapped(text: object, width: int) -> list[str]:
    """Text as lines of at most `width` cells, broken at blanks; its own line breaks are kept."""
    width = max(1, width)
    lines: list[str] = []
    for paragraph in clean(text).expandtabs(4).split("\n"):
        current = ""
        for word in paragraph.split(" "):
            whole = f"{current} {word}" if current else word
            if cell_len(whole) <= width:
                current = whole
                continue
            if current:
                lines.append(current)
            *full, current = _chopped(word, width)
            lines.extend(full)
        lines.append(current.rstrip())
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def _chopped(word: str, width: int) -> list[str]:
    if cell_len(word) <= width:
        return [word]
    parts = [""]
    taken = 0
    for sign in word:
        size = cell_len(sign)
        if taken + size > width and parts[-1]:
            parts.append("")
            taken = 0
        parts[-1] += sign
        taken += size
    return parts
