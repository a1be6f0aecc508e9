"""`lexops serve` and `lexops session` as programs, with the real console."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lexops.cli.program import Key
from lexops.cli.serve import authorized_line
from lexops.errors import Exit
from tests.servers import HOST, accepts, find_program, free_port, new_ssh_key
from tests.terminal import Terminal
from tests.waiting import until

PROGRAM = Path(__file__).with_name("program.py")


def lexops(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more.pop("environment", {})}
    return subprocess.run(
        [sys.executable, str(PROGRAM), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        **more,
    )


@dataclass
class Site:
    folder: Path
    port: int
    line: str

    def sessions(self) -> list[dict[str, Any]]:
        path = self.folder / "sessions.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def records(self) -> list[Any]:
        path = self.folder / "records.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    port = free_port()
    line = new_ssh_key(tmp_path / "ana")
    (tmp_path / "lexops.toml").write_text(f'[site]\nname = "Served"\n[serve]\nport = {port}\n')
    (tmp_path / "people.json").write_text(json.dumps({"ana": line}))
    return Site(tmp_path, port, line)


@pytest.fixture
def server(site: Site) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAM), "serve", "--site", str(site.folder)]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: accepts(site.port))
        yield started
    finally:
        started.terminate()
        started.communicate(timeout=60)


def ssh(site: Site, *words: str) -> list[str]:
    key = (site.folder / "serve_host_key.pub").read_text()
    (site.folder / "known_hosts").write_text(f"[{HOST}]:{site.port} {key}\n")
    options = ["BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={site.folder}/known_hosts"]
    given = [word for option in options for word in ("-o", option)]
    client = [str(find_program("OpenSSH client", "ssh")), "-F", "none", "-i", str(site.folder / "ana")]
    return [*client, *given, "-p", str(site.port), HOST, *words]


def publish(site: Site) -> None:
    """Write down the public half of the server's key, as its administrator would."""
    found = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(site.folder / "serve_host_key")],
        capture_output=True,
        text=True,
        check=True,
    )
    (site.folder / "serve_host_key.pub").write_text(found.stdout)


def test_the_real_console_over_the_embedded_server(site: Site, server: subprocess.Popen[str]) -> None:
    publish(site)
    with Terminal([*ssh(site)[:-1], "-tt", HOST], 100, 30) as terminal:
        terminal.wait("Served", "help")
        terminal.type("q")
        assert terminal.ends() == 0
        assert b"\x1b[?1049l" in terminal.raw and b"\x1b[?25h" in terminal.raw
    [told] = site.sessions()
    assert (told["operator"], told["how"], told["remote"]) == ("ana", "key", HOST)
    until(lambda: len(site.records()) == 2)
    opened, closed = site.records()
    assert (opened[0], closed[0]) == ("session.opened", "session.closed")
    assert opened[2]["session"] == closed[2]["session"] == told["id"] and closed[2]["status"] == 0


def test_a_real_command_and_the_servers_end(site: Site, server: subprocess.Popen[str]) -> None:
    publish(site)
    done = subprocess.run(
        ssh(site, "status", "--json"), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == Exit.UNREACHABLE, "nothing was looked at yet"
    assert json.loads(done.stdout)["site"] == "Served", done.stderr
    with Terminal([*ssh(site)[:-1], "-tt", HOST]) as terminal:
        terminal.wait("help")
        server.send_signal(signal.SIGTERM)
        assert terminal.ends() == 128 + signal.SIGHUP
        assert b"session ended: the server is ending" in terminal.raw
    assert server.wait(60) == 0


def test_the_port_taken_is_told_in_one_line(site: Site, server: subprocess.Popen[str]) -> None:
    done = lexops("serve", "--site", str(site.folder))
    assert done.returncode == 2 and done.stderr.startswith(
        f"error: cannot listen on 127.0.0.1 port {site.port}: "
    )


def test_the_keys_of_all_operators_are_printed_as_forced_commands(site: Site) -> None:
    done = lexops("serve", "--authorized-keys", "--site", str(site.folder))
    assert done.returncode == 0 and done.stdout.count("\n") == 1
    options, _, rest = done.stdout.rstrip("\n").partition('" ')
    assert options.startswith('restrict,pty,command="') and " session ana --site " in options
    assert rest == f"{site.line} ana"


@pytest.mark.parametrize(
    ("operator", "line"),
    [
        ("ana", 'ssh-ed25519 AAAA"\nssh-ed25519 BBBB'),
        ("ana", "ssh-ed25519 AAAAAAAAAAAAAAAAAAAA\nssh-ed25519 BBBB"),
        ("ana$(id)", "ssh-ed25519 AAAAAAAAAAAAAAAAAAAA"),
        ('ana"', "ssh-ed25519 AAAAAAAAAAAAAAAAAAAA"),
        ("-ana", "ssh-ed25519 AAAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_no_line_is_made_of_what_is_no_plain_key(operator: str, line: str) -> None:
    assert authorized_line(Key(operator, "SHA256:x", line), Path("/etc/lexops/lexops.toml")) is None


def test_a_session_says_whose_it_is_and_where_it_comes_from(site: Site) -> None:
    given = ["session", "ana", "--site", str(site.folder), "--fingerprint", "SHA256:x", "--from", "::1"]
    assert lexops(*given, "--session", "7", "--", "status").returncode == Exit.UNREACHABLE
    [told] = site.sessions()
    assert told == {
        "operator": "ana",
        "how": "key",
        "id": "7",
        "fingerprint": "SHA256:x",
        "remote": "::1",
        "read_only": False,
    }


def test_what_sshd_tells_is_used_and_must_fit(site: Site) -> None:
    exposed = site.folder / "auth"
    exposed.write_text(f"publickey {site.line}\n")
    environment = {
        "SSH_USER_AUTH": str(exposed),
        "SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22",
        "SSH_ORIGINAL_COMMAND": "status --json",
    }
    done = lexops("session", "ana", "--site", str(site.folder), environment=environment)
    assert done.returncode == Exit.UNREACHABLE and json.loads(done.stdout)["site"] == "Served"
    assert site.sessions()[0]["remote"] == "192.0.2.7"
    other = ["session", "ana", "--site", str(site.folder), "--fingerprint", "SHA256:other"]
    done = lexops(*other, environment=environment)
    assert done.returncode == 4 and "not the one of its forced command" in done.stderr
    done = lexops("session", "--from-certificate", "--site", str(site.folder), environment=environment)
    assert done.returncode == 4 and "no certificate opened this session" in done.stderr


@pytest.mark.parametrize("words", [["sh"], ["status;", "id"], ["operator", "list"], ["status --json"]])
def test_a_session_runs_nothing_that_is_not_on_the_list(site: Site, words: list[str]) -> None:
    done = lexops("session", "ana", "--site", str(site.folder), "--", *words)
    assert done.returncode == 4 and done.stdout == "" and site.sessions() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account, and so root")
def test_only_the_sites_owner_opens_sessions_for_others(site: Site) -> None:
    os.chown(site.folder / "lexops.toml", 65534, 65534)
    for words in (["session", "ana"], ["session", "--from-certificate"], ["serve"]):
        done = lexops(*words, "--site", str(site.folder))
        assert done.returncode == 4 and done.stderr.startswith("error: only the account that owns")
    assert site.sessions() == []
