"""The three lines at the top of every screen."""

from __future__ import annotations

from collections.abc import Sequence

from lexops.tui.ink import Line
from lexops.tui.presenters.header import Standing, header_line, modes_line, rule, session_words
from lexops.tui.widgets.panel import Panel


class Header(Panel):
    """Site, environment, operator and worker; the modes; a rule."""

    def tell(self, standing: Standing, modes: Sequence[tuple[str, str, bool]]) -> None:
        """Say how things stand; repaints only when the words differ."""

        session = standing.snapshot.session if standing.snapshot else None
        opened = session_words(session) if session else ""

        def draw(width: int) -> Sequence[Line]:
            return header_line(standing, width), modes_line(modes, width, opened), rule(width)

        self.show(draw)
