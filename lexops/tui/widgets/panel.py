"""Lines of ink that are only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.geometry import Size

from lexops.tui.ink import Line
from lexops.tui.widgets.inked import Inked

Draw = Callable[[int], Sequence[Line]]
"""Lines for a width."""


def _nothing(width: int) -> Sequence[Line]:
    return ()


class Panel(Inked):
    """Shows what a presenter draws for its width, and repaints only when that differs."""

    _draw: Draw = staticmethod(_nothing)
    _drawn: tuple[int, Sequence[Line]] = (-1, ())

    def show(self, draw: Draw) -> None:
        """Draw with `draw` from now on."""
        self._draw = draw
        width, before = self._drawn
        if width < 0:
            self.refresh(layout=True)
            return
        now = draw(width)
        if list(now) != list(before):
            self._drawn = (width, now)
            self.refresh(layout=len(now) != len(before))

    def lines(self, width: int) -> Sequence[Line]:
        """The lines as they stand for `width`."""
        if self._drawn[0] != width:
            self._drawn = (width, self._draw(width))
        return self._drawn[1]

    def render(self) -> Content:
        return self.content(self.lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.lines(width)))
