"""Policies set, changed and ended through the gate; what is impossible is refused with the reason."""

from __future__ import annotations

import pytest

from lexops.calendars.model import Revision
from lexops.errors import InvalidRequest, LexOpsError, NotFound, Refused
from lexops.escalation import store
from lexops.escalation.model import Policy
from tests.escalation.firm import STEPS, Firm


def revisions(at: Firm, name: str = "dba") -> list[Revision[Policy]]:
    with at.store.read() as connection:
        return store.history(connection, name)


def test_a_policy_is_set_and_every_change_is_a_revision(both: Firm) -> None:
    said = both.policy(priority="P1", remind="4h", release="30m", fallback="role:manager")
    assert said == (
        "escalation policy dba revision 1 for priority P1:"
        " 0s operator:ana; 10m operator:bo; 30m level management role:manager"
    )
    both.policy(priority="P1", repeat=0)
    found = revisions(both)
    assert [each.number for each in found] == [1, 2]
    assert (found[0].value.remind, found[0].value.release) == (14_400, 1800)
    assert (found[1].value.repeat, found[1].value.fallback, found[1].operator) == (0, (), "ana")
    with pytest.raises(Refused, match="is that already"):
        both.policy(priority="P1", repeat=0)


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"name": "No Name"}, "is no name"),
    ({"steps": " ; "}, "steps: there are no steps"),
    ({"steps": "0m operator:eve"}, "steps: there is no operator 'eve'"),
    ({"steps": "0m rota:dba"}, "steps: there is no rota 'dba'"),
    ({"steps": "0m channel:fax"}, "steps: there is no channel 'fax'"),
    ({"steps": "0m audience:press"}, "steps: there is no audience 'press'"),
    ({"fallback": "operator:eve"}, "fallback: there is no operator 'eve'"),
    ({"calendar": "moon"}, "calendar: there is no calendar 'moon'"),
    ({"repeat": -1}, "repeat: -1 is not between 0 and 20"),
    ({"remind": "-5m"}, "less than nothing"),
    ({"remind": "999999999999d"}, "remind: .* is longer than can be counted"),
    ({"release": "5m"}, "without being asked first"),
    ({"then": "dba"}, "would go on with itself"),
    ({"then": "gone"}, "then: there is no policy 'gone'"),
    ({"client": "Smith & Co"}, "client: 'Smith & Co' is no code"),
    ({"provider": "nobody"}, "there is no provider 'nobody'"),
    ({"target": "moon"}, "there is no target 'moon'"),
]


def test_impossible_policies_are_refused_with_the_reason(at: Firm) -> None:
    for arguments, words in IMPOSSIBLE:
        with pytest.raises(InvalidRequest, match=words):
            at.policy(**arguments)  # type: ignore[arg-type]
    with at.store.read() as connection:
        assert not store.is_used(connection)


def test_policies_that_lead_in_a_circle_are_refused(at: Firm) -> None:
    at.policy("a", priority="P1")
    at.policy("b", priority="P2", then="a")
    with pytest.raises(InvalidRequest, match="a → b → a never ends"):
        at.policy("a", priority="P1", then="b")


def test_two_policies_for_the_same_incidents_are_refused(at: Firm) -> None:
    at.policy(client="ACME-1")
    with pytest.raises(Refused, match="dba is for the same incidents: client ACME-1"):
        at.policy("other", client="ACME-1")
    at.ask("escalation.end", name="dba", reason="contract is over")
    at.policy("other", client="ACME-1")


def test_a_policy_that_has_ended_begins_nothing_and_its_history_stays(at: Firm) -> None:
    at.policy()
    at.open()
    at.look()
    at.ask("escalation.end", name="dba", reason="nobody pays")
    at.open(title="Another one")
    at.run(11)
    assert at.rungs(2) == []
    assert [each.step for each in at.rungs(1)] == [0, 1], "what has begun goes on"
    assert [each.reason for each in revisions(at)] == ["agreed", "nobody pays"]
    with pytest.raises(Refused, match="is ended already"):
        at.ask("escalation.end", name="dba", reason="again")


def test_a_policy_on_which_another_one_rests_is_not_ended(at: Firm) -> None:
    at.policy("last", priority="P1")
    at.policy(then="last")
    with pytest.raises(Refused, match="the policy dba goes on with last"):
        at.ask("escalation.end", name="last", reason="no")
    with pytest.raises(NotFound, match="no escalation policy 'gone'"):
        at.ask("escalation.end", name="gone", reason="no")


def test_who_cannot_be_reached_is_told_when_the_policy_is_set(at: Firm) -> None:
    at.contact("operator:bo")
    at.rota()
    said = at.policy(steps="0m rota:dba; 5m operator:bo, operator:ana", fallback="role:manager")
    assert said.split("; ")[2:] == [
        "warning: level 1: nobody is on call for dba", "so the fallback", "told: mia (manager)",
        "warning: level 2: bo has no contacts", "told: ana",
    ]  # fmt: skip


def test_setting_the_first_policy_tells_what_begins_by_it(at: Firm) -> None:
    at.open()
    at.open(title="Taken already")
    at.ask("incident.acknowledge", "bo", incident=2)
    assert at.policy().endswith("; 1 open incident that nobody has taken: it begins now")
    at.look()
    assert [message.values["incident"] for _, _, message in at.wire.sent] == ["1"]


def test_only_administrators_change_who_is_told(at: Firm) -> None:
    for who in ("sam", "aud", "mia"):
        with pytest.raises(LexOpsError):
            at.ask("escalation.set", who, name="x", steps=STEPS, reason="r")


@pytest.mark.parametrize("state", ["no policy", "resolved"])
def test_help_is_refused_where_there_is_none_to_ask(at: Firm, state: str) -> None:
    at.open()
    if state == "resolved":
        at.policy()
        at.ask("incident.resolve", incident=1, note="done")
    words = "no escalation policy fits" if state == "no policy" else "is resolved"
    with pytest.raises(Refused, match=words):
        at.ask("incident.escalate", "sam", incident=1, reason="help")


def test_help_can_be_asked_for_when_everybody_was_told(at: Firm) -> None:
    at.policy(steps="0m operator:ana", repeat=0)
    at.open()
    at.run(3)
    assert at.ask("incident.escalate", "sam", incident=1, reason="still") == "incident #1: level 1: ana"
    at.look()
    assert at.wire.pages() == [("ana", "page"), ("ana", "page")]
    assert at.escalation().generation == 2
