"""A person at a terminal: second factors, typed words, and what happens when nobody is there."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import tempfile
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lexops.auth import totp
from lexops.auth.identity import account
from tests.agent import running_agent
from tests.auth.sshkeys import KeyFile, new_key
from tests.cli.commands import at_terminal, lexops
from tests.servers.process import find_program
from tests.sites import write_site

TARGET = '[targets.store]\nkind = "sqlite"\nurl = "sqlite:///b.db"\nenvironment = "production"\n'
SCOPE = "change:production"
ME = account()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path, TARGET)
    return tmp_path


def enrolled(site: Path) -> list[str]:
    """Take an authenticator; gives the recovery codes."""
    with at_terminal(site, "operator", "enrol") as terminal:
        shown = terminal.wait("or type: ", "cancel): ")
        terminal.enter(code(secret_in(shown)))
        assert terminal.ends() == 0, terminal.text
        assert "has an authenticator as second factor" in terminal.text
        codes = re.findall(r"^  ((?:[0-9a-z]{4}-){3}[0-9a-z]{4})$", terminal.text, re.MULTILINE)
    assert len(codes) == 10
    return codes


def secret_in(shown: str) -> str:
    return shown.partition("or type: ")[2].partition("\n")[0].replace(" ", "")


def code(secret: str) -> str:
    raw = b32decode(secret + "=" * (-len(secret) % 8))
    return totp.code_of(raw, totp.step_at(datetime.now(UTC)))


def give(site: Path, text: str, *words: str) -> tuple[int, str]:
    """`operator step-up` with this in a file; the exit code and what was said."""
    (site / "answer").write_text(text)
    done = lexops(site, "operator", "step-up", "--scope", SCOPE, *words, str(site / "answer"))
    return done.returncode, done.stdout + done.stderr


def test_enrolling_shows_a_picture_and_codes_once_and_a_second_time_is_refused(site: Path) -> None:
    enrolled(site)
    with at_terminal(site, "operator", "enrol") as terminal:
        shown = terminal.wait("or type: ", "cancel): ")
        terminal.enter("000000")
        terminal.wait("cancel): ")
        terminal.enter(code(secret_in(shown)))
        assert terminal.ends() == 4
        assert "enrolled already" in terminal.text
    document = lexops(site, "operator", "list", "--json").stdout
    assert '"authenticator": true' in document and '"recovery_codes_left": 10' in document


def test_enrolling_without_a_terminal_is_a_usage_error(site: Path) -> None:
    done = lexops(site, "operator", "enrol")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)


def test_an_act_asks_for_the_code_unseen_says_why_it_was_wrong_and_goes_on(site: Path) -> None:
    codes = enrolled(site)
    with at_terminal(site, "operator", "add", "bo", "manager") as terminal:
        terminal.wait(f"code for {SCOPE}")
        terminal.enter("wrong-code")
        terminal.wait("the code is wrong", f"code for {SCOPE}")
        terminal.enter(codes[0])
        assert terminal.ends() == 0, terminal.text
    assert "bo is an operator now, as manager" in terminal.text
    assert codes[0] not in terminal.text and "wrong-code" not in terminal.text


def test_no_code_cancels_and_nothing_is_done(site: Path) -> None:
    enrolled(site)
    with at_terminal(site, "operator", "add", "bo", "manager") as terminal:
        terminal.wait(f"code for {SCOPE}")
        terminal.enter("")
        assert terminal.ends() == 4
    assert "Cancelled; nothing was done" in terminal.text
    assert "bo" not in lexops(site, "operator", "list").stdout


def test_a_code_is_taken_once_and_covers_the_session(site: Path) -> None:
    codes = enrolled(site)
    refused = lexops(site, "operator", "add", "bo", "manager")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert f"lexops operator step-up --scope {SCOPE}" in refused.stderr
    assert give(site, codes[0], "--code-file")[0] == 0
    assert lexops(site, "operator", "add", "bo", "manager").returncode == 0
    replayed, said = give(site, codes[0], "--code-file")
    assert (replayed, "has been used already" in said) == (4, True)
    with at_terminal(site, "operator", "add", "cy", "support", "--plan") as terminal:
        assert terminal.ends() == 0
    assert "needs" in terminal.text, "another session has not proved anything"


def test_a_signature_of_a_registered_key_is_a_second_factor_once(site: Path) -> None:
    codes, key = enrolled(site), new_key(site)
    assert give(site, codes[0], "--code-file")[0] == 0
    assert lexops(site, "operator", "add-key", ME, key.line).returncode == 0
    challenge = lexops(site, "operator", "challenge", "--scope", "change:staging")
    assert "scope: change:staging" in challenge.stdout
    wrong, said = give(site, key.sign(challenge.stdout), "--signature-file")
    assert (wrong, "no challenge is waiting" in said) == (4, True), "it is for another scope"
    challenge = lexops(site, "operator", "challenge", "--scope", SCOPE)
    armour = key.sign(challenge.stdout)
    assert give(site, armour, "--signature-file")[0] == 0
    replayed, said = give(site, armour, "--signature-file")
    assert (replayed, "answered already" in said) == (4, True)


def test_a_pasted_signature_lets_an_act_go_on(site: Path) -> None:
    codes, key = enrolled(site), new_key(site)
    give(site, codes[0], "--code-file")
    assert lexops(site, "operator", "add-key", ME, key.line).returncode == 0
    with at_terminal(site, "operator", "add", "bo", "manager") as terminal:
        terminal.wait("s to sign with an SSH key")
        terminal.enter("s")
        shown = terminal.wait("<<'END'\n", "END\n")
        terminal.type(key.sign(shown.partition("<<'END'\n")[2].partition("END\n")[0]))
        assert terminal.ends() == 0, terminal.text
    assert "bo is an operator now" in terminal.text


def test_the_agent_signs_when_it_has_a_registered_key(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, key = enrolled(site), new_key(site)
    give(site, codes[0], "--code-file")
    assert lexops(site, "operator", "add-key", ME, key.line).returncode == 0
    with tempfile.TemporaryDirectory() as short, agent(Path(short) / "s", key) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        words = ["operator", "step-up", "--scope", "destroy:production", "--sign"]
        assert lexops(site, *words).returncode == 0
    without = lexops(site, *words)
    assert (without.returncode, "--signature-file" in without.stderr) == (4, True)


@contextmanager
def agent(socket: Path, key: KeyFile) -> Iterator[Path]:
    """A running ssh-agent that has a key."""
    with running_agent(socket):
        adding = find_program("OpenSSH client", "ssh-add")
        environment = os.environ | {"SSH_AUTH_SOCK": str(socket)}
        subprocess.run([str(adding), "-q", str(key.path)], env=environment, check=True, timeout=60)
        yield socket


def test_a_destructive_act_shows_its_plan_and_wants_the_word(site: Path) -> None:
    write_site(site, TARGET.replace("production", "demo"))
    lexops(site, "init", "--test")
    sqlite3.connect(site / "b.db").executescript(
        "CREATE TABLE time_entry (a); CREATE TABLE invoice (a); CREATE TABLE payment (a);"
    )
    command = ["demo", "rebuild", "store", "--no-wait"]
    with at_terminal(site, *command) as terminal:
        terminal.wait(
            "!! DEMO: Build the demo firm anew", "replaces everything in store", "type store to go on"
        )
        terminal.enter("")
        assert terminal.ends() == 4
    with at_terminal(site, *command) as terminal:
        terminal.wait("type store to go on")
        terminal.enter("stroe")
        terminal.wait("that is not the word")
        terminal.enter("store")
        assert terminal.ends() == 0, terminal.text
    assert "is with the worker" in terminal.text


def test_following_can_be_left_and_says_how_to_come_back(site: Path) -> None:
    write_site(site, TARGET)
    lexops(site, "status")
    connection = sqlite3.connect(site / "lexops.db")
    connection.execute(
        "INSERT INTO request (key, operation, title, arguments, operator, door, at, state, answer, steps,"
        " approvals_needed) VALUES ('k', 'demo.rebuild', 'Build', '{}', 'ana', 'cli', 0, 'waiting', '', 2, 1)"
    )
    connection.commit()
    connection.close()
    with at_terminal(site, "request", "follow", "1") as terminal:
        terminal.wait("request #1 is waiting")
        terminal.interrupt()
        assert terminal.ends() == 130
    assert "follow it with: lexops request follow 1" in terminal.text


def test_the_console_is_refused_to_a_stranger(site: Path) -> None:
    lexops(site, "status")
    connection = sqlite3.connect(site / "lexops.db")
    connection.execute("UPDATE operator SET name = 'ana'")
    connection.commit()
    connection.close()
    with at_terminal(site) as terminal:
        assert terminal.ends() == 4
    assert f"{ME} is no active operator of this site" in terminal.text
    done = lexops(site, "incident", "open", "x")
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 2)
