"""Incidents under another one: how they come there by themselves and by hand, and how they are let go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lexops.errors import NotFound, Refused
from lexops.gate.model import State as RequestState
from lexops.gate.store import Kept, write
from lexops.incidents import groups, joining, rows, watchers
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, State
from lexops.operations import Effect, Request
from tests.incidents.field import CRITICAL, OK, UNKNOWN, UP, WARNING, Field


def under(plain: Field, child: int, parent: int, who: str = "ana") -> None:
    with plain.store.begin() as connection:
        groups.group(connection, child, parent, plain.now, who, "the same power cut")


def test_what_breaks_on_one_target_stands_under_the_first_with_the_reason(either: Field) -> None:
    either.says(CRITICAL)
    either.later(minutes=1)
    either.says(CRITICAL, check="c.d")
    either.says(CRITICAL, "other")
    assert either.parents() == {1: None, 2: 1, 3: None}
    entry = either.entries(2)[-1]
    assert (entry.kind, entry.author, entry.text) == (
        EntryKind.GROUPED,
        "lexops",
        "listed under #1: on db as well",
    )
    assert entry.data == {"parent": "1", "severity": "CRITICAL"}
    either.later(minutes=5)
    either.says(CRITICAL, check="e.f")
    assert either.parents()[4] is None


def test_a_host_that_is_gone_takes_what_failed_a_moment_before(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.says(CRITICAL, "web")
    plain.says(CRITICAL, "other")
    assert set(plain.parents().values()) == {None}
    plain.says(CRITICAL, "metal", UP)
    assert plain.parents() == {1: 4, 2: 4, 3: None, 4: None}


def test_a_change_that_reached_the_host_joins_what_fails_after_it(plain: Field) -> None:
    request = Request("database.update", {"target": "metal"}, "ana", "cli", "k")
    values = {"title": "Update", "effect": Effect.CHANGE, "arguments": {}, "plan": (), "hash": ""}
    kept = Kept(
        request,
        **values,  # type: ignore[arg-type]
        operator_id="a",
        environment="production",
        target="metal",
        at=plain.now,
        state=RequestState.DONE,
        steps=("update",),
    )
    with plain.store.begin() as connection:
        number = write(connection, kept)
    plain.later(minutes=2)
    plain.says(CRITICAL)
    plain.says(CRITICAL, "web")
    assert plain.parents() == {1: None, 2: 1}
    text = f"listed under #1: after the same change: request #{number}, database.update"
    assert plain.entries(2)[-1].text == text


def test_a_storm_is_one_incident_with_the_others_under_it(plain: Field) -> None:
    for number in range(5):
        plain.says(CRITICAL, "db", f"c{number}")
        plain.says(CRITICAL, "other", f"c{number}")
    assert len(plain.numbers()) == 10
    heads = [number for number, parent in plain.parents().items() if parent is None]
    assert heads == [1, 2], "the tenth is under its own target's, which is nearer"
    plain.says(CRITICAL, "web")
    parents = plain.parents()
    assert parents[11] == 1 and plain.entries(11)[-1].text.startswith("listed under #1: a storm: 11 new")
    plain.says(CRITICAL, "trial")
    assert plain.parents()[12] is None, "another environment"


# Let go.


def test_what_still_fails_when_its_parent_ends_is_let_go(either: Field) -> None:
    either.says(CRITICAL)
    either.says(CRITICAL, check="c.d")
    either.later(minutes=1)
    either.says(OK)
    either.loosen()
    assert either.parents() == {2: 1}, "it has not been looked at since"
    either.later(seconds=30)
    either.looks(CRITICAL, check="c.d")
    either.loosen()
    assert either.parents() == {2: None}
    assert either.entries(2)[-1].text == "no longer listed under #1: #1 is resolved, and this is not"
    assert either.entries(2)[-1].data == {"parent": ""}


def test_what_nobody_looks_at_is_let_go_after_a_while(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.says(CRITICAL, check="c.d")
    plain.resolves()
    plain.later(minutes=5)
    plain.loosen()
    assert plain.parents() == {2: None}


def test_what_has_no_check_is_let_go_at_once(plain: Field) -> None:
    with plain.store.begin() as connection:
        for key in ("a", "b"):
            incidents.open_by_hand(connection, key, key, WARNING, plain.now, "ana", None)
    under(plain, 2, 1)
    plain.resolves()
    plain.loosen()
    assert plain.parents() == {2: None}


def test_resolving_a_parent_resolves_nothing_else_and_taking_it_takes_nothing_else(plain: Field) -> None:
    plain.says(CRITICAL)
    plain.says(CRITICAL, check="c.d")
    plain.takes()
    assert (plain.incident(2).state, plain.incident(2).owner) == (State.OPEN, None)
    plain.resolves()
    assert plain.numbers() == [2]


def test_what_gets_worse_than_its_parent_is_let_go(plain: Field) -> None:
    plain.says(WARNING)
    plain.says(WARNING, check="c.d")
    plain.says(CRITICAL, check="c.d")
    plain.loosen()
    assert plain.parents() == {1: None, 2: None}
    assert plain.entries(2)[-1].text == "no longer listed under #1: it is CRITICAL, which is worse than #1"


def test_billing_data_that_a_lock_hides_are_one_problem_until_one_is_a_finding(either: Field) -> None:
    either.says(CRITICAL, check="billing.trust-negative")
    for number in range(4):
        either.says(UNKNOWN, check=f"billing.b{number}")
    assert either.parents() == {1: None, 2: None, 3: 2, 4: 2, 5: 2}
    either.says(WARNING, check="billing.b1")
    either.says(CRITICAL, check="billing.b2")
    either.loosen()
    assert either.parents() == {1: None, 2: None, 3: None, 4: None, 5: 2}
    assert either.entries(3)[-1].text == (
        "no longer listed under #2: it can be seen again, and is a finding of its own"
    )


def test_what_somebody_grouped_stays_there_while_both_are_open(plain: Field) -> None:
    plain.says(WARNING)
    plain.says(CRITICAL, "other")
    under(plain, 2, 1)
    plain.loosen()
    assert plain.parents() == {1: None, 2: 1}


def test_two_workers_let_go_once(either: Field) -> None:
    either.says(WARNING)
    either.says(WARNING, check="c.d")
    either.says(CRITICAL, check="c.d")
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(either.loosen) for _ in range(2)]:
            done.result()
    assert either.kinds(2).count(EntryKind.GROUPED) == 2, "listed once, let go once"


def test_an_incident_that_somebody_tidied_up_meanwhile_disturbs_nobody(plain: Field) -> None:
    """A parent's number that leads nowhere, as after a restore of half a store: the others go on."""
    plain.says(WARNING)
    with plain.store.begin() as connection:
        rows.change(connection, 1, plain.now, parent=99)
    plain.loosen()
    assert plain.parents() == {1: None}


