"""What people type as a moment."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from lexops.clock import parse_duration, parse_moment
from tests.clock import START


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "99999999999d", "soon", ""]
)
def test_what_is_no_moment_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write 2026-11-22"):
        parse_moment(text, ZoneInfo("UTC"), lambda away: START + away)


@pytest.mark.parametrize("text", ["99999999999999999h", f"{'9' * 400}s"])
def test_a_duration_beyond_all_counting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than can be counted"):
        parse_duration(text)
