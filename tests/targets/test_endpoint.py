"""Endpoints, asked over real TLS."""

from __future__ import annotations

import gc
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lexops.errors import QueryFailed, TimedOut, Unreachable
from lexops.targets import endpoint
from lexops.targets.endpoint import BODY_LIMIT, Endpoint
from lexops.targets.model import Kind, Target
from tests.servers import HOST, HTTPSServer, free_port
from tests.waiting import PATIENCE

TARGET = Target("portal", Kind.ENDPOINT)


@pytest.fixture
def portal(https_server: HTTPSServer) -> Endpoint:
    return Endpoint(TARGET, https_server.url, ca_file=https_server.ca_file, seconds=2 * PATIENCE)


def test_an_answer_is_told_with_its_times_and_certificate(
    portal: Endpoint, https_server: HTTPSServer
) -> None:
    https_server.status, https_server.body = 503, "Wartung für Müller".encode()
    https_server.headers = {"Content-Type": "text/plain; charset=utf-8", "X-Instance": "a"}
    probe = portal.probe()
    assert (probe.status, probe.body, probe.headers["x-instance"]) == (503, "Wartung für Müller", "a")
    assert probe.trust_error is None
    assert probe.certificate is not None
    assert probe.certificate.names == (HOST,)
    assert timedelta(days=89) < probe.certificate.not_after - datetime.now(UTC) <= timedelta(days=90)
    assert probe.secured is not None
    assert min(probe.resolved, probe.connected, probe.secured, probe.answered) > 0
    assert probe.total < PATIENCE


def test_one_probe_serves_until_a_fresh_one_is_asked_for(portal: Endpoint, https_server: HTTPSServer) -> None:
    assert portal.probe() is portal.probe()
    portal.fresh()
    portal.probe()
    assert https_server.requests == 2


def test_redirects_are_told_and_not_followed(portal: Endpoint, https_server: HTTPSServer) -> None:
    https_server.status, https_server.headers = 302, {"Location": "https://elsewhere.example/"}
    assert portal.probe().status == 302
    assert https_server.requests == 1


