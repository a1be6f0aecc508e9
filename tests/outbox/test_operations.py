"""What people do with contacts and messages, through the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.auth import store as people
from lexops.errors import InvalidRequest, LexOpsError, NotFound, Refused
from lexops.outbox import store as outbox
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Contact, Message, Recipient, State, Urgency
from lexops.outbox.operations import OPERATIONS
from lexops.outbox.sending import claim, due, note
from lexops.store.database import Store
from tests.gates import World, world
from tests.outbox.helping import CHANNELS, Room, audience, fresh_store, notice, page, site_file

PAGERDUTY = '[channels.duty]\nkind = "pagerduty"\nrouting_key = { env = "X" }\n'
APPRISE = '[channels.phone]\nkind = "apprise"\nurl = { env = "X" }\n'


def office(store: Store, folder: Path) -> World:
    made = world(store, folder, operations=OPERATIONS)
    made.gate.file = site_file(folder, CHANNELS + PAGERDUTY + APPRISE)
    return made


@pytest.fixture
def at(tmp_path: Path) -> World:
    return office(fresh_store(tmp_path), tmp_path)


def ways(at: World, owner: str = "operator:sam") -> list[tuple[str, str]]:
    with at.store.read() as connection:
        found = outbox.contacts(connection, Recipient.parse(owner))
    return [(each.channel, each.address) for each in found]


def put(at: World, *messages: Message) -> None:
    with at.store.begin() as connection:
        for message in messages:
            assert outbox.put(connection, message)


def failed(at: World, key: str = "k") -> int:
    """A message that nobody took."""
    put(at, page(key, created=at.clock.now(), due=at.clock.now()))
    with at.store.begin() as connection:
        (waiting,) = [each.message for each in due(connection, at.clock.now(), timedelta(seconds=9))]
        claim(connection, [waiting], "me#1", at.clock.now(), timedelta(seconds=9))
        after = replace(waiting, state=State.FAILED, ended=at.clock.now(), error="mail: 550 no")
        note(connection, after, None, "me#1")
    return waiting.id


def test_contacts_are_set_replaced_tested_and_cleared(store: Store, tmp_path: Path) -> None:
    at = office(store, tmp_path)
    said = at.submit("sam", "contact.set", contacts="mail sam@firm.example, pager, sms +41 79 123 45 67")
    assert said == "sam is reached by mail, pager, sms; see that it works: lexops contact test"
    assert ways(at) == [("mail", "sam@firm.example"), ("pager", ""), ("sms", "+41 79 123 45 67")]
    at.submit("sam", "contact.set", contacts="duty, mail sam@home.example")
    assert ways(at) == [("duty", ""), ("mail", "sam@home.example")]
    assert at.submit("sam", "contact.test") == "2 test messages to sam put into the outbox"
    with at.store.read() as connection:
        tests = outbox.messages(connection, subject="contact/operator:sam")
    assert [(each.template, each.rank, each.urgency) for each in tests] == [
        ("test", 1, Urgency.PAGE),
        ("test", 0, Urgency.PAGE),
    ]
    assert at.submit("sam", "contact.clear") == "sam is reached by nothing any more"
    assert ways(at) == []
    with pytest.raises(Refused, match="sam has no contacts"):
        at.submit("sam", "contact.clear")
    with pytest.raises(Refused, match="sam has no contacts"):
        at.submit("sam", "contact.test")
    told = [kind for kind in at.kinds() if kind.startswith("contact.")]
    assert told == ["contact.set", "contact.set", "contact.cleared"]


def test_addresses_are_sealed_in_the_record_and_in_no_answer(at: World) -> None:
    said = at.submit("sam", "contact.set", contacts="mail sam.canary@firm.example")
    assert "canary" not in said
    with at.store.read() as connection:
        kept = [str(row) for row in connection.execute(text("SELECT * FROM request"))]
        kept += [str(row) for row in connection.execute(text("SELECT * FROM audit_entry"))]
        kept += [str(row) for row in connection.execute(text("SELECT * FROM event"))]
    assert kept and not any("canary" in row for row in kept)


@pytest.mark.parametrize(
    ("contacts", "told", "mend"),
    [
        ("", "contact.set needs contacts", ""),
        (" , ", "contacts: no contacts", "write for example"),
        ("mial x@y.example", "there is no channel 'mial' in lexops.toml", "did you mean mail?"),
        ("smoke", "there is no channel 'smoke' in lexops.toml", "there are: duty, mail, ops"),
        ("mail", "mail needs a mail address", "mail ana@firm.example"),
        ("mail Ana <ana@firm.example>", "is no mail address", ""),
        ("mail ana@firm@example", "is no mail address", ""),
        ("mail ana\x00@firm.example", "it holds what is no text", ""),
        ("mail @firm.example", "is no mail address", ""),
        ("duty ana", "duty takes no address", "write only: duty"),
        ("phone +0791234567", "'+0791234567' is no telephone number", "+41791234567"),
        ("phone +41 79", "'+41 79' is no telephone number", "+41791234567"),
        ("pager, pager", "'pager' is there twice", ""),
        (", ".join(f"ops {n}" for n in range(21)), "21 contacts are more than 20", ""),
    ],
)
def test_contacts_that_cannot_work_are_refused_with_what_can(
    at: World, contacts: str, told: str, mend: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        at.submit("sam", "contact.set", contacts=contacts)
    assert told in str(refused.value) and mend in refused.value.hint
    assert ways(at) == []


def test_numbers_and_domains_are_kept_as_machines_write_them(at: World) -> None:
    at.submit("sam", "contact.set", contacts="phone 0041 (79) 123-45.67, mail sam@kanzlei-müller.example")
    assert ways(at) == [("phone", "+41791234567"), ("mail", "sam@xn--kanzlei-mller-4ob.example")]


def test_only_managers_set_what_is_not_their_own(at: World) -> None:
    for owner in ("bo", "audience:partners"):
        with pytest.raises(Refused, match="set by managers"):
            at.submit("sam", "contact.set", contacts="pager", owner=owner)
    at.submit("mia", "contact.set", contacts="pager", owner="bo")
    said = at.submit(
        "mia", "contact.set", contacts="mail a@x.example, mail b@y.example", owner="audience:partners"
    )
    assert said.endswith("lexops contact test --owner audience:partners")
    assert ways(at, "operator:bo") == [("pager", "")]
    assert len(ways(at, "audience:partners")) == 2
    with pytest.raises(NotFound, match="eve is no operator"):
        at.submit("mia", "contact.set", contacts="pager", owner="eve")


@pytest.mark.parametrize("owner", ["audience:", "channel:ops", "audience:Ünser", "audience:a b"])
def test_an_owner_that_is_nobody_is_refused(at: World, owner: str) -> None:
    with pytest.raises(InvalidRequest, match="owner: "):
        at.submit("mia", "contact.set", contacts="pager", owner=owner)


def test_quiet_hours_are_set_and_changed_one_by_one(at: World) -> None:
    said = at.submit("sam", "contact.quiet", hours="mon-sun 22:00-07:00")
    assert said == (
        "sam is quiet daily 22:00-07:00 Europe/London, woken by P2; more than 60 an hour go together"
    )
    at.submit("sam", "contact.quiet", wakes="p1", per_hour=12)
    at.submit("sam", "contact.quiet", zone="Asia/Kathmandu")
    with at.store.read() as connection:
        known = outbox.habits(connection, Recipient.parse("operator:sam"))
    assert (known.quiet, known.zone, known.wakes, known.per_hour) == (
        "daily 22:00-07:00",
        "Asia/Kathmandu",
        "P1",
        12,
    )
    assert "is never quiet" in at.submit("sam", "contact.quiet", hours="-")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"hours": "at night"}, "hours: "),
        ({"hours": "always"}, "never hears of anything"),
        ({"zone": "Europe/Londn"}, "zone: 'Europe/Londn' is no time zone"),
        ({"wakes": "P5"}, "wakes: 'P5' is none of P1, P2, P3, P4"),
        ({"per_hour": 0}, "per_hour: 0 is not between 1 and 3,600"),
    ],
)
def test_habits_that_cannot_be_are_refused(at: World, given: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        at.submit("sam", "contact.quiet", **given)
    assert told in str(refused.value)


def test_a_failed_message_is_sent_again_from_the_first_contact(at: World) -> None:
    number = failed(at)
    assert (
        at.submit("sam", "outbox.retry", message=number) == f"message {number} to ana waits to be sent again"
    )
    with at.store.read() as connection:
        found = outbox.message(connection, number).message
    assert (found.state, found.rank, found.attempts, found.due) == (State.WAITING, 0, 0, at.clock.now())
    with pytest.raises(Refused, match="is waiting"):
        at.submit("sam", "outbox.retry", message=number)


def test_a_message_is_dropped_with_a_reason(at: World) -> None:
    put(at, notice("n"))
    with at.store.read() as connection:
        (waiting,) = outbox.messages(connection)
    at.submit("sam", "outbox.drop", message=waiting.id, reason="ana is here")
    with at.store.read() as connection:
        found = outbox.message(connection, waiting.id).message
    assert (found.state, found.error) == (State.CANCELLED, "dropped by sam: ana is here")
    with pytest.raises(Refused, match="is cancelled"):
        at.submit("sam", "outbox.drop", message=waiting.id, reason="again")
    number = failed(at)
    at.submit("sam", "outbox.drop", message=number, reason="told on the phone")
    with at.store.read() as connection:
        error = outbox.message(connection, number).message.error
        assert outbox.unanswered(connection, at.clock.now().replace(year=2000)) == []
    assert error == "dropped by sam: told on the phone (had failed: mail: 550 no)"


@pytest.mark.parametrize("name", ["outbox.retry", "outbox.drop"])
def test_auditors_change_nothing_and_unknown_numbers_are_told(at: World, name: str) -> None:
    more = {"reason": "x"} if name == "outbox.drop" else {}
    with pytest.raises(NotFound, match="there is no message 99"):
        at.submit("sam", name, message=99, **more)
    with pytest.raises(LexOpsError, match="needs the role"):
        at.submit("aud", name, message=99, **more)


def test_why_somebody_cannot_be_reached_is_said(at: World) -> None:
    def why(name: str) -> str:
        with at.store.read() as connection:
            return outbox.reachable(connection, at.gate.file, Recipient.parse(name), at.clock.now())

    assert why("operator:sam") == "sam has no contacts"
    assert why("operator:eve") == "eve is no operator of this site"
    assert why("audience:partners") == "partners has no contacts"
    assert why("channel:ops") == "" and why("channel:gone") == "the channel gone is not in lexops.toml"
    assert why("channel:mail") == "the channel mail needs a mail address"
    at.submit("sam", "contact.set", contacts="pager")
    assert why("operator:sam") == ""
    sam = Recipient.parse("operator:sam")
    with at.store.begin() as connection:
        outbox.set_contacts(
            connection, sam, [Contact(sam, 0, "old", ""), Contact(sam, 1, "older", "")], at.clock.now()
        )
    assert (
        why("operator:sam")
        == "the channel old is not in lexops.toml; the channel older is not in lexops.toml"
    )
    assert why(str(audience("nobody"))) == "nobody has no contacts"


def test_who_is_no_longer_an_operator_is_told_nothing_more(at: World) -> None:
    """What waits for them goes to the last resort; their contacts may still be there."""
    room = Room()
    at.submit("sam", "contact.set", contacts="mail sam@firm.example")
    put(at, page("k", recipient=Recipient.parse("operator:sam")))
    with at.store.begin() as connection:
        people.remove(connection, at.gate.keyring, people.get(connection, "sam"), at.clock.now())
    file = site_file(at.folder, CHANNELS, 'last_resort = ["ops"]')
    Dispatcher(at.store, file, at.clock, "me", threads=0, opener=room.opener).turn()
    (delivery,) = room.taken
    assert delivery.channel == "ops"
    assert "did not arrive: sam is no longer an operator" in delivery.rendered.body
