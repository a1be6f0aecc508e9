"""`lexops notice …` and `lexops incident report`: for people and for programs, with their exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.desk import Desk as Terminal
from tests.cli.desk import Said
from tests.communication.desk import Desk, desk
from tests.stores import sqlite_store


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[Desk, Terminal]]:
    store = sqlite_store(tmp_path)
    made = desk(store, tmp_path)
    made.open()
    yield made, Terminal(made.world, capsys)
    store.close()


def notice(at: tuple[Desk, Terminal], *words: str) -> Said:
    return at[1].run("ana", "notice", *words)


def test_an_update_is_told_listed_and_shown(at: tuple[Desk, Terminal]) -> None:
    said = notice(at, "update", "1", "partners", "We look into it.", "1h")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("incident #1: partners told; the next update is promised by 2026-03-02 10:00")
    assert notice(at, "list").out.splitlines()[1].split() == (
        "1 2026-03-02 09:00 GMT update partners ana"
        " #1: We look into it.; next by 2026-03-02 10:00 GMT".split()
    )
    assert notice(at, "list", "--incident", "2").err == "nobody was told anything\n"
    assert notice(at, "list", "--audience", "partners", "--kind", "update", "--json").json["notices"][0][
        "promised"
    ] == ("2026-03-02T10:00:00Z")
    assert notice(at, "list", "--kind", "news").code == 2
    shown = notice(at, "show", "1")
    assert shown.out == (
        "notice 1: update to partners, 2026-03-02 09:00 GMT by ana\nincident #1\n"
        "next update promised by 2026-03-02 10:00 GMT\n\nWe look into it.\n\nmessage 1: waiting\n"
    )
    assert notice(at, "show", "1", "--json").json["messages"] == [
        {"message": 1, "state": "waiting", "detail": ""}
    ]
    assert notice(at, "show", "7").code == 2


def test_what_was_told_by_telephone_says_so(at: tuple[Desk, Terminal]) -> None:
    at[0].update(audience="clients", by="by telephone")
    assert notice(at, "show", "1").out.endswith("LexOps sent nothing: they were told otherwise\n")


def test_due_exits_1_when_an_update_is_overdue(at: tuple[Desk, Terminal]) -> None:
    said = notice(at, "due")
    assert (said.code, said.err) == (0, "no update is promised\n")
    at[0].update(next="1h")
    said = notice(at, "due")
    assert said.code == 0 and said.out.splitlines()[1].split()[:5] == ["later", "in", "1", "h", "00"]
    at[0].wait(minutes=65)
    said = notice(at, "due", "--incident", "1")
    assert said.code == 1 and said.out.splitlines()[1].startswith("OVERDUE  5 min ago  #1        partners")
    said = notice(at, "due", "--json")
    assert (said.code, said.json["promises"][0]["due"]) == (1, "overdue")


def test_maintenance_is_announced_and_withdrawn(at: tuple[Desk, Terminal]) -> None:
    words = ["client-portal", "2026-03-07T22:00", "4h", "partners", "New disks", "You cannot log in."]
    assert notice(at, "maintenance", *words).code == 0
    assert "2026-03-07 22:00 GMT to 2026-03-08 02:00 GMT: New disks" in notice(at, "list").out
    assert notice(at, "withdraw", "1", "no disks").code == 0
    assert "New disks (withdrawn)" in notice(at, "list").out
    shown = notice(at, "show", "1").out
    assert "from 2026-03-07 22:00 GMT to" in shown and "withdrawn 2026-03-02 09:00 GMT" in shown
    assert notice(at, "withdraw", "1", "no disks").code == 4


def test_the_status_is_shown_in_every_form(at: tuple[Desk, Terminal]) -> None:
    at[0].update(text="We look.")
    at[0].wait(hours=2)
    assert "  We look.\n" in notice(at, "status").out
    assert notice(at, "status", "--format", "html").out.startswith("<!DOCTYPE html>")
    assert notice(at, "status", "--json", "--at", "1h").json["at"] == "2026-03-02T10:00:00Z"
    for wrong in (
        ["--format", "pdf"],
        ["--json", "--format", "html"],
        ["--at", "soon"],
        ["--at", "2030-01-01"],
    ):
        said = notice(at, "status", *wrong)
        assert (said.code, said.out) == (2, ""), wrong
    at[0].ask("notice.publish", audience="partners")
    assert "status  partners  ana  how things stood" in notice(at, "list").out


def test_a_draft_is_text_on_stdout_and_the_next_step_beside_it(at: tuple[Desk, Terminal]) -> None:
    said = notice(at, "draft", "1", "--template", "first")
    assert said.out.startswith(
        "Since 2026-03-02 09:00 GMT there is a disturbance, number 1: the portal for clients.\n"
    )
    assert said.err == "send it with: lexops notice update 1 AUDIENCE TEXT NEXT --template first\n"
    assert notice(at, "draft", "1", "--json").json["name"] == "first"
    assert notice(at, "draft", "1", "--template", "nosuch").code == 2
    assert notice(at, "draft", "9").code == 2


def test_actions_are_listed_with_their_age_and_exit_1_when_overdue(at: tuple[Desk, Terminal]) -> None:
    assert notice(at, "actions").err == "nothing to do; open one with: lexops incident action\n"
    at[0].ask("incident.action", incident=1, title="Buy cables", owner="sam", due="2d")
    at[0].wait(days=1, hours=3)
    said = notice(at, "actions", "--open")
    assert said.code == 0
    assert said.out.splitlines()[1].split() == (
        "#2 #1 open sam 1 d 3 h 2026-03-04 09:00 GMT Buy cables".split()
    )
    at[0].wait(days=1)
    said = notice(at, "actions")
    assert said.code == 1 and "OVERDUE 2026-03-04" in said.out
    assert notice(at, "actions", "--json").json["actions"][0]["overdue"] is True
    at[0].ask("incident.resolve", incident=2, note="bought")
    assert notice(at, "actions").code == 0
    assert notice(at, "actions", "--open", "--json").json == {"actions": []}


def test_the_report_is_written_in_every_form(at: tuple[Desk, Terminal]) -> None:
    def report(*words: str) -> Said:
        return at[1].run("ana", "incident", "report", *words)

    assert report("1").out.startswith("# Report on incident #1\n")
    assert report("1", "--format", "html").out.startswith("<!DOCTYPE html>")
    assert report("1", "--json").json["title"] == "ACME cannot log in"
    assert "ACME" not in report("1", "--for-clients").out
    at[0].update(text="one")
    assert "Draft for partners" in report("1", "--for-clients").out
    at[0].update(text="two", audience="portal-users")
    several = report("1", "--for-clients")
    assert (several.code, several.out) == (2, "") and "--audience" in several.err
    assert "two" not in report("1", "--for-clients", "--audience", "partners").out
    for wrong in (["--format", "pdf"], ["--json", "--format", "html"], ["--audience", "partners"]):
        assert report("1", *wrong).code == 2, wrong


def test_no_report_is_written_for_an_audience_that_there_is_not(at: tuple[Desk, Terminal]) -> None:
    at[0].update(text="one")
    said = at[1].run("ana", "incident", "report", "1", "--for-clients", "--audience", "partner")
    assert (said.code, said.out) == (2, "")
    assert "there is no audience 'partner'" in said.err and "told so far: partners" in said.err


def test_hostile_words_do_nothing_on_a_terminal(at: tuple[Desk, Terminal]) -> None:
    at[0].update(text="\x1b]0;t\x07[@click=app.quit()]x[/ \u202etxt")
    at[0].ask("incident.action", incident=1, title="\x1b[31m[@click=app.quit()]x[/")
    for words in (["list"], ["show", "1"], ["status"], ["actions"]):
        out = notice(at, *words).out
        assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out, words
    assert "[@click=app.quit()]x[/" in notice(at, "actions").out
