"""Who is let in, by which key, and what else is refused."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import paramiko
import pytest

from lexops.errors import ConfigError, StoreError
from lexops.tui.serving.server import host_key
from tests.servers import HOST, find_program, new_ssh_key
from tests.serving.conftest import Screen, Serve, Serving
from tests.waiting import until


def openssh(serving: Serving, name: str, *words: str) -> list[str]:
    """A command line of the OpenSSH client."""
    known = serving.folder / "known_hosts"
    key = host_key(serving.folder / "serve_host_key")
    known.write_text(f"[{HOST}]:{serving.port} {key.get_name()} {key.get_base64()}\n")
    options = [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        f"UserKnownHostsFile={known}",
        "StrictHostKeyChecking=yes",
    ]
    given = [word for option in options for word in ("-o", option)]
    ssh = str(find_program("OpenSSH client", "ssh"))
    return [ssh, "-F", "none", "-i", str(serving.keys[name]), "-p", str(serving.port), *given, *words]


def test_two_keys_are_two_operators(serve: Serve) -> None:
    serving = serve()
    for name in ("alice", "bob"):
        told = serving.shell(name).report()["arguments"]
        assert told[:2] == ["session", name]
        assert told[told.index("--fingerprint") + 1] == serving.key(name).fingerprint
        assert told[told.index("--from") + 1] == HOST
    opened = serving.recorded("session.opened")
    assert [operator for operator, _ in opened] == ["alice", "bob"]
    assert {details["role"] for _, details in opened} == {"support"}


def test_the_key_line_and_the_name_are_handed_on_and_asked_for_at_every_login(serve: Serve) -> None:
    serving = serve()
    serving.client("alice", user="ana")
    key = serving.key("alice")
    assert set(serving.asked) == {(key.fingerprint, f"ssh-ed25519 {key.get_base64()}", "ana")}
    serving.operators.clear()
    with pytest.raises(paramiko.AuthenticationException):
        serving.client("alice")


def test_an_unknown_key_is_refused_and_recorded(serve: Serve) -> None:
    serving = serve()
    with pytest.raises(paramiko.AuthenticationException):
        serving.client("mallory", user="root\x1b[2J")
    serving.clients[-1].close()
    [(operator, details)] = until(lambda: serving.recorded("login.refused"))
    assert operator is None and details["keys"] == serving.key("mallory").fingerprint
    assert details["address"] == HOST and details["login"] == "root␛[2J"


@pytest.mark.parametrize("method", ["none", "password", "interactive"])
def test_nothing_but_a_key_is_accepted(serve: Serve, method: str) -> None:
    line = serve().line()
    with pytest.raises(paramiko.AuthenticationException):
        if method == "none":
            line.auth_none("lexops")
        elif method == "password":
            line.auth_password("lexops", "secret")
        else:
            line.auth_interactive("lexops", lambda *_: [])
    assert not line.is_authenticated()


class Probe(paramiko.Ed25519Key):
    """A known public key of which the caller has no private half: its signatures are another key's."""

    def __init__(self, shown: paramiko.Ed25519Key, signer: paramiko.Ed25519Key) -> None:
        super().__init__(data=shown.asbytes())
        self._signer = signer

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        return self._signer.sign_ssh_data(data, algorithm)


def test_a_forged_signature_is_refused(serve: Serve) -> None:
    serving = serve()
    line = serving.line()
    with pytest.raises(paramiko.AuthenticationException):
        line.auth_publickey("lexops", Probe(serving.key("alice"), serving.key("bob")))
    assert not line.is_authenticated()


def test_whoever_probes_with_a_key_and_signs_with_another_is_the_other(serve: Serve) -> None:
    serving = serve()
    line = serving.line()
    with pytest.raises(paramiko.AuthenticationException):
        line.auth_publickey("lexops", Probe(serving.key("alice"), serving.key("mallory")))
    line.auth_publickey("lexops", serving.key("bob"))
    channel = line.open_session(timeout=60)
    channel.exec_command("status")
    assert channel.recv_exit_status() == 7
    assert [operator for operator, _ in serving.recorded("session.opened")] == ["bob"]


def test_the_openssh_client_offers_two_keys_and_is_whose_it_signs_with(serve: Serve) -> None:
    serving = serve()
    serving.operators.pop(serving.key("alice").fingerprint)
    command = openssh(serving, "alice", "-i", str(serving.keys["bob"]), HOST, "status")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7 and '"session", "bob"' in done.stdout and done.stderr == "to standard error\n"
    assert serving.asked[0][0] == serving.key("alice").fingerprint


def test_a_certificate_is_handed_on_whole_with_the_fingerprint_of_its_key(serve: Serve) -> None:
    serving = serve()
    new_ssh_key(serving.folder / "ca")
    public = serving.folder / "key_alice.pub"
    public.write_text(f"ssh-ed25519 {serving.key('alice').get_base64()}\n")
    sign = [str(find_program("ssh-keygen", "ssh-keygen")), "-q", "-s", str(serving.folder / "ca")]
    subprocess.run([*sign, "-I", "alice@firm", "-n", "alice", str(public)], check=True, timeout=60)
    only = "PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com"  # else the bare key comes first
    command = openssh(serving, "alice", "-o", only, f"alice@{HOST}", "status")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7
    fingerprint, line, login = serving.asked[0]
    assert line == " ".join((serving.folder / "key_alice-cert.pub").read_text().split()[:2])
    assert (fingerprint, login) == (serving.key("alice").fingerprint, "alice")


