"""The blocking tree, from sessions as plain values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lexops.activity.model import PREPARED, Branch, Session, blocking_tree


def session(pid: int, *blockers: int, waits: float | None = None) -> Session:
    return Session(pid, "then", blockers=blockers, waits=waits)


def drawn(*sessions: Session) -> list[tuple[int, int]]:
    return [(branch.session.pid, branch.depth) for branch in blocking_tree(sessions)]


def test_the_root_comes_first_and_those_behind_it_are_indented() -> None:
    assert drawn(session(3, 2, waits=5), session(2, 1, waits=9), session(1), session(9)) == [
        (1, 0),
        (2, 1),
        (3, 2),
    ]


def test_nobody_waits_no_tree() -> None:
    assert drawn(session(1), session(2)) == []


def test_who_waits_for_several_stands_once_as_near_to_the_root_as_it_can() -> None:
    assert drawn(session(1), session(2, 1, waits=3), session(3, 1, 2, waits=2)) == [(1, 0), (2, 1), (3, 1)]


def test_the_widest_tree_comes_first_and_says_how_many_wait() -> None:
    tree = blocking_tree([session(1), session(2, 1), session(5), session(6, 5), session(7, 6)])
    assert [(branch.session.pid, branch.behind) for branch in tree] == [
        (5, 2),
        (6, 1),
        (7, 0),
        (1, 1),
        (2, 0),
    ]


def test_a_deadlock_begins_with_who_has_waited_longest() -> None:
    assert drawn(session(1, 2, waits=4), session(2, 1, waits=7)) == [(2, 0), (1, 1)]


def test_a_prepared_transaction_is_a_root_that_is_no_session() -> None:
    root = blocking_tree([session(4, PREPARED, waits=1)])[0]
    assert root.session.pid == PREPARED and "ROLLBACK PREPARED" in root.session.keep


@given(st.dictionaries(st.integers(1, 12), st.sets(st.integers(0, 14), max_size=4), max_size=12))
def test_everybody_involved_stands_in_the_tree_exactly_once(waits: dict[int, set[int]]) -> None:
    sessions = [session(pid, *sorted(blockers - {pid})) for pid, blockers in waits.items()]
    tree = blocking_tree(sessions)
    shown = [branch.session.pid for branch in tree]
    assert len(shown) == len(set(shown))
    known = set(waits) | {PREPARED}
    assert {each.pid for each in sessions if set(each.blockers) & known} <= set(shown)
    assert all(isinstance(branch, Branch) and branch.behind < len(tree) for branch in tree)
