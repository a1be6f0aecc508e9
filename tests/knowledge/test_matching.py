"""Which articles help, and which of them are to be looked through; and articles as documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.document import Unusable
from lexops.calendars.model import Revision
from lexops.errors import InvalidRequest
from lexops.knowledge.document import from_document, to_document
from lexops.knowledge.drafting import LONGEST_BODY, Wanted, drafted
from lexops.knowledge.matching import articles_for, fits, staleness
from lexops.knowledge.model import Article, Standing

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
YEAR = timedelta(days=365)


def article(name: str, **more: object) -> Article:
    return Article(name, name.title(), "what is known", **more)  # type: ignore[arg-type]


def names(*articles: Article, fingerprint: str = "") -> list[str]:
    return [each.name for each in articles_for(articles, "db", "host.disk-space", fingerprint)]


def stale(one: Article, *, recorded: datetime = AT, **known: set[str]) -> str:
    return staleness(Revision(one, 1, recorded, False, "ana", ""), AT, YEAR, **known)


@pytest.mark.parametrize(
    ("pattern", "name", "answer"),
    [
        ("host.disk-space", "host.disk-space", True),
        ("host.disk-*", "host.disk-space", True),
        ("*", "", True),
        ("*.disk-*", "host.disk-space", True),
        ("host.disk", "host.disk-space", False),
        ("host?disk-space", "host.disk-space", False),
        ("host.disk-spac[e]", "host.disk-space", False),
        ("db/*", "db/host.load", True),
        ("b/*", "db/host.load", False),
        ("host.*", "hostxload", False),
    ],
)
def test_a_star_stands_for_any_part_and_nothing_else_is_special(
    pattern: str, name: str, answer: bool
) -> None:
    assert fits(pattern, name) is answer


def test_what_names_the_incident_most_exactly_comes_first() -> None:
    found = names(
        article("any", checks=("host.*",)),
        article("check", checks=("host.disk-space",)),
        article("here", fingerprints=("db/host.*",)),
        article("this", fingerprints=("db/host.disk-space",)),
        article("other", checks=("host.load",), fingerprints=("web/*",)),
    )
    assert found == ["this", "here", "check", "any"]


def test_an_incident_of_no_check_is_matched_by_its_own_fingerprint() -> None:
    alert = article("alert", fingerprints=("nagios/*",))
    assert names(alert, fingerprint="nagios/disk") == ["alert"]
    assert names(alert) == []
    assert articles_for([article("every", checks=("*",))], "", "", "by hand/7") == []


def test_drafts_come_last_and_retired_articles_help_with_nothing() -> None:
    exact = ("host.disk-space",)
    found = names(
        article("draft", checks=exact, standing=Standing.DRAFT),
        article("retired", checks=exact, standing=Standing.RETIRED),
        article("current", checks=("*",)),
    )
    assert found == ["current", "draft"]


def test_an_article_that_nobody_has_read_for_a_year_is_stale_until_somebody_does() -> None:
    assert stale(article("a"), recorded=AT - YEAR) == ""
    old = AT - YEAR - timedelta(days=1)
    assert stale(article("a"), recorded=old) == "nobody has looked it through for 366 d"
    assert stale(article("a", reviewed=AT - timedelta(days=3)), recorded=old) == ""
    assert stale(article("a", standing=Standing.RETIRED), recorded=old) == ""


def test_an_article_about_checks_or_runbooks_that_are_gone_is_stale() -> None:
    one = article("a", checks=("host.disk-*", "host.tape"), runbooks=("free-disk",))
    assert stale(one, checks={"host.disk-space"}, runbooks={"free-disk"}) == "there is no check host.tape"
    assert "no runbook free-disk" in stale(one, checks={"host.tape", "host.disk-space"}, runbooks={"other"})
    assert stale(one, checks=set(), runbooks=set()) == "", "what there is, is not known"


# Written and read.


articles = st.builds(
    Article,
    st.just("full-disk"),
    st.text(max_size=20),
    st.text(max_size=200),
    st.lists(st.text(max_size=9), max_size=3).map(tuple),
    st.lists(st.text(max_size=9), max_size=3).map(tuple),
    st.lists(st.text(max_size=9), max_size=3).map(tuple),
    st.lists(st.text(max_size=9), max_size=3).map(tuple),
    st.sampled_from(Standing),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 9),
)


@given(articles)
def test_an_article_is_read_as_it_was_written(one: Article) -> None:
    assert from_document("full-disk", to_document(one)) == one


@pytest.mark.parametrize(
    "change",
    [
        {"title": 7},
        {"body": None},
        {"checks": "host.load"},
        {"tags": [1]},
        {"standing": "burning"},
        {"reviewed": "2026-01-01T00:00"},
        {"reviewed": "soon"},
        {"incident": "x"},
    ],
    ids=str,
)
def test_what_is_no_article_is_not_taken_for_one(change: dict[str, object]) -> None:
    with pytest.raises(Unusable):
        from_document("a", to_document(article("a")) | change)
    with pytest.raises(Unusable):
        from_document("a", [])


# Wanted.


def test_what_is_left_out_stays_as_it_was_and_a_dash_empties() -> None:
    before = article("a", checks=("host.load",), tags=("disk",), standing=Standing.DRAFT, incident=7)
    after = drafted(Wanted("a", checks="-", tags=" disk , , full ,disk"), before)
    assert after == article("a", tags=("disk", "full"), standing=Standing.DRAFT, incident=7)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted("A b", "t", "b"), "name: 'A b' cannot name an article"),
        (Wanted("x" * 41, "t", "b"), "cannot name"),
        (Wanted("a", None, "b"), "title: nothing can be read"),
        (Wanted("a", "t", None), "body: nothing can be read"),
        (Wanted("a", "t", " \n\t\n"), "body: nothing can be read"),
        (
            Wanted("a", "t", "ü" * (LONGEST_BODY // 2 + 1)),
            r"body: 200,002 bytes; an article has at most 200,000",
        ),
        (Wanted("a", "t", "b", checks="Host Load"), "checks: 'Host Load' names none"),
        (Wanted("a", "t", "b", tags="x,Y!"), "tags: 'Y!' names none"),
        (Wanted("a", "t", "b", tags=",".join(f"t{n}" for n in range(51))), "51 of them; at most 50"),
    ],
    ids=range(9),
)
def test_what_cannot_be_kept_is_refused_with_the_reason(wanted: Wanted, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        drafted(wanted, None)


def test_control_characters_become_signs_and_line_ends_one_kind() -> None:
    made = drafted(Wanted("a", "a\x1b[31m\ntitle", "one\x1b]0;x\x07\r\ntwo\rthree  \n\n"), None)
    assert made.title == "a␛[31m title"
    assert made.body == "one␛]0;x␇\ntwo\nthree"