# By hand.


def test_one_level_deep_by_hand_too(plain: Field) -> None:
    for target in ("db", "other", "trial"):
        plain.says(CRITICAL, target)
    under(plain, 2, 1)
    for child, parent, said in (
        (1, 1, "cannot stand under itself"),
        (3, 2, "is listed under #1 itself"),
        (1, 3, "has others under it: #2"),
        (2, 1, "is listed under #1 already"),
    ):
        with pytest.raises(Refused, match=said):
            under(plain, child, parent)
    with pytest.raises(NotFound):
        under(plain, 3, 9)
    with plain.store.begin() as connection:
        groups.ungroup(connection, 2, plain.now, "ana", "")
        with pytest.raises(Refused, match="listed under no other"):
            groups.ungroup(connection, 2, plain.now, "ana", "")
    under(plain, 1, 3)
    assert plain.parents() == {1: 3, 2: None, 3: None}


# Duplicates, merging, splitting.


def test_a_duplicate_leaves_its_people_and_its_children_to_the_original(plain: Field) -> None:
    for target in ("db", "other", "trial"):
        plain.says(CRITICAL, target)
    plain.takes("bo", 2)
    under(plain, 3, 2)
    with plain.store.begin() as connection:
        watchers.watch(connection, 2, "mia")
        joining.duplicate(connection, 2, 1, plain.now, "ana", "one disk")
        assert watchers.watchers(connection, 1) == ("bo", "mia")
    assert plain.parents() == {1: None, 3: 1}
    assert plain.incident(2).state is State.CANCELLED
    assert plain.entries(2)[-1].text == "a duplicate of #1: one disk"
    assert plain.entries(1)[-1].kind is EntryKind.MERGED
    assert plain.entries(3)[-1].data == {"parent": "1"}


def test_a_parent_can_be_a_duplicate_of_its_own_child(plain: Field) -> None:
    for target in ("db", "other", "trial"):
        plain.says(CRITICAL, target)
    under(plain, 2, 1)
    under(plain, 3, 1)
    with plain.store.begin() as connection:
        joining.duplicate(connection, 1, 2, plain.now, "ana", "")
    assert plain.parents() == {2: None, 3: 2}
