"""`lexops incident …`: lists, pages, files, views, and acts on several incidents at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.cli.present_incidents import families
from lexops.errors import Exit
from lexops.incidents import store as incidents
from lexops.incidents.model import State
from lexops.incidents.operations import OPERATIONS
from lexops.incidents.query import Line
from tests.cli.desk import Desk, desk
from tests.incidents.test_query import line

HOSTILE = "[@click=app.quit()]x[/\x1b]0;evil\x07"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for made in desk(tmp_path, capsys, *OPERATIONS, enrol=False):
        made.run("sam", "incident", "open", "Portal is slow", "--priority", "P1", "--client", "ACME")
        made.world.clock.advance(minutes=5)
        made.run("sam", "incident", "open", HOSTILE, "--severity", "critical", "--target", "wall")
        made.run("sam", "incident", "open", "Bills are late", "--owner", "bo")
        yield made


def numbers(at: Desk, *words: str, who: str = "sam") -> list[int]:
    found = at.run(who, "incident", "list", "--json", *words)
    assert found.code == 0, found.err
    return [each["incident"] for each in found.json["incidents"]]


def test_the_list_has_what_is_part_of_another_one_below_it(at: Desk) -> None:
    assert numbers(at) == [2, 3, 1]
    at.run("sam", "incident", "group", "3", "1")
    assert numbers(at) == [2, 1, 3]
    lines = at.run("sam", "incident", "list").out.splitlines()
    assert [each.split()[0] for each in lines] == ["#2", "#1", "└"]
    assert "+1" in lines[1] and "Bills are late" in lines[2]
    (alone,) = at.run("sam", "incident", "list", "--filter", "owner:bo").out.splitlines()
    assert alone.startswith("#3") and alone.endswith("Bills are late (under #1)")


def test_the_list_is_filtered_by_words_views_and_whose_it_is(at: Desk) -> None:
    assert numbers(at, "--filter", "priority:P1") == [1]
    assert numbers(at, "--mine", who="bo") == [3]
    assert numbers(at, "--filter", "environment:production") == [2]
    at.run("sam", "incident", "view", "late", "late", "--shared")
    assert numbers(at, "--view", "late", who="mia") == [3]
    assert numbers(at, "--view", "unowned", "-f", "-priority:P1") == [2]
    wrong = at.run("sam", "incident", "list", "--filter", "prio:P1")
    assert (wrong.code, "prio: is no fact" in wrong.err) == (Exit.USAGE, True)
    assert at.run("sam", "incident", "list", "--view", "none").code == Exit.USAGE
    assert at.run("sam", "incident", "list", "-f", "nothing of the kind").err == "no such incidents\n"


def test_ended_ones_are_shown_when_they_are_asked_for(at: Desk) -> None:
    at.run("sam", "incident", "resolve", "1", "done")
    assert numbers(at) == [2, 3]
    assert numbers(at, "--all") == [2, 3, 1]
    assert numbers(at, "--filter", "state:resolved") == [1]


def test_an_act_on_several_is_one_request_each_and_tells_of_each(at: Desk) -> None:
    done = at.run("sam", "incident", "ack", "1,2-3", "9", "--key", "shift")
    assert done.out.splitlines() == [f"incident #{n} acknowledged by sam" for n in (1, 2, 3)]
    assert "error: #9: there is no incident #9" in done.err and "3 done, 1 not" in done.err
    assert done.code == Exit.USAGE
    at.run("sam", "incident", "release", "1", "no time")
    again = at.run("sam", "incident", "ack", "1", "2", "--key", "shift")
    assert again.code == 0 and "#1 acknowledged" in again.out
    with at.world.store.read() as connection:
        assert incidents.get(connection, 1).state is State.OPEN, "the same key never acts twice"
    noted = at.run("sam", "incident", "note", "1", "2", "power is back", "--json").json["results"]
    assert [(each["incident"], each["exit"]) for each in noted] == [(1, 0), (2, 0)]
    assert at.run("aud", "incident", "note", "1", "2", "x").code == Exit.REFUSED


def test_an_act_on_one_is_as_it_always_was(at: Desk) -> None:
    assert at.run("sam", "incident", "ack", "1").out == "incident #1 acknowledged by sam\n"
    assert at.run("sam", "incident", "ack", "x").code == Exit.USAGE
    assert at.run("sam", "incident", "ack").code == Exit.USAGE
    assert at.run("sam", "incident", "note", "1", "hello", "--json").json["state"] == "done"
    assert at.run("sam", "incident", "note", "1", "2", "hello", "--plan").code == 0


def test_a_page_shows_everything_and_a_hostile_title_does_nothing(at: Desk, tmp_path: Path) -> None:
    at.run("sam", "incident", "link", "2", "#1", "--relation", "caused by")
    at.run("sam", "incident", "group", "3", "2")
    at.run("sam", "incident", "watch", "2")
    (tmp_path / "slow.log").write_bytes(b"a\x00b")
    at.run("sam", "incident", "attach", "2", str(tmp_path / "slow.log"))
    shown = at.run("sam", "incident", "show", "2")
    assert "\x1b" not in shown.out and "\x07" not in shown.out
    for words in ("caused by #1", "with #3", "watched by sam", "file 1: slow.log, 3 bytes"):
        assert words in shown.out
    assert "#2 is caused by this" in at.run("sam", "incident", "show", "1").out
    assert "listed under #2" in at.run("sam", "incident", "show", "3").out
    data = at.run("sam", "incident", "show", "2", "--json").json
    assert (data["children"], data["watchers"]) == ([3], ["sam"])
    assert data["attachments"][0]["name"] == "slow.log"
    assert data["timeline"][-1]["kind"] == "attached"


def test_a_file_is_written_out_once_and_only_for_its_owner(at: Desk, tmp_path: Path) -> None:
    source, copy = tmp_path / "slow.log", tmp_path / "copy.log"
    source.write_bytes(bytes(range(256)))
    assert at.run("sam", "incident", "attach", "1", str(source), "--name", "other.log").code == 0
    assert at.run("sam", "incident", "attachment", "1", "--to", str(copy)).code == 0
    assert copy.read_bytes() == source.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    again = at.run("sam", "incident", "attachment", "1", "--to", str(copy))
    assert (again.code, "is there already" in again.err) == (Exit.USAGE, True)
    assert at.run("sam", "incident", "attachment", "9", "--to", str(tmp_path / "x")).code == Exit.USAGE
    (tmp_path / "empty").touch()
    for wrong in (tmp_path, tmp_path / "none", tmp_path / "empty"):
        assert at.run("sam", "incident", "attach", "1", str(wrong)).code == Exit.USAGE


def test_views_are_listed_with_whose_they_are(at: Desk) -> None:
    at.run("sam", "incident", "view", "hot", "priority:P1")
    assert "hot        sam           priority:P1" in at.run("sam", "incident", "views").out
    found = at.run("sam", "incident", "views", "--json").json["views"]
    assert {"name": "hot", "operator": "sam", "built_in": False, "filter": "priority:P1"} in found


def test_a_child_of_what_is_not_shown_stands_in_its_place() -> None:
    lines: list[Line] = [line(1), line(2, parent=9), line(3, parent=1), line(4)]
    found = [(each.incident.id, below) for each, below in families(lines)]
    assert found == [(1, False), (3, True), (2, False), (4, False)]
