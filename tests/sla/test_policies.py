"""Policies as they are written, entered, changed and ended; what the gate accepts can be counted by."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from lexops.errors import InvalidRequest, LexOpsError, NotFound, Refused, StoreError
from lexops.sla import notation
from lexops.sla import store as policies
from lexops.sla.document import FACTS, Unusable, from_document, to_document
from lexops.sla.model import Change, ClockKind, ClockState, Facts, Policy
from lexops.sla.tables import policy_table
from lexops.sla.view import Responsibility
from lexops.store.database import Store
from tests.sla.desk import HOUR, Desk, at, desk, office

RESPONSE, UPDATE, RESOLUTION, NOTICE = ClockKind


@pytest.fixture
def firm(store: Store, tmp_path: Path) -> Desk:
    return desk(store, tmp_path)


def newest(firm: Desk, name: str = "standard") -> Policy:
    with firm.store.read() as connection:
        return policies.history(connection, name)[-1].value


# As they are written.


def test_budgets_are_written_by_priority_and_clock() -> None:
    found = notation.budgets("p2 resolution 8h, response 1h30m;; P1  response 900s ;")
    assert found == {"P1": {RESPONSE: 900}, "P2": {RESPONSE: 5400, RESOLUTION: 8 * HOUR}}
    assert notation.budgets_text(found) == "P1 response 15m; P2 response 1h30m, resolution 8h"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is promised; write for example"),
        ("P1", "P1: nothing is promised"),
        ("P5 response 1h", "'P5' is no priority; a part begins with P1, P2, P3, P4"),
        ("response 1h", "'response' is no priority"),
        ("P1 answer 1h", "'answer' is no clock; there are response, update, resolution"),
        ("P1 notice 72h", "'notice' is no clock"),
        ("P1 response", "P1: 'response' is no promise"),
        ("P1 response 1h 30m", "no promise"),
        ("P1 response 0m", "P1 response: 0m can never be kept; leave response out"),
        ("P1 response -5m", "P1 response: -5m is less than nothing"),
        ("P1 response 1.5s", "no whole number of seconds"),
        ("P1 response soon", "'soon' is no duration"),
        ("P1 response 99999d", "longer than ten years"),
        ("P1 response 99999999999999999h", "longer than can be counted"),
        ("P1 response 1h, response 2h", "P1: response is promised twice"),
        ("P1 response 1h; P1 resolution 2h", "P1 is there twice"),
    ],
)
def test_budgets_that_mean_nothing_are_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        notation.budgets(text)


@given(
    st.dictionaries(
        st.sampled_from(["P1", "P2", "P3", "P4"]),
        st.dictionaries(
            st.sampled_from([RESPONSE, UPDATE, RESOLUTION]), st.integers(1, notation.LONGEST), min_size=1
        ),
        min_size=1,
    )
)
def test_budgets_read_again_are_the_same(budgets: dict[str, dict[ClockKind, int]]) -> None:
    assert notation.budgets(notation.budgets_text(budgets)) == budgets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("75,75", "does not rise"),
        ("90,75", "does not rise"),
        ("0,50", "0 is not between"),
        ("75,100", "100 is not"),
        ("x", "no list"),
    ],
)
def test_warnings_rise_from_1_to_99(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        notation.percents(text)
    assert notation.percents("1,50,99") == (1, 50, 99)
    assert notation.percents("-") == () and notation.percents_text(()) == "-"


@given(st.builds(
    Policy,
    name=st.just("p"),
    calendar=st.sampled_from(["always", "london"]),
    budgets=st.just({"P1": {RESPONSE: 900}, "P3": {UPDATE: 1}}),
    fits=st.builds(Facts, *[st.sampled_from(["", "x"]) for _ in FACTS]),
    warnings=st.sampled_from([(), (50,), (75, 90)]),
    pausing=st.frozensets(st.sampled_from([RESPONSE, UPDATE, RESOLUTION])),
    change=st.sampled_from(Change),
    contract=st.text(max_size=5),
    since=st.none() | st.just(at("2026-01-01")),
    until=st.none() | st.just(at("2027-01-01 00:00:01")),
))  # fmt: skip
def test_a_policy_read_from_its_document_is_the_same(policy: Policy) -> None:
    assert from_document("p", to_document(policy)) == policy


@pytest.mark.parametrize(
    "change",
    [
        {"budgets": {"P1": {"response": 0}}},
        {"budgets": {"P1": {"response": "900"}}},
        {"budgets": {"P1": {"lunch": 900}}},
        {"warnings": [100]},
        {"since": "2026-01-01T00:00:00"},
        {"fits": {"colour": "red"}},
        {"change": "sometimes"},
        {"pausing": 7},
    ],
)
def test_a_damaged_document_is_an_error_that_names_it(firm: Desk, change: dict[str, object]) -> None:
    document = to_document(Policy("standard", "always", {"P1": {RESPONSE: 900}})) | change
    with pytest.raises(Unusable):
        from_document("standard", document)
    with firm.store.begin() as connection:
        row = {"name": "standard", "number": 1, "recorded": firm.now, "correction": False}
        row |= {"operator": "x", "reason": "x", "document": document}
        connection.execute(insert(policy_table).values(row))
    firm.open()
    with pytest.raises(StoreError, match="revision 1 of the policy standard cannot be used"):
        firm.ticket()


# Through the gate.


def test_a_policy_holds_from_when_it_is_set_for_what_runs(firm: Desk) -> None:
    firm.open()
    assert firm.ticket().clocks == ()
    said = firm.set(contract="C-12 § 4.2")
    assert said.startswith("policy standard revision 1 for every ticket: P1 response 15m, resolution 4h; P2 ")
    assert {(c.kind, c.budget, c.contract) for c in firm.ticket().clocks} == {
        (RESPONSE, HOUR, "C-12 § 4.2"),
        (RESOLUTION, 8 * HOUR, "C-12 § 4.2"),
    }
    assert firm.events("policy.")[-1].subject == "standard revision 1"


def test_a_change_is_a_new_revision_and_the_old_ones_stay(firm: Desk) -> None:
    firm.set()
    firm.wait(hours=1)
    firm.set(budgets="P2 resolution 6h", reason="negotiated")
    firm.set(budgets="P2 resolution 5h", correction=True)
    with firm.store.read() as connection:
        found = policies.history(connection, "standard")
    assert [(each.number, each.correction, each.operator) for each in found] == [
        (1, False, "ana"),
        (2, False, "ana"),
        (3, True, "ana"),
    ]
    assert found[1].reason == "negotiated"
    assert found[0].value.budgets["P2"][RESOLUTION] == 8 * HOUR


def test_a_correction_says_which_changes_it_brings_into_finished_clocks(firm: Desk) -> None:
    firm.set(budgets="P2 resolution 8h")
    firm.open()
    firm.wait(hours=7)
    firm.ask("incident.resolve", incident=1, note="done")
    firm.wait(hours=1)
    firm.set(budgets="P2 resolution 6h")
    assert firm.ticket().clocks[0].state is ClockState.MET
    said = firm.set(budgets="P2 resolution 6h, update 2h", correction=True)
    assert said.endswith("; what is finished takes up revision 2 too")
    assert firm.ticket().clocks[0].state is ClockState.MISSED, "as was said"
    assert "takes up" not in firm.set(budgets="P2 resolution 6h, update 3h", correction=True)


def test_the_most_specific_policy_wins(firm: Desk) -> None:
    firm.set()
    firm.set("acme", client="ACME-1", budgets="P2 resolution 1h")
    firm.set("portal", queue="portal", priority="P2", kind="sqlite", budgets="P2 resolution 2h")
    firm.open(client="ACME-1", queue="portal")
    firm.open(queue="portal", target="wall")
    firm.open(queue="portal")
    budgets = [next(c.budget for c in firm.ticket(n).clocks if c.kind is RESOLUTION) for n in (1, 2, 3)]
    assert budgets == [HOUR, 2 * HOUR, 8 * HOUR]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"calendar": "lunar"}, "calendar: there is no calendar 'lunar'"),
        ({"provider": "nobody"}, "provider: there is no provider 'nobody'"),
        ({"client": "Müller & Co"}, "client: 'Müller & Co' is no code"),
        ({"queue": "a b"}, "queue: 'a b' is no code"),
        ({"kind": "toaster"}, "kind: 'toaster' is none of"),
        ({"priority": "P9"}, "priority: 'P9' is none of"),
        ({"budgets": "P1"}, "budgets: P1: nothing is promised"),
        ({"budgets": "P1 response 0s"}, "budgets: P1 response: 0s can never be kept"),
        ({"budgets": "P1 response 1h", "priority": "P2"}, "P1 never counts, since the policy is for P2 only"),
        ({"warnings": "90,75"}, "warnings: 90,75 does not rise"),
        ({"warnings": "101"}, "warnings: 101 is not between 1 and 99"),
        ({"pauses": "lunch"}, "pauses: 'lunch' is no clock"),
        ({"since": "2300-01-01"}, "since: 2300 is not between 2000 and 2099"),
        ({"until": "1999-01-01"}, "until: 1999 is not between 2000 and 2099"),
        ({"change": "maybe"}, "change: 'maybe' is none of retroactive, restart"),
        ({"since": "soon"}, "since: 'soon' is no time"),
        ({"since": "2027-01-01", "until": "2026-06-01"}, "until: .* is not after"),
        (
            {"calendar": "office", "budgets": "P1 resolution 25000h"},
            "is never due: office is not open for so long",
        ),
    ],
)
def test_impossible_policies_are_refused_with_the_reason(
    firm: Desk, wrong: dict[str, object], said: str
) -> None:
    firm.enter(office())
    with pytest.raises(InvalidRequest, match=said):
        firm.set(**wrong)
    with firm.store.read() as connection:
        assert policies.policies(connection) == {}


def test_a_name_is_one_word(firm: Desk) -> None:
    for name in ("Gold", "a b", "-a", "x" * 41, "a\x1b[31m"):
        with pytest.raises(InvalidRequest, match="is no name"):
            firm.set(name)


def test_two_policies_for_the_same_tickets_at_the_same_time_are_refused(firm: Desk) -> None:
    firm.set(until="2027-01-01")
    with pytest.raises(Refused, match="the policy standard is for the same tickets until 2027-01-01"):
        firm.set("other", since="2026-12-31")
    firm.set("other", since="2027-01-01")
    firm.set("acme", client="ACME-1")
    with pytest.raises(Refused, match="the policy other is for the same tickets"):
        firm.set("third", since="2028-01-01")


def test_the_same_once_more_is_refused(firm: Desk) -> None:
    firm.set()
    with pytest.raises(Refused, match="standard is that already"):
        firm.set()


def test_a_revision_cannot_take_a_promise_from_tickets_that_have_it(firm: Desk) -> None:
    firm.set()
    with pytest.raises(Refused, match=r"tickets opened before .* would lose the promise"):
        firm.set(since="2026-04-01")
    with pytest.raises(Refused, match="standard is for other tickets: every ticket"):
        firm.set(client="ACME-1")
    firm.wait(days=9)
    with pytest.raises(Refused, match=r"tickets opened since .* would lose a promise"):
        firm.set(until="2026-03-05")
    firm.set(client="ACME-1", since="2026-03-01", correction=True)
    assert newest(firm).fits == Facts(client="ACME-1")


def test_an_end_keeps_the_promise_of_what_was_opened_before(firm: Desk) -> None:
    firm.set()
    firm.open()
    said = firm.ask("policy.end", name="standard", until="2h", reason="contract ends")
    assert said == "policy standard ends 2026-03-02 11:00:00 UTC"
    firm.wait(hours=2)
    firm.open()
    assert len(firm.ticket(1).clocks) == 2
    assert firm.ticket(2).clocks == ()
    firm.set("next", since="0s")
    firm.open()
    assert {clock.policy for clock in firm.ticket(3).clocks} == {"next"}


def test_an_end_that_cannot_be_is_refused(firm: Desk) -> None:
    with pytest.raises(NotFound, match="there is no policy 'standard'"):
        firm.ask("policy.end", name="standard", until="2h", reason="x")
    firm.set(since="2026-05-01", until="2027-01-01")
    for until, said in (
        ("2026-03-01", "is over"),
        ("2026-04-01", "only begins"),
        ("2027-06-01", "standard ends 2027-01-01"),
        ("never", "is no time"),
    ):
        with pytest.raises(LexOpsError, match=said):
            firm.ask("policy.end", name="standard", until=until, reason="x")


def test_only_administrators_make_promises(firm: Desk) -> None:
    for who in ("sam", "mia", "aud"):
        with pytest.raises(Refused):
            firm.ask("policy.set", who, name="a", calendar="always", budgets="P1 response 1h", reason="x")


def test_a_promise_in_production_needs_a_second_factor(store: Store, tmp_path: Path) -> None:
    from lexops.gate.model import SecondFactorNeeded
    from lexops.sla.policy_operations import OPERATIONS
    from tests.gates import world

    made = Desk(world(store, tmp_path, operations=OPERATIONS))
    with pytest.raises(SecondFactorNeeded):
        made.set()
    made.world.prove("ana", "change:production")
    made.set()


def test_a_budget_that_its_calendar_can_just_fulfil_is_taken(firm: Desk) -> None:
    firm.enter(office())
    firm.set(calendar="office", budgets="P1 resolution 18000h")
    firm.open(priority="P1")
    assert firm.ticket().clocks[0].due is not None


def test_the_book_is_read_again_when_something_was_entered(firm: Desk) -> None:
    def stamps() -> tuple[str, str]:
        with firm.store.read() as connection:
            book = policies.book(connection)
            assert policies.book(connection) is book
            return policies.stamp(book), policies.lasting_stamp(book)

    firm.enter(office())
    firm.set(calendar="office")
    first = stamps()
    firm.set(calendar="office", budgets="P2 resolution 6h")
    second = stamps()
    assert (first[0] != second[0], first[1] == second[1]) == (True, True), "finished clocks do not care"
    firm.set(calendar="office", budgets="P2 resolution 5h", correction=True)
    third = stamps()
    assert third[0] != second[0] and third[1] != second[1]
    firm.enter(office(zone="Europe/London"), after=1)
    assert stamps()[0] != third[0] and stamps()[1] == third[1]


def test_what_was_rolled_back_is_not_remembered(firm: Desk) -> None:
    firm.set()
    wanted = {"at": firm.now, "operator": "ana", "reason": "r", "after": 1}
    with pytest.raises(RuntimeError), firm.store.begin() as connection:
        policies.add(connection, Policy("standard", "always", {"P2": {RESOLUTION: 1}}), **wanted)
        assert policies.book(connection).policies["standard"][-1].number == 2
        raise RuntimeError("killed")
    firm.add(Policy("standard", "always", {"P2": {RESOLUTION: 2}}), after=1)
    with firm.store.begin() as connection:
        assert policies.book(connection).policies["standard"][-1].value.budgets == {"P2": {RESOLUTION: 2}}


def test_who_was_slower_is_told(firm: Desk) -> None:
    firm.add(Policy("standard", "always", {"P2": {RESOLUTION: 1}}))
    with pytest.raises(Refused, match="changed by somebody else just now"):
        firm.add(Policy("standard", "always", {"P2": {RESOLUTION: 2}}))
    with firm.store.read() as connection:
        assert len(list(connection.execute(select(policy_table)))) == 1


# Why promises were broken.


def test_reasons_are_added_and_the_earlier_ones_stay(firm: Desk) -> None:
    firm.set()
    firm.open()
    firm.wait(hours=2)
    said = firm.ask(
        "breach.account", "sam", incident=1, clock="response", responsibility="ours", reason="nobody on call"
    )
    assert said == "noted on incident #1: response was broken by us"
    firm.ask("breach.account", incident=1, clock="response", responsibility="vendor", reason="line down")
    with firm.store.read() as connection:
        found = policies.reasons(connection, [1, 2])
    assert [(each.responsibility, each.reason, each.operator) for each in found] == [
        (Responsibility.OURS, "nobody on call", "sam"),
        (Responsibility.VENDOR, "line down", "ana"),
    ]


def test_what_is_not_broken_needs_no_reason(firm: Desk) -> None:
    firm.set()
    firm.open()
    firm.wait(hours=2)
    account = {"incident": 1, "responsibility": "ours", "reason": "x"}
    for wrong, said in (
        ({"clock": "resolution"}, "resolution of incident #1 is not broken: running"),
        ({"clock": "update"}, "incident #1 has no clock update"),
        ({"clock": "response", "round": 2}, "has no clock response 2"),
    ):
        with pytest.raises(Refused, match=said):
            firm.ask("breach.account", **(account | wrong))
    with pytest.raises(NotFound):
        firm.ask("breach.account", **(account | {"incident": 9, "clock": "response"}))
    firm.ask("incident.cancel", incident=1, reason="a duplicate")
    assert firm.ticket().clocks[0].state is ClockState.CANCELLED
    with pytest.raises(Refused, match="was cancelled"):
        firm.ask("breach.account", **(account | {"clock": "response"}))
