"""The picture for documents."""

from __future__ import annotations

from lexops.tui.screenshot import svg
from tests.tui.port import FakePort, FixedClock


def test_the_overview_is_drawn_without_a_terminal_and_needs_nothing_from_elsewhere() -> None:
    picture = svg(FakePort(), (100, 30), clock=FixedClock())
    assert "replication" in picture.lower()
    assert "NEEDS" in picture
    assert "@font-face" not in picture
