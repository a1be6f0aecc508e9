"""A real ssh-agent signs a challenge; one that hangs, lies or is not there is one clear line."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lexops.auth import agent, sshsig
from lexops.auth.agent import NoAgent
from lexops.auth.sshkey import NotAccepted
from lexops.clock import SystemClock
from tests.agent import running_agent
from tests.auth.sshkeys import KINDS, certify, new_key
from tests.servers.process import find_program, short_folder
from tests.waiting import PATIENCE

TEXT = "LexOps step-up\nnonce: x\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the path of a socket."""
    made = short_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def ssh_agent(folder: Path) -> Iterator[Path]:
    """The socket of a running ssh-agent without keys."""
    path = folder / "agent"
    with running_agent(path):
        yield path


def _add(ssh_agent: Path, *files: Path) -> None:
    program = find_program("OpenSSH agent", "ssh-add")
    environment = {"SSH_AUTH_SOCK": str(ssh_agent), "PATH": "/usr/bin"}
    subprocess.run([str(program), "-q", *map(str, files)], env=environment, check=True, timeout=60)


@contextmanager
def _answers(path: Path, *answers: bytes) -> Iterator[None]:
    """Something that poses as an agent: reads a question for every answer, then says nothing more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen(1)
        done = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    connection.recv(65_536)
                    connection.sendall(answer)
                done.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(60)


@pytest.mark.parametrize("kind", KINDS)
def test_a_running_agent_signs_the_challenge(kind: str, folder: Path, ssh_agent: Path) -> None:
    other, key = new_key(folder, "other"), new_key(folder, "mine", kind)
    _add(ssh_agent, other.path, key.path)
    signature = sshsig.parse(agent.sign(ssh_agent, TEXT, {key.fingerprint}, SystemClock()))
    sshsig.verify(signature, TEXT)
    assert signature.fingerprint == key.fingerprint


def test_a_key_that_the_agent_holds_with_a_certificate_signs_by_itself(folder: Path, ssh_agent: Path) -> None:
    key = new_key(folder)
    certify(new_key(folder, "ca"), key)
    _add(ssh_agent, key.path)
    sshsig.verify(sshsig.parse(agent.sign(ssh_agent, TEXT, {key.fingerprint}, SystemClock())), TEXT)


def test_an_agent_without_a_registered_key_signs_nothing(folder: Path, ssh_agent: Path) -> None:
    _add(ssh_agent, new_key(folder).path)
    with pytest.raises(NoAgent, match="no key that is registered for you") as refused:
        agent.sign(ssh_agent, TEXT, {"SHA256:another"}, SystemClock())
    assert "ssh-add" in refused.value.hint


def test_no_agent_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(NoAgent, match="cannot be reached: No such file"):
        agent.sign(folder / "nobody", TEXT, set(), SystemClock())


def test_an_agent_that_hangs_is_not_waited_for(folder: Path) -> None:
    with _answers(folder / "agent"), pytest.raises(NoAgent, match=r"did not sign within 0 s"):
        agent.sign(folder / "agent", TEXT, set(), SystemClock(), seconds=0.2)


def test_an_agent_that_answers_in_drops_is_not_waited_for_either(folder: Path) -> None:
    with _answers(folder / "agent", b"\0\0\1"), pytest.raises(NoAgent, match="did not sign"):
        agent.sign(folder / "agent", TEXT, set(), SystemClock(), seconds=0.2)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"\0\0\0\1\5", "refused to sign"),
        (b"\xff\xff\xff\xff", "too long"),
        (b"\0\0\0\x05\x0c\0\0\0\1", "cut off"),
        (b"\0\0\0\0", "cut off"),
    ],
)
def test_a_strange_answer_is_one_clear_line(answer: bytes, problem: str, folder: Path) -> None:
    with _answers(folder / "agent", answer), pytest.raises(NotAccepted, match=problem):
        agent.sign(folder / "agent", TEXT, set(), SystemClock(), seconds=PATIENCE)
