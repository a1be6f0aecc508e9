"""On-call on the command line: planned, asked, given away, exported; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.auth import store as auth
from lexops.oncall.operations import OPERATIONS
from tests.cli.desk import Desk, Said, desk
from tests.oncall.test_ical import read

OFFICE = "mon-fri 09:00-17:30"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys, *OPERATIONS, environment="demo", enrol=False)


@pytest.fixture
def planned(at: Desk) -> Desk:
    made = layer(at, "support", "week", "ana,bo", "weekly", "2026-03-02T09:00", "we begin")
    assert made.code == 0, made.err
    return at


def ask(at: Desk, *words: str, who: str = "sam") -> Said:
    return at.run(who, "oncall", *words)


def layer(at: Desk, *words: str) -> Said:
    return ask(at, "layer", *words, "--zone", "Europe/London", who="mia")


def test_who_is_on_call_since_when_and_who_comes_next(planned: Desk) -> None:
    shown = ask(planned, "show")
    assert (shown.code, shown.err) == (0, "")
    head, row = shown.out.splitlines()
    assert head.split() == ["rota", "on", "call", "since", "until", "layer", "then"]
    assert " ".join(row.split()) == (
        "support ana Mon 2026-03-02 09:00 GMT Mon 2026-03-09 09:00 GMT week bo from Mon 2026-03-09 09:00 GMT"
    )
    assert "support  bo" in ask(planned, "show", "support", "--at", "2026-03-10T12:00").out
    data = ask(planned, "show", "--at", "8d", "--json").json
    assert data["at"] == "2026-03-10T09:00:00Z"
    assert [(each["rota"], each["person"], each["may_act"]) for each in data["rotas"]] == [
        ("support", "bo", True)
    ]
    assert data["rotas"][0]["then"]["person"] == "ana"


def test_where_nobody_is_on_call_the_exit_code_says_so(planned: Desk) -> None:
    then = ask(planned, "show", "--at", "2026-03-01T12:00")
    assert then.code == 1 and "nobody" in then.out
    assert ask(planned, "override", "support", "-", "a party", "--minutes", "60").code == 0
    assert ask(planned, "show").code == 1
    assert ask(planned, "show", "nights").code == 2


def test_who_was_removed_is_shown_but_counts_as_nobody(planned: Desk) -> None:
    with planned.world.store.begin() as connection:
        person = auth.get(connection, "ana")
        auth.remove(connection, planned.world.gate.keyring, person, planned.world.clock.now())
    planned.world.clock.advance(minutes=1)
    shown = ask(planned, "show")
    assert shown.code == 1 and "ana (may not act here)" in shown.out
    assert ask(planned, "show", "--at", "2026-03-02T09:00").code == 0
    listed = ask(planned, "gaps", "--days", "10")
    assert listed.code == 1 and "ana may not act here" in listed.out


def test_gaps_are_a_problem_unless_somebody_wanted_them(planned: Desk) -> None:
    none = ask(planned, "gaps")
    assert (none.code, none.out, none.err) == (0, "", "no gaps\n")
    ask(planned, "override", "support", "-", "a party", "--starts", "2h", "--ends", "3h")
    wanted = ask(planned, "gaps")
    assert wanted.code == 0 and "wanted, by an override" in wanted.out
    refused = layer(planned, "support", "week", "ana", "weekly", "2026-03-02T09:00", "x", "--hours", OFFICE)
    assert refused.code == 4 and "hint: " in refused.err
    done = layer(
        planned, "support", "week", "ana", "weekly", "2026-03-02T09:00", "x", "--hours", OFFICE, "--gaps"
    )
    assert done.code == 0, done.err
    missing = ask(planned, "gaps", "support", "--days", "2", "--json")
    assert missing.code == 1
    assert [(gap["starts"], gap["wanted"]) for gap in missing.json["gaps"]] == [
        ("2026-03-02T11:00:00Z", True),
        ("2026-03-02T17:30:00Z", False),
        ("2026-03-03T17:30:00Z", False),
    ]


def test_shifts_are_listed_with_what_was_given_away(planned: Desk) -> None:
    ask(planned, "swap", "support", "1d", "2026-03-10T12:00", "a wedding")
    listed = ask(planned, "shifts", "support", "--days", "14")
    rows = [" ".join(line.split()) for line in listed.out.splitlines()[1:]]
    assert rows == [
        "Mon 2026-03-02 09:00 GMT Mon 2026-03-09 09:00 GMT 7 d bo override",
        "Mon 2026-03-09 09:00 GMT Mon 2026-03-16 09:00 GMT 7 d ana override",
    ]
    later = ask(planned, "shifts", "support", "--since", "2026-03-28T00:00", "--days", "3", "--json").json
    assert [each["ends"] for each in later["shifts"]] == ["2026-03-30T08:00:00Z", "2026-04-06T08:00:00Z"]


def test_a_shift_that_is_not_handed_over_has_no_end(planned: Desk) -> None:
    layer(planned, "alone", "base", "ana", "weekly", "2026-03-01T00:00", "a vault")
    (row,) = ask(planned, "shifts", "alone", "--days", "3").out.splitlines()[1:]
    assert " no end planned " in row


def test_rotas_are_listed_with_their_layers(planned: Desk) -> None:
    layer(
        planned,
        "support",
        "base",
        "mia",
        "daily",
        "2026-03-01T00:00",
        "a net",
        "--place",
        "1",
        "--title",
        "Bills",
    )
    listed = ask(planned, "list")
    assert " ".join(listed.out.splitlines()[1].split()) == (
        "support Europe/London 2 ana Bills: base: mia daily from 2026-03-01 00:00;"
        " week: ana, bo weekly from 2026-03-02 09:00"
    )
    (data,) = ask(planned, "list", "--json").json["rotas"]
    assert [each["layer"] for each in data["layers"]] == ["base", "week"]


def test_the_history_tells_revisions_and_overrides(planned: Desk) -> None:
    layer(planned, "support", "week", "bo,ana", "weekly", "2026-03-02T09:00", "other way round")
    ask(planned, "override", "support", "sam", "a cold", "--minutes", "60", "--instead-of", "bo")
    ask(planned, "unoverride", "1", "well again")
    shown = ask(planned, "history", "support").out
    first = shown.splitlines()[1]
    assert first.split()[0] == "2" and first.endswith("other way round")
    assert "week: bo, ana weekly from 2026-03-02 09:00" in first
    assert "1, taken back Mon 2026-03-02 09:00 GMT" in shown and shown.rstrip().endswith("a cold")
    data = ask(planned, "history", "support", "--json").json
    assert [each["reason"] for each in data["revisions"]] == ["we begin", "other way round"]
    assert data["overrides"][0]["instead_of"] == "bo" and data["overrides"][0]["removed"]


def test_the_export_is_a_calendar_and_nothing_else(planned: Desk) -> None:
    planned.world.clock.advance(days=2)
    exported = ask(planned, "ical", "support", "--days", "20")
    assert (exported.code, exported.err) == (0, "")
    events = read(exported.out)
    assert [event["SUMMARY"] for event in events] == [
        f"{person} on call: support" for person in ("ana", "bo", "ana", "bo")
    ]
    assert events[0]["DTSTART"] == "20260302T090000Z"
    assert all(event["DTEND"][-7:] in ("090000Z", "080000Z") for event in events), "each ends at a hand-off"
    mine = ask(planned, "ical", "support", "--person", "bo", "--json").json
    assert {event["person"] for event in mine["events"]} == {"bo"}
    assert events[1]["UID"] == mine["events"][0]["uid"]
    nobody = ask(planned, "ical", "support", "--person", "sam")
    assert (nobody.code, nobody.out) == (1, "") and "sam is not on call" in nobody.err


def test_a_site_without_rotas_says_how_to_make_one(at: Desk) -> None:
    for verb in ("show", "list", "gaps"):
        said = ask(at, verb)
        assert (said.code, said.out) == (0, "") and "lexops oncall layer" in said.err
        assert ask(at, verb, "--json").code == 0


@pytest.mark.parametrize(
    "words",
    [("show", "--at", "soon"), ("shifts", "support", "--days", "0"), ("shifts", "nights"), ("ical", "x")],
)
def test_what_cannot_be_asked_is_a_usage_error(planned: Desk, words: tuple[str, ...]) -> None:
    assert ask(planned, *words).code == 2


def test_a_reason_with_escape_codes_stays_on_its_line(planned: Desk) -> None:
    ask(planned, "override", "support", "sam", "ill\x1b[2J\nnobody", "--minutes", "60")
    shown = ask(planned, "history", "support").out
    assert "\x1b" not in shown and len(shown.splitlines()) == 5
