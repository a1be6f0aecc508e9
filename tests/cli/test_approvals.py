"""Asking, planning, approving, following: the command line in front of the gate, nobody at the terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.checks import presence
from lexops.cli import following, program, terminal
from lexops.gate.model import State
from tests.cli.desk import Desk, desk
from tests.waiting import PATIENCE


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    yield from desk(tmp_path, capsys)


def asked(at: Desk, *more: str) -> int:
    """A request to rebuild the wall that waits for approval; gives its number."""
    at.world.prove("ana")
    said = at.run("ana", "wall", "rebuild", "wall", "--confirm", "wall", "--json", *more)
    assert said.code == 4, said.err
    assert said.json["state"] == "waiting"
    return int(said.json["request"])


def test_a_plan_shows_what_would_happen_and_changes_nothing(at: Desk) -> None:
    before = at.dump()
    said = at.run("ana", "wall", "rebuild", "wall", "--plan")
    assert said.code == 0
    for word in ("tear wall down", "build it again", "PRODUCTION", "second factor", "another person", "word"):
        assert word in said.out
    document = at.run("ana", "wall", "rebuild", "wall", "--plan", "--json").json
    assert (document["approvals"], document["word"]) == (1, "wall")
    assert document["plan"] == ["tear wall down", "build it again"]
    refused = at.run("sam", "wall", "rebuild", "wall", "--plan")
    assert (refused.code, refused.out) == (4, "")
    assert at.dump() == before


def test_a_missing_second_factor_or_word_is_one_line_with_a_hint_and_exit_4(at: Desk) -> None:
    said = at.run("ana", "wall", "tear-down", "wall")
    assert (said.code, said.out) == (4, "")
    assert "second factor is needed in production" in said.err
    assert "lexops operator step-up --scope destroy:production" in said.err
    at.world.prove("ana")
    for words in ([], ["--confirm", "door"]):
        said = at.run("ana", "wall", "tear-down", "wall", *words)
        assert (said.code, said.out) == (4, "")
        assert said.err.splitlines()[1].endswith("--confirm wall")
    assert at.world.entries().count("requested") == 0


def test_a_request_waits_is_shown_approved_and_followed_to_its_end(at: Desk) -> None:
    number = str(asked(at))
    row = at.run("mia", "approval", "list").out
    assert f"#{number}" in row and "waits for 1 approval" in row and "PRODUCTION" in row
    shown = at.run("mia", "approval", "show", number).out
    document = at.run("mia", "approval", "show", number, "--json").json
    for word in (document["hash"], "tear wall down", "ana at", "by cli", "ana's", "expires"):
        assert word in shown
    at.world.prove("mia", "change:production")
    granted = at.run("mia", "approval", "grant", number, "--reason", "agreed by phone")
    assert (granted.code, document["hash"] in granted.err) == (0, True)
    assert "approved and released" in granted.out
    at.world.work()
    said = at.run("ana", "request", "follow", number)
    assert (said.code, said.out) == (0, "wall is new\n")
    assert "step 2 of 2, build: done, build is done" in said.err
    assert "agreed by phone" in at.run("ana", "request", "show", number).out
    assert at.run("mia", "approval", "list", "--json").json == {"requests": []}
    assert len(at.run("mia", "approval", "list", "--all", "--json").json["requests"]) == 1


def test_nobody_approves_a_request_of_their_own_or_another_one_than_was_shown(at: Desk) -> None:
    number = str(asked(at))
    at.world.prove("ana", "change:production")
    own = at.run("ana", "approval", "grant", number)
    assert (own.code, "your own" in own.err) == (4, True)
    at.world.prove("mia", "change:production")
    other = at.run("mia", "approval", "grant", number, "--hash", "0" * 64)
    assert (other.code, "not the one you were shown" in other.err) == (4, True)
    assert at.run("sam", "approval", "grant", number).code == 4


@pytest.mark.parametrize(("typed", "code"), [("", 4), ("no", 4), ("yes", 0)])
def test_somebody_at_a_terminal_is_shown_the_request_before_approving(
    at: Desk, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    number = str(asked(at))
    at.world.prove("mia", "change:production")
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    monkeypatch.setattr(terminal, "question", lambda _: typed)
    said = at.run("mia", "approval", "grant", number)
    assert (said.code, "tear wall down" in said.err) == (code, True)
    state = at.run("mia", "request", "show", number, "--json").json["state"]
    assert state == ("released" if code == 0 else "waiting")


def test_an_edited_request_is_void_when_it_is_approved(at: Desk) -> None:
    number = asked(at)
    with at.world.store.begin() as connection:
        connection.execute(text("UPDATE request SET target = 'wall', plan = '[\"paint it\"]'"))
    at.world.prove("mia", "change:production")
    at.run("mia", "approval", "grant", str(number))
    at.world.work()
    said = at.run("ana", "request", "follow", str(number))
    assert (said.code, "is void: it is not the request that was made" in said.out) == (4, True)


def test_a_refused_request_is_over(at: Desk) -> None:
    number = str(asked(at))
    assert at.run("mia", "approval", "refuse", number, "not today").code == 0
    said = at.run("ana", "request", "follow", number)
    assert (said.code, "refused by mia: not today" in said.out) == (4, True)


def test_a_failed_request_says_how_to_go_on_and_resumes(at: Desk) -> None:
    number = str(asked(at, "--fail", "build"))
    at.world.prove("mia", "change:production")
    at.run("mia", "approval", "grant", number)
    at.world.work()
    said = at.run("ana", "request", "follow", number)
    assert (said.code, f"lexops request resume {number}" in said.out) == (1, True)
    assert (
        "could not build"
        in at.run("ana", "request", "list").out + at.run("ana", "request", "show", number).out
    )
    at.world.prove("ana", "change:production")
    resumed = at.run("ana", "request", "resume", number, "--step", "done")
    assert resumed.code == 0, resumed.err
    at.world.work()
    assert at.run("ana", "request", "follow", number).code == 0


def test_following_tells_each_step_while_a_worker_does_them(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = str(asked(at))
    at.world.prove("mia", "change:production")
    at.run("mia", "approval", "grant", number)
    with at.world.store.begin() as connection:
        assert presence.claim_worker(connection, presence.worker_name(1), 1, at.world.clock.now())
    told = threading.Event()

    def narrate(text: str) -> None:
        program.narrate(text)
        told.set()

    def work() -> None:
        assert told.wait(PATIENCE)
        at.world.work()

    monkeypatch.setattr(following, "narrate", narrate)
    worker = threading.Thread(target=work)
    worker.start()
    said = at.run("ana", "request", "follow", number, "--json")
    worker.join()
    assert (said.code, said.json["state"]) == (0, State.DONE)
    assert [step["state"] for step in said.json["steps"]] == ["done", "done"]
    assert said.err.index("is released") < said.err.index("step 1 of 2") < said.err.index("step 2 of 2")


def test_without_waiting_a_released_request_is_left_to_the_worker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in desk(tmp_path, capsys, environment="demo"):
        said = at.run("ana", "wall", "rebuild", "wall", "--confirm", "wall", "--no-wait")
        assert (said.code, "is with the worker" in said.out) == (0, True)
        assert "lexops request follow 1" in said.err
        (open_,) = at.run("ana", "request", "list", "--json").json["requests"]
        assert open_["state"] == "released"


def test_broken_glass_is_listed_until_somebody_else_has_reviewed_it(at: Desk) -> None:
    at.world.prove("ana")
    words = ["wall", "tear-down", "wall", "--confirm", "wall", "--break-glass", "it leans"]
    assert at.run("ana", *words).code == 0
    assert "needs a review" in at.run("mia", "approval", "list").out
    assert "WAITS FOR YOU" in at.run("mia", "status").out
    assert "WAITS FOR YOU" not in at.run("ana", "status").out
    assert at.run("ana", "request", "review", "1", "it was right").code == 4
    assert at.run("mia", "request", "review", "1", "it was right").code == 0
    assert at.run("mia", "approval", "list", "--json").json == {"requests": []}


def test_the_status_says_who_you_are_and_what_waits_for_you(at: Desk) -> None:
    number = asked(at)
    assert f"WAITS FOR YOU  #{number} waits for 1 approval" in at.run("mia", "status").out
    for who in ("ana", "sam"):
        assert "WAITS FOR YOU" not in at.run(who, "status").out
    assert "you are sam, support\n" in at.run("sam", "status").out
    assert "you are eve, no active operator" in at.run("eve", "status").out
    document = at.run("mia", "status", "--json").json
    assert document["operator"] == {"name": "mia", "role": "manager"}
    assert [each["request"] for each in document["waiting"]] == [number]


def test_an_unknown_operator_is_refused_in_one_line(at: Desk) -> None:
    said = at.run("eve", "wall", "paint", "wall")
    assert (said.code, said.out) == (4, "")
    assert said.err.splitlines()[0] == "error: Paint a wall: eve is no active operator of this site"
    assert said.err.splitlines()[1].startswith("hint: ")


def test_an_unknown_number_is_one_line_and_exit_2(at: Desk) -> None:
    for command in (["approval", "show", "9"], ["approval", "grant", "9"], ["request", "follow", "9"]):
        said = at.run("mia", *command)
        assert (said.code, len(said.err.splitlines())) == (2, 2)


def test_hostile_arguments_reach_no_terminal(at: Desk) -> None:
    said = at.run("sam", "wall", "paint", "wall", "--colour", "red\x1b]0;evil\x07\u202e")
    shown = at.run("sam", "request", "list", "--all").out + at.run("mia", "audit", "log").out + said.out
    assert not any(char in shown for char in "\x1b\x07\u202e")
