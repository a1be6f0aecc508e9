"""Who may do what, and why: the command line's view of operators, roles and rules."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from lexops import app
from lexops.auth import store as people
from lexops.auth.policy import decide
from lexops.cli.main import cli
from lexops.cli.program import Program
from lexops.config import parse
from lexops.gate import facts
from lexops.operations import Role
from tests.cli.desk import Desk, desk
from tests.gates import PEOPLE


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys)


def test_the_page_about_people_names_only_what_there_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
    program = Program(app.open_site, app.open_console, app.work, app.operations)
    named = set(re.findall(r"lexops ([a-z]+) ([a-z-]+)", page))
    assert len(named) > 15
    for words in named:
        assert not cli([*words, "--help"], obj=program, standalone_mode=False), words
    settings = page.partition("    [policy.production]")[2].partition("\nAn act on a target")[0]
    text = dedent(f"    [policy.production]{settings}")
    found = parse(tomllib.loads(f'[site]\nname = "x"\n{text}'), Path("lexops.toml"))
    assert (found.policy.production.approvals, len(found.policy.forbid), len(found.policy.freeze)) == (
        1,
        1,
        1,
    )


def test_the_list_has_everybody_with_role_standing_and_second_factor(at: Desk) -> None:
    said = at.run("sam", "operator", "list")
    assert len(said.out.splitlines()) == len(PEOPLE)
    assert "ana  administrator  active  0 keys  authenticator, 0 recovery codes" in said.out
    document = at.run("sam", "operator", "list", "--json").json
    assert {each["operator"]: each["role"] for each in document["operators"]} == PEOPLE


def test_the_review_says_what_the_gate_would_say(at: Desk) -> None:
    document = at.run("aud", "operator", "review", "--json").json
    people = {each["operator"]: each for each in document["operators"]}
    assert set(people) == set(PEOPLE)
    for name, person in people.items():
        for entry in person["operations"]:
            request = at.world.request(name, entry["operation"], target="wall")
            said = at.world.gate.explain(request)
            production = entry["environments"]["production"]
            assert production["permitted"] == said.permitted, (name, entry)
            assert production["approvals"] == said.approvals
            assert (production["second_factor_seconds"] is None) == (said.second_factor is None)


def test_the_review_fits_80_columns_and_says_who_never_acted(at: Desk) -> None:
    at.run("sam", "wall", "paint", "wall")
    at.world.prove("ana")
    said = at.run("aud", "operator", "review").out
    assert max(map(len, said.splitlines())) <= 80
    blocks = {block.partition(",")[0]: block for block in said.split("\n\n")}
    assert "last act: never" in blocks["mia"] and "last act: 2026" in blocks["sam"]
    assert "last second factor: 2026" in blocks["ana"] and "last second factor: never" in blocks["sam"]
    row = next(line for line in blocks["ana"].splitlines() if "wall.tear-down" in line)
    assert row.split() == ["wall.tear-down", "factor", "+1", "factor", "yes"]
    row = next(line for line in blocks["sam"].splitlines() if "wall.tear-down" in line)
    assert row.split() == ["wall.tear-down", "no", "no", "no"]


def test_an_explanation_names_the_rules_and_what_is_missing(at: Desk) -> None:
    said = at.run("ana", "operator", "explain", "wall.tear-down", "--target", "wall")
    assert said.code == 0
    assert "permits: the role covers it" in said.out
    assert "still needs: a second factor" in said.out and "the approval of another person" in said.out
    refused = at.run("ana", "operator", "explain", "wall.tear-down", "--target", "wall", "--as", "sam")
    assert refused.code == 4
    assert "forbids: support engineers destroy nothing" in refused.out
    stranger = at.run("ana", "operator", "explain", "wall.paint", "--as", "eve", "--json")
    assert (stranger.code, stranger.json["permitted"]) == (4, False)


def test_an_explanation_of_what_there_is_not_is_a_usage_error(at: Desk) -> None:
    for words in (
        ["wall.fly"],
        ["wall.paint", "--target", "door"],
        ["wall.paint", "smell=bad"],
        ["wall.paint", "colour"],
    ):
        said = at.run("ana", "operator", "explain", *words)
        assert (said.code, len(said.err.splitlines())) == (2, 2), words


def test_what_is_explained_is_what_the_policy_decides(at: Desk) -> None:
    """The review builds its own questions; both must put the same facts."""
    site = at.site("sam")
    case = site.gate.case(at.world.request("sam", "wall.paint", target="wall"))
    person = site.operator()
    now = at.world.clock.now()
    asked = facts.question(site.file.settings, case, person, now, None, genuine=True, freezes=())
    assert decide(facts.policy(site.file.settings.policy), asked).permitted


def test_an_expired_account_may_do_nothing_and_the_review_says_so(at: Desk) -> None:
    with at.world.store.begin() as connection:
        now = at.world.clock.now()
        keyring = at.world.gate.keyring
        people.add(connection, keyring, "tom", Role.SUPPORT, now, expires=now.replace(hour=10))
    assert at.run("tom", "wall", "paint", "wall").code == 0
    at.world.clock.advance(hours=2)
    said = at.run("tom", "wall", "paint", "wall")
    assert (said.code, "tom is no active operator" in said.err) == (4, True)
    assert "EXPIRED" in at.run("aud", "operator", "review").out
    row = next(line for line in at.run("aud", "operator", "list").out.splitlines() if line[:3] == "tom")
    assert row.split()[:3] == ["tom", "support", "expired"]


def test_personal_values_are_opened_for_who_may_read_them(at: Desk) -> None:
    at.run("sam", "wall", "paint", "wall", "--note", "the client called")
    for who, sees in (("aud", True), ("ana", True), ("mia", True), ("sam", False), ("eve", False)):
        said = at.run(who, "audit", "log")
        assert ("the client called" in said.out) == sees, who
        assert ("(sealed)" in said.out) != sees
        assert ("  sam  " in said.out) == sees
        document = at.run(who, "audit", "log", "--json")
        assert ("the client called" in document.out) == sees


def test_the_log_is_filtered_and_says_when_there_is_more(at: Desk) -> None:
    for colour in ("red", "blue", "green"):
        at.run("sam", "wall", "paint", "wall", "--colour", colour)
        at.world.clock.advance(hours=1)
    at.run("mia", "wall", "tear-down", "wall")
    said = at.run("aud", "audit", "log", "--limit", "2")
    assert len(said.out.splitlines()) == 2 and "there are more" in said.err

    def count(*words: str) -> int:
        return len(at.run("aud", "audit", "log", "--json", *words).json["entries"])

    assert count("--operator", "sam") == 3
    assert count("--kind", "refused") == 1
    assert count("--since", "90m", "--operator", "sam") == 1
    assert count("--until", "2026-03-02T09:30") == 1
    assert count("--text", "tear-down") == 1
    assert at.run("aud", "audit", "log", "--since", "yesterday").code == 2
    assert at.run("aud", "audit", "log", "--operator", "nobody").code == 2
