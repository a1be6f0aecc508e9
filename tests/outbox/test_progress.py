"""What becomes of a message after a try: laws that hold for any route and any answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.outbox.backoff import LONGEST, pause
from lexops.outbox.model import Contact, Message, State
from lexops.outbox.progress import NotSent, Outcome, Sent, following, placed
from lexops.outbox.routing import Route, Way, route
from tests.clock import START
from tests.outbox.helping import ana, audience, notice, page

OUTCOMES = st.one_of(
    st.just(Sent("ok")),
    st.builds(NotSent, st.just("no"), st.booleans(), st.one_of(st.none(), st.floats(0, 10_000))),
)
WAYS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=5, unique=True).map(
    lambda names: tuple(Way(name, "") for name in names)
)


@pytest.mark.parametrize(
    ("attempt", "least", "most"),
    [(1, 15, 18.75), (2, 30, 37.5), (3, 60, 75), (7, 900, 1125), (50, 900, 1125)],
)
def test_pauses_double_up_to_a_quarter_of_an_hour(attempt: int, least: float, most: float) -> None:
    assert least <= pause(attempt, "k").total_seconds() <= most


def test_the_same_message_waits_the_same_and_different_ones_do_not_come_back_together() -> None:
    assert pause(3, "k") == pause(3, "k")
    assert len({pause(3, f"k{n}") for n in range(50)}) == 50


@given(st.integers(1, 100), st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=True))
def test_what_a_service_asks_for_is_respected_within_reason(attempt: int, key: str, after: float) -> None:
    found = pause(attempt, key, after)
    assert found >= min(timedelta(seconds=max(0.0, min(after, 1e6))), LONGEST)
    assert found <= LONGEST * 1.25


@given(WAYS, st.booleans(), st.integers(1, 6), st.lists(OUTCOMES, min_size=31, max_size=31))
def test_every_message_comes_to_an_end_and_no_way_is_tried_too_often(
    ways: tuple[Way, ...], every: bool, most: int, outcomes: list[Outcome]
) -> None:
    message, found, done = page(), Route(ways, every), set()
    tries: dict[Way, int] = dict.fromkeys(ways, 0)
    for outcome in outcomes:
        way = ways[message.rank]
        tries[way] += 1
        tried = _claimed(message)
        message = following(tried, way, outcome, found, done=done, most=most, key="k", now=START)
        if isinstance(outcome, Sent):
            done.add(way.place)
        assert message.due >= START and message.rank < len(ways)
        if message.state.is_over:
            break
    assert message.state in (State.DELIVERED, State.FAILED) and message.ended == START
    assert all(count <= most for count in tries.values())
    complete = len(done) == len(ways) if every else bool(done)
    assert (message.state is State.DELIVERED) == complete
    assert message.proof if complete else message.error


def _claimed(message: Message) -> Message:
    return replace(message, state=State.SENDING, attempts=message.attempts + 1)


def test_a_page_does_not_wait_for_a_service_that_wants_to_rest_when_there_is_another_way() -> None:
    found = Route((Way("a", ""), Way("b", "")))
    rest = NotSent("429", retry=True, after=600)
    moved = following(_claimed(page()), found.ways[0], rest, found, done=(), most=5, key="k", now=START)
    assert (moved.rank, moved.attempts, moved.due) == (1, 0, START)
    stays = following(_claimed(notice()), found.ways[0], rest, found, done=(), most=5, key="k", now=START)
    assert (stays.rank, stays.attempts) == (0, 1) and stays.due >= START + timedelta(seconds=600)
    last = Route(found.ways[:1])
    alone = following(_claimed(page()), last.ways[0], rest, last, done=(), most=5, key="k", now=START)
    assert alone.state is State.WAITING and alone.due >= START + timedelta(seconds=600)


def test_a_message_whose_contact_is_gone_begins_with_the_first_again() -> None:
    found = Route((Way("a", ""),))
    moved = placed(page(rank=3, attempts=2), found, (), START)
    assert (moved.state, moved.rank, moved.attempts) == (State.WAITING, 0, 0)
    assert placed(page(), found, (), START).due == START


CONTACTS = [Contact(ana(), 0, "mail", "ana@firm.example"), Contact(ana(), 1, "pager", "")]


def test_the_last_resort_comes_last_and_not_twice() -> None:
    found = route(page(), CONTACTS, {}, ["pager", "ops", "mail boss@firm.example"])
    assert [(way.channel, way.is_last_resort) for way in found.ways] == [
        ("mail", False),
        ("pager", False),
        ("ops", True),
        ("mail", True),
    ]


def test_people_outside_are_never_replaced_by_the_last_resort() -> None:
    owner = audience()
    found = route(notice(recipient=owner), [Contact(owner, 0, "mail", "a@x.example")], {}, ["ops"])
    assert found.every and [way.channel for way in found.ways] == ["mail"]


def test_an_end_goes_where_its_beginning_went() -> None:
    carried = [("ops", ""), ("pager", "")]
    found = route(notice(template="resolved"), CONTACTS, {}, ["ops"], carried)
    assert found.every and [way.place for way in found.ways] == carried
    assert [way.channel for way in route(notice(template="resolved"), CONTACTS, {}, []).ways] == [
        "mail",
        "pager",
    ]
    assert [way.channel for way in route(notice(), CONTACTS, {}, [], carried).ways] == ["mail", "pager"]