@pytest.mark.parametrize(
    "options",
    [
        ["-W", "127.0.0.1:22"],
        ["-s", "sftp"],
        ["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22", "-N"],
    ],
    ids=["to a port", "sftp", "from a port"],
)
def test_the_openssh_client_is_forwarded_nothing(serve: Serve, options: list[str]) -> None:
    serving = serve()
    before, after = (options, []) if options[0] != "-s" else (options[:1], options[1:])
    command = openssh(serving, "alice", *before, HOST, *after)
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255 and done.stdout == ""
    assert serving.noted("STARTED") == []


def test_no_forwarding_subsystem_environment_agent_or_second_channel(serve: Serve) -> None:
    serving = serve()
    line = serving.client()
    for kind in ("direct-tcpip", "x11"):
        with pytest.raises(paramiko.ChannelException):
            line.open_channel(kind, ("127.0.0.1", 22), ("127.0.0.1", 9), timeout=60)
    with pytest.raises(paramiko.SSHException):
        line.request_port_forward("127.0.0.1", 0)
    line.open_session(timeout=60)
    with pytest.raises(paramiko.ChannelException):
        line.open_session(timeout=60)
    # A refused request closes the client's channel, so each has a line of its own.
    with pytest.raises(paramiko.SSHException):
        serving.client().open_session(timeout=60).invoke_subsystem("sftp")
    with pytest.raises(paramiko.SSHException):
        serving.client().open_session(timeout=60).request_x11()
    agent = serving.client().open_session(timeout=60)
    agent.set_environment_variable("LD_PRELOAD", "/tmp/x.so")
    agent.request_forward_agent(lambda _channel: None)
    agent.get_pty("xterm", 80, 24)
    agent.invoke_shell()
    environment = Screen(agent).report()["environment"]
    assert environment.keys().isdisjoint(["SSH_AUTH_SOCK", "LD_PRELOAD", "LINES", "COLUMNS", "DISPLAY"])


@pytest.mark.parametrize(
    "algorithm",
    ["Ciphers=aes128-cbc", "MACs=hmac-sha1", "KexAlgorithms=diffie-hellman-group14-sha1"],
)
def test_nothing_weak_is_agreed_on(serve: Serve, algorithm: str) -> None:
    serving = serve()
    command = openssh(serving, "alice", "-o", algorithm, HOST, "status")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255 and "no matching" in done.stderr


def test_a_store_that_cannot_be_asked_lets_nobody_in(serve: Serve) -> None:
    def broken(kind: str) -> None:
        if kind == "session.opened":
            raise StoreError("the store cannot be reached")

    serving = serve(on_record=broken)
    code, output, errors = serving.run("status")
    assert (code, output, errors) == (3, "", "LexOps: the store cannot be reached\n")
    assert serving.noted("STARTED") == []


@pytest.mark.parametrize("source", ["127.0.0.2", HOST], ids=["from elsewhere", "from the same address"])
def test_thirty_hostile_callers_do_not_lock_out_a_good_one(serve: Serve, source: str) -> None:
    serving = serve()
    hostile = []
    for number in range(30):
        raw = socket.create_connection((HOST, serving.port), 60, source_address=(source, 0))
        hostile.append(raw)
        if number % 3 == 1:
            raw.sendall(b"SSH-2.0-half\r\n" + b"\0\0\0\x0c")  # a packet that never comes
        elif number % 3 == 2:
            raw.sendall(b"\xff" * 4096 + b"\0" * 100)
    try:
        assert serving.shell("alice").report()["arguments"][1] == "alice"
    finally:
        for raw in hostile:
            raw.close()


def test_a_caller_who_sends_without_end_is_cut_off(serve: Serve) -> None:
    serving = serve()
    with socket.create_connection((HOST, serving.port), 5) as raw:
        raw.settimeout(10)
        with pytest.raises(OSError):
            for _ in range(1000):
                raw.sendall(b"x" * 65536)
    assert serving.shell("alice").report()["arguments"][1] == "alice"


def test_an_address_that_calls_in_vain_too_often_is_not_answered_for_a_minute(
    serve: Serve, clock: object
) -> None:
    serving = serve(clock=clock, attempts=3)
    for _ in range(3):
        with pytest.raises(paramiko.AuthenticationException):
            serving.client("mallory", source="127.0.0.2")
        serving.clients[-1].close()
    until(lambda: len(serving.recorded("login.refused")) == 3)
    with pytest.raises((paramiko.SSHException, EOFError, OSError)):
        serving.client("alice", source="127.0.0.2")
    assert serving.shell("alice").report()
    assert "not answered" in str(serving.recorded("login.refused")[-1][1]["reason"])
    clock.advance(seconds=61)  # type: ignore[attr-defined]
    assert serving.client("alice", source="127.0.0.2").is_authenticated()


def test_who_does_not_log_in_in_time_is_cut_off(serve: Serve, clock: object) -> None:
    serving = serve(clock=clock)
    line, silent = serving.line(), socket.create_connection((HOST, serving.port), 60)
    with silent:
        assert silent.recv(1024).startswith(b"SSH-2.0-")
        clock.advance(seconds=61)  # type: ignore[attr-defined]
        until(lambda: not line.is_active())
        while silent.recv(1024):
            pass


def test_the_host_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "host_key"
    first = host_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert host_key(path).fingerprint == first.fingerprint and first.get_name() == "ssh-ed25519"
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        host_key(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(ConfigError, match="no Ed25519 private key"):
        host_key(path)


def test_serving_does_not_import_textual() -> None:
    import sys

    code = "import sys, lexops.tui.serving.server; sys.exit('textual' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
