"""Updates to people outside, through the gate: kept, sent, on the timeline, and promised to go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lexops.communication.model import Due, NoticeKind
from lexops.errors import ConfigError, InvalidRequest, LexOpsError, NotFound, Refused
from lexops.incidents.model import EntryKind
from lexops.outbox.model import State, Urgency
from lexops.outbox.tables import message_table
from lexops.sla import reading
from lexops.sla.model import ClockKind, ClockState
from lexops.store.database import Store
from tests.communication.desk import CHANNELS, Desk, at, desk, filled
from tests.stores import sqlite_store

HOSTILE = "[@click=app.quit()]x[/ \x1b]0;gone\x07 \u202etxt.exe\n$since ${title} <b>&amp;"


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Desk]:
    store = sqlite_store(tmp_path)
    made = desk(store, tmp_path)
    made.open()
    yield made
    store.close()


@pytest.fixture
def both(store: Store, tmp_path: Path) -> Desk:
    """A site on each database."""
    made = desk(store, tmp_path)
    made.open()
    return made


def test_an_update_is_kept_sent_and_on_the_timeline(both: Desk) -> None:
    said = both.update(text="The portal is slow; we look into it.", next="2h")
    assert said == ("incident #1: partners told; the next update is promised by 2026-03-02 11:00 GMT")
    (notice,) = both.notices()
    assert (notice.kind, notice.audience, notice.operator) == (NoticeKind.UPDATE, "partners", "ana")
    assert (notice.incident, notice.promised) == (1, both.now + timedelta(hours=2))
    (entry,) = both.entries(EntryKind.UPDATED)
    assert entry.text == "to partners: The portal is slow; we look into it."
    assert entry.data == {"audience": "partners", "notice": "1", "promised": "2026-03-02T11:00:00Z"}
    (message,) = both.messages()
    assert (message.key, message.subject, str(message.recipient)) == (
        "notice/1",
        "notice/1",
        "audience:partners",
    )
    assert (message.urgency, message.due) == (Urgency.NOTICE, both.now)
    words = filled(message)
    assert words.subject == "Update on incident #1"
    assert "The portal is slow; we look into it." in words.body and "2026-03-02 11:00 GMT" in words.body


def test_nothing_leaves_the_firm_but_the_words_that_were_written_for_it(firm: Desk) -> None:
    firm.ask("incident.note", incident=1, text="ACME's partner called")
    firm.update()
    firm.maintain()
    firm.ask("notice.publish", audience="partners")
    for message in firm.messages():
        told = f"{filled(message)} {dict(message.values)}"
        assert "ACME" not in told and "ana" not in told.replace("Maintenance", "")
        assert "client-portal" not in told


def test_what_a_person_wrote_never_acts_on_a_terminal_or_a_template(firm: Desk) -> None:
    firm.update(text=HOSTILE)
    (message,) = firm.messages()
    body = filled(message).body
    assert "\x1b" not in body and "\x07" not in body and "\u202e" not in body
    assert "[@click=app.quit()]x[/" in body and "$since ${title} <b>&amp;" in body
    firm.update(text=HOSTILE, template="first")
    assert "$since ${title} <b>&amp;" in firm.notices()[0].text
    assert "\x1b" not in firm.notices()[0].text


def test_the_text_goes_into_a_template_when_one_is_named(firm: Desk) -> None:
    firm.wait(minutes=5)
    firm.update(text="Nobody can log in.", template="first", next="2026-03-02T10:00")
    assert firm.notices()[0].text == (
        "Since 2026-03-02 09:00 GMT there is a disturbance, number 1: the portal for clients.\n"
        "Nobody can log in.\n"
        "We will write again by 2026-03-02 10:00 GMT."
    )


IMPOSSIBLE: list[tuple[dict[str, object], type[LexOpsError], str]] = [
    ({"incident": 9}, NotFound, "no incident #9"),
    ({"audience": "../x"}, InvalidRequest, "is no name"),
    ({"audience": "clients"}, Refused, "audience clients: "),
    ({"text": " \n "}, InvalidRequest, "needs text"),
    ({"next": "soon"}, InvalidRequest, "next: 'soon' is no time"),
    ({"next": "2026-03-02T08:59"}, InvalidRequest, "2026-03-02 08:59 GMT is over"),
    ({"next": "32d"}, InvalidRequest, "more than 31 days away"),
    ({"next": "99999999999w"}, InvalidRequest, "is no time"),
    ({"template": "nosuch"}, NotFound, "no text 'nosuch'"),
    ({"template": "../../etc/passwd"}, NotFound, "no text"),
    ({"template": "resolved"}, InvalidRequest, "says $resolved, and that is not known"),
    ({"template": "mitigated"}, InvalidRequest, "says $mitigated, and that is not known"),
    ({"template": "first", "next": "-"}, InvalidRequest, "says $next, and that is not known"),
]


def test_what_is_not_possible_is_refused_and_nothing_is_told(firm: Desk) -> None:
    for given, error, told in IMPOSSIBLE:
        with pytest.raises(error) as raised:
            firm.update(**given)
        assert told in str(raised.value), given
    assert firm.notices() == [] and firm.messages() == [] and firm.entries(EntryKind.UPDATED) == []


def test_people_told_by_telephone_are_told_without_a_message_or_a_contact(firm: Desk) -> None:
    said = firm.update(audience="clients", by="by telephone", next="30m")
    assert said.startswith("incident #1: clients told (by telephone); the next update is promised by")
    assert firm.messages() == []
    (entry,) = firm.entries(EntryKind.UPDATED)
    assert entry.text == "to clients (by telephone): We look into it."
    assert [each.due for each in firm.promises()] == [Due.LATER]


def test_the_last_update_promises_nothing(firm: Desk) -> None:
    firm.update()
    assert len(firm.promises()) == 1
    firm.ask("incident.resolve", incident=1, note="disk replaced")
    assert firm.update(text="It is over.", next="-").endswith("no further update is promised")
    assert firm.promises() == []
    (said,) = (filled(each).body for each in firm.messages("notice/2"))
    assert "Next:" not in said


def test_a_resolution_keeps_no_promise(firm: Desk) -> None:
    firm.update(next="1h")
    firm.ask("incident.resolve", incident=1, note="disk replaced")
    firm.wait(hours=1)
    assert [(each.notice.id, each.due) for each in firm.promises()] == [(1, Due.OVERDUE)]


def test_each_audience_has_its_own_promise(both: Desk) -> None:
    both.update(next="1h")
    both.update(audience="portal-users", next="3h")
    both.wait(minutes=50)
    assert [(each.notice.audience, each.due) for each in both.promises()] == [
        ("partners", Due.SOON),
        ("portal-users", Due.LATER),
    ]
    both.update(next="5h")
    assert [each.notice.audience for each in both.promises()] == ["portal-users", "partners"]


def test_the_newest_update_promises_though_the_old_one_had_promised_later(firm: Desk) -> None:
    firm.update(next="5h")
    firm.update(next="10m")
    assert [each.by for each in firm.promises()] == [firm.now + timedelta(minutes=10)]


# The client's question.


def clock(firm: Desk) -> ClockState:
    with firm.store.read() as connection:
        ticket = reading.ticket(connection, firm.file, 1, firm.now)
    return next(each.state for each in ticket.clocks if each.kind is ClockKind.UPDATE)


def test_only_an_update_that_answers_the_client_stops_the_waiting_for_an_answer(both: Desk) -> None:
    both.ask(
        "policy.set", name="all", calendar="always", budgets="P1 response 1h, update 4h", reason="agreed"
    )
    both.ask("incident.asked", incident=1, text="when?")
    both.wait(minutes=10)
    both.update()
    assert clock(both) is ClockState.RUNNING and both.entries(EntryKind.ANSWERED) == []
    both.update(audience="portal-users", answers=True)
    assert clock(both) is ClockState.MET
    (entry,) = both.entries(EntryKind.ANSWERED)
    assert entry.text == "the client was answered with the update to portal-users"


# Maintenance and the status.


def test_maintenance_is_announced_with_what_is_hit_and_how_to_declare_the_downtime(firm: Desk) -> None:
    said = firm.maintain(targets="client-portal, billing-db")
    assert said == (
        "notice 1: partners told of 2026-03-07 22:00 GMT to 2026-03-08 02:00 GMT; when it begins:"
        " lexops check downtime client-portal 240 …; lexops check downtime billing-db 240 …"
    )
    (notice,) = firm.notices()
    assert (notice.starts, notice.ends) == (at("2026-03-07T22:00"), at("2026-03-08T02:00"))
    assert notice.text == "You cannot log in.\nAffected: the portal for clients, one of our services."
    (message,) = firm.messages()
    assert filled(message).subject == "Maintenance: New disks"
    assert "2026-03-07 22:00 GMT" in filled(message).body


def test_work_over_the_night_in_which_the_clocks_change_lasts_as_long_as_was_said(firm: Desk) -> None:
    assert "2026-03-28 23:00 GMT to 2026-03-29 04:00 BST" in firm.maintain(starts="2026-03-28T23:00")
    assert "to 2026-03-29 03:00 BST" in firm.maintain(starts="2026-03-28T23:00", ends="2026-03-29T03:00")
    assert firm.notices()[0].ends == at("2026-03-29T02:00")


IMPOSSIBLE_WORK: list[tuple[dict[str, object], type[LexOpsError], str]] = [
    ({"targets": "nosuch"}, NotFound, "no target 'nosuch'"),
    ({"targets": " , "}, InvalidRequest, "name at least one"),
    ({"ends": "2026-03-07T21:00"}, InvalidRequest, "end before it begins"),
    ({"starts": "2026-02-01T00:00", "ends": "2026-02-01T02:00"}, InvalidRequest, "is over"),
    ({"ends": "40d"}, InvalidRequest, "more than 31 days"),
    ({"starts": "soon"}, InvalidRequest, "starts: 'soon'"),
    ({"title": " \n"}, InvalidRequest, "needs title"),
    ({"audience": "clients"}, Refused, "audience clients"),
]


def test_impossible_work_is_refused(firm: Desk) -> None:
    for given, error, told in IMPOSSIBLE_WORK:
        with pytest.raises(error) as raised:
            firm.maintain(**given)
        assert told in str(raised.value), given
    assert firm.notices() == [] and firm.messages() == []


def test_who_was_told_of_the_work_is_told_that_it_does_not_take_place(both: Desk) -> None:
    both.maintain()
    with both.store.begin() as connection:
        connection.execute(update(message_table).values(state=State.DELIVERED.value))
    assert both.ask("notice.withdraw", notice=1, reason="the disks are late") == (
        "notice 1 withdrawn; partners told"
    )
    first, second = both.messages("notice/1")
    assert first.state is State.DELIVERED
    words = filled(second)
    assert words.subject == "Maintenance: Withdrawn: New disks" and "the disks are late" in words.body
    with pytest.raises(Refused, match="was withdrawn before"):
        both.ask("notice.withdraw", notice=1, reason="again")
    assert len(both.messages()) == 2


def test_icinga2_6047_nobody_hears_that_what_they_never_heard_of_is_off(firm: Desk) -> None:
    firm.maintain()
    said = firm.ask("notice.withdraw", notice=1, reason="the disks are late")
    assert said == "notice 1 withdrawn before anybody was told"
    assert [each.state for each in firm.messages()] == [State.CANCELLED]


def test_only_announced_work_that_is_not_over_can_be_withdrawn(firm: Desk) -> None:
    firm.update()
    with pytest.raises(Refused, match="announces no work"):
        firm.ask("notice.withdraw", notice=1, reason="x")
    firm.maintain()
    firm.wait(days=10)
    with pytest.raises(Refused, match="the work is over"):
        firm.ask("notice.withdraw", notice=2, reason="x")
    with pytest.raises(NotFound, match="no notice 7"):
        firm.ask("notice.withdraw", notice=7, reason="x")


def test_how_things_stand_is_published_to_one_audience(firm: Desk) -> None:
    firm.update(text="Nobody can log in.")
    firm.update(audience="portal-users", text="You cannot log in.")
    said = firm.ask("notice.publish", audience="portal-users")
    assert said == "notice 3: portal-users told how things stand: 1 disturbance, 0 announcements"
    (message,) = firm.messages("notice/3")
    body = filled(message).body
    assert "You cannot log in." in body and "Nobody" not in body


def test_the_site_s_own_text_stands_before_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "first.md").write_text("$site regrets: $affected. $text")
    (folder / "wrong.md").write_text("since $sinse")
    (folder / "odd.md").write_text("it costs $ 5")
    (folder / "long.md").write_bytes(b"x" * 30_000)
    (folder / "latin.md").write_bytes(b"\xe9")
    store = sqlite_store(tmp_path)
    firm = desk(store, tmp_path, f'{CHANNELS}[notify]\ntemplates = "{folder}"\n')
    firm.open()
    firm.update(template="first", next="-")
    assert firm.notices()[0].text == "Test & Partners regrets: the portal for clients. We look into it."
    for name, told in {
        "wrong": r"text 'wrong': there is no variable \$sinse",
        "odd": r"text 'odd': a \$ with no name",
        "long": "longer than",
        "latin": "not UTF-8",
    }.items():
        with pytest.raises(ConfigError, match=told):
            firm.update(template=name)
    assert len(firm.notices()) == 1
    store.close()
