"""Hosts: this one, and one over a real SSH server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lexops.errors import ConfigError, QueryFailed, TimedOut, Unreachable
from lexops.targets.host import Host
from lexops.targets.model import HostFacts, Kind, Target
from lexops.targets.ssh import Login, Shell, parse_address
from tests.servers import HOST, SSHServer, free_port, new_ssh_key
from tests.waiting import PATIENCE

TARGET = Target("billing-1", Kind.HOST)


def _plausible(facts: HostFacts) -> None:
    assert 1 <= facts.cpus == (os.cpu_count() or 1)
    assert 0 < facts.memory_available <= facts.memory_total
    assert facts.processes > 2
    assert facts.uptime > 0
    assert abs(facts.skew) < 5 + facts.round_trip / 2
    assert facts.mounts
    for mount in facts.mounts:
        assert 0 < mount.free <= mount.size
        assert not mount.path.startswith(("/proc", "/sys"))
    assert len({mount.device for mount in facts.mounts}) == len(facts.mounts)


def test_this_machine_tells_its_facts() -> None:
    host = Host.local(TARGET)
    _plausible(host.facts())
    host.close()


def test_one_look_serves_until_a_fresh_one_is_asked_for() -> None:
    looks: list[int] = []

    def look() -> Any:
        looks.append(1)
        return object()

    host = Host(TARGET, look)
    assert host.facts() is host.facts()
    host.fresh()
    host.facts()
    assert len(looks) == 2


def test_a_failed_look_is_not_repeated_for_every_check() -> None:
    looks: list[int] = []

    def look() -> HostFacts:
        looks.append(1)
        raise Unreachable("gone")

    host = Host(TARGET, look)
    for _ in range(3):
        with pytest.raises(Unreachable, match="gone"):
            host.facts()
    assert len(looks) == 1


def test_an_aborted_host_is_over() -> None:
    host = Host.local(TARGET)
    host.abort()
    with pytest.raises(TimedOut):
        host.facts()


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("lex@billing-1", Login("billing-1", 22, "lex")),
        ("lex@10.0.0.4:2222", Login("10.0.0.4", 2222, "lex")),
        ("lex@[fd00::4]:2222", Login("fd00::4", 2222, "lex")),
    ],
)
def test_an_address_is_taken_apart(text: str, login: Login) -> None:
    assert parse_address(text) == login


@pytest.mark.parametrize("text", ["", "lex@", "lex@host:port", "lex:secret@host", "lex@host/path"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_address(text)


@pytest.fixture
def shell(sshd: SSHServer) -> Iterator[Callable[..., Shell]]:
    """Logs in to the server; what is given replaces what is right."""
    with ExitStack() as stack:

        def opened(**changes: Any) -> Shell:
            right = {
                "login": parse_address(sshd.address),
                "identity": sshd.identity,
                "known_hosts": sshd.known_hosts,
                "seconds": PATIENCE,
            }
            made = Shell(**(right | changes))
            stack.callback(made.close)
            return made

        yield opened


def test_another_machine_tells_its_facts_in_one_round_trip(shell: Callable[..., Shell]) -> None:
    host = Host.remote(TARGET, shell())
    facts = host.facts()
    _plausible(facts)
    assert 0 < facts.round_trip < 60
    here = Host.local(TARGET).facts()
    assert facts.memory_total == here.memory_total
    assert {mount.path for mount in facts.mounts} == {mount.path for mount in here.mounts}
    host.close()
    host.fresh()
    with pytest.raises(Unreachable, match="closed"):
        host.facts()


def test_an_unknown_host_is_refused_with_the_way_to_mend_it(
    shell: Callable[..., Shell], tmp_path: Path
) -> None:
    with pytest.raises(Unreachable, match="unknown") as caught:
        shell(known_hosts=tmp_path / "known_hosts")
    assert "ssh-keyscan" in caught.value.hint


def test_a_changed_host_key_is_refused(shell: Callable[..., Shell], sshd: SSHServer, tmp_path: Path) -> None:
    other = tmp_path / "known_hosts"
    other.write_text(f"[{HOST}]:{sshd.port} {new_ssh_key(tmp_path / 'other')}\n")
    with pytest.raises(Unreachable, match="not the one"):
        shell(known_hosts=other)


def test_a_revoked_host_key_is_refused(shell: Callable[..., Shell], sshd: SSHServer, tmp_path: Path) -> None:
    marked = tmp_path / "known_hosts"
    known = sshd.known_hosts.read_text()
    marked.write_text(f"{known}@revoked * {known.partition(' ')[2]}")
    with pytest.raises(Unreachable, match="revoked"):
        shell(known_hosts=marked)


def test_lines_that_paramiko_cannot_read_do_not_spoil_the_others(
    shell: Callable[..., Shell], sshd: SSHServer, tmp_path: Path
) -> None:
    mixed = tmp_path / "known_hosts"
    key = new_ssh_key(tmp_path / "authority")
    odd = f"# ours\n\n@cert-authority *.example {key}\nnonsense\nhost ssh-ed25519 AAAA\n"
    mixed.write_text(odd + sshd.known_hosts.read_text())
    assert shell(known_hosts=mixed).run("echo here", 60) == "here\n"


def test_a_key_that_the_host_does_not_know_is_not_let_in(shell: Callable[..., Shell], tmp_path: Path) -> None:
    new_ssh_key(tmp_path / "stranger")
    with pytest.raises(Unreachable, match="not let in"):
        shell(identity=tmp_path / "stranger")


def test_nobody_listening_is_unreachable(shell: Callable[..., Shell]) -> None:
    with pytest.raises(Unreachable, match="refused"):
        shell(login=Login(HOST, free_port(), "lex"))


def test_a_command_that_takes_too_long_is_given_up(shell: Callable[..., Shell]) -> None:
    shell_, started = shell(), time.monotonic()
    with pytest.raises(TimedOut):
        shell_.run("sleep 120", 0.5)
    assert time.monotonic() - started < PATIENCE


def test_a_command_that_prints_too_much_is_stopped(shell: Callable[..., Shell]) -> None:
    with pytest.raises(QueryFailed, match="1024 KiB"):
        shell().run("yes", 60)


@pytest.mark.parametrize("frozen", [False, True], ids=["healthy", "half-open"])
def test_an_abort_ends_a_command(
    shell: Callable[..., Shell], sshd: SSHServer, half_open_proxy: Any, tmp_path: Path, frozen: bool
) -> None:
    proxy = half_open_proxy(sshd.port)
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts.read_text().replace(str(sshd.port), str(proxy.port)))
    shell_ = shell(login=parse_address(f"{sshd.user}@{HOST}:{proxy.port}"), known_hosts=known)
    if frozen:
        threading.Timer(0.2, proxy.freeze).start()
    aborted: list[float] = []

    def abort() -> None:
        aborted.append(time.monotonic())
        shell_.abort()
        aborted.append(time.monotonic())

    other = threading.Timer(0.4, abort)
    other.start()
    with pytest.raises(TimedOut):
        shell_.run("sleep 120", 120)
    ended = time.monotonic()
    other.join()
    assert ended - aborted[0] < PATIENCE
    assert aborted[1] - aborted[0] < PATIENCE


def test_a_silent_server_is_given_up_in_time(
    shell: Callable[..., Shell], sshd: SSHServer, half_open_proxy: Any
) -> None:
    proxy = half_open_proxy(sshd.port)
    proxy.freeze()
    started = time.monotonic()
    with pytest.raises(Unreachable):
        shell(login=parse_address(f"{sshd.user}@{HOST}:{proxy.port}"), seconds=1.0)
    assert time.monotonic() - started < PATIENCE
