"""The webhook on a real socket: who may post, what is refused, and that 200 means committed."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from lexops.config import SiteFile
from lexops.errors import InvalidRequest, LexOpsError, StoreError
from lexops.intake import alerts, webhook
from lexops.intake import store as arrivals
from lexops.intake.model import Alert
from lexops.intake.webhook import alert_server
from lexops.store.database import Store
from lexops.web import server as web_server
from lexops.web.server import LocalServer
from tests.clock import ManualClock
from tests.intake.helping import every, site
from tests.intake.test_alerts import alert, body
from tests.servers import HOST, free_port
from tests.waiting import PATIENCE, until

JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of a busy machine get their time; both waits end when a client has done its part."""
    monkeypatch.setattr(web_server, "CLIENT", PATIENCE)
    monkeypatch.setattr(web_server, "LINGER", PATIENCE)
    monkeypatch.setattr(web_server._Handler, "timeout", PATIENCE)


@contextmanager
def serving(server: LocalServer) -> Iterator[int]:
    """Let the server work in a thread, as a chore does."""
    leaving = threading.Event()
    failed: list[Exception] = []

    def work() -> None:
        while not leaving.is_set():
            try:
                server.turn(0.05)
            except LexOpsError as error:
                failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: server.port or failed, pause=0.005)
        assert server.port, failed
        yield server.port
    finally:
        leaving.set()
        thread.join()
        server.close()


def ask(
    port: int, method: str = "POST", path: str = "/alerts", raw: bytes = b"{}", **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    wanted = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, raw, wanted)
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()
    finally:
        connection.close()


@pytest.fixture
def bodies() -> list[bytes]:
    return []


@pytest.fixture
def take(bodies: list[bytes]) -> Callable[[bytes], str]:
    def taking(raw: bytes) -> str:
        if raw == b"refuse":
            raise InvalidRequest("alerts[0]: is wrong")
        if raw == b"down":
            raise StoreError("disk")
        bodies.append(raw)
        return "1 alert, 1 new"

    return taking


def server(take: Callable[[bytes], str], token: str | None = None) -> LocalServer:
    return alert_server(f"{HOST}:{free_port()}", take, (lambda: token) if token else None)


def test_a_request_is_taken_or_refused_with_a_reason(
    take: Callable[[bytes], str], bodies: list[bytes]
) -> None:
    with serving(server(take)) as port:
        assert ask(port) == (200, "1 alert, 1 new")
        assert ask(port, raw=b"refuse") == (400, "alerts[0]: is wrong")
        assert ask(port, raw=b"down") == (503, "the store does not answer")
        assert ask(port, path="/metrics") == (404, "only /alerts is here")
        assert ask(port, method="GET") == (405, "only POST /alerts is answered")
        assert ask(port, raw=b"x" * 1_000_001) == (413, "the body has more than 1,000,000 bytes")
        assert ask(port, Content_Type="text/plain")[0] == 415
        assert ask(port, Content_Length="x")[0] == 411
        assert ask(port, Content_Length="9" * 5000)[0] == 413
    assert bodies == [b"{}"]


def test_a_body_that_comes_late_and_is_not_wanted_does_not_cost_the_answer(
    take: Callable[[bytes], str], bodies: list[bytes]
) -> None:
    with serving(server(take)) as port:
        with socket.create_connection((HOST, port), timeout=60) as client:
            client.sendall(
                b"POST /alerts HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
            )
            for _ in range(4):
                time.sleep(0.1)  # the answer is on its way long before the body is
                client.sendall(b"x" * 500_000)
            assert client.recv(1000).startswith(b"HTTP/1.0 413 ")
        assert ask(port)[0] == 200
    assert bodies == [b"{}"]


def test_a_token_is_asked_for(take: Callable[[bytes], str], bodies: list[bytes]) -> None:
    with serving(server(take, "s3cret")) as port:
        assert ask(port)[0] == 401
        assert ask(port, Authorization="Bearer wrong")[0] == 401
        assert ask(port, Authorization="Basic s3cret")[0] == 401
        assert ask(port, Authorization="Bearer s3cr\xe9t")[0] == 401
        assert ask(port, Authorization="Bearer s3cret")[0] == 200
    assert len(bodies) == 1


