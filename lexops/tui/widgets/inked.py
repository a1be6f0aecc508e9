"""Tones into styles: what every widget that draws ink has in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.style import Style as VisualStyle
from textual.widget import Widget

from lexops.tui.ink import Ink, Line, Tone


class Inked(Widget):
    """A widget whose style sheet has a class for each tone."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{tone}" for tone in Tone}

    def _style(self, piece: Ink) -> Style:
        return self.get_component_rich_style(f"ink--{piece.tone}", partial=True)

    def segments(self, pieces: Iterable[Ink], base: Style) -> list[Segment]:
        """The line as segments on the style of its row."""
        return [Segment(piece.text, base + self._style(piece)) for piece in pieces if piece.text]

    def content(self, lines: Iterable[Line]) -> Content:
        """Lines as content, never parsed as markup."""
        parts: list[Content] = []
        for pieces in lines:
            styled = [
                (piece.text, VisualStyle.from_rich_style(self._style(piece)))
                for piece in pieces
                if piece.text
            ]
            parts.append(Content.assemble(*styled))
        return Content("\n").join(parts)
