"""The three dialects on real sockets: the same promises, whoever is at the other end."""

from __future__ import annotations

import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.config import SiteFile, parse
from lexops.errors import ConfigError
from lexops.incidents.model import Entry, EntryKind
from lexops.trackers import marks
from lexops.trackers.http import Http
from lexops.trackers.opening import open_tracker
from lexops.trackers.plan import said
from lexops.trackers.port import Tracker, TrackerDown, TrackerRefused
from tests.clock import START, ManualClock
from tests.servers import HOST
from tests.trackers.servers import KINDS, SETTINGS, TOKEN, USER, WITH, JiraServer, Server, serving
from tests.waiting import PATIENCE

MARK = "0123456789abcdefn0"
MADE = marks.stamped("Incident #41.", MARK, 0)


def site(folder: Path, kind: str, url: str, more: str = "") -> SiteFile:
    text = f'[site]\nname = "x"\n[trackers.t]\nkind = "{kind}"\nurl = "{url}"\n{SETTINGS[kind]}\n{more}'
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse(tomllib.loads(text), path))


@pytest.fixture(params=list(KINDS))
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("TRACKER", TOKEN)
    with serving(request.param) as made:
        yield made


@pytest.fixture
def tracker(server: Server, tmp_path: Path) -> Tracker:
    kind = next(kind for kind, each in KINDS.items() if isinstance(server, each))
    return open_tracker(site(tmp_path, kind, f"{server.url}/"), "t", ManualClock())


def test_a_ticket_is_made_found_and_read(server: Server, tracker: Tracker) -> None:
    assert tracker.find(MARK) is None
    made = tracker.create("incident #41", MADE, MARK)
    found = tracker.find(MARK)
    assert found is not None and found.id == made.id
    assert tracker.find("0123456789abcdefn1") is None
    assert (found.title, found.state) == ("incident #41", "To Do")
    assert server.url in found.url
    assert "Incident #41." in server.board.only.text


def test_comments_come_with_their_authors_in_their_order_and_ours_is_known(
    server: Server, tracker: Tracker
) -> None:
    made = tracker.create("t", MADE, MARK)
    server.board.say(made.id, "Cy", "first\r\n\x1b[2J {noformat}x{noformat}")
    id = tracker.comment(made.id, marks.stamped("Ours.\n* {code}a{code} [~admin]", MARK[:16], 7))
    server.board.say(made.id, "Di", "last")
    said = [each for each in tracker.read(made.id, None).comments if each.author != "first"]
    assert [each.author for each in said] == ["Cy", "lexops", "Di"]
    assert said[0].text.startswith("first\n␛[2J")
    assert said[1].id == id
    assert [marks.entry_of(each.text, MARK[:16]) for each in said] == [None, 7, None]


@pytest.mark.parametrize("text", ["x" * 5_000, "x\t" * 2_000, "{code}" * 700, "* \\n" * 1_300])
def test_a_long_note_of_ours_is_known_again(server: Server, tracker: Tracker, text: str) -> None:
    made = tracker.create("t", MADE, MARK)
    note = Entry(START, EntryKind.NOTE, "ana", text, id=7)
    id = tracker.comment(made.id, marks.stamped(said(41, note, titles=True), MARK[:16], 7))
    (there,) = [each for each in tracker.read(made.id, None).comments if each.id == id]
    assert marks.entry_of(there.text, MARK[:16]) == 7


def test_a_ticket_gets_into_the_first_state_that_it_can(server: Server, tracker: Tracker) -> None:
    made = tracker.create("t", MADE, MARK)
    assert tracker.transition(made.id, ["Nowhere", "Done"]).casefold() == "done"
    assert tracker.read(made.id, None).state == "Done"
    server.board.stuck = {"Done"}
    with pytest.raises(TrackerRefused):
        tracker.transition(made.id, ["To Do", "In Progress"])


def test_a_ticket_that_is_not_there_is_refused(server: Server, tracker: Tracker) -> None:
    with pytest.raises(TrackerRefused, match="HTTP 404"):
        tracker.read("77", None)


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("down", TrackerDown, "HTTP 503"),
        ("lost", TrackerDown, "the connection failed"),
        ("garbage", TrackerDown, "not JSON"),
        ("throttled", TrackerDown, "HTTP 429"),
        ("moved", TrackerRefused, "points elsewhere"),
    ],
)
def test_whatever_fails_is_one_of_two_errors(
    server: Server, tracker: Tracker, fault: str, error: type[Exception], words: str
) -> None:
    server.faults.append(fault)
    with pytest.raises(error, match=words) as raised:
        tracker.who()
    if fault == "throttled":
        assert isinstance(raised.value, TrackerDown) and raised.value.retry == 600
    assert tracker.who()


def test_a_tracker_may_say_until_when_it_wants_quiet(
    server: Server, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WITH, 429, {"Retry-After": "Mon, 02 Mar 2026 09:20:00 GMT"})
    server.faults.append("throttled")
    with pytest.raises(TrackerDown) as raised:
        tracker.who()
    assert raised.value.retry == 20 * 60


