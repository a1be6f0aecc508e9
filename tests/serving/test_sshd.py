"""The console behind a system sshd: forced commands, certificates, and the same limits."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lexops.auth import sshcert
from lexops.cli.program import Key
from lexops.cli.serve import authorized_line
from lexops.errors import Exit
from tests.servers import HOST, Process, find_program, new_ssh_key, running, short_folder
from tests.servers.ssh import sshd_in
from tests.serving.conftest import is_running
from tests.terminal import Terminal
from tests.waiting import until

PROGRAM = Path(__file__).with_name("program.py")


@dataclass
class Console:
    """An sshd whose keys lead to the console of a site."""

    process: Process
    folder: Path
    port: int

    def remove(self) -> None:
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ssh(self, key: str, *words: str) -> list[str]:
        options = ["BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={self.folder}/known_hosts"]
        given = [word for option in options for word in ("-o", option)]
        client = [str(find_program("OpenSSH client", "ssh")), "-F", "none", "-p", str(self.port), *given]
        return [*client, "-i", str(self.folder / key), *words]

    def run(self, key: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.ssh(key, *words)
        return subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)

    @property
    def host(self) -> str:
        return f"{getpass.getuser()}@{HOST}"

    def sessions(self) -> list[dict[str, Any]]:
        path = self.folder / "sessions.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def start_console() -> Console:
    daemon, keygen = find_program("OpenSSH server", "sshd"), find_program("ssh-keygen", "ssh-keygen")
    folder = short_folder()
    site = folder / "lexops.toml"
    site.write_text('[site]\nname = "Behind sshd"\n')
    people = {name: new_ssh_key(folder / name) for name in ("ana", "ben")}
    people["eve"] = new_ssh_key(folder / "certified")
    (folder / "people.json").write_text(json.dumps(people))
    lines = [authorized_line(Key(n, sshcert.read(k).fingerprint, k), site) for n, k in people.items()]
    forced = "".join(f"{line}\n" for line in lines[:2]).replace("-P -m lexops", str(PROGRAM))
    (folder / "authorized_keys").write_text(forced)
    (folder / "ca.pub").write_text(new_ssh_key(folder / "ca") + "\n")
    (folder / "certified.pub").write_text(people["eve"] + "\n")
    certify = [str(keygen), "-q", "-s", str(folder / "ca"), "-I", "eve@firm", "-n", "eve", "-V", "+1h"]
    subprocess.run([*certify, str(folder / "certified.pub")], check=True, timeout=60)
    session = f"{sys.executable} {PROGRAM} session --from-certificate --site {site}"
    (folder / "principals").write_text(f'restrict,pty,command="{session}" eve\n')
    process, port = sshd_in(
        daemon,
        folder,
        TrustedUserCAKeys=folder / "ca.pub",
        AuthorizedPrincipalsFile=folder / "principals",
        AuthenticationMethods="publickey",
        ExposeAuthInfo="yes",
        DisableForwarding="yes",
        PermitUserRC="no",
        PermitUserEnvironment="no",
        ClientAliveInterval=30,
        Subsystem="sftp internal-sftp",
    )
    return Console(process, folder, port)


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    yield from running(start_console)


def test_the_key_decides_whose_session_it_is(console: Console) -> None:
    for name in ("ana", "ben"):
        done = console.run(name, console.host, "status")
        assert done.returncode == Exit.UNREACHABLE and "Behind sshd" in done.stdout, done.stderr
        told = console.sessions()[-1]
        assert (told["operator"], told["how"], told["remote"]) == (name, "key", HOST)
        public = json.loads((console.folder / "people.json").read_text())[name]
        assert told["fingerprint"] == sshcert.read(public).fingerprint


def test_a_certificate_decides_whose_session_it_is(console: Console) -> None:
    done = console.run("certified", console.host, "status")
    assert done.returncode == Exit.UNREACHABLE, done.stderr
    told = console.sessions()[-1]
    assert (told["operator"], told["how"]) == ("eve", "certificate")


@pytest.mark.parametrize(
    "command", ["status; id", "sh", "operator list", "status $(id)", "status --site /tmp/x", "scp -t x"]
)
def test_only_commands_of_the_list_are_run(console: Console, command: str) -> None:
    done = console.run("ana", console.host, command)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("error: this cannot be run over SSH; allowed: status")


def test_without_a_terminal_no_escape_is_sent(console: Console) -> None:
    done = console.run("ana", console.host)
    assert done.returncode == 2 and done.stdout == "" and "needs a terminal" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["-W", "127.0.0.1:22"], []),
        (["-s"], ["sftp"]),
        (["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"], []),
    ],
    ids=["to a port", "sftp", "from a port"],
)
def test_nothing_is_forwarded(console: Console, before: list[str], after: list[str]) -> None:
    done = console.run("ana", *before, console.host, *after)
    assert done.returncode != 0 and done.stdout == ""


def test_the_console_follows_the_size_and_leaves_the_terminal_in_order(console: Console) -> None:
    with Terminal(console.ssh("ana", "-tt", console.host), 100, 30) as terminal:
        terminal.wait("Behind sshd", "help")
        assert b"\x1b[43;" not in terminal.raw
        terminal.resize(120, 43)
        until(lambda: b"\x1b[43;" in terminal.raw)
        terminal.type("q")
        assert terminal.ends() == 0
        assert b"\x1b[?1049l" in terminal.raw and b"\x1b[?25h" in terminal.raw


def test_a_killed_client_ends_the_console(console: Console) -> None:
    with Terminal(console.ssh("ben", "-tt", console.host)) as terminal:
        terminal.wait("help")
        sessions = [pid for pid in pids() if is_session(pid, console.folder)]
        assert sessions
    until(lambda: not any(map(is_running, sessions)))


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def is_session(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return "session" in words and any(str(folder) in word for word in words)
