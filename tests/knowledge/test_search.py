"""From words to a question to the index, and from hits to an order: without any store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.knowledge import fts, search
from lexops.knowledge.documents import Document
from lexops.knowledge.model import FoundKind, Trouble
from lexops.knowledge.search import Hit, Query, ranked, without
from tests.knowledge.relevance import START, load, make, ours, score

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOSTILE = [
    '"',
    '"" OR ""',
    "title:x",
    "NEAR(a b, 2)",
    "a AND NOT b",
    "^a + b*",
    "col : {a b} - c",
    "'; DROP TABLE words; --",
    "\x00a\x00",
    "*",
    "( ( (",
    "-9e999",
    "a" * 10_000,
    "💥 ‮abc",
    "e\u0301cole",
    "AND OR NOT NEAR",
    " ".join(f"w{n}" for n in range(3_000)),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set for relevance among six hundred dull incidents, so that some words are common."""
    dull = [
        Document(
            FoundKind.INCIDENT,
            str(10_000 + number),
            f"Office {number} reports a problem with the printer",
            "office-host host.units",
            "",
            f"the billing desk says that station {number} on floor {number % 30} waits; a ticket was written",
            when=START,
        )
        for number in range(600)
    ]
    return make(tmp_path_factory.mktemp("index") / "knowledge.db", [*load()[0], *dull])


def found(path: Path, words: str) -> list[str]:
    with fts.reading(path) as index:
        return [each.id for each in ranked(index.find(search.query(words)), 10)]


def common(path: Path) -> list[str]:
    with fts.reading(path) as index:
        return [row[0] for row in index.connection.execute("SELECT term FROM common ORDER BY term")]


# Words.


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_no_words_are_an_error(index: Path, words: str) -> None:
    found(index, words)


@given(st.text(max_size=60))
def test_nothing_that_is_typed_is_an_expression(index: Path, words: str) -> None:
    asked = search.query(words)
    assert all(word.isalnum() for word in asked.words)
    found(index, words)
    assert set(found(index, f"{words} lockbox remittance shifted")) >= {"19"}


def test_function_words_are_not_looked_for_unless_there_is_nothing_else() -> None:
    assert search.query("the bill is not in the portal").words == ("bill", "portal")
    assert search.query("what is it").words == ("what", "is", "it")
    assert search.query("…!").words == ()


def test_words_of_the_same_meaning_are_looked_for_too_also_where_they_are_several() -> None:
    phrases = {each.phrase for each in search.query("escrow shows an overdraft").others}
    assert {"trust", "client account", "negative"} <= phrases
    assert "fee earner" in {each.phrase for each in search.query("lawyers").others}
    assert "saml" in {each.phrase for each in search.query("single sign-on fails").others}
    assert "saml" not in {each.phrase for each in search.query("a single sign of it").others}


def test_a_word_typed_is_not_looked_for_a_second_time_as_another() -> None:
    asked = search.query("bill invoices")
    assert asked.words == ("bill", "invoices")
    assert {"bill", "invoice"}.isdisjoint(each.phrase for each in asked.others)


def test_common_words_go_with_what_only_they_stand_for_unless_nothing_is_left() -> None:
    asked = search.query("bill lockbox")
    left = without(asked, {"bill"})
    assert left.words == ("lockbox",)
    assert "invoice" not in {each.phrase for each in left.others}
    assert "bank file" in {each.phrase for each in left.others}
    assert without(search.query("bill"), {"bill"}) == Query(("bill",))


def test_a_search_has_a_limited_number_of_words() -> None:
    kept = without(search.query(" ".join(f"w{n}" for n in range(200)) + " bill portal mail lock disk"), ())
    assert len(kept.words) == search.MOST_WORDS
    assert len(kept.others) <= search.MOST_OTHERS


# Common words, as the index has measured them.


def test_what_is_in_a_fifth_of_all_documents_is_common_and_seldom_words_are_not(index: Path) -> None:
    words = set(common(index))
    assert {"offic", "report", "printer", "station"} <= words
    assert {"trust", "portal", "invoic", "lockbox"}.isdisjoint(words)


def test_few_documents_have_no_common_words(tmp_path: Path) -> None:
    assert common(make(tmp_path / "few.db", load()[0])) == []


@given(st.data())
def test_common_words_added_to_a_question_do_not_lose_what_it_found_first(
    index: Path, data: st.DataObject
) -> None:
    asked = data.draw(st.sampled_from(load()[1]))
    extra = data.draw(st.lists(st.sampled_from([*common(index), "the", "is", "of"]), max_size=40))
    before = found(index, asked.words)
    after = found(index, f"{' '.join(extra)} {asked.words}")
    assert set(before[:1]) <= set(after)


# How well it finds; the share of paraphrases is a floor, not an aim.


def test_whoever_types_words_of_an_incident_finds_it(index: Path, tmp_path: Path) -> None:
    keywords = [each for each in load()[1] if each.kind == "keyword"]
    assert score(ours(make(tmp_path / "alone.db", load()[0])), keywords).fifth == 1.0
    assert score(ours(index), keywords).fifth == 1.0


def test_whoever_tells_the_same_in_other_words_mostly_finds_it(index: Path, tmp_path: Path) -> None:
    told = [each for each in load()[1] if each.kind == "paraphrase"]
    assert score(ours(make(tmp_path / "alone.db", load()[0])), told).fifth >= 0.6
    assert score(ours(index), told).fifth >= 0.6


# Order.

KNOWN = Document(
    FoundKind.INCIDENT, "1", "Disk fills up", "db host.disk-space", "", "", "db", "host.disk-space",
    "db/host.disk-space", when=AT,
)  # fmt: skip
DISK = Trouble("Disk fills up", "db", "host.disk-space", "db/host.disk-space")


def order(*documents: Document, trouble: Trouble | None = DISK) -> list[str]:
    return [each.id for each in ranked((Hit(each, 1.0) for each in documents), 10, trouble)]


def test_the_same_again_comes_before_the_same_check_and_that_before_the_same_target() -> None:
    other = replace(KNOWN, ref="2", target="web", fingerprint="web/host.disk-space")
    here = replace(KNOWN, ref="3", check="host.load", fingerprint="db/host.load")
    away = replace(KNOWN, ref="4", target="web", check="host.load", fingerprint="web/host.load")
    assert order(away, here, other, KNOWN) == ["1", "2", "3", "4"]


def test_the_same_check_comes_even_before_better_words() -> None:
    words = replace(KNOWN, ref="2", target="web", check="host.load", fingerprint="web/host.load")
    hits = [Hit(words, 9.0), Hit(KNOWN, 5.0)]
    assert [each.id for each in ranked(hits, 10, DISK)] == ["1", "2"]
    assert [each.id for each in ranked(hits, 10)] == ["2", "1"]


def test_what_somebody_has_solved_comes_before_what_only_passed() -> None:
    solved = replace(KNOWN, ref="2", is_solved=True, solution="a bigger disk", when=AT - timedelta(days=9))
    assert order(KNOWN, solved) == ["2", "1"]


def test_of_equally_near_ones_the_newest_comes_first() -> None:
    newer = replace(KNOWN, ref="2", when=AT + timedelta(days=1))
    assert order(KNOWN, newer) == ["2", "1"]
    assert order(newer, KNOWN, trouble=None) == ["2", "1"]


def test_a_draft_comes_after_an_article_that_is_in_use() -> None:
    article = Document(FoundKind.ARTICLE, "a", "Disk", "", "", "")
    assert order(replace(article, ref="b", is_draft=True), article, trouble=None) == ["a", "b"]
