"""Promises on the command line: set, listed, shown, tried, and what is foreseen of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.incidents.operations import OPERATIONS as INCIDENTS
from lexops.sla import watch
from lexops.sla.policy_operations import OPERATIONS as POLICIES
from tests.cli.desk import Desk, Said, desk
from tests.sla.test_watch import past

BUDGETS = "P1 response 15m, resolution 4h; P2 resolution 8h"
HOUR = 3600


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys, *INCIDENTS, *POLICIES, environment="demo")


def ask(at: Desk, *words: str) -> Said:
    return at.run("ana", "sla", *words)


def set_(at: Desk, name: str = "standard", budgets: str = BUDGETS, *more: str) -> Said:
    return ask(at, "policy", "set", name, "always", budgets, "as agreed", *more)


def test_a_policy_is_set_listed_and_shown_with_its_history(at: Desk) -> None:
    assert ask(at, "policy", "list").err.startswith("nothing is promised yet")
    made = set_(at)
    assert made.out == f"policy standard revision 1 for every ticket: {BUDGETS} of always\n", made.err
    set_(at, "acme", "P1 resolution 2h", "--client", "ACME-1", "--until", "2027-01-01", "--warnings", "50")
    assert ask(at, "policy", "list").out.splitlines() == [
        "policy    for            calendar  opened                          revision  promised",
        "acme      client ACME-1  always    before 2027-01-01 00:00:00 UTC  1         P1 resolution 2h",
        f"standard  every ticket   always    always                          1         {BUDGETS}",
    ]
    set_(at, "standard", "P1 resolution 3h", "--correction")
    shown = ask(at, "policy", "show", "standard").out.splitlines()
    assert shown[0] == "policy    standard, revision 2"
    assert shown[-2].split()[:7] == ["2", "2026-03-02", "09:00:00", "UTC", "ana", "correction", "as"]
    assert shown[-1].split()[5] == "new"
    document = ask(at, "policy", "show", "standard", "--json").json
    assert [each["correction"] for each in document["revisions"]] == [False, True]
    assert document["revisions"][0]["budgets"] == {
        "P1": {"response": 900, "resolution": 4 * HOUR},
        "P2": {"resolution": 8 * HOUR},
    }
    (acme, _) = ask(at, "policy", "list", "--json").json["policies"]
    assert (acme["fits"], acme["warnings"], acme["until"]) == (
        {"client": "ACME-1"},
        [50],
        "2027-01-01T00:00:00Z",
    )


def test_trying_a_correction_says_which_changes_it_brings_into_finished_clocks(at: Desk) -> None:
    set_(at)
    at.world.clock.advance(hours=1)
    set_(at, "standard", "P1 resolution 3h")
    tried = ask(at, "policy", "try", "standard", "--budgets", "P1 resolution 2h", "--correction")
    assert "what is finished takes up revision 2 too" in tried.err
    tried = ask(at, "policy", "try", "standard", "--budgets", "P1 resolution 2h")
    assert "takes up" not in tried.err


def test_trying_tells_what_would_change_and_exits_1_where_promises_would_be_broken(at: Desk) -> None:
    set_(at)
    at.run("sam", "incident", "open", "Portal is slow", "--priority", "P1")
    at.world.clock.advance(hours=2)
    tried = ask(at, "policy", "try", "standard", "--budgets", "P1 response 15m, resolution 1h")
    assert tried.code == 1, tried.err
    assert tried.out.splitlines() == [
        "open tickets: 1 clock would change, 1 promise would be broken",
        "ticket  clock       due now                  would be due",
        "#1      resolution  2026-03-02 13:00:00 UTC  2026-03-02 10:00:00 UTC  would be broken",
        "",
        "last quarter, 2025-10-01 to before 2026-01-01: what would have been",
        "no promise ended then, and none would have",
    ]
    assert ask(at, "policy", "try", "standard", "--budgets", "P1 response 15m, resolution 3h").code == 0
    document = ask(at, "policy", "try", "standard", "--budgets", "P1 resolution 1h", "--json").json
    assert document["newly_breached"] == 1
    assert {each["clock"]: each["after"] and each["after"]["due"] for each in document["open"]} == {
        "response": None,
        "resolution": "2026-03-02T10:00:00Z",
    }
    assert len(ask(at, "policy", "show", "standard", "--json").json["revisions"]) == 1, "nothing was changed"


def test_trying_tells_what_would_have_been(at: Desk) -> None:
    set_(at)
    for hours in (1, 3):
        number = at.run("sam", "incident", "open", "Slow", "--priority", "P1").out.split("#")[1].split()[0]
        at.world.clock.advance(hours=hours)
        at.run("sam", "incident", "resolve", number, "done")
    at.world.clock.advance(days=40)
    tried = ask(at, "policy", "try", "standard", "--budgets", "P1 resolution 2h; P2 resolution 8h")
    assert tried.code == 0
    assert [" ".join(line.split()) for line in tried.out.splitlines()[-2:]] == [
        "resolution P1 100.0 % of 2 50.0 % of 2 -50.0",
        "response P1 0.0 % of 2 nothing promised",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("standard",), "standard is no policy yet: name its --calendar and --budgets"),
        (("a", "--calendar", "always", "--budgets", "P1"), "budgets: P1: nothing is promised"),
        (("a", "--calendar", "moon", "--budgets", "P1 response 1h"), "there is no calendar 'moon'"),
        (
            ("a", "--calendar", "always", "--budgets", "P1 response 1h", "--kind", "toaster"),
            "kind: 'toaster' is none of sqlite,",
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_line(at: Desk, words: tuple[str, ...], said: str) -> None:
    tried = ask(at, "policy", "try", *words)
    assert (tried.code, tried.out) == (2, "")
    assert said in tried.err.splitlines()[0]


def test_a_hostile_title_and_reason_reach_no_terminal(at: Desk) -> None:
    set_(at)
    ask(at, "policy", "set", "acme", "always", "P1 resolution 1h", "a\x1b[31mb", "--client", "A")
    at.run("sam", "incident", "open", "[@click=app.quit()]x[/\x1b]0;evil\x07", "--priority", "P1")
    for words in (("policy", "show", "acme"), ("predict",)):
        shown = ask(at, *words).out
        assert "\x1b" not in shown and "\x07" not in shown
        assert "␛" in shown


def test_what_is_likely_is_listed_first_with_how_often_it_came(at: Desk) -> None:
    from tests.sla.desk import Desk as Tracker

    firm = Tracker(at.world)
    set_(at, "standard", "P1 resolution 4h; P2 resolution 4h")
    assert ask(at, "predict").err == "no clock runs\n"
    past(firm, [HOUR] * 15 + [5 * HOUR] * 25)
    at.world.clock.advance(seconds=1)
    for priority in ("P2", "P1"):
        at.run("sam", "incident", "open", "Portal is slow", "--priority", priority)
    watch.foresee(firm.store, firm.file, at.world.clock)
    shown = ask(at, "predict").out.splitlines()
    assert [line.split()[:5] for line in shown[1:3]] == [
        ["#2", "resolution", "P1", "62", "%"],
        ["#1", "resolution", "P2", "not", "known"],
    ]
    assert shown[-1] == "no prediction has been put to the test yet"
    at.world.clock.advance(hours=5)
    firm.refresh()
    shown = ask(at, "predict").out.splitlines()
    assert shown[-2] == "predicted to be broken: 1, came true: 100 %, Brier score 0.141"
    assert shown[-1] == "broken: 2, had been predicted: 50 %"
    document = ask(at, "predict", "--json").json
    assert document["rate"] == {
        "predicted": 1,
        "hits": 1,
        "breached": 2,
        "precision": 1.0,
        "recall": 0.5,
        "brier": pytest.approx(0.140625),
    }
    assert [each["probability"] for each in document["clocks"]] == [None, None], "they are broken"
