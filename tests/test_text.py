"""Untrusted text becomes harmless; widths are what a terminal shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lexops.text import LIMIT, clean, fit, one_line, plural

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(st.text(st.characters(), max_size=300))
def test_no_control_character_survives(text: str) -> None:
    cleaned = clean(text)
    assert all(ord(char) >= 0x20 or char in "\n\t" for char in cleaned)
    assert not any(0x7F <= ord(char) <= 0x9F or char in BIDI for char in cleaned)
    cleaned.encode("utf-8")


def test_what_was_there_stays_visible() -> None:
    assert clean("a\x1b]0;x\x07b\x9bc\u202ed") == "a␛]0;x␇b\ufffdc\ufffdd"


def test_a_huge_value_is_cut_and_counted() -> None:
    assert clean("x" * (LIMIT + 5)).endswith("… (5 more characters)")


@given(st.text(max_size=200))
def test_one_line_is_one_line(text: str) -> None:
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=50), st.integers(0, 40), st.booleans()
)
def test_fitted_text_takes_exactly_its_cells(text: str, cells: int, right: bool) -> None:
    assert cell_len(fit(text, cells, right=right)) == cells


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(1, "check", "1 check"), (2, "entry", "2 entries"), (1200, "day", "1,200 days")],
)
def test_counted_nouns(count: int, noun: str, said: str) -> None:
    assert plural(count, noun) == said