def test_a_proxy_of_the_environment_is_not_used(portal: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://{HOST}:1")
    assert portal.probe().status == 200


def test_only_the_beginning_of_a_large_body_is_read(portal: Endpoint, https_server: HTTPSServer) -> None:
    https_server.body = b"x" * (BODY_LIMIT * 4)
    assert len(portal.probe().body) == BODY_LIMIT


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        pytest.param({"days": -1}, "expired", id="expired"),
        pytest.param({"names": ["elsewhere.example"]}, "not valid for", id="another name"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_shown_and_nothing_is_sent(
    portal: Endpoint, https_server: HTTPSServer, certificate: dict[str, Any], why: str
) -> None:
    https_server.certify(**certificate)
    probe = portal.probe()
    assert probe.trust_error is not None
    assert why in probe.trust_error
    assert probe.certificate is not None
    assert probe.certificate.names == tuple(certificate.get("names", [HOST]))
    assert (probe.status, probe.body) == (0, "")
    assert https_server.requests == 0


def test_an_authority_that_nobody_knows_is_not_trusted(https_server: HTTPSServer) -> None:
    probe = Endpoint(TARGET, https_server.url).probe()
    assert probe.trust_error is not None
    assert "issuer" in probe.trust_error
    assert https_server.requests == 0


def test_nobody_listening_is_unreachable_and_the_phase_is_named() -> None:
    with pytest.raises(Unreachable, match="connecting: Connection refused"):
        Endpoint(TARGET, f"https://{HOST}:{free_port()}/").probe()


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises((Unreachable, TimedOut), match=r"portal\.invalid"):  # where no name server answers
        Endpoint(TARGET, "https://portal.invalid/", seconds=10).probe()


def test_a_ca_file_that_is_not_there_is_named(https_server: HTTPSServer, tmp_path: Path) -> None:
    with pytest.raises(QueryFailed, match=r"absent\.pem"):
        Endpoint(TARGET, https_server.url, ca_file=tmp_path / "absent.pem").probe()


def test_a_slow_answer_is_given_up_and_the_phase_is_named(https_server: HTTPSServer) -> None:
    https_server.delay = 2 * PATIENCE
    portal = Endpoint(TARGET, https_server.url, ca_file=https_server.ca_file, seconds=5)
    with pytest.raises(TimedOut, match="waiting for the answer"):
        portal.probe()


def test_an_abort_ends_the_waiting(portal: Endpoint, https_server: HTTPSServer) -> None:
    https_server.delay = 2 * PATIENCE
    threading.Timer(0.3, portal.abort).start()
    started = time.monotonic()
    with pytest.raises(TimedOut, match="took too long"):
        portal.probe()
    assert time.monotonic() - started < PATIENCE
    with pytest.raises(TimedOut):
        portal.probe()


def test_an_abort_between_two_phases_ends_the_next_one(
    portal: Endpoint, https_server: HTTPSServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    https_server.delay = 2 * PATIENCE
    hold = portal._hold

    def aborted_before(line: socket.socket) -> None:
        portal.abort()
        hold(line)

    monkeypatch.setattr(portal, "_hold", aborted_before)
    started = time.monotonic()
    with pytest.raises(TimedOut, match="took too long"):
        portal.probe()
    assert time.monotonic() - started < PATIENCE
    gc.collect()  # which tells of every socket that was left open


def test_a_connection_that_stands_too_late_is_closed(
    portal: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    dial = endpoint.dial

    def aborted_meanwhile(*given: Any) -> socket.socket:
        line = dial(*given)
        portal.abort()
        return line

    monkeypatch.setattr(endpoint, "dial", aborted_meanwhile)
    with pytest.raises(TimedOut, match="took too long"):
        portal.probe()
    gc.collect()  # which tells of every socket that was left open


@pytest.fixture
def raw_server() -> Iterator[Callable[..., str]]:
    """A server over plain TCP that gives each of its pieces with a pause before it."""
    listener = socket.create_server((HOST, 0))

    def serve(pieces: list[bytes], pause: float) -> None:
        try:
            line, _ = listener.accept()
            with line:
                line.recv(4096)
                for piece in pieces:
                    time.sleep(pause)
                    line.sendall(piece)
        except OSError:
            return

    threads: list[threading.Thread] = []

    def start(*pieces: bytes, pause: float = 0.0) -> str:
        threads.append(threading.Thread(target=serve, args=(list(pieces), pause), daemon=True))
        threads[-1].start()
        return f"http://{HOST}:{listener.getsockname()[1]}/a path?q=ü"

    yield start
    listener.close()
    for thread in threads:
        thread.join(60)


def test_plain_http_has_no_certificate(raw_server: Callable[..., str]) -> None:
    probe = Endpoint(TARGET, raw_server(b"HTTP/1.0 204 Fine\r\n\r\n")).probe()
    assert (probe.status, probe.reason, probe.secured, probe.certificate) == (204, "Fine", None, None)


@pytest.mark.parametrize(
    ("answer", "phase"),
    [
        pytest.param(b"SSH-2.0-OpenSSH\r\n", "waiting for the answer", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nYour", "reading the body", id="cut off"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nYour\r\n",
            "reading the body",
            id="cut off between chunks",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nYour", "reading the body", id="not packed"
        ),
    ],
)
def test_an_answer_that_makes_no_sense_is_none_and_the_phase_is_named(
    raw_server: Callable[..., str], answer: bytes, phase: str
) -> None:
    with pytest.raises(Unreachable, match=phase):
        Endpoint(TARGET, raw_server(answer)).probe()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(b"Content-Encoding: gzip", gzip.compress(b"Your invoices"), id="packed"),
        pytest.param(b"Content-Type: text/html; charset=undefined", b"Your invoices", id="no such charset"),
        pytest.param(b'Content-Type: text/html; charset="\0"', b"Your invoices", id="no name of a charset"),
    ],
)
def test_a_page_is_read_however_it_is_sent(
    raw_server: Callable[..., str], headers: bytes, body: bytes
) -> None:
    url = raw_server(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body)
    assert Endpoint(TARGET, url).probe().body == "Your invoices"


def test_what_goes_ahead_of_an_answer_is_not_taken_for_it(raw_server: Callable[..., str]) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    answer = b"HTTP/1.1 503 Closed\r\nContent-Length: 4\r\nServer: it\r\n\r\ngone"
    probe = Endpoint(TARGET, raw_server(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + hints + answer)).probe()
    assert (probe.status, probe.body) == (503, "gone")
    assert probe.headers == {"content-length": "4", "server": "it"}


def test_what_is_not_tls_is_unreachable(raw_server: Callable[..., str]) -> None:
    url = raw_server(b"HTTP/1.0 200 OK\r\n\r\n").replace("http:", "https:")
    with pytest.raises(Unreachable, match="TLS handshake"):
        Endpoint(TARGET, url).probe()


def test_an_answer_that_trickles_in_is_given_up(raw_server: Callable[..., str]) -> None:
    url = raw_server(b"HTTP/1.0 200 OK\r\n\r\n", *[b"."] * 600, pause=0.2)
    started = time.monotonic()
    with pytest.raises(TimedOut, match="reading the body"):
        Endpoint(TARGET, url, seconds=5).probe()
    assert time.monotonic() - started < PATIENCE  # it would have gone on for two minutes
