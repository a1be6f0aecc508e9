"""The QR code on a terminal: read back from the cells it is the code that was meant."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from lexops.auth import qr, totp

_HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def _modules(lines: Sequence[str], *, light_terminal: bool) -> list[list[bool]]:
    """Which modules look dark to a camera."""
    rows = [[_HALVES[cell][half] for cell in line] for line in lines for half in (0, 1)]
    return [[painted is light_terminal for painted in row] for row in rows]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120), st.booleans())
def test_the_cells_show_the_code_with_a_quiet_margin(text: str, light_terminal: bool) -> None:
    lines = qr.lines(text, light_terminal=light_terminal)
    rows = _modules(lines, light_terminal=light_terminal)
    code = segno.make(text, error="l", micro=False)
    size, quiet = len(code.matrix), qr.QUIET
    inside = [row[quiet:-quiet] for row in rows[quiet : quiet + size]]
    assert inside == [[bool(module) for module in row] for row in code.matrix]
    margin = [*rows[:quiet], *rows[quiet + size :], *([*row[:quiet], *row[-quiet:]] for row in rows)]
    assert not any(any(row) for row in margin)
    assert len(rows) - quiet - size >= quiet


def test_an_enrolment_fits_a_screen_of_80_by_24() -> None:
    uri = totp.uri(totp.new_secret(), issuer="LexOps Muster & Partner", account="anna.lindqvist")
    lines = qr.lines(uri)
    assert len(lines) == 21
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) == 41


@pytest.mark.parametrize(
    ("length", "wide", "high"), [(106, 41, 21), (107, 45, 23), (134, 45, 23), (135, 49, 25)]
)
def test_how_much_text_takes_how_many_cells(length: int, wide: int, high: int) -> None:
    lines = qr.lines("x" * length)
    assert (len(lines[0]), len(lines)) == (wide, high)
