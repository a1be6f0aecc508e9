"""A report as text, CSV, JSON and HTML: complete, within its bounds, safe whatever a ticket is called."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lexops.sla.model import ClockKind
from lexops.sla.rendering import Format, change, permille, share
from lexops.sla.rendering_csv import COLUMNS, cell
from lexops.sla.rendering_text import wrapped
from lexops.sla.report import Reason, report
from lexops.sla.view import DayCell, Report, Responsibility, Restatement
from lexops.sla.writing import write
from tests.sla.test_report import HOUR, kept, material, missed

HOSTILE = (
    "=cmd|' /C calc'!A0 [@click=app.quit()]x[/]\x1b]0;evil\x07\u202e<script>alert(1)</script>,\"\r\n&amp;"
)


def full(name: str = "ACME", title: str = "Broken") -> Report:
    """A report with something in every section."""
    late = missed(41, 5 * HOUR, "2026-10-09T10:00", client=name, provider="host", title=title)
    found = report(
        material(
            site=name,
            met=[kept(number, 60 * number, client=name, queue=name) for number in range(1, 200)]
            + [kept(500, 4 * HOUR - 60, client="")],
            broken=[replace(late, is_open=True)],
            reasons={late.kept.key: Reason(Responsibility.VENDOR, title, 2)},
            before={("all", "", ClockKind.RESPONSE): (10, 1)},
            trend=[("2026-09", 10, 1), ("2026-10", 200, 1)],
            definitions=[f"Policy {name}: everything within four hours."],
            still_open=3,
            cancelled=1,
            behind=2,
        )
    )
    return replace(
        found,
        closed=datetime(2026, 11, 2, 8, tzinfo=UTC),
        digest="ab" * 32,
        restatements=(Restatement(f"response, client {name}", "9 of 10", title),),
        days=(*found.days, DayCell("Ω" * 40, date(2026, 10, 31), 0, 12)),
    )


def test_text_keeps_to_eighty_columns_and_to_characters_that_no_terminal_acts_on() -> None:
    shown = write(full(HOSTILE * 3, HOSTILE * 20), Format.TEXT)
    lines = shown.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)
    assert not set(shown) & set("\x1b\x07\r\u202e")


def test_text_has_every_section_and_says_what_it_leaves_to_the_others() -> None:
    found = replace(full(), saved=tuple((n, ClockKind.RESPONSE, 1, 90) for n in range(1, 101)))
    shown = write(found, Format.TEXT)
    for title in (
        "RESTATED",
        "ATTAINMENT",
        "TREND",
        "BROKEN PROMISES",
        "WARNED, BUT KEPT",
        "DAYS",
        "DEFINITIONS",
    ):
        assert f"\n{title}" in shown
    assert "INCOMPLETE: 2 tickets to catch up with: lexops worker" in shown
    assert "and 60 more; all of them are in --format csv and json" in shown
    assert "3 open promises, 1 cancelled ticket" in shown
    assert "vendor: Broken (recorded 3 times)" in shown


def test_numbers_of_a_row_stand_below_their_heads() -> None:
    lines = write(full(), Format.TEXT).splitlines()
    head = next(line for line in lines if "95 % in" in line)
    row = lines[lines.index("everything") + 1]
    for name, value in (("kept", "200"), ("broken", "1"), ("95 % in", "97.2-99.9"), ("worst", "5 h 00")):
        assert row[: head.index(name) + len(name)].endswith(value)


@given(st.text(), st.integers(12, 80))
def test_wrapped_lines_lose_nothing_and_are_never_too_long(words: str, width: int) -> None:
    lines = list(wrapped(words, width, indent="  "))
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join("".join(wrapped(words, 100_000)).split())


def test_csv_reads_back_as_the_same_table_and_ends_its_lines_as_the_standard_says() -> None:
    text = write(full(HOSTILE, HOSTILE), Format.CSV)
    assert text.count("\r\n") == text.count("\n")
    head, *rows = csv.reader(StringIO(text, newline=""))
    assert tuple(head) == COLUMNS and {len(row) for row in rows} == {len(COLUMNS)}
    sections = {row[0] for row in rows}
    assert sections == {
        "alarm",
        "summary",
        "restatement",
        "attainment",
        "trend",
        "breach",
        "saved",
        "day",
        "definition",
    }
    breach = dict(zip(COLUMNS, next(row for row in rows if row[0] == "breach"), strict=True))
    assert (breach["incident"], breach["over_seconds"], breach["open"]) == ("41", str(HOUR), "yes")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1"])
def test_no_text_in_a_cell_is_a_formula(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_negative_number_is_a_number_and_no_text() -> None:
    assert (cell(-3), cell(True), cell(None), cell(0)) == ("-3", "yes", "", "0")


def test_json_is_plain_ascii_and_has_the_counts_and_the_digest() -> None:
    text = write(full(HOSTILE), Format.JSON)
    found = json.loads(text)
    assert text.isascii() and text.isprintable() is False and "\x1b" not in text
    everything = found["attainments"][0]
    assert (everything["met"], everything["missed"], everything["percent"]) == (200, 1, 99.502)
    assert (found["sha256"], found["behind"], found["open"], found["cancelled"]) == ("ab" * 32, 2, 3, 1)
    assert found["breaches"][0]["end"].endswith("Z")


class _Page(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [
            name for name, _ in attrs if name in ("src", "href", "action") or name.startswith("on")
        ]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_has_no_scripts_and_asks_nobody_for_anything() -> None:
    text = write(full(HOSTILE, HOSTILE), Format.HTML)
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "object", "a", "form"} & set(page.tags)
    assert page.asked == [] and "url(" not in text and "@import" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "default-src &#x27;none&#x27;" in text
    assert not set(text) & set("\x1b\x07\u202e")


def test_html_keeps_its_bars_and_its_columns_on_paper() -> None:
    style = write(full(), Format.HTML).partition("<style>")[2].partition("</style>")[0]
    # Browsers leave backgrounds out when they print: bars were empty, numbers of broken ones white on white.
    assert ".bar, .bar div, .days td.x { -webkit-print-color-adjust: exact;" in style
    # Heads that may not wrap made the table wider than the page.
    assert "th.n, td.n { text-align: right; white-space" not in style


def test_a_change_that_rounds_to_nothing_has_no_minus() -> None:
    (found, *_) = full().attainments
    assert found.percent is not None
    assert change(replace(found, before=found.percent + 0.01)) == "+0.0"
    assert change(replace(found, before=found.percent + 0.06)) == "-0.1"


def test_html_is_what_a_manager_can_sign() -> None:
    text = write(full(), Format.HTML)
    for words in (
        "SLA report: October 2026",
        "2026-10-01 00:00 BST to before 2026-11-01 00:00 GMT (Europe/London)",
        "Prepared by, date",
        "Accepted by, date",
        "everything within four hours",
        "@media print",
        "ab" * 32,
    ):
        assert words in text


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_only_what_was_kept_altogether_is_a_hundred_percent(met: int, missed: int) -> None:
    found = permille(met, missed)
    if met + missed == 0:
        assert found is None and share(met, missed) == "n/a"
        return
    assert found is not None and abs(found - 1000 * met / (met + missed)) <= 1
    assert (found == 1000) == (missed == 0) and (found == 0) == (met == 0)


def test_an_empty_month_is_a_report_too() -> None:
    empty = report(material())
    shown = write(empty, Format.TEXT)
    assert "No promise was kept or broken." in shown and "0 kept, 0 broken: n/a kept" in shown
    for form in Format:
        assert write(empty, form)
