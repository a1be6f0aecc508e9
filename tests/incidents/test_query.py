"""The notation of filters: what it finds, what it refuses, and that reading it back gives the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.checks.model import Status
from lexops.errors import InvalidRequest
from lexops.incidents.model import Incident, Level, Origin, Priority, State
from lexops.incidents.query import (
    BUILT_IN,
    NAMES,
    Asker,
    Line,
    Query,
    Sort,
    Term,
    numbers,
    parse,
    text,
)
from tests.clock import START

HOUR = timedelta(hours=1)
ANA = Asker("ana", START)


def line(id: int = 1, *, due: timedelta | None = None, watchers: str = "", **facts: object) -> Line:
    values = {"severity": Status.WARNING, "state": State.OPEN, "target": "billing-db", "check": "a.b"}
    opened = {"opened": START - 3 * HOUR, "changed": START - HOUR}
    more = {"title": "Portal is slow", "fingerprint": f"{id}"} | values | opened | facts
    incident = Incident(id, **more)  # type: ignore[arg-type]
    return Line(incident, START + due if due is not None else None, frozenset(watchers.split()), "production")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", True),
        ("portal", True),
        ("SLOW portal", True),
        ('"portal is"', True),
        ('"is portal"', False),
        ("#41", True),
        ("slow -portal", False),
        ("priority:P1,P2", True),
        ("priority:p3", False),
        ("-priority:P3", True),
        ("severity:critical", True),
        ("state:open", False),
        ("state:taken", True),
        ("state:over", False),
        ("queue:port*", True),
        ("queue:none", False),
        ("provider:none", True),
        ("owner:me", True),
        ("owner:none", False),
        ("owner:b?", False),
        ("owner:ANA", True),
        ("target:billing-*", True),
        ("check:host.*", False),
        ("client:acme", True),
        ("environment:production", True),
        ("impact:high", True),
        ("urgency:none", True),
        ("origin:check,mail", True),
        ("watching:me", False),
        ("watching:bo", True),
        ("parent:7", True),
        ("parent:none", False),
        ("age:3h", True),
        ("age:4h", False),
        ("quiet:1h", True),
        ("due:30m", False),
        ("due:2h", True),
        ("  priority:P1   owner:me sort:breach ", True),
    ],
)
def test_what_a_filter_finds(words: str, wanted: bool) -> None:
    found = line(
        41,
        due=HOUR,
        watchers="bo",
        severity=Status.CRITICAL,
        state=State.ACKNOWLEDGED,
        owner="ana",
        priority=Priority.P1,
        client="ACME",
        queue="portal",
        impact=Level.HIGH,
        origin=Origin.CHECK,
        parent=7,
    )
    assert parse(words).fits(found, ANA) is wanted


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ("prio:P1", "prio: is no fact", "there are: priority, severity"),
        ("priority:P5", "priority:P5: p5 is no priority", "there are: P1, P2, P3, P4"),
        ("state:closed", "closed is no state", "open, acknowledged"),
        ("sort:best", "sort:best is no order", "breach, age"),
        ("age:old", "old is no duration", "30m"),
        ("due:99999999999w", "no duration", "30m"),
        ("parent:x", "no incident", "parent:any"),
        ("owner:", "owner: names nothing", "owner:VALUE"),
        ('"open', "quotation mark", ""),
        ("x" * 501, "longer than 500", ""),
    ],
)
def test_what_is_no_filter_is_refused_with_what_is_allowed(words: str, said: str, hint: str) -> None:
    with pytest.raises(InvalidRequest, match=said) as refused:
        parse(words)
    assert hint in refused.value.hint


def test_what_comes_first() -> None:
    lines = [
        line(1, due=2 * HOUR, priority=Priority.P1, opened=START - HOUR),
        line(2, severity=Status.CRITICAL, opened=START - 2 * HOUR),
        line(3, due=-HOUR, priority=Priority.P4, opened=START - 3 * HOUR, changed=START),
    ]
    orders = {
        "breach": [3, 1, 2],
        "age": [3, 2, 1],
        "new": [1, 2, 3],
        "priority": [1, 2, 3],
        "severity": [2, 1, 3],
        "changed": [3, 2, 1],
    }
    assert set(orders) == set(Sort)
    for name, wanted in orders.items():
        assert [each.incident.id for each in parse(f"sort:{name}").chosen(lines, ANA)] == wanted, name
    assert [each.incident.id for each in parse("slow").chosen(lines, ANA)] == [1, 2, 3]


def test_the_views_that_are_always_there_can_be_read() -> None:
    assert all(parse(each) for each in BUILT_IN.values())
    assert parse("state:resolved").names_state and not parse("-state:waiting").names_state


values = st.text(st.characters(exclude_characters='",', exclude_categories=("Cs",)), max_size=12)
words = st.one_of(
    values,
    st.sampled_from(
        ["priority:P1,P2", "-owner:none", "sort:breach", "age:2h", '"two words"', "parent:any", "-"]
    ),
    st.builds("{}:{}".format, st.sampled_from(NAMES), values),
)


@given(st.lists(words, max_size=6).map(" ".join))
@settings(max_examples=300)
def test_whatever_is_typed_is_read_or_refused_and_what_is_read_reads_the_same_again(typed: str) -> None:
    try:
        found = parse(typed)
    except InvalidRequest as error:
        assert str(error)
        return
    assert parse(text(found)) == found
    found.chosen([line(), replace(line(2), due=START)], ANA)


@given(
    st.lists(
        st.builds(Term, st.sampled_from(["", "queue", "client"]), st.tuples(st.text("ab -*", min_size=1))),
        max_size=3,
    )
)
def test_turned_round_a_filter_finds_the_others(terms: list[Term]) -> None:
    for term in terms:
        one = Query((term,)).fits(line(queue="a b"), ANA)
        other = Query((replace(term, negated=True),)).fits(line(queue="a b"), ANA)
        assert one != other


def test_numbers_are_read_with_spans_and_each_once() -> None:
    assert numbers(["41", "#43,44", "46-48", "41"]) == [41, 43, 44, 46, 47, 48]
    for wrong in ("x", "5-3", "-1", "1-", "1-900", "٤"):
        with pytest.raises(InvalidRequest):
            numbers([wrong])