def test_a_wrong_token_is_told_without_the_token(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = next(kind for kind, each in KINDS.items() if isinstance(server, each))
    monkeypatch.setenv("TRACKER", "wr0ng-canary")
    wrong = open_tracker(site(tmp_path, kind, server.url), "t", ManualClock())
    with pytest.raises(TrackerRefused) as raised:
        wrong.who()
    assert str(raised.value) == "HTTP 401: the token is not accepted"


def test_what_a_tracker_echoes_of_a_secret_is_cut_out(
    server: Server, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def echo(*_: object) -> tuple[int, object]:
        return 400, {"errorMessages": [f"you said {TOKEN}"], "error": f"you said {TOKEN}"}

    monkeypatch.setattr(server, "answer", echo)
    with pytest.raises(TrackerRefused) as raised:
        tracker.who()
    assert str(raised.value) == "HTTP 400: you said …"


def test_a_server_that_is_not_there_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER", TOKEN)
    for kind in KINDS:
        gone = open_tracker(site(tmp_path, kind, "http://127.0.0.1:9"), "t", ManualClock())
        with pytest.raises(TrackerDown, match="the connection failed"):
            gone.who()


def test_a_server_that_hangs_costs_no_more_than_its_time(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = next(kind for kind, each in KINDS.items() if isinstance(server, each))
    let_go = threading.Event()

    def hang(*_: object) -> tuple[int, object]:
        let_go.wait(60)
        return 200, {}

    monkeypatch.setattr(server, "answer", hang)
    slow = open_tracker(site(tmp_path, kind, server.url, 'timeout = "0.2s"'), "t", ManualClock())
    with pytest.raises(TrackerDown, match=r"no answer within 0\.2 s"):
        slow.who()
    let_go.set()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize("at_once", [HEAD + b"\r\n", HEAD + b"X-Slow: "], ids=["body", "headers"])
def test_an_answer_that_comes_byte_by_byte_costs_no_more_than_its_time(at_once: bytes) -> None:
    enough, was_waited_for = threading.Event(), threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(at_once)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                connection.sendall(b"1")
                if enough.wait(0.05):
                    return
            was_waited_for.set()

    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=drip)
        thread.start()
        slow = Http(f"http://{HOST}:{listening.getsockname()[1]}", 0.5, ManualClock(), {})
        with pytest.raises(TrackerDown, match=r"no answer within 0\.5 s"):
            slow.get("x")
        enough.set()
        thread.join(PATIENCE)
    assert not was_waited_for.is_set()


@pytest.mark.parametrize("cloud", [True, False])
def test_alertmanager_5185_jira_is_searched_by_the_label_in_every_state_old_and_new(
    cloud: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER", TOKEN)
    with serving("jira") as server:
        assert isinstance(server, JiraServer)
        server.cloud = cloud
        tracker = open_tracker(site(tmp_path, "jira", server.url), "t", ManualClock())
        server.board.create(f"lexops-{MARK}", f"[lexops {MARK} 0 00000000]", "other", "OPS-90")
        made = tracker.create("t", MADE, MARK)
        tracker.transition(made.id, ["Done"])
        found = tracker.find(MARK)
        assert found is not None and (found.id, found.state) == (made.id, "Done")


def test_jira_pages_are_read_until_one_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER", TOKEN)
    with serving("jira") as server:
        tracker = open_tracker(site(tmp_path, "jira", server.url), "t", ManualClock())
        made = tracker.create("t", MADE, MARK)
        for number in range(250):
            server.board.say(made.id, "Cy", f"{number}")
        everything = tracker.read(made.id, None).comments
        assert [each.text for each in everything] == [f"{number}" for number in range(250)]
        server.calls.clear()
        late = tracker.read(made.id, server.board.at - timedelta(seconds=9)).comments
        assert {f"{number}" for number in range(240, 250)} <= {each.text for each in late}
        assert len([call for call in server.calls if call.endswith("/comment")]) == 1


def test_zammad_finds_its_own_ticket_and_not_who_quotes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER", TOKEN)
    with serving("zammad") as server:
        tracker = open_tracker(site(tmp_path, "zammad", server.url), "t", ManualClock())
        other = server.board.create("another one", "a client's own words")
        server.board.say(other.id, "Cy", f"<p>see [lexops {MARK} 0 1234abcd]</p>", html=True)
        assert tracker.find(MARK) is None
        made = tracker.create("t", MADE, MARK)
        found = tracker.find(MARK)
        assert found is not None and found.id == made.id
        assert tracker.read(other.id, None).comments[0].text == "a client's own words"
        assert tracker.transition(made.id, ["pending reminder", "Waiting"]) == "Waiting"
        server.board.states = (*server.board.states, "pending reminder")
        assert tracker.transition(made.id, ["pending reminder"]) == "pending reminder"
        with pytest.raises(TrackerRefused, match="no id"):
            tracker.read("22001a", None)


def test_settings_say_what_a_kind_needs(tmp_path: Path) -> None:
    def load(kind: str, **more: object) -> None:
        tracker = {"kind": kind, "url": "https://x", **more}
        parse({"site": {"name": "x"}, "trackers": {"t": tracker}}, tmp_path)

    load("rest")
    with pytest.raises(ConfigError, match="jira needs token and project"):
        load("jira")
    with pytest.raises(ConfigError, match="zammad needs customer"):
        load("zammad", token={"env": "X"}, project="Users")
    with pytest.raises(ConfigError, match="longer than 0 s"):
        load("rest", every="0s")
    load("jira", token={"env": "X"}, project="OPS", username=USER)
