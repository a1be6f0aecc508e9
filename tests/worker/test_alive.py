"""Who watches the watcher: one line for cron, one incident, and a switch outside."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from lexops import app
from lexops.checks import presence
from lexops.cli.main import cli
from lexops.cli.program import Program
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident
from lexops.site import Site
from lexops.worker.loop import Worker
from tests.sites import open_site


def _alive(site: Site) -> int:
    doors = Program(app.open_site, app.open_console, app.work, app.operations)
    with pytest.raises(SystemExit) as end:
        cli(["worker", "alive", "--site", str(site.file.path)], obj=doors, standalone_mode=True)
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
    assert [incident.title for incident in _open(site)] == ["Nobody watches: no worker is alive"]
    with site.store.begin() as connection:
        presence.claim_worker(connection, "elsewhere/1/x", 1, site.clock.now())
    assert _alive(site) == 0
    assert capsys.readouterr().out.startswith("LEXOPS OK - a worker is alive")
    assert _open(site) == ()


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
