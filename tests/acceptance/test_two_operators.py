"""Two people, each over SSH with a key of their own, walk a destructive act from the wish to its proof.

The worker is killed in the middle of it. Everything is real: sshd, consoles on terminals, worker, store.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lexops import app
from lexops.audit import log
from lexops.auth import totp
from lexops.auth.identity import Session
from lexops.cli.demo import FirmSize, build
from lexops.gate.model import RequestView, State
from lexops.site import Site
from tests.servers import Missing
from tests.servers.process import HOST, Process, find_program, short_folder
from tests.servers.ssh import new_ssh_key, sshd_in
from tests.terminal import UP, Terminal
from tests.waiting import until

POLICY = """
[policy.demo]
second_factor = "5m"
approvals = 1
"""
LONGEST = 90.0
"""Seconds that anything may take here."""


@dataclass
class Person:
    """Somebody with a key and an authenticator."""

    name: str
    identity: Path
    secret: bytes
    last: int = 0

    def code(self) -> str:
        """A code that has not been used, and that is good for a while: of this step, or else of the next."""
        until(lambda: self.last <= self.now(), "its time does not come", LONGEST, 0.2)
        self.last = max(self.last + 1, self.now())
        return totp.code_of(self.secret, self.last)

    @staticmethod
    def now() -> int:
        return totp.step_at(datetime.now(UTC))


@dataclass
class Firm:
    """A demo firm behind an sshd, with two administrators."""

    folder: Path
    sshd: Process
    port: int
    people: dict[str, Person]

    def site(self) -> Site:
        return app.open_site(self.folder / "lexops.toml")

    def console(self, name: str) -> Terminal:
        options = ["BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={self.folder}/known_hosts"]
        words = [word for option in options for word in ("-o", option)]
        client = str(find_program("OpenSSH client", "ssh"))
        identity = str(self.people[name].identity)
        return Terminal([client, "-tt", "-F", "none", "-p", str(self.port), *words, "-i", identity, HOST])

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "lexops", "worker", "--site", str(self.folder)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def request(self) -> RequestView:
        """The newest rebuild."""
        from lexops.gate import store as requests

        site = self.site()
        with site.store.read() as connection:
            views = requests.views(connection, site.gate.keyring)
        return next(view for view in views if view.operation == "demo.rebuild")


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    try:
        daemon = find_program("OpenSSH server", "sshd")
        find_program("OpenSSH client", "ssh")
    except Missing as missing:
        pytest.skip(str(missing))
    folder = short_folder()
    build(folder, FirmSize.SMALL, datetime.now(UTC).date(), app.open_site)
    people = {name: add(folder, name) for name in ("ana", "bo")}
    with (folder / "lexops.toml").open("a") as file:
        file.write(POLICY)
    sshd, port = served(daemon, folder)
    yield Firm(folder, sshd, port, people)
    sshd.stop()
    shutil.rmtree(folder, ignore_errors=True)


def add(folder: Path, name: str) -> Person:
    """Make somebody an administrator with key and authenticator, by the operations that people use."""
    path = folder / "lexops.toml"
    person = Person(name, folder / f"{name}.key", totp.new_secret())
    key = new_ssh_key(person.identity)
    app.open_site(path).submit("operator.add", {"name": name, "role": "administrator", "key": key}, "cli")
    own = app.open_site(path, session=Session(name, "account", f"{name}'s first"))
    answers = {"secret": person.secret.hex(), "code": person.code(), "recovery_codes": "a b c"}
    own.submit("operator.enrol", answers, "cli")
    return person


def served(daemon: Path, folder: Path) -> tuple[Process, int]:
    """An sshd whose keys lead to the consoles of their owners, as docs/ssh.md has it, and its port."""
    command = [sys.executable, "-m", "lexops", "serve", "--authorized-keys", "--site", str(folder)]
    keys = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    (folder / "authorized_keys").write_text(keys)
    return sshd_in(
        daemon, folder, AuthenticationMethods="publickey", ExposeAuthInfo="yes", DisableForwarding="yes"
    )


def ask(firm: Firm, ana: Terminal) -> None:
    """Ana asks for the demo firm to be rebuilt, confirms by the name and proves that it is she."""
    ana.wait("NEEDS YOU")
    ana.wait("CRITICAL billing-db")  # what she asks for is about what she looks at
    ana.type(":", *"trust-negative")
    ana.wait("billing-db billing.trust-negative")
    ana.type("\r")
    ana.wait("billing.trust-negative")
    ana.type("\x10")  # ctrl+p
    ana.type(*"rebuild")
    ana.wait("demo.rebuild")
    ana.type("\r")
    ana.wait("Cancel")
    ana.type("\t", "\r")  # from Cancel to the button that goes on
    ana.wait("to go on")
    ana.type(UP, *"billing-db", "\r", "\r")
    ana.wait("Second factor")
    ana.type(*firm.people["ana"].code(), "\r")
    ana.wait("second factor accepted")
    ana.wait("waits for the")  # the rest is on further lines


def approve(firm: Firm, bo: Terminal, number: int) -> None:
    """Bo looks at what waits, and agrees."""
    bo.wait("to approve")
    bo.type("w")
    bo.wait("WAITING")
    bo.type("\r")
    shown = bo.wait("keeps the present file")
    assert "replaces everything in billing-db" in shown
    bo.wait("a approve")
    bo.type("a")
    bo.wait("why you agree")
    bo.type("\r", "\r")
    bo.wait("Second factor")
    bo.type(*firm.people["bo"].code(), "\r")
    bo.wait(f"request #{number} approved and released")


def kill_in_the_middle(firm: Firm, worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL while the new firm is being built."""
    until(lambda: list(firm.folder.glob("billing.db.new-*")), "it was never begun", LONGEST, pause=0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert [step.state for step in firm.request().steps] == ["running", "open"]


def until_done(firm: Firm) -> RequestView:
    until(lambda: firm.request().state is State.DONE, "it does not get done", LONGEST, 0.2)
    return firm.request()


def test_a_destructive_act_from_the_wish_to_its_proof(firm: Firm) -> None:
    before = (firm.folder / "billing.db").stat().st_ino
    worker = firm.worker()
    try:
        with firm.console("ana") as ana:
            ask(firm, ana)
        request = firm.request()
        assert (request.state, request.operator) == (State.WAITING, "ana")
        with firm.console("bo") as bo:
            approve(firm, bo, request.id)
            kill_in_the_middle(firm, worker)
        worker = firm.worker()
        done = until_done(firm)
    finally:
        worker.terminate()
        worker.wait(LONGEST)
    assert [step.state for step in done.steps] == ["done", "done"]
    assert (firm.folder / f"billing.db.before-{done.key[:8]}").stat().st_ino == before
    the_record_tells_it(firm, done)


def the_record_tells_it(firm: Firm, done: RequestView) -> None:
    """Who did what is on the record, the record is in order, and one file proves an entry."""
    site = firm.site()
    with site.store.read() as connection:
        entries = log.entries(connection, limit=200)
    kinds = [entry.kind for entry in reversed(entries)]
    about = [e.kind for e in reversed(entries) if e.data.get("request") == done.id]
    assert about == ["requested", "begun", "step", "step", "done"]
    assert kinds.count("session.opened") == 2
    lexops = [sys.executable, "-m", "lexops"]
    verified = subprocess.run(
        [*lexops, "audit", "verify", "--site", str(firm.folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (verified.returncode, "INTACT" in verified.stdout) == (0, True), verified.stdout
    (last,) = [entry for entry in entries if entry.key == f"{done.key}:done"]
    bundle = firm.folder / "proof.json"
    command = ["audit", "prove", last.id, "--out", str(bundle), "--with-verifier", "--site", str(firm.folder)]
    subprocess.run([*lexops, *command], check=True, capture_output=True, timeout=60)
    (verifier,) = firm.folder.glob("*verif*.py")
    checked = subprocess.run(
        [sys.executable, "-I", str(verifier), str(bundle)],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
