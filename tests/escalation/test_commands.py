"""`lexops escalation …` and `lexops incident explain`: who is told, who would be, and why."""

from __future__ import annotations

import pytest

from lexops.checks.model import Status
from tests.cli.desk import Desk, Said
from tests.escalation.firm import Firm


def run(at: Firm, capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    return Desk(at.world, capsys).run("ana", *words)


def test_nothing_is_told_and_nothing_is_wrong_without_policies(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.open()
    assert run(at, capsys, "escalation", "list").err.startswith("nobody is told yet")
    said = run(at, capsys, "escalation", "check")
    assert (said.code, said.out) == (0, "no policies: nobody is told\n")
    said = run(at, capsys, "incident", "explain", "1")
    assert said.code == 0
    assert said.out.splitlines() == [
        "#1 P3 WARNING open: Portal is slow",
        "nobody is told: no escalation policy fits",
        "promises: none runs",
    ]
    assert run(at, capsys, "escalation", "try").code == 1


def test_a_policy_is_listed_and_shown_with_whom_it_would_tell_now(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.rota("ana", "bo")
    at.policy(steps="0m rota:dba; 10m level management role:manager", repeat=1, priority="P1")
    assert run(at, capsys, "escalation", "list").out.splitlines()[1].split()[:4] == [
        "dba", "priority", "P1", "always",
    ]  # fmt: skip
    shown = run(at, capsys, "escalation", "show", "dba").out
    assert "step 2    10m level management role:manager" in shown
    assert "after 0 s     level 1            ana (on call for dba)" in shown
    assert "after 11 min  level 1, again     ana (on call for dba)" in shown
    document = run(at, capsys, "escalation", "show", "dba", "--json").json
    assert document["revisions"][0]["steps"][0] == {"after": 0, "tell": ["rota:dba"], "level": None}
    assert [rung["who"] for rung in document["now"]][:2] == ["ana (on call for dba)", "mia (manager)"]


def test_the_status_tells_of_what_nobody_is_told(at: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    at.open()
    assert "nobody is told" not in run(at, capsys, "status").out
    at.policy(steps="0m operator:ana", client="ACME-1")
    assert "nobody is told of #1: no escalation policy fits\n" in run(at, capsys, "status").out
    document = run(at, capsys, "status", "--json").json
    assert document["untold"] == [{"incident": 1, "why": "no escalation policy fits"}]
    at.ask("incident.acknowledge", "bo", incident=1)
    assert "nobody is told" not in run(at, capsys, "status").out


def test_the_check_tells_who_cannot_be_reached_and_of_what_nobody_is_told(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.policy(steps="0m operator:ana", client="ACME-1")
    assert run(at, capsys, "escalation", "check").code == 0
    at.open()
    said = run(at, capsys, "escalation", "check")
    assert said.code == 1 and "#1  P3  no escalation policy fits  Portal is slow" in said.out
    at.ask("incident.acknowledge", "bo", incident=1)
    assert run(at, capsys, "escalation", "check").code == 0
    at.contact("operator:ana")
    said = run(at, capsys, "escalation", "check")
    assert said.code == 1 and "nobody  ana has no contacts" in said.out
    assert run(at, capsys, "escalation", "check", "--json").json["policies"][0]["rungs"][0]["note"]


def test_who_is_on_call_now_is_told_whichever_policy_is_looked_at_before(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.rota("ana")
    at.override("sam", hours=1)
    at.policy("aa", steps="2h rota:dba", priority="P1")
    at.policy("bb", steps="0m rota:dba", priority="P2")
    policies = run(at, capsys, "escalation", "check", "--json").json["policies"]
    who = {policy["policy"]: policy["rungs"][0]["who"] for policy in policies}
    assert who == {"aa": "ana (on call for dba)", "bb": "sam (on call for dba)"}


def test_trying_says_which_policy_fits_and_whom_it_would_tell(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.policy(steps="0m operator:ana", priority="P1")
    at.policy("db", steps="5m operator:bo", kind="sqlite", repeat=0)
    said = run(at, capsys, "escalation", "try", "--target", "billing-db")
    assert (said.code, said.out.splitlines()[0]) == (0, "policy db, for kind sqlite")
    assert run(at, capsys, "escalation", "try", "--priority", "P1", "--json").json["policy"] == "dba"
    said = run(at, capsys, "escalation", "try", "--queue", "other")
    assert (said.code, said.out) == (1, "nobody is told: no escalation policy fits\n")


def test_an_incident_is_explained_with_what_was_told_how_it_arrived_and_who_is_next(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.policy(repeat=0)
    at.wire.broken = {"ana"}
    at.open(title="[@click=app.quit()]x[/ \x1b[31m")
    at.run(2)
    said = run(at, capsys, "incident", "explain", "1")
    assert said.code == 0
    lines = said.out.splitlines()
    assert "\x1b" not in said.out and "[@click=app.quit()]x[/" in lines[0]
    assert lines[1] == (
        "next, 2026-03-02 09:30:01 UTC: management, mia (manager);"
        " policy dba, rung 3 of 3, 30m of elapsed time after the one before"
    )
    assert lines[3] == "✖ 2026-03-02 09:00:00 UTC  level 1: ana"
    assert lines[4].strip().startswith("ana: failed 2026-03-02 09:00:00 UTC, mail: the line is dead")
    assert "bo: delivered" in said.out
    assert "→ 2026-03-02 09:30" in said.out
    document = run(at, capsys, "incident", "explain", "1", "--json").json
    assert [rung["failed"] for rung in document["told"]] == [True, False]
    assert document["next"][0]["who"] == "mia (manager)"
    at.ask("incident.acknowledge", "bo", incident=1)
    at.look()
    assert "taken by bo: nobody else is told" in run(at, capsys, "incident", "explain", "1").out


def test_nobody_is_told_next_of_what_was_taken_or_ended_or_silenced_before_a_worker_looks(
    at: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    at.policy(repeat=0)
    at.open()
    at.open()
    at.change(Status.CRITICAL)
    at.look()
    at.ask("incident.acknowledge", "bo", incident=1)
    at.ask("incident.resolve", "bo", incident=2, note="mended")
    at.silence(60)
    says = [run(at, capsys, "incident", "explain", str(number)).out for number in (1, 2, 3)]
    assert [said.splitlines()[1] for said in says] == [
        "taken by bo: nobody else is told",
        "over; the policy was dba",
        "nobody is told for now: portal is silenced until 2026-03-02 10:00:00 UTC",
    ]
    assert ["→" in said for said in says] == [False, False, True]


def test_what_nobody_took_is_said_with_exit_1(at: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    at.policy(steps="0m operator:ana", repeat=0)
    at.open()
    at.run(3)
    said = run(at, capsys, "incident", "explain", "1")
    assert said.code == 1 and "everybody was told, and nobody took it" in said.out
    assert run(at, capsys, "escalation", "check").code == 1
