"""`lexops tracker …`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.trackers import store as links
from tests.cli.desk import Desk, desk
from tests.trackers.helping import STATES, Pair
from tests.trackers.servers import TOKEN, serving
from tests.trackers.test_dialects import site as real_site


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("TRACKER", TOKEN)
    yield from desk(tmp_path, capsys)


def declare(at: Desk, url: str, more: str = "") -> Pair:
    """Trackers in the desk's file, and an incident."""
    trackers = real_site(at.world.folder, "jira", url, more).settings.trackers
    known = at.world.gate.file
    settings = known.settings.model_copy(update={"trackers": trackers})
    at.world.gate.file = known.model_copy(update={"settings": settings})
    pair = Pair(at.world.store, at.world.gate.file, at.world.clock)
    pair.open()
    return pair


def test_tickets_are_listed_with_what_is_wrong(at: Desk) -> None:
    pair = declare(at, "http://127.0.0.1:9")
    assert at.run("sam", "tracker", "list").code == 0
    pair.link(1, "t")
    listed = at.run("sam", "tracker", "list")
    assert (listed.code, listed.out.splitlines()[1].split()[:2]) == (0, ["#1", "t/(new)"])
    with at.world.store.begin() as connection:
        links.change(connection, pair.found(1, "t").id, error="HTTP 503", failures=3)
    listed = at.run("sam", "tracker", "list", "--failing")
    assert (listed.code, "HTTP 503 (3 times)" in listed.out) == (1, True)
    found = at.run("sam", "tracker", "list", "--json").json["tickets"][0]
    assert (found["incident"], found["external"], found["failures"]) == (1, None, 3)


def test_a_ticket_of_a_tracker_that_is_no_longer_declared_is_not_in_step(at: Desk) -> None:
    pair = declare(at, "http://127.0.0.1:9")
    pair.link(1, "gone")
    listed = at.run("sam", "tracker", "list")
    assert (listed.code, "no such tracker in lexops.toml" in listed.out) == (1, True)


def test_an_incidents_tickets_are_shown(at: Desk) -> None:
    pair = declare(at, "http://127.0.0.1:9")
    assert "lexops tracker link 1 NAME" in at.run("sam", "tracker", "show", "1").err
    pair.link(1, "t")
    shown = at.run("sam", "tracker", "show", "1")
    assert [line.split()[0] for line in shown.out.splitlines()] == [
        "ticket",
        "address",
        "state",
        "compared",
        "next",
        "what",
    ]
    assert at.run("sam", "tracker", "show", "1", "--json").json["tickets"][0]["state"] is None
    assert at.run("sam", "tracker", "show", "9").code == 2


def test_a_tracker_is_asked_who_we_are(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("jira") as server:
        declare(at, server.url, STATES.format(name="t"))
        asked = at.run("sam", "tracker", "check")
        assert (asked.code, asked.out.splitlines()[1].split()) == (0, ["t", "LexOps", "-"])
        server.faults.append("down")
        down = at.run("sam", "tracker", "check", "t", "--json")
        assert (down.code, down.json["trackers"][0]["wrong"]) == (3, ["HTTP 503"])
        monkeypatch.setenv("TRACKER", "wr0ng")
        refused = at.run("sam", "tracker", "check")
        assert (refused.code, "the token is not accepted" in refused.out) == (1, True)
        monkeypatch.delenv("TRACKER")
        assert "TRACKER is not set" in at.run("sam", "tracker", "check").out
    assert at.run("sam", "tracker", "check", "other").code == 2


def test_states_that_nothing_means_are_told(at: Desk) -> None:
    with serving("jira") as server:
        declare(at, server.url)
        asked = at.run("sam", "tracker", "check")
    assert (asked.code, 'none means "resolved"' in asked.out) == (1, True)


def test_a_site_without_trackers_says_so(at: Desk) -> None:
    asked = at.run("sam", "tracker", "check")
    assert (asked.code, "there is no tracker" in asked.err) == (2, True)
