"""Which messages go together, and how a storm becomes few messages without a page being lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lexops.outbox.bundling import HOUR, LARGEST, MINUTE, Candidate, Limits, Plan, Send, plan
from lexops.outbox.model import Message, Recipient, Urgency
from lexops.outbox.routing import Way
from tests.clock import START, ManualClock
from tests.outbox.helping import CHANNELS, Post, fresh_store, notice, page

WAY = Way("mail", "ana@firm.example")
BO = Recipient.parse("operator:bo")


def limits(per_hour: int = 60, per_minute: int = 30) -> Limits:
    return Limits(
        timedelta(minutes=1), {"operator:ana": per_hour, "operator:bo": per_hour}, {"mail": per_minute}
    )


def pages(count: int, **changes: object) -> list[Message]:
    return [page(f"p{number}", id=number + 1, **changes) for number in range(count)]


def made(
    messages: Sequence[Message],
    sent: Sequence[Send] = (),
    bounds: Limits | None = None,
    now: datetime = START,
    **more: object,
) -> Plan:
    candidates = [Candidate(each, WAY, **more) for each in messages]  # type: ignore[arg-type]
    return plan(candidates, sent, bounds or limits(), now)


def keys(found: Plan) -> list[list[str]]:
    return [[each.key for each in unit.messages] for unit in found.units]


def sends(count: int, ago: timedelta = timedelta(minutes=5), to: str = "operator:ana") -> list[Send]:
    return [Send(START - ago - timedelta(seconds=n), "mail", "ana@firm.example", to) for n in range(count)]


def test_pages_below_the_limits_go_each_by_itself_the_most_important_first() -> None:
    low, high = page("low", id=1, priority="P3"), page("high", id=2, priority="P1")
    assert keys(made([low, high])) == [["high"], ["low"]]


def test_notices_wait_a_little_and_go_together() -> None:
    early = notice("a", id=1, created=START - timedelta(seconds=60))
    late = notice("b", id=2, created=START - timedelta(seconds=5))
    assert keys(made([late])) == []
    assert keys(made([early, late])) == [["a", "b"]]


def test_notices_to_different_people_do_not_meet() -> None:
    old = START - timedelta(hours=1)
    found = made([notice("a", id=1, created=old), notice("b", id=2, created=old, recipient=BO)])
    assert sorted(keys(found)) == [["a"], ["b"]]


def test_a_notice_from_before_the_clock_was_set_back_does_not_wait_for_it() -> None:
    assert keys(made([notice("a", created=START + timedelta(days=1))])) == [["a"]]


def test_goalert_914_above_the_hourly_limit_pages_are_joined_and_none_is_dropped() -> None:
    """Notifications should not be ignored."""
    found = made(pages(30), sends(58))
    assert keys(found) == [[f"p{number}" for number in range(30)]] and not found.waits


def test_goalert_rate_limits_a_page_above_the_limit_waits_a_minute_at_most() -> None:
    just_now = sends(60, timedelta(seconds=61))
    found = made(pages(3), just_now)
    assert keys(found) == [["p0", "p1", "p2"]]
    last = [*sends(59), Send(START - timedelta(seconds=10), "mail", "a", "operator:ana")]
    waiting = made(pages(3), last)
    assert keys(waiting) == []
    assert set(waiting.waits.values()) == {START + timedelta(seconds=50)}


def test_notices_above_the_limit_are_spread_over_the_hour() -> None:
    old = START - timedelta(minutes=2)
    found = made([notice("a", id=1, created=old)], sends(10, timedelta(minutes=1)), limits(per_hour=10))
    assert found.waits == {1: START + timedelta(minutes=5)}


def test_the_limit_of_one_person_is_not_anothers() -> None:
    found = made([page("a", id=1, recipient=BO)], sends(60, timedelta(seconds=61)))
    assert keys(found) == [["a"]]


def test_above_the_limit_of_a_channel_what_goes_to_one_person_is_joined() -> None:
    found = made(pages(40), bounds=limits(per_hour=1000))
    assert [len(each) for each in keys(found)] == [40]


def test_above_the_limit_of_a_channel_the_rest_waits_for_the_next_minute() -> None:
    everybody = [page(f"p{n}", id=n + 1, recipient=Recipient.parse(f"operator:{n}")) for n in range(40)]
    found = made(everybody)
    assert len(found.units) == 30 and len(found.waits) == 10
    assert set(found.waits.values()) == {START + MINUTE}


def test_notices_leave_a_third_of_a_channel_to_pages() -> None:
    old = START - timedelta(hours=1)
    many = [
        notice(f"n{n}", id=n + 1, created=old, recipient=Recipient.parse(f"operator:{n}")) for n in range(40)
    ]
    assert len(made(many).units) == 20
    lately = sends(20, timedelta(seconds=5), "operator:other")
    assert keys(made([*many, page("p", id=99)], lately)) == [["p"]]


def test_what_failed_together_goes_again_in_the_same_company() -> None:
    old = [page("a", id=1, attempts=1), page("b", id=2, attempts=1)]
    new = [page("c", id=3)]
    candidates = [Candidate(each, WAY, together="me#7") for each in old] + [Candidate(new[0], WAY)]
    assert sorted(keys(plan(candidates, (), limits(), START))) == [["a", "b"], ["c"]]
    # Even above the limit: another company would be another message to the service.
    last = [*sends(59), Send(START - timedelta(seconds=10), "mail", "a", "operator:ana")]
    crowded = plan(candidates, last, limits(), START)
    assert keys(crowded) == [["a", "b"]] and 3 in crowded.waits


def test_a_pager_service_takes_one_message_at_a_time() -> None:
    found = made(pages(5), sends(60), alone=True)
    assert [len(each) for each in keys(found)] == [1] * 5


def test_a_bundle_has_a_largest_size() -> None:
    found = made(pages(LARGEST + 1), sends(60))
    assert sorted(len(each) for each in keys(found)) == [1, LARGEST]


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["ana", "bo"]),
        st.booleans(),
        st.sampled_from(["P1", "P3", ""]),
        st.integers(0, 300),
        st.sampled_from(["", "", "", "x#1"]),
    ),
    max_size=60,
)


@given(MESSAGES, st.integers(1, 5), st.integers(1, 5), st.lists(st.integers(0, 4000), max_size=12))
def test_nothing_is_lost_nothing_goes_twice_and_no_page_waits_long(
    given_: list[tuple[str, bool, str, int, str]], per_hour: int, per_minute: int, past: list[int]
) -> None:
    messages = []
    for number, (who, is_page, priority, age, together) in enumerate(given_):
        kind = Urgency.PAGE if is_page else Urgency.NOTICE
        created = START - timedelta(seconds=age)
        recipient = Recipient.parse(f"operator:{who}")
        messages.append(
            Candidate(
                page(
                    f"m{number}", id=number + 1, urgency=kind, recipient=recipient, priority=priority,
                    created=created, due=created,
                ),
                WAY,
                together,
            )
        )  # fmt: skip
    sent = [Send(START - timedelta(seconds=s), "mail", "x", "operator:ana") for s in past]
    found = plan(messages, sent, limits(per_hour, per_minute), START)
    gone = [each.id for unit in found.units for each in unit.messages]
    assert len(gone) == len(set(gone)) and not set(gone) & set(found.waits)
    gathering = {each.message.id for each in messages if each.gathers}
    assert {each.message.id for each in messages} - set(gone) - set(found.waits) <= gathering
    for candidate in messages:
        until = found.waits.get(candidate.message.id, START)
        assert START <= until <= START + (MINUTE if candidate.is_page else HOUR)
    assert all(len({str(each.recipient) for each in unit.messages}) == 1 for unit in found.units)
    lately = sum(each.at > START - MINUTE for each in sent)
    assert len(found.units) <= max(0, per_minute - lately)


def test_a_storm_of_pages_is_told_in_few_messages_and_nothing_is_missing(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), CHANNELS)
    post.contacts(("mail", "ana@firm.example"))
    post.habits(per_hour=5)
    for minute in range(6):
        now = post.clock.now()
        post.put(
            *(page(f"{minute}/{n}", subject=f"incident/{minute}{n}", created=now, due=now) for n in range(4))
        )
        post.run(60, 20)
    post.run(60, 20)
    told = [key for each in post.room.taken for key in each.messages]
    assert sorted(told) == sorted(f"{minute}/{n}" for minute in range(6) for n in range(4))
    assert len(post.room.taken) <= 12
    assert post.room.taken[-1].rendered.subject.startswith("4 messages: P1 #41")


def test_alertmanager_1063_a_flapping_alert_pages_every_time_it_fires(tmp_path: Path) -> None:
    """There it fired only once: that it had been over in between was never told, so it counted as known."""
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock())
    post.contacts(("mail", "ana@firm.example"))
    for number in range(3):
        now = post.clock.now()
        post.put(page(f"escalation/41/{number}/0/0/ana", created=now, due=now))
        assert len(post.turn()) == 1
        post.put(notice(f"over/{number}", template="resolved", created=now, due=now))
        post.cancel(urgency=Urgency.NOTICE)  # it fires again before anybody was told that it was over
        post.turn(seconds=30)
    assert len(post.room.taken) == 3
