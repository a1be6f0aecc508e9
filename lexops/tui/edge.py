"""The last filter before the terminal: signs only ASCII terminals lack, and nothing that acts."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from lexops.text import clean

_ASCII = str.maketrans(
    "✔▲✖–▸›·…─│┄▁▂▃▄▅▆▇█░“”’┌┐└┘╭╮╰╯▉▊▋▌▍▎▏▐▔▕●○•◆×▼↑↓←→",
    '+!X->>|~-|-_.:-=+##?""\'++++++++||||||||-|*o**xv^v<>',
)


class Edge(LineFilter):
    """Replaces control signs that a widget let through; writes plain ASCII signs when asked."""

    def __init__(self, ascii_signs: bool = False) -> None:
        super().__init__()
        self._ascii = ascii_signs

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(self._safe(text), style, control) for text, style, control in segments]

    def _safe(self, text: str) -> str:
        safe = text if text.isprintable() else clean(text)
        return safe.translate(_ASCII) if self._ascii else safe
