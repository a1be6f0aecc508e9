"""How an escalation begins, is held, taken, released and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lexops.checks.model import Status
from lexops.escalation.model import State
from tests.escalation.firm import Firm

OK, WARN, CRIT = Status.OK, Status.WARNING, Status.CRITICAL


def test_each_rung_is_told_when_it_is_due_until_somebody_takes_it(both: Firm) -> None:
    both.policy()
    both.open()
    both.look()
    assert both.wire.pages() == [("ana", "page")]
    both.tick(minutes=9, seconds=59)
    assert len(both.wire.sent) == 1
    both.tick(seconds=1)
    assert both.wire.pages() == [("ana", "page"), ("bo", "page")]
    both.ask("incident.acknowledge", "bo", incident=1)
    both.run(120)
    assert len(both.wire.sent) == 2
    assert both.escalation().state is State.TAKEN
    assert both.told() == ["level 1: ana", "level 2: bo"]


def test_a_site_without_policies_tells_nobody_and_says_so(at: Firm) -> None:
    at.open()
    at.run(60)
    assert at.wire.sent == [] and at.messages() == []
    assert at.view().words == "nobody is told: no escalation policy fits"
    assert not at.view().alarming


def test_after_every_rung_and_repetition_the_fallback_is_told_once_and_then_it_is_exhausted(at: Firm) -> None:
    at.policy(steps="0m operator:ana; 10m operator:bo", repeat=1, fallback="role:manager")
    at.open()
    at.look()
    at.run(25)
    assert at.wire.pages() == [
        ("ana", "page"), ("bo", "page"), ("ana", "page-again"), ("bo", "page-again"), ("mia", "page-again"),
    ]  # fmt: skip
    assert [each.due - at.rungs()[0].due for each in at.rungs()] == [
        timedelta(minutes=minutes) for minutes in (0, 10, 11, 21, 22)
    ]
    assert at.escalation().state is State.EXHAUSTED
    assert at.told()[-1] == "everybody was told, and nobody took it: the policy dba is exhausted"
    assert at.events("escalation.exhausted") == ["#1"]
    assert at.view().alarming


def test_the_policy_named_by_then_goes_on(at: Firm) -> None:
    at.policy("last", steps="5m role:manager", repeat=0, target="portal")
    at.policy(steps="0m operator:ana", repeat=0, then="last")
    at.open()
    at.look()
    at.run(30)
    assert [address for address, _ in at.wire.pages()] == ["ana", "mia"]
    assert at.rungs()[-1].due - at.rungs()[0].due == timedelta(minutes=6)
    assert at.escalation().policy.name == "last" and at.escalation().state is State.EXHAUSTED


def test_whoever_was_told_of_the_problem_hears_that_it_is_over(at: Firm) -> None:
    at.policy()
    at.change(CRIT)
    at.look()
    at.change(OK, CRIT)
    at.run(5)
    assert at.wire.pages() == [("ana", "page"), ("ana", "resolved")]
    assert at.escalation().state is State.OVER


def test_who_ends_it_is_not_told_that_it_is_over(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("incident.resolve", "ana", incident=1, note="restarted")
    at.run(5)
    assert at.wire.pages() == [("ana", "page")]


def test_a_reopened_incident_escalates_anew_unless_somebody_has_it(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("incident.resolve", "sam", incident=1, note="gone")
    at.run(3)
    at.ask("incident.reopen", "sam", incident=1, reason="back")
    at.look()
    assert [each for each in at.wire.pages() if each[1] == "page"] == [("ana", "page")] * 2
    assert at.escalation().generation == 2
    at.ask("incident.acknowledge", "bo", incident=1)
    at.ask("incident.resolve", "bo", incident=1, note="gone")
    at.ask("incident.reopen", "sam", incident=1, reason="back")
    at.run(60)
    assert at.escalation().state is State.TAKEN
    assert len([each for each in at.wire.pages() if each[1].startswith("page")]) == 2


def test_that_it_is_over_is_not_said_of_what_was_opened_again_meanwhile(at: Firm) -> None:
    """In quiet hours that waits until the morning."""
    at.policy()
    at.change(CRIT)
    at.look()
    at.ask("incident.acknowledge", "mia", incident=1)
    at.run(5)
    at.change(OK, CRIT)
    at.look()
    at.change(CRIT, OK)
    at.run(30)
    assert at.incident().state == "acknowledged"
    assert at.wire.pages() == [("ana", "page")]
    at.change(OK, CRIT)
    at.run(5)
    assert at.wire.pages() == [("ana", "page"), ("ana", "resolved")], "who was to hear of the end still does"


def test_that_somebody_has_it_is_not_said_once_they_have_given_it_back(at: Firm) -> None:
    at.policy(steps="0m channel:room")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "mia", incident=1)
    at.look()
    at.ask("incident.release", "mia", incident=1, reason="off")
    at.run(5)
    assert [each for each in at.wire.pages() if not each[1].startswith("page")] == []


def test_who_is_told_after_it_was_opened_again_hears_the_end_again(at: Firm) -> None:
    at.policy(steps="0m channel:room, operator:ana")
    at.change(CRIT)
    at.look()
    at.ask("incident.acknowledge", "mia", incident=1)
    at.run(5)
    at.change(OK, CRIT)
    at.run(5)
    heard = [("ana", "resolved"), ("room", "resolved")]
    assert sorted(at.wire.pages()[-2:]) == heard
    at.change(CRIT, OK)
    at.look()
    assert at.incident().owner == "mia" and at.escalation().state is State.TAKEN
    assert at.escalation().generation == 2
    before = len(at.wire.sent)
    at.ask("incident.escalate", "mia", incident=1, reason="it is back")
    at.look()
    at.change(OK, CRIT)
    at.run(5)
    assert sorted(at.wire.pages()[before:]) == [("ana", "page"), heard[0], ("room", "page"), heard[1]]


def test_what_a_silence_opens_quietly_escalates_when_the_silence_ends_and_it_still_fails(at: Firm) -> None:
    at.policy()
    at.silence(30)
    at.change(CRIT)
    at.run(29)
    assert at.wire.sent == [] and at.escalation().state is State.HELD
    assert at.view().words == "nobody is told for now: portal is silenced until 2026-03-02 09:30:00 UTC"
    assert [(each.who, f"{each.due:%H:%M}") for each in at.view().coming[:2]] == [
        ("ana", "09:30"), ("bo", "09:40")
    ]  # fmt: skip
    at.run(2)
    assert at.wire.pages() == [("ana", "page")]


def test_while_it_is_silenced_it_is_explained_who_is_told_next_and_when(at: Firm) -> None:
    at.policy()
    at.change(CRIT)
    at.look()
    at.silence(5)
    at.silence(30, downtime=True)
    at.tick(minutes=1)
    assert at.view().words.endswith("until 2026-03-02 09:30:00 UTC"), "the last of what holds it"
    assert [(each.who, f"{each.due:%H:%M}") for each in at.view().coming[:1]] == [("bo", "09:30")]
    at.run(30)
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]


def test_what_is_listed_under_another_one_is_not_promised_to_be_told(at: Firm) -> None:
    at.policy()
    at.open()
    at.open(title="It, too")
    at.look()
    at.ask("incident.group", incident=2, under=1, reason="one cause")
    at.look()
    told = at.view(2)
    assert told.words == "nobody is told for now: it is listed under #1, which is told of" and not told.coming


def test_what_recovers_while_it_is_silenced_is_told_to_nobody(at: Firm) -> None:
    at.policy()
    at.silence(30)
    at.change(CRIT)
    at.run(5)
    at.change(OK, CRIT)
    at.run(60)
    assert at.wire.sent == [] and at.escalation().state is State.OVER


def test_what_gets_worse_in_a_silence_after_all_were_told_is_told_when_the_silence_ends(
    at: Firm,
) -> None:
    at.policy(steps="0m operator:ana", repeat=0)
    at.change(WARN)
    at.run(5)
    assert at.escalation().state is State.EXHAUSTED
    at.silence(30)
    at.change(CRIT, WARN)
    at.run(29)
    assert at.wire.pages() == [("ana", "page")] and at.escalation().state is State.HELD
    at.run(2)
    assert at.wire.pages() == [("ana", "page"), ("ana", "page")]


def test_what_was_worse_only_in_the_silence_stays_exhausted(at: Firm) -> None:
    at.policy(steps="0m operator:ana", repeat=0)
    at.change(WARN)
    at.run(5)
    at.silence(30)
    for priority in ("P1", "P3"):
        at.ask("incident.classify", "sam", incident=1, priority=priority)
        at.run(5)
    at.run(60)
    assert at.wire.pages() == [("ana", "page")]
    assert at.escalation().state is State.EXHAUSTED and at.events("escalation.exhausted") == ["#1"]


def test_a_silence_that_is_set_later_holds_it_and_it_goes_on_where_it_was(at: Firm) -> None:
    at.policy()
    at.change(CRIT)
    at.look()
    at.silence(60)
    at.run(59)
    assert at.wire.pages() == [("ana", "page")]
    at.run(2)
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")], "not from the first rung again"


def test_what_a_person_opens_is_not_silenced(at: Firm) -> None:
    at.policy()
    at.silence(60)
    at.open(target="portal")
    at.look()
    assert at.wire.pages() == [("ana", "page")]


def test_help_asked_for_in_a_silence_is_told_and_the_rungs_after_it_wait_for_its_end(at: Firm) -> None:
    at.policy()
    at.silence(30)
    at.change(CRIT)
    at.look()
    assert at.ask("incident.escalate", "sam", incident=1, reason="help") == "incident #1: level 1: ana"
    at.run(29)
    assert at.wire.pages() == [("ana", "page")] and at.escalation().state is State.HELD
    at.run(2)
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]


def test_help_asked_for_in_a_silence_after_all_were_told_is_not_called_off(at: Firm) -> None:
    at.policy(steps="0m operator:ana; 10m operator:bo", repeat=0)
    at.change(WARN)
    at.run(15)
    assert at.escalation().state is State.EXHAUSTED
    at.silence(30)
    at.ask("incident.escalate", "sam", incident=1, reason="help")
    at.run(29)
    assert at.wire.pages()[2:] == [("ana", "page")] and at.escalation().state is State.HELD
    at.run(2)
    at.run(2)
    assert at.wire.pages()[3:] == [("bo", "page")]
    assert at.escalation().state is State.EXHAUSTED


def test_what_is_listed_under_another_one_is_told_once_it_is_let_go(at: Firm) -> None:
    at.policy()
    at.open()
    at.open(title="Portal is slower")
    at.ask("incident.group", incident=2, under=1)
    at.run(20)
    assert {message.values["incident"] for _, _, message in at.wire.sent} == {"1"}
    assert at.view(2).words == "nobody is told for now: it is listed under #1, which is told of"
    at.ask("incident.ungroup", incident=2)
    at.look()
    assert at.wire.sent[-1][2].values["incident"] == "2"


def test_the_owner_is_asked_and_without_a_sign_it_escalates_anew(at: Firm) -> None:
    at.policy(remind="1h", release="15m")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.run(62)
    assert at.wire.pages() == [("ana", "page"), ("bo", "reminder")]
    at.run(17)
    assert sorted(at.wire.pages()[2:]) == [("ana", "page"), ("bo", "released")]
    assert at.incident().owner is None and at.escalation().generation == 2
    assert [each.text for each in at.entries() if each.kind == "released"] == ["bo gave no sign for 1 h 15"]


def test_any_entry_of_an_operator_is_a_sign(at: Firm) -> None:
    at.policy(remind="1h", release="15m")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    for _ in range(4):
        at.run(50)
        at.ask("incident.note", "sam", incident=1, text="still restoring")
    at.run(50)
    assert at.wire.pages() == [("ana", "page")]
    at.run(12)
    at.ask("incident.note", "bo", incident=1, text="restored half of it")
    at.run(30)
    assert at.wire.pages()[1:] == [("bo", "reminder")], "asked once, and answered"
    assert at.incident().owner == "bo"


def test_what_waits_for_the_client_asks_nobody(at: Firm) -> None:
    at.policy(remind="1h", release="15m")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.ask("incident.pause", "bo", incident=1, reason="for the client")
    at.run(300)
    assert at.wire.pages() == [("ana", "page")]
    at.ask("incident.resume", "bo", incident=1)
    at.run(59)
    assert at.wire.pages() == [("ana", "page")]
    at.run(3)
    assert at.wire.pages()[1:] == [("bo", "reminder")]


def test_what_got_worse_than_what_was_taken_is_told_again(at: Firm) -> None:
    at.policy()
    at.change(WARN)
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.look()
    at.change(CRIT, WARN)
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("ana", "page")]
    assert at.escalation().generation == 2


def test_what_comes_and_goes_while_nobody_has_it_is_told_once_for_each_new_worst(at: Firm) -> None:
    at.policy()
    at.change(WARN)
    at.look()
    at.change(CRIT, WARN)
    at.look()
    for _ in range(3):
        at.change(WARN, CRIT)
        at.look()
        at.change(CRIT, WARN)
        at.look()
    assert at.wire.pages() == [("ana", "page"), ("ana", "page")]


def test_a_higher_priority_brings_the_policy_that_is_for_it(at: Firm) -> None:
    at.policy()
    at.policy("urgent", steps="0m role:manager", priority="P1")
    at.open()
    at.look()
    at.ask("incident.classify", "sam", incident=1, priority="P1")
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("mia", "page")]
    assert at.escalation().policy.name == "urgent"


def test_getting_worse_never_makes_anybody_wait_longer(at: Firm) -> None:
    at.policy(steps="10m operator:ana")
    at.change(WARN)
    at.look()
    at.run(9)
    at.change(CRIT, WARN)
    at.run(1)
    assert at.wire.pages() == [("ana", "page")]


def test_a_client_that_is_named_later_brings_the_policy_of_that_client(at: Firm) -> None:
    at.policy()
    at.policy("acme", steps="0m operator:bo", client="ACME-1")
    at.open()
    at.look()
    at.ask("incident.classify", "sam", incident=1, client="ACME-1")
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]


def test_a_policy_that_is_changed_does_not_reach_what_has_begun(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.policy(steps="0m operator:sam")
    at.run(11)
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]
    assert at.escalation().revision == 1


def test_help_asked_for_by_hand_tells_the_next_rung_at_once(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    said = at.ask("incident.escalate", "sam", incident=1, reason="nobody answers")
    assert said == "incident #1: level 2: bo"
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]
    at.run(29)
    assert len(at.wire.sent) == 2, "the rung after it counts from then"
    at.run(1)
    assert at.wire.pages()[2:] == [("mia", "page")]


def test_who_has_it_keeps_it_while_help_is_asked_for(at: Firm) -> None:
    at.policy(remind="1h", release="5m")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "ana", incident=1)
    at.look()
    at.ask("incident.escalate", "ana", incident=1, reason="needs a second pair of eyes")
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("bo", "page")]
    assert at.incident().owner == "ana" and at.escalation().state is State.TAKEN


def test_who_is_given_an_incident_is_told(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("incident.assign", "mia", incident=1, owner="sam")
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("sam", "page")]
    at.run(10)
    assert at.wire.pages()[2:] == [("sam", "page"), ("bo", "page")], "until they take it"


def test_a_room_that_was_told_hears_who_has_it_and_that_it_is_over(at: Firm) -> None:
    at.policy(steps="0m channel:room, operator:ana")
    at.open()
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.run(5)
    assert [message.values["owner"] for _, who, message in at.wire.sent if message.template == "taken"] == [
        "bo"
    ]
    at.ask("incident.resolve", "bo", incident=1, note="restarted")
    at.run(5)
    assert sorted(at.wire.pages()) == [
        ("ana", "page"), ("ana", "resolved"), ("room", "page"), ("room", "resolved"), ("room", "taken"),
    ]  # fmt: skip


@pytest.mark.parametrize("steps", ["0m operator:ana; 1h operator:bo", "0m operator:ana"])
def test_a_page_that_a_silence_called_off_before_anybody_got_it_is_owed_when_that_ends(
    both: Firm, steps: str
) -> None:
    both.policy(steps=steps, repeat=0)
    head = both.open()
    both.tick(seconds=1)
    both.ask("incident.acknowledge", "bo", incident=head)
    both.wire.broken, both.wire.retry = {"*"}, True
    id = both.open()
    both.run(2)
    both.ask("incident.group", incident=id, under=head)
    both.tick(seconds=1)
    assert both.view(id).words.startswith("nobody is told for now: ")
    both.wire.broken.clear()
    both.wire.sent.clear()
    both.run(10)
    assert both.wire.sent == []
    both.ask("incident.ungroup", incident=id)
    both.tick(seconds=1)
    both.tick(seconds=1)
    assert both.wire.pages() == [("ana", "page")]


def test_what_a_downtime_called_off_before_anybody_got_it_is_told_from_the_first_rung(at: Firm) -> None:
    at.policy(steps="0m operator:ana; 1h operator:bo", repeat=0)
    at.wire.broken, at.wire.retry = {"*"}, True
    at.change(CRIT)
    at.tick(seconds=1)
    at.silence(30, downtime=True)
    at.tick(seconds=1)
    assert [each.who for each in at.view().coming] == ["ana", "bo"]
    at.wire.broken.clear()
    at.run(32)
    assert at.wire.pages() == [("ana", "page")]
