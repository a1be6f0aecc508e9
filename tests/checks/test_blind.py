"""When LexOps itself is cut off: one incident, and nothing else is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.contract import Endpoint, Metric, Observation, check
from lexops.checks.model import Status
from lexops.checks.sight import Count, Glance, Sight, count, sight
from lexops.checks.thresholds import levels
from lexops.checks.view import Flag
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident
from lexops.site import Site
from lexops_checks import own
from lexops_checks.endpoint import CHECKS as ENDPOINT
from tests.clock import ManualClock
from tests.servers import free_port
from tests.sites import open_site, work_until_quiet
from tests.waiting import PATIENCE

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PATIENT = f'connect_timeout = "{PATIENCE:g}s"'


class Answers(BaseHTTPRequestHandler):
    """Says that all is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Many call at the same moment."""

    request_queue_size = 200


@contextmanager
def answering(port: int) -> Iterator[None]:
    """All addresses of the loopback network answer on the port meanwhile: so many servers as one wants."""
    server = Server(("", port), Answers)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _targets(port: int, count: int) -> str:
    return "\n".join(
        f'[targets.t{n:02}]\nkind = "endpoint"\nurl = "http://127.0.0.{n + 2}:{port}/"\n{PATIENT}'
        for n in range(count)
    )


def _open(site: Site) -> tuple[Incident, ...]:
    with site.store.read() as connection:
        return incidents.incidents(connection)


def _looks(site: Site, clock: ManualClock, minutes: int) -> None:
    for _ in range(minutes * 2):
        clock.advance(seconds=30)
        work_until_quiet(site)


REACHED = ENDPOINT[0].overridden(levels=levels("30s", "60s"), timeout=timedelta(seconds=PATIENCE))
"""Fifty at once are slow on a busy machine."""
CHECKS = [REACHED, own.sight.availability, own.sight.sight]


@pytest.mark.fires("lexops.sight")
def test_a_cut_cable_is_one_incident_and_not_fifty(tmp_path: Path, clock: ManualClock) -> None:
    port = free_port()
    site = open_site(tmp_path, _targets(port, 50), clock=clock, checks=CHECKS)
    with answering(port):
        work_until_quiet(site)
        _looks(site, clock, 2)
        assert _open(site) == ()
    _looks(site, clock, 4)
    (incident,) = _open(site)
    assert (incident.target, incident.check) == ("lexops", "lexops.sight")
    assert incident.severity is Status.CRITICAL
    blind = [row for row in site.fleet().checks if row.check == "endpoint.availability"]
    assert all(Flag.UNREACHABLE in row.flags for row in blind)
    with answering(port):
        _looks(site, clock, 3)
        assert [(row.target, row.summary) for row in site.fleet().problems] == []
        assert _open(site) == ()
        assert [row.summary for row in site.fleet().checks if row.status is not Status.OK] == []


def test_a_single_target_that_fails_is_its_own_incident(tmp_path: Path, clock: ManualClock) -> None:
    port = free_port()
    gone = f'\n[targets.gone]\nkind = "endpoint"\nurl = "http://127.0.0.1:{free_port()}/"'
    site = open_site(tmp_path, _targets(port, 5) + gone, clock=clock, checks=CHECKS)
    with answering(port):
        work_until_quiet(site)
        _looks(site, clock, 4)
    assert [incident.target for incident in _open(site)] == ["gone"]


def test_after_a_long_stop_nothing_storms(tmp_path: Path, clock: ManualClock) -> None:
    lock, running, most = Lock(), 0, 0

    @check("endpoint.availability", target=Endpoint, every="1m", attempts=1, availability=True)
    def counted(endpoint: Endpoint) -> Iterator[Observation]:
        """Answers."""
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            yield Metric("total", endpoint.probe().total, "s", info=True)
        finally:
            with lock:
                running -= 1

    port = free_port()
    more = "[worker]\nconcurrency = 4"
    site = open_site(tmp_path, _targets(port, 40), clock=clock, checks=[counted], more=more)
    with answering(port):
        work_until_quiet(site)
        clock.advance(hours=9)
        before = site.fleet().checks
        assert all(Flag.STALE in row.flags and row.status is Status.OK for row in before)
        assert _open(site) == ()
        work_until_quiet(site)
    assert most <= 4
    assert _open(site) == ()
    assert not any(Flag.STALE in row.flags for row in site.fleet().checks)


def _glances(failing: int, well: int, checked: datetime = NOW, known: bool = False) -> list[Glance]:
    names = [f"l{n}" for n in range(failing + well)]
    return [Glance(name, n < failing, known, checked) for n, name in enumerate(names)]


def test_more_than_half_at_once_is_blindness() -> None:
    assert count(_glances(2, 1)).is_blind
    assert not count(_glances(2, 2)).is_blind
    assert not count(_glances(2, 0)).is_blind
    assert count(_glances(5, 1, known=True)) == Count(0, 1)


def test_targets_of_one_server_count_once() -> None:
    together = [Glance("one", True, False, NOW) for _ in range(10)]
    assert not count([*together, *_glances(0, 3)]).is_blind


def test_a_failure_is_believed_when_the_others_have_been_seen_since() -> None:
    earlier = NOW - timedelta(minutes=1)
    assert sight([*_glances(1, 9, earlier)], NOW) is Sight.UNSURE
    assert sight([*_glances(1, 9, NOW)], NOW) is Sight.CLEAR
    assert sight([*_glances(6, 4, NOW)], NOW) is Sight.BLIND
    assert sight(_glances(1, 1, earlier), NOW) is Sight.CLEAR


@given(st.integers(0, 40), st.integers(0, 40))
def test_who_sees_most_of_the_others_is_not_blind(failing: int, well: int) -> None:
    seen = sight(_glances(failing, well), NOW)
    assert (seen is Sight.BLIND) == (failing + well >= 3 and failing > well)
    assert seen is not Sight.UNSURE or failing + well >= 3
