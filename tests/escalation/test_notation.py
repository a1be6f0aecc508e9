"""What is entered: rungs as text, policies as documents, and what is refused with which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.calendars.document import Unusable
from lexops.calendars.model import Revision
from lexops.escalation import notation
from lexops.escalation.choosing import chain, choose
from lexops.escalation.document import from_document, from_snapshot, to_document, to_snapshot
from lexops.escalation.model import FACTS, Fits, Policy, Progress, Step, Who, WhoKind
from lexops.operations import Role

names = st.sampled_from(["dba", "on-call", "a", "level", "rota", "0m", "ana.b_c@firm"])
people = st.one_of(
    st.builds(
        Who,
        st.sampled_from([WhoKind.OPERATOR, WhoKind.ROTA, WhoKind.CHANNEL, WhoKind.AUDIENCE]),
        names,
    ),
    st.builds(lambda role: Who(WhoKind.ROLE, role.value), st.sampled_from(list(Role))),
    st.just(Who(WhoKind.OWNER)),
)
several = st.lists(people, min_size=1, max_size=4, unique=True).map(tuple)
steps = st.lists(
    st.builds(
        Step, st.integers(0, notation.LONGEST), several, st.sampled_from(["", "vendor", "level", "2nd"])
    ),
    min_size=1,
    max_size=6,
).map(tuple)
moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
policies = st.builds(
    Policy,
    names,
    steps,
    st.builds(Fits, *[st.one_of(st.just(""), names) for _ in FACTS]),
    names,
    st.integers(0, 20),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.one_of(st.just(()), several),
    st.one_of(st.just(""), names),
)


@given(steps)
def test_rungs_are_read_as_they_are_written(found: tuple[Step, ...]) -> None:
    assert notation.steps(notation.steps_text(found)) == found


@given(policies)
def test_a_policy_is_read_from_its_document_as_it_was(policy: Policy) -> None:
    assert from_document(policy.name, to_document(policy)) == policy


@settings(max_examples=40)
@given(
    policies,
    st.builds(
        Progress,
        severity=st.sampled_from(["", "CRITICAL"]),
        facts=st.sampled_from([(), ("ACME-1", "", "")]),
        since=moments,
        base=st.integers(0, 9),
        passed=st.lists(names, max_size=2).map(tuple),
        rung=st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(0, 9))),
        waits=moments,
        asked=moments,
        signals=st.lists(names, max_size=3).map(tuple),
    ),
)
def test_what_an_escalation_remembers_is_read_as_it_was(policy: Policy, progress: Progress) -> None:
    assert from_snapshot(to_snapshot(policy, progress)) == (policy, progress)


@given(st.text())
def test_any_text_is_rungs_or_refused_with_words(text: str) -> None:
    try:
        found = notation.steps(text)
    except ValueError as error:
        assert str(error)
    else:
        assert notation.steps(notation.steps_text(found)) == found


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "there are no steps"),
        ("10m", "tells nobody"),
        ("rota:dba", "no duration"),
        ("-5m rota:dba", "less than nothing"),
        ("40d rota:dba", "longer than 31 days"),
        ("999999999999d rota:dba", "longer than can be counted"),
        ("9" * 400 + "d rota:dba", "longer than can be counted"),
        ("1.5s rota:dba", "no whole number"),
        ("0m ana", "'ana' is nobody; write operator:NAME"),
        ("0m owner:ana", "has no name yet"),
        ("0m role:king", "there is no role 'king'"),
        ("0m operator:", "no name"),
        ("0m rota:dba, rota:dba", "twice"),
        ("0m level rota:dba", "a level is one word"),
        ("; ".join(["1m owner"] * 21), "more than 20"),
    ],
)
def test_impossible_rungs_are_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        notation.steps(text)


@pytest.mark.parametrize(
    "document",
    [None, {}, {"steps": 1}, to_document(Policy("p", (Step(0, (Who(WhoKind.OWNER),)),))) | {"repeat": -1}],
)
def test_what_is_no_policy_cannot_be_used(document: object) -> None:
    with pytest.raises(Unusable):
        from_document("p", document)
    with pytest.raises(Unusable):
        from_snapshot({"policy": document, "progress": {}})


def revision(name: str, *, steps: bool = True, then: str = "", **fits: str) -> Revision[Policy]:
    rungs = (Step(0, (Who(WhoKind.OWNER),)),) if steps else ()
    made = Policy(name, rungs, Fits(**fits), then=then)
    return Revision(made, 1, datetime(2026, 1, 1, tzinfo=UTC), False, "ana", "r")


@pytest.mark.parametrize(
    "facts, name",
    [
        (Fits("P3"), "all"),
        (Fits("P1"), "urgent"),
        (Fits("P1", "ACME-1"), "acme-urgent"),
        (Fits("P2", "ACME-1"), "acme"),
        (Fits("P1", target="portal"), "portal"),
        (Fits("P1", queue="old"), "urgent"),
    ],
)
def test_the_policy_that_names_most_wins_and_of_those_the_one_of_the_target(facts: Fits, name: str) -> None:
    known = [
        revision("all"),
        revision("urgent", priority="P1"),
        revision("acme", client="ACME-1"),
        revision("acme-urgent", client="ACME-1", priority="P1"),
        revision("portal", target="portal"),
        revision("old", steps=False, queue="old", priority="P1"),
    ]
    found = choose(known, facts)
    assert found is not None and found.value.name == name


def test_two_spellings_of_a_client_are_escalated_alike() -> None:
    found = choose([revision("all"), revision("acme", client="ACME-1")], Fits("P2", client="acme-1"))
    assert found is not None and found.value.name == "acme"


def test_where_no_policy_fits_there_is_none() -> None:
    assert choose([revision("acme", client="ACME-1")], Fits("P1")) is None


def test_a_circle_of_policies_is_seen() -> None:
    known = {"a": revision("a", then="b"), "b": revision("b", then="a"), "c": revision("c", then="a")}
    assert chain(known, "a") == ["a", "b", "a"]
    assert chain(known, "c") == ["c", "a", "b", "a"]
    assert chain({"a": revision("a")}, "a") == ["a"]
