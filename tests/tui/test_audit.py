"""The record in the console: its list, one entry with its proof, verification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lexops.audit.log import State as RecordState
from lexops.audit.verdict import Problem, Verdict
from lexops.errors import StoreError
from lexops.tui.ink import plain
from lexops.tui.places import EntryPlace
from lexops.tui.presenters.proof import grown, progress_line, record_line, report_lines
from lexops.tui.views import LogRow
from tests.tui.conftest import desk
from tests.tui.port import NOW, ZONE, FakePort, ago, intact, log_rows, sealed


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_record_is_listed_newest_first_and_says_how_far_it_is_sealed(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("0")
        await d.until(lambda: d.list("log").rows)
        text = d.screen_text()
        assert "· waits" in text and "#18,204" in text and "backup.restore" in text
        assert "40 entries · sealed to #18,204, witness <1 m ago" in text
        assert d.list("log").rows[0].index is None


async def test_a_hundred_thousand_entries_scroll_and_filter() -> None:
    async with desk(FakePort(entries=log_rows(100_300))) as d:
        await d.press("0")
        await d.until(lambda: len(d.list("log").rows) == 100_000)
        assert "the newest 100,000 entries" in d.screen_text()
        await d.press("end")
        assert d.list("log").current.id == "entry-99999"
        await d.press("pageup", "home")
        assert d.list("log").cursor == 0
        await d.press("slash", "~actor:ana check.run", "enter")
        await d.until(lambda: 0 < len(d.list("log").rows) < 100_000)
        assert all(each.actor == "ana" for each in d.list("log").rows)
        assert "/ actor:ana check.run" in d.screen_text()


async def test_new_entries_come_by_themselves_and_are_sealed_in_place() -> None:
    async with desk() as d:
        await d.press("0")
        await d.until(lambda: d.list("log").rows)
        await d.press("down", "down")
        marked = d.list("log").current_key
        new = replace(d.port.entries[0], id="entry-new", kind="failed")
        d.port.entries = [new, replace(d.port.entries[0], index=18_205), *d.port.entries[1:]]
        d.port.change()
        await d.until(lambda: d.list("log").rows[0].id == "entry-new")
        assert d.list("log").rows[1].index == 18_205 and len(d.list("log").rows) == 41
        assert d.list("log").current_key == marked


async def test_an_entry_shows_its_fields_and_its_proof() -> None:
    port = FakePort(entry_personal={"operator": "bo", "answer": "(erased)", "note": "(sealed)"})
    async with desk(port, (110, 40)) as d:
        await d.press("0")
        await d.until(lambda: d.list("log").rows)
        await d.press("down", "enter")
        await d.until(lambda: d.here == "EntryScreen" and "PROOF" in d.screen_text())
        text = d.screen_text()
        for said in (
            "Audit › #18,204",
            "✔ SEALED",
            "(erased)",
            "(sealed)",
            "checkpoint 9",
            "notary",
            "epoch 3",
        ):
            assert said in text, said
        await d.press("p")
        await d.until(lambda: "proof written: /srv/proofs/entry-1.json" in d.toasts)


async def test_what_is_not_sealed_cannot_be_proven_yet() -> None:
    async with desk(size=(110, 60)) as d:
        await d.console.go(EntryPlace("entry-0"))
        await d.until(lambda: "NOT SEALED YET" in d.screen_text())
        await d.press("p")
        assert "write proof" not in d.screen_text().split("\n")[-1]
        await d.press("question_mark")
        assert "it is not sealed yet" in d.panel("#help-lines")


async def test_an_unknown_entry_is_said() -> None:
    async with desk() as d:
        await d.console.go(EntryPlace("nothing"))
        await d.until(lambda: "the record has no entry nothing" in d.screen_text())


@pytest.mark.parametrize("keys", [("0",), ("0", "down", "enter")])
async def test_v_verifies_and_says_the_verdict_in_words(keys: tuple[str, ...]) -> None:
    async with desk() as d:
        await d.press(*keys)
        await d.press("v")
        await d.until(lambda: "INTACT: every entry is as it was sealed" in d.screen_text())
        assert "18,205 entries looked at" in d.screen_text()
        await d.press("escape")
        assert d.here != "VerifyScreen"


async def test_a_bad_verdict_names_the_entry_and_says_what_to_do() -> None:
    problem = Problem(Verdict.ALTERED, "entry 7 is not what was sealed", "0198", 7, ago(hours=3))
    async with desk(FakePort(report=replace(intact(), problems=(problem,)))) as d:
        await d.press("0", "v")
        await d.until(lambda: "✖ ALTERED" in d.screen_text())
        text = d.screen_text()
        assert "entry 7 is not what was sealed" in text and "keep a copy of the store" in text
        assert "#7 0198" in text and "until 2026-11-21 12:02" in text


async def test_a_record_that_cannot_be_read_is_said_in_the_dialog() -> None:
    async with desk(poll=30) as d:
        await d.press("0")
        d.port.error = StoreError("the store cannot be reached")
        await d.press("v")
        await d.until(lambda: "the store cannot be reached" in d.panel("#verify-lines"))


def read_from(entries: Sequence[LogRow]) -> tuple[list[int], object]:
    sizes: list[int] = []

    def read(*, before: str | None = None, limit: int = 500) -> Sequence[LogRow]:
        start = 0 if before is None else next(n for n, e in enumerate(entries, 1) if e.id == before)
        sizes.append(len(entries[start : start + limit]))
        return entries[start : start + limit]

    return sizes, read


def test_the_list_grows_by_pages_to_the_whole_record_without_a_gap_or_a_double() -> None:
    entries = log_rows(57)
    _, read = read_from(entries)
    rows: Sequence[LogRow] = ()
    for _ in range(20):
        rows, is_all = grown(rows, read, 5, 10, 1000)  # type: ignore[arg-type]
        if is_all:
            break
    assert list(rows) == entries


def test_what_is_newer_joins_what_is_known() -> None:
    entries = log_rows(30)
    _, read = read_from(entries)
    rows, _ = grown(entries[3:20], read, 5, 10, 1000)  # type: ignore[arg-type]
    assert list(rows) == entries


def test_so_many_new_entries_that_nothing_known_is_among_them_begin_the_list_anew() -> None:
    entries = log_rows(30)
    _, read = read_from(entries)
    rows, is_all = grown(entries[25:], read, 5, 10, 1000)  # type: ignore[arg-type]
    assert list(rows) == entries[:5] and not is_all


def test_entries_that_wait_for_their_seal_far_down_are_read_again() -> None:
    known = [replace(each, index=None) for each in log_rows(30)]
    _, read = read_from(log_rows(30))
    rows, _ = grown(known, read, 5, 100, 1000)  # type: ignore[arg-type]
    assert all(each.index is not None for each in rows[1:])


def test_the_standing_of_the_record_warns_when_nobody_seals_or_a_witness_objects() -> None:
    state = sealed()
    assert plain(record_line(state, NOW)) == "sealed to #18,204, witness <1 m ago"
    late = replace(state, newest=replace(state.newest, at=ago(hours=2)))  # type: ignore[type-var]
    assert "1 not sealed for 2 h" in plain(record_line(late, NOW))
    objecting = replace(state, witnesses=(replace(state.witnesses[0], trouble="it is another history"),))
    assert "notary: it is another history" in plain(record_line(objecting, NOW))
    assert plain(record_line(RecordState(0, 0, None, None, ()), NOW)) == "nothing sealed yet"
    assert "no witness" in plain(record_line(replace(state, witnesses=()), NOW))


def test_progress_and_report_fit_any_width() -> None:
    for width in (20, 40, 76, 120):
        assert "50%" in plain(progress_line(50, 100, width)).replace(" ", "")
        assert report_lines(intact(), ZONE, width)
    many = replace(intact(), problems=tuple(Problem(Verdict.ALTERED, f"p{n}") for n in range(30)))
    assert any("10 more" in plain(each) for each in report_lines(many, ZONE, 76))