def test_a_client_that_sends_byte_by_byte_is_hung_up_on(
    take: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(server(take)) as port:
        with monkeypatch.context() as hurried:
            hurried.setattr(web_server, "CLIENT", 0.2)
            with socket.create_connection((HOST, port), timeout=PATIENCE) as slow:
                slow.sendall(
                    b"POST /alerts HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
                )
                answer = slow.recv(1000)  # ends without our doing anything
        assert answer == b"" or answer.startswith(b"HTTP/1.0 ")
        assert ask(port)[0] == 200


def test_what_fails_within_is_answered_with_500_and_told_to_the_chore() -> None:
    def fails(raw: bytes) -> str:
        raise ZeroDivisionError("a client's name")

    broken = server(fails)
    broken.turn(0)
    assert broken.port is not None
    port, answers = broken.port, []
    asking = threading.Thread(target=lambda: answers.append(ask(port)))
    asking.start()
    with pytest.raises(ZeroDivisionError):
        broken.turn(PATIENCE)
    asking.join(PATIENCE)
    broken.close()
    assert answers == [(500, "it could not be answered: ZeroDivisionError")]


def test_an_address_that_is_taken_is_told(take: Callable[[bytes], str]) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(LexOpsError, match="cannot be served"):
            alert_server(f"{HOST}:{other.getsockname()[1]}", take).turn(0)


def test_alerts_that_are_refused_are_told_here_too_and_once(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    served = webhook.server(store, site(tmp_path, f'webhook = "{HOST}:{free_port()}"\n'), clock)
    assert served is not None
    wrong = body(alert(), alert(startsAt="now"), alert(startsAt="then"))
    with serving(served) as port:
        answers = [ask(port, raw=wrong) for _ in range(2)]
    reason = "alerts[1].startsAt: 'now' is no time, and 1 other refused"
    assert answers == [(400, f"{reason}; taken: 1 alert, 1 new"), (400, f"{reason}; taken: 1 alert, 0 new")]
    with store.read() as connection:
        (found,) = arrivals.arrivals(connection, refused_only=True)
    assert (found.source, found.incident, found.refused) == ("alert", None, reason)
    assert [each.title for each in every(store)] == ["billing-db is down"]


def test_of_many_alerts_what_is_taken_is_there_for_all_at_once_and_the_rest_is_told_again(
    store: Store, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = webhook.server(store, site(tmp_path, f'webhook = "{HOST}:{free_port()}"\n'), clock)
    assert served is not None
    seen: list[int] = []
    taking = alerts.take

    def interrupted(connection: Connection, file: SiteFile, portion: Sequence[Alert], at: datetime) -> int:
        seen.append(len(every(store)))
        if len(seen) == 2:
            raise StoreError("gone")
        return taking(connection, file, portion, at)

    monkeypatch.setattr(alerts, "take", interrupted)
    number = 2 * alerts.PORTION
    raw = body(*(alert(fingerprint=f"{n:016x}") for n in range(number)))
    with serving(served) as port:
        assert ask(port, raw=raw) == (503, "the store does not answer")
        assert ask(port, raw=raw) == (200, f"{number} alerts, {alerts.PORTION} new")
    assert seen == [0, alerts.PORTION, alerts.PORTION, alerts.PORTION]
    assert len(every(store)) == number


def test_200_means_committed_and_two_workers_that_are_told_the_same_open_one(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    file = site(tmp_path)
    assert webhook.server(store, file, clock) is None
    made = []
    for _ in range(2):
        served = site(tmp_path, f'webhook = "{HOST}:{free_port()}"\n')
        found = webhook.server(store, served, clock)
        assert found is not None
        made.append(found)
    raw = body(*(alert(fingerprint=f"{n:016x}") for n in range(10)), truncatedAlerts=2)
    answers: list[tuple[int, str]] = []
    with serving(made[0]) as one, serving(made[1]) as other:
        asking = [
            threading.Thread(target=lambda p=port: answers.append(ask(p, raw=raw))) for port in (one, other)
        ]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert len(every(store)) == 10
        refused = ask(one, raw=json.dumps({"version": "5"}).encode())
        assert refused == (400, 'version: \'5\' is not "4", nor "1" of Grafana')
    assert sorted(status for status, _ in answers) == [200, 200]
    assert sorted(text for _, text in answers) == [
        "10 alerts, 0 new; 2 were left out by the sender",
        "10 alerts, 10 new; 2 were left out by the sender",
    ]
