"""Who watches the watcher: one line for cron, one incident, and a switch outside."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import NoReturn

import pytest

from lexops import app
from lexops.checks import presence, read
from lexops.cli.main import cli
from lexops.cli.program import Program
from lexops.clock import Clock
from lexops.errors import StoreError
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident
from lexops.site import Site
from lexops.tui.presenters.header import worker_is_lost
from lexops.worker import loop
from lexops.worker.loop import Worker
from tests.clock import ManualClock
from tests.sites import open_site, work_until_quiet
from tests.waiting import until

DOORS = Program(app.open_site, app.open_console, app.work, app.operations, app.page)


def _alive(
    site: Site, *options: str, clock: Clock | None = None, page: Callable[[Site], None] = app.page
) -> int:
    doors = replace(DOORS, open_site=lambda path: app.open_site(path, clock), page=page)
    with pytest.raises(SystemExit) as end:
        cli(["worker", "alive", *options, "--site", str(site.file.path)], obj=doors, standalone_mode=True)
    code = end.value.code
    assert isinstance(code, int)
    return code


def _open(site: Site) -> tuple[Incident, ...]:
    with site.store.read() as connection:
        return incidents.incidents(connection)


def test_when_nobody_watches_there_is_one_incident_until_somebody_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = open_site(tmp_path)
    for _ in range(2):
        assert _alive(site) == 1
        assert capsys.readouterr().out.startswith("LEXOPS CRITICAL - nobody watches")
    assert _alive(site, "--format", "nagios") == 2
    assert [incident.title for incident in _open(site)] == ["Nobody watches: no worker is alive"]
    with site.store.begin() as connection:
        presence.claim_worker(connection, "elsewhere/1/x", 1, site.clock.now())
    assert _alive(site, "--format", "nagios") == 0
    capsys.readouterr()
    assert _alive(site) == 0
    assert capsys.readouterr().out.startswith("LEXOPS OK - a worker is alive")
    assert _open(site) == ()


def test_while_nobody_watches_whoever_asks_pages_and_goes_up_the_ladder(
    tmp_path: Path, clock: ManualClock
) -> None:
    site = _paged(tmp_path, clock, "10m")
    (first,) = _pages(site, clock)
    assert "Nobody watches" in first
    assert _pages(site, clock) == [first]
    clock.advance(minutes=10)
    assert len(_pages(site, clock)) == 2


def test_while_nobody_watches_a_promise_that_breaks_hurries_the_ladder(
    tmp_path: Path, clock: ManualClock
) -> None:
    site = _paged(tmp_path, clock, "10h")
    promise = {"name": "all", "calendar": "always", "budgets": "P2 response 5m", "reason": "a trial"}
    site.submit("policy.set", promise, "cli")
    assert len(_pages(site, clock)) == 1
    clock.advance(minutes=6)
    assert len(_pages(site, clock)) == 2


def test_who_cannot_page_still_says_that_nobody_watches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_site: Site) -> NoReturn:
        raise StoreError("gone")

    site = open_site(tmp_path, checks=[])
    assert _alive(site, "--format", "nagios", page=fail) == 2
    said = capsys.readouterr()
    assert said.out.startswith("LEXOPS CRITICAL")
    assert said.err == "it may be that nobody was told: gone\n"


def _paged(folder: Path, clock: ManualClock, later: str) -> Site:
    """A site whose only operator is told at once, and again as administrator."""
    desk = '[channels.desk]\nkind = "file"\npath = "messages.jsonl"'
    site = open_site(folder, clock=clock, checks=[], more=desk)
    site.submit("contact.set", {"contacts": "desk"}, "cli")
    steps = f"0m operator:{site.session.operator}; {later} role:administrator"
    site.submit("escalation.set", {"name": "all", "steps": steps, "reason": "a trial"}, "cli")
    return site


def _pages(site: Site, clock: ManualClock) -> list[str]:
    """What was sent, after one more look at whether a worker lives."""
    assert _alive(site, clock=clock) == 1
    return (site.file.folder / "messages.jsonl").read_text().splitlines()


def test_a_worker_that_stays_ends_the_incident_and_one_that_only_drains_does_not(tmp_path: Path) -> None:
    site = open_site(tmp_path, checks=[])
    assert _alive(site) == 1
    work_until_quiet(site)
    assert len(_open(site)) == 1
    Worker(site).run(lambda: True)
    assert _open(site) == ()


def test_a_worker_that_was_killed_is_not_called_alive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = open_site(tmp_path)
    killed = subprocess.Popen(["true"])
    killed.wait()
    with site.store.begin() as connection:
        name = presence.worker_name(killed.pid)
        presence.claim_worker(connection, name, killed.pid, site.clock.now())
    with pytest.raises(SystemExit):
        cli(["status", "--site", str(site.file.path)], obj=DOORS, standalone_mode=True)
    said = capsys.readouterr().out.splitlines()[0]
    assert "nobody watches" in said and "worker alive" not in said
    with site.store.read() as connection:
        worker = read.fleet(connection, site.clock.now()).worker
    assert worker_is_lost(worker, site.clock.now())


def test_the_dead_mans_switch_is_told_while_the_worker_works(tmp_path: Path) -> None:
    told = Event()

    class Switch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.set()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Switch)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        more = f'[worker]\ndead_man = "http://127.0.0.1:{server.server_port}/ping"'
        site = open_site(tmp_path, checks=[], more=more)
        Worker(site).run(lambda: told.wait(0.05))
    finally:
        server.shutdown()
        server.server_close()
    assert told.is_set()


def test_the_dead_mans_switch_is_not_told_while_the_store_does_not_answer(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(loop, "ping", told.append)
    site = open_site(tmp_path, clock=clock, checks=[], more='[worker]\ndead_man = "http://127.0.0.1:9/ping"')
    worker = Worker(site)
    worker.start()
    until(lambda: told, "nobody was told that it began")
    with monkeypatch.context() as away:
        away.setattr(site.store, "begin", _gone)
        for _ in range(2):
            clock.advance(minutes=1)
            with pytest.raises(StoreError):
                worker.turn()
        told.clear()
        worker._tell_dead_man()
        assert told == []
    worker.turn()
    worker._tell_dead_man()
    assert told
    worker.leave()


def _gone() -> NoReturn:
    raise StoreError("gone")
