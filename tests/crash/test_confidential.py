"""Every secret is planted where crashes pass; none may come out of the process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.crash.canaries import NAMES, canary, found_in
from tests.crash.receiver import KEY, Receiver, receiving
from tests.terminal import Terminal
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
SECONDS = 60
SITE = '[site]\nname = "Test & Partners"\n'
REPORTS = '[crash_reports]\ndsn = { env = "DSN" }\nserver = "127.0.0.1"\n'


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program left."""

    code: int
    output: bytes
    log: bytes
    connected: str


class Case:
    """A folder with a site, a file and a plug-in, and a way to run programs there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = "sqlite:///other.db"
        self.environment = {"CLIENT_NAME": canary("environment"), "LEXOPS_LOG": str(folder / "log" / "log")}
        (folder / "lexops.toml").write_text(SITE)
        (folder / "client.txt").write_text(canary("file content"))
        (folder / "plugin.py").write_text(f"raise ValueError('{canary('source line')}')\n")

    def arguments(self, how: str) -> list[str]:
        program = [sys.executable, "-m", "tests.crash.program", how, str(self.folder)]
        return [*program, self.database, canary("argv")]

    def run(self, how: str, **environment: str) -> Ended:
        done = subprocess.run(
            self.arguments(how),
            env={**os.environ, **self.environment, **environment},
            cwd=ROOT,
            capture_output=True,
            timeout=SECONDS,
        )
        return self.ended(done.returncode, done.stdout + done.stderr)

    def run_in_terminal(self, how: str, after: str = "", *keys: str, **environment: str) -> Ended:
        """Run on a terminal; `keys` are typed when `after` is on the screen."""
        given = self.environment | environment
        with Terminal(self.arguments(how), 160, 40, folder=ROOT, **given) as terminal:
            terminal.wait(after)
            terminal.type(*keys)
            return self.ended(terminal.ends(), terminal.raw)

    def ended(self, code: int, output: bytes) -> Ended:
        log = self.folder / "log" / "log"
        connected = self.folder / "connected"
        return Ended(
            code,
            output,
            log.read_bytes() if log.exists() else b"",
            connected.read_text() if connected.exists() else "",
        )


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def sent_by(receiver: Receiver) -> bytes:
    return b"".join(each.path.encode() + each.headers.encode() + each.body for each in receiver.received)


def assert_only_types_and_places(ended: Ended, receiver: Receiver, *, told: bool = True) -> None:
    assert len(NAMES) >= 30
    assert found_in(ended.output) == set()
    assert found_in(ended.log) == set()
    assert found_in(sent_by(receiver)) == set()
    assert b"Traceback" not in ended.output
    final = [
        e
        for e in (each.event for each in receiver.received)
        if e["exception"]["values"][-1]["type"] == "RuntimeError"
    ]
    assert len(final) == 1
    values = final[0]["exception"]["values"]
    assert {"RuntimeError", "TypeError", "ExceptionGroup", "LookupError", "OSError"} <= {
        v["type"] for v in values
    }
    innermost = values[-1]["stacktrace"]["frames"][-1]
    assert innermost["module"] == "tests.crash.planting"
    assert innermost["function"] == "_everything_at_once"
    reference = final[0]["tags"]["reference"]
    assert (reference.encode() in ended.output) is told
    assert f"{reference} lexops" in ended.log.decode()
    assert "in _everything_at_once" in ended.log.decode()


def test_without_the_guard_the_secrets_do_come_out(case: Case) -> None:
    ended = case.run("bare")
    seen = found_in(ended.output)
    assert {"exception text", "note", "text of a group", "log text", "warning", "exception in a task"} <= seen
    assert len(seen) >= 20


def test_every_secret_is_planted() -> None:
    planted = (Path(__file__).parent / "planting.py").read_text() + Path(__file__).read_text()
    assert [name for name in NAMES if f'"{name}"' not in planted and f"'{name}'" not in planted] == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_command_that_crashes_tells_types_and_places_only(
    case: Case, receiver: Receiver, database: str, request: pytest.FixtureRequest
) -> None:
    if database == "postgresql":
        server: servers.DatabaseServer = request.getfixturevalue("postgresql")
        case.database = servers.site_url(server.database())
    ended = case.run("command", DSN=receiver.dsn)
    assert ended.code == 2
    assert_only_types_and_places(ended, receiver)
    assert "sqlalchemy.exc.IntegrityError" in ended.log.decode()
    (line,) = ended.output.decode().splitlines()
    assert line.startswith("error: LexOps failed unexpectedly (reference ")


def test_a_worker_that_crashes_tells_types_and_places_only(case: Case, receiver: Receiver) -> None:
    (case.folder / "lexops.toml").write_text(SITE + REPORTS)
    ended = case.run("worker", DSN=receiver.dsn)
    assert ended.code == 2
    assert_only_types_and_places(ended, receiver)
    log = ended.log.decode()
    for place in ("in litter.<locals>.<lambda>", "in Finalised.__del__", "in _forgotten_task.<locals>.fail"):
        assert place in log
    assert "WARNING UserWarning planting.py:" in log
    assert "paramiko.transport planting:" in log and "(text withheld)" in log
    assert "it failed\nbuiltins.ValueError\n  tests.crash.planting:" in ended.output.decode()


def test_a_console_that_crashes_tells_types_and_places_only(case: Case, receiver: Receiver) -> None:
    ended = case.run_in_terminal("console", DSN=receiver.dsn)
    assert ended.code == 1
    assert b"\x1b[?1049l" in ended.output
    assert_only_types_and_places(ended, receiver)


def test_a_console_whose_data_crash_tells_types_and_places_only(case: Case, receiver: Receiver) -> None:
    # Its second look at the data succeeds, and shows them.
    ended = case.run_in_terminal("port", "web-1", "q", DSN=receiver.dsn)
    assert ended.code == 0
    assert_only_types_and_places(ended, receiver, told=False)


def test_without_a_dsn_no_socket_is_opened(case: Case) -> None:
    ended = case.run("worker")
    assert ended.code == 2 and b"RuntimeError" in ended.log
    assert ended.connected == ""


def test_reports_go_to_the_named_host_and_nowhere_else(case: Case, receiver: Receiver) -> None:
    with receiving() as proxy:
        there = f"http://127.0.0.1:{proxy.port}"
        proxies = {
            name: there for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        }
        ended = case.run("command", DSN=receiver.dsn, **proxies)
        assert proxy.received == []
    assert set(ended.connected.splitlines()) == {
        f"socket.connect ('127.0.0.1', {receiver.port})",
        f"socket.getaddrinfo ('127.0.0.1', {receiver.port}, 0, 1, 0)",
    }
    (sent, *_) = receiver.received
    assert sent.path == "/api/42/envelope/"
    assert f"sentry_key={KEY}" in sent.headers


def test_a_redirection_is_not_followed(case: Case, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.location = 307, f"http://127.0.0.1:{elsewhere.port}/api/42/envelope/"
        ended = case.run("command", DSN=receiver.dsn)
        assert receiver.received and elsewhere.received == []
    assert b"not sent: ConnectionError" in ended.log


def test_a_dsn_of_another_host_opens_no_socket(case: Case, receiver: Receiver) -> None:
    ended = case.run("command", DSN=receiver.dsn, DSN_HOST="sentry.example.com")
    assert ended.connected == "" and receiver.received == []
    assert b"not sent: the DSN names another host than the settings" in ended.log
    assert KEY.encode() not in ended.log + ended.output


def test_a_server_that_does_not_answer_holds_a_program_for_two_seconds(
    case: Case, receiver: Receiver
) -> None:
    case.run("command")  # what is imported for the first time takes its time
    started = time.monotonic()
    case.run("command")
    usual = time.monotonic() - started
    receiver.may_answer.clear()
    started = time.monotonic()
    ended = case.run("command", DSN=receiver.dsn, HURRY="yes")
    assert time.monotonic() - started < usual + PATIENCE
    assert ended.code == 2 and b"sent to" not in ended.log


def test_a_server_that_is_not_there_changes_nothing(case: Case) -> None:
    ended = case.run("command", DSN=f"http://{KEY}@127.0.0.1:{servers.free_port()}/42")
    assert ended.code == 2
    assert b"not sent: ConnectionRefusedError" in ended.log
