"""What waits is sent: once, to the right contact, and never after it was cancelled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.config import ChannelSettings, SiteFile
from lexops.outbox import sending
from lexops.outbox import store as outbox
from lexops.outbox.channels import Channel, Undelivered
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Recipient, State, Urgency
from tests.clock import START, ManualClock
from tests.outbox.helping import CHANNELS, Delivery, Post, ana, audience, fresh_store, notice, page, summary


def test_a_page_goes_to_the_first_contact_at_once_and_its_proof_is_kept(post: Post) -> None:
    post.put(page())
    (delivery,) = post.turn()
    assert (delivery.channel, delivery.address, delivery.key) == ("mail", "ana@firm.example", "k")
    assert delivery.rendered.subject == "P1 #41: Connections run out"
    assert "Take it:   lexops incident ack 41" in delivery.rendered.body
    found = post.find("k")
    assert (found.message.state, found.message.proof) == (State.DELIVERED, "mail: 250 taken")
    assert [(each.channel, each.delivered, each.detail) for each in found.attempts] == [
        ("mail", True, "250 taken")
    ]
    assert post.run(5) == [] and ("outbox.delivered", "incident/41") in post.events()


def test_the_same_key_is_put_once(post_on_each: Post) -> None:
    post = post_on_each
    post.put(page())
    with post.store.begin() as connection:
        assert not outbox.put(connection, page(template="resolved"))
    post.turn()
    with post.store.begin() as connection:
        assert not outbox.put(connection, page())
    assert post.run(60) == []


def test_what_is_cancelled_before_it_goes_never_goes(post_on_each: Post) -> None:
    post = post_on_each
    post.put(page("a"), page("b", subject="incident/42"), notice("c"))
    assert post.cancel() == 1
    post.run(90)
    assert sorted(key for each in post.room.taken for key in each.messages) == ["b", "c"]
    assert (post.find("a").message.state, post.find("a").message.error) == (State.CANCELLED, "taken by bo")


def test_oncall_4654_nothing_is_sent_that_was_planned_before_the_acknowledgement(post: Post) -> None:
    """The SMS went out after the acknowledgement: it lay claimed in a queue."""
    post.put(page("a"), page("b"))

    def acknowledged(delivery: Delivery) -> None:
        post.cancel()

    post.room.says["mail"] = acknowledged  # somebody takes it while the first of the two is on its way
    post.turn()
    assert [each.messages for each in post.room.tried] == [["a"]]
    assert post.find("b").message.state is State.CANCELLED
    first = post.find("a")
    assert first.message.state is State.CANCELLED and first.attempts[0].delivered


def test_a_cancel_between_claim_and_sending_is_seen(post: Post) -> None:
    """The last look, after the claim and before the first byte."""
    post.put(page("a"))
    (job,) = _jobs(post)
    with post.store.begin() as connection:
        (mine,) = sending.claim(connection, job, "me#1", post.clock.now(), timedelta(seconds=70))
    post.cancel()
    with post.store.read() as connection:
        assert sending.still_wanted(connection, [mine.id], "me#1") == set()


def _jobs(post: Post) -> list[list[object]]:
    with post.store.read() as connection:
        due = sending.due(connection, post.clock.now(), timedelta(seconds=70))
    return [[each.message] for each in due]  # type: ignore[return-value]


def test_a_failure_for_now_is_tried_again_later_and_later_on_the_same_contact(post: Post) -> None:
    post.room.fails("mail", "451 greylisted", retry=True)
    post.put(page())
    post.turn()
    first = post.find("k").message
    assert (first.state, first.rank, first.attempts) == (State.WAITING, 0, 1)
    assert 15 <= (first.due - post.clock.now()).total_seconds() <= 18.75
    post.run(14)
    assert len(post.room.tried) == 1
    post.run(5)
    assert len(post.room.tried) == 2
    post.room.works("mail")
    assert summary(post.run(40)) == [("mail", "ana@firm.example")]
    assert {each.key for each in post.room.tried} == {"k"}
    assert [each.detail for each in post.find("k").attempts] == [
        "451 greylisted",
        "451 greylisted",
        "250 taken",
    ]
    assert post.find("k").message.error == ""


def test_after_its_attempts_the_next_contact_is_tried_at_once(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify="attempts = 2")
    post.contacts(("mail", "ana@firm.example"), ("pager", ""))
    post.room.fails("mail", "timed out", retry=True)
    post.put(page())
    assert summary(post.run(25)) == [("pager", "")]
    assert [each.channel for each in post.find("k").attempts] == ["mail", "mail", "pager"]


def test_a_failure_for_good_goes_to_the_next_contact_without_a_second_attempt(post: Post) -> None:
    post.room.fails("mail", "550 no such user")
    post.put(page())
    assert summary(post.run(2)) == [("pager", "")]
    assert [(each.channel, each.delivered) for each in post.find("k").attempts] == [
        ("mail", False),
        ("pager", True),
    ]


def test_when_no_contact_takes_it_the_last_resort_is_told_who_was_not_reached(tmp_path: Path) -> None:
    post = Post(
        fresh_store(tmp_path),
        tmp_path,
        ManualClock(),
        notify='last_resort = ["ops", "mail boss@firm.example"]',
    )
    post.contacts(("pager", ""))
    post.room.fails("pager", "410 gone")
    post.room.fails("ops", "404 not found")
    post.put(page())
    (delivery,) = post.run(3)
    assert summary([delivery]) == [("mail", "boss@firm.example")]
    assert delivery.rendered.subject.startswith("For ana, who was not reached: P1 #41")
    assert (
        "ops: 404 not found" in delivery.rendered.body and "lexops incident ack 41" in delivery.rendered.body
    )
    found = post.find("k").message
    assert (found.state, found.error) == (State.DELIVERED, "ops: 404 not found")


def test_somebody_without_contacts_goes_to_the_last_resort_which_says_so(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify='last_resort = ["ops"]')
    post.put(page())
    (delivery,) = post.turn()
    assert "did not arrive: ana has no contacts" in delivery.rendered.body
    assert post.find("k").message.error == "ana has no contacts"


def test_a_channel_that_cannot_be_opened_is_given_up_for_the_next_contact(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify="attempts = 2")
    post.contacts(("mail", "ana@firm.example"), ("pager", ""))

    def opener(settings: ChannelSettings, file: SiteFile) -> Channel:
        if settings.kind == "smtp":
            raise ValueError("canary")
        return post.room.opener(settings, file)

    post.dispatcher = Dispatcher(post.store, post.file, post.clock, "me", threads=0, opener=opener)
    post.put(page())
    assert summary(post.run(25)) == [("pager", "")]
    assert [(each.channel, each.detail) for each in post.find("k").attempts] == [
        ("mail", "it cannot be opened: ValueError"),
        ("mail", "it cannot be opened: ValueError"),
        ("pager", "250 taken"),
    ]


def test_a_test_message_that_is_sent_again_tries_its_own_contact(post: Post) -> None:
    post.room.fails("pager", "403 no")
    post.put(page("test", template="test", rank=1))
    post.run(3)
    assert post.find("test").message.state is State.FAILED
    with post.store.begin() as connection:
        outbox.retry(connection, post.find("test").message.id, post.clock.now())
    post.run(3)
    assert [each.channel for each in post.find("test").attempts] == ["pager", "pager"]
    assert post.find("test").message.state is State.FAILED


def test_a_test_message_waits_for_the_contact_in_its_place_when_contacts_are_replaced(post: Post) -> None:
    post.put(page("kept", template="test", rank=1), page("gone", template="test", rank=2))
    post.contacts(("mail", "ana@new.example"), ("sms", "+41791234567"))
    assert summary(post.run(3)) == [("sms", "+41791234567")]
    gone = post.find("gone").message
    assert (gone.state, gone.error) == (State.FAILED, "the contact that it was to try is gone")


def test_what_nobody_takes_has_failed_and_everybody_can_see_it(post: Post) -> None:
    post.room.fails("mail", "550 no")
    post.room.fails("pager", "403 no")
    post.put(page())
    post.run(3)
    found = post.find("k").message
    assert (found.state, found.error) == (State.FAILED, "pager: 403 no")
    assert post.events() == [("outbox.failed", "incident/41")]
    assert post.run(60) == []


def test_without_any_way_it_has_failed_at_once_and_says_why(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock())
    post.put(page(), page("to-room", recipient=Recipient.parse("channel:gone")))
    post.run(2)
    assert (post.find("k").message.state, post.find("k").message.error) == (
        State.FAILED,
        "ana has no contacts",
    )
    assert post.find("to-room").message.error == "gone: the channel gone is not in lexops.toml"
    assert [kind for kind, _ in post.events()] == ["outbox.failed"] * 2


def test_a_contact_by_a_channel_that_is_gone_is_passed_over_and_told(post: Post) -> None:
    post.contacts(("signal", "+41791234567"), ("pager", ""))
    post.put(page())
    assert summary(post.run(2)) == [("pager", "")]
    assert post.find("k").attempts[0].detail == "the channel signal is not in lexops.toml"


def test_new_contacts_are_used_for_what_waits_already(post: Post) -> None:
    post.room.fails("mail", "451 later", retry=True)
    post.put(page())
    post.turn()
    post.contacts(("sms", "+41791234567"))
    assert summary(post.turn(seconds=1)) == [("sms", "+41791234567")]


def test_everybody_outside_gets_it_and_one_who_did_not_is_told(post: Post) -> None:
    owner = audience()
    post.contacts(("mail", "a@x.example"), ("mail", "b@y.example"), ("sms", "+41790000000"), owner=owner)
    post.room.says["mail"] = _refuse("b@y.example")
    post.put(notice("u", recipient=owner, template="update", values={"title": "Portal", "text": "It works."}))
    assert summary(post.run(70)) == [("mail", "a@x.example"), ("sms", "+41790000000")]
    assert len({each.key for each in post.room.tried}) == 3
    assert post.find("u").message.state is State.FAILED
    post.room.works("mail")
    with post.store.begin() as connection:
        outbox.retry(connection, post.find("u").message.id, post.clock.now())
    assert summary(post.run(70)) == [("mail", "b@y.example")]  # those who have it do not get it again
    assert post.find("u").message.state is State.DELIVERED


def _refuse(address: str):  # type: ignore[no-untyped-def]
    def say(delivery: Delivery) -> None:
        if delivery.address == address:
            raise Undelivered("550 no such user", retry=False)

    return say


def test_a_worker_that_died_while_sending_is_followed_by_another_after_its_lease(post: Post) -> None:
    post.put(page())
    with post.store.begin() as connection:
        due = sending.due(connection, post.clock.now(), timedelta(seconds=70))
        sending.claim(connection, [due[0].message], "dead#1", post.clock.now(), timedelta(seconds=70))
    assert post.run(69) == []
    (delivery,) = post.run(3)
    assert delivery.key == "k" and post.find("k").message.state is State.DELIVERED


def test_two_pages_whose_worker_died_go_again_as_they_went_before(post: Post) -> None:
    """Joined now, they would have a new key, and a service that had taken them would show them twice."""
    post.put(page("a"), page("b"))
    with post.store.begin() as connection:
        for number, each in enumerate(sending.due(connection, START, timedelta(seconds=70))):
            sending.claim(connection, [each.message], f"dead#{number}", START, timedelta(seconds=70))
    assert [each.key for each in post.run(75)] == ["a", "b"]


def test_what_kills_every_worker_is_not_sent_for_ever(post: Post) -> None:
    post.put(page())
    for _ in range(5):
        with post.store.begin() as connection:
            (due,) = sending.due(connection, post.clock.now(), timedelta(seconds=70))
            sending.claim(connection, [due.message], "dead#1", post.clock.now(), timedelta(seconds=70))
        post.clock.advance(seconds=71)
    assert summary(post.run(3)) == [("pager", "")]
    assert "nobody came back" in post.find("k").attempts[0].detail


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1)])
def test_a_clock_that_jumps_loses_nothing_and_sends_nothing_twice(post: Post, jump: timedelta) -> None:
    post.room.fails("mail", "451 later", retry=True)
    post.put(page("tried"))
    post.turn()
    post.room.works("mail")
    post.put(page("new", created=post.clock.now(), due=post.clock.now()))
    post.clock.jump(post.clock.now() + jump)
    taken = post.run(60)
    assert sorted(each.key for each in taken) == ["new", "tried"]
    post.clock.jump(START)
    assert post.run(60) == []


def test_a_lease_from_before_the_clock_was_set_back_does_not_hold_for_a_day(post: Post) -> None:
    post.put(page())
    with post.store.begin() as connection:
        (due,) = sending.due(connection, post.clock.now(), timedelta(seconds=70))
        sending.claim(connection, [due.message], "dead#1", post.clock.now(), timedelta(seconds=70))
    post.clock.jump(START - timedelta(days=1))
    assert [each.key for each in post.turn(seconds=1)] == ["k"]


def test_what_is_to_go_later_waits(post: Post) -> None:
    post.put(page(due=START + timedelta(minutes=10)))
    assert post.run(570, 30) == []
    assert len(post.run(60, 30)) == 1


def test_a_test_message_tries_one_contact_and_tells_nobody_else(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify='last_resort = ["ops"]')
    post.contacts(("mail", "ana@firm.example"), ("pager", ""))
    post.room.fails("mail", "550 no")
    post.put(page("t0", template="test", priority=""), page("t1", template="test", priority="", rank=1))
    assert summary(post.run(10)) == [("pager", "")]
    with post.store.read() as connection:
        assert outbox.unanswered(connection, START) == []
    assert post.find("t0").message.state is State.FAILED and post.find("t1").message.state is State.DELIVERED


def test_messages_are_kept_as_long_as_the_site_says(tmp_path: Path) -> None:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify='keep = "30d"')
    post.contacts(("mail", "ana@firm.example"))
    post.put(page("old"))
    post.turn()
    post.put(page("waits", due=START + timedelta(days=60)))
    post.turn(days=29)
    assert post.find("old").message.state is State.DELIVERED
    post.turn(days=2)
    with post.store.read() as connection:
        assert [each.key for each in outbox.messages(connection)] == ["waits"]


def test_lists_find_messages_by_what_is_asked_of_them(post_on_each: Post) -> None:
    post = post_on_each
    post.put(page("escalation/41/1/0/0/ana"), page("escalation/41/1/0/1/ana"), notice("n", subject="x/1"))
    with post.store.read() as connection:
        prefixed = outbox.messages(connection, key_prefix="escalation/41/1/0/0/")
        assert [each.key for each in prefixed] == ["escalation/41/1/0/0/ana"]
        assert [each.key for each in outbox.messages(connection, subject="x/1")] == ["n"]
        assert len(outbox.messages(connection, states=[State.WAITING], recipient=ana())) == 3
        assert outbox.messages(connection, states=[State.FAILED]) == []
        assert [each.key for each in outbox.messages(connection, limit=1)] == ["n"]


def test_icinga2_6047_only_who_was_told_of_the_problem_hears_that_it_is_over(post_on_each: Post) -> None:
    """And over the way by which they heard of it, be it the third one."""
    post = post_on_each
    bo = Recipient.parse("operator:bo")
    post.contacts(("sms", "+41790000000"), owner=bo)
    post.room.fails("mail", "550 no")
    post.put(page("p"))
    post.run(2)
    post.room.works("mail")
    with post.store.read() as connection:
        assert outbox.told(connection, "incident/41") == [ana()]
        assert outbox.told(connection, "incident/42") == []
    post.put(notice("r", template="resolved", created=post.clock.now(), due=post.clock.now()))
    assert summary(post.run(70)) == [("pager", "")]


def test_a_page_that_was_never_delivered_counts_nobody_as_told(post: Post) -> None:
    post.room.fails("mail")
    post.room.fails("pager")
    post.put(page("p"))
    post.run(3)
    with post.store.read() as connection:
        assert outbox.told(connection, "incident/41") == []


def test_the_answer_of_a_service_is_kept_without_the_address(post: Post) -> None:
    post.room.fails("mail", "550 <ana@firm.example>: no such user")
    post.put(page())
    post.turn()
    assert post.find("k").attempts[0].detail == "550 <a•••@firm.example>: no such user"


def test_a_message_of_an_unknown_template_is_told_plainly(post: Post) -> None:
    post.put(replace(page(), template="of-another-version"))
    (delivery,) = post.turn()
    assert delivery.rendered.subject == "P1 Connections run out"


def test_urgency_of_cancel_leaves_the_others_alone(post: Post) -> None:
    post.put(page("p"), notice("n"))
    assert post.cancel(urgency=Urgency.NOTICE) == 1
    assert [each.key for each in post.run(90)] == ["p"]


def test_a_pager_service_hears_at_once_and_at_night_that_somebody_has_taken_it(tmp_path: Path) -> None:
    """Else it would go on calling people: no quiet hours hold for it, and nothing is put together."""
    duty = '[channels.duty]\nkind = "pagerduty"\nrouting_key = { env = "X" }\n'
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), CHANNELS + duty)
    post.contacts(("duty", ""))
    post.habits(quiet="daily 08:00-20:00", zone="UTC")
    post.put(page("p"), page("q", subject="incident/42"))
    assert [each.key for each in post.turn()] == ["p", "q"]
    now = post.clock.now()
    post.put(
        notice("t", template="taken", created=now, due=now),
        notice("u", template="taken", subject="incident/42", created=now, due=now),
        notice("w", created=now, due=now),
    )
    assert [each.messages for each in post.turn(seconds=1)] == [["t"], ["u"]]
    assert post.find("w").message.state is State.WAITING


def test_above_the_limits_a_pager_service_still_gets_each_page_by_itself(tmp_path: Path) -> None:
    duty = '[channels.duty]\nkind = "pagerduty"\nrouting_key = { env = "X" }\nper_minute = 4\n'
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), CHANNELS + duty)
    post.contacts(("duty", ""))
    post.put(*(page(f"p{n}", subject=f"incident/{n}") for n in range(6)))
    assert len(post.turn()) == 4
    assert [each.messages for each in post.run(62)] == [["p4"], ["p5"]]
