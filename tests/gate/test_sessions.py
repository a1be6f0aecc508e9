"""Sessions over SSH: whose they are, and that they were is on the record."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lexops.auth import sshcert
from lexops.auth import store as people
from lexops.auth.identity import Session
from lexops.auth.keys import read_key
from lexops.errors import Refused
from lexops.gate.sessions import Sessions
from lexops.store.database import Store
from tests.gates import World, world


def make_key(folder: Path, name: str) -> str:
    """The public line of a new key."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return path.with_suffix(".pub").read_text()


def register(world: World, who: str, line: str) -> str:
    """Let a key open sessions for somebody; gives its fingerprint."""
    key = read_key(line, world.clock.now())
    with world.store.begin() as connection:
        people.add_key(connection, world.gate.keyring, people.get(connection, who), key)
    return key.fingerprint


def remove(world: World, who: str) -> None:
    with world.store.begin() as connection:
        person = people.get(connection, who)
        people.remove(connection, world.gate.keyring, person, world.clock.now())


def test_a_key_opens_its_owners_sessions_until_either_goes(world: World, tmp_path: Path) -> None:
    fingerprint = register(world, "sam", make_key(tmp_path, "sam"))
    book = Sessions(world.gate)
    found = book.by_key(fingerprint)
    assert found is not None and found.name == "sam"
    assert book.by_key("SHA256:unknown") is None
    book.enter(Session("sam", "key", "s1", fingerprint, "192.0.2.7"))
    remove(world, "sam")
    assert book.by_key(fingerprint) is None
    with pytest.raises(Refused, match="no active operator"):
        book.enter(Session("sam", "key", "s2", fingerprint))
    assert world.entries() == ["session.opened", "session.refused"]


def test_the_key_of_somebody_else_opens_nothing(world: World, tmp_path: Path) -> None:
    fingerprint = register(world, "sam", make_key(tmp_path, "sam"))
    with pytest.raises(Refused, match="opens no sessions for ana"):
        Sessions(world.gate).enter(Session("ana", "key", "s1", fingerprint))


def certify(folder: Path, name: str, *options: str) -> sshcert.Presented:
    """A certificate of a new authority for a new key of `name`."""
    make_key(folder, "ca")
    make_key(folder, name)
    command = [
        "ssh-keygen",
        "-q",
        "-s",
        folder / "ca",
        "-I",
        f"{name}@firm",
        *options,
        folder / f"{name}.pub",
    ]
    subprocess.run(command, check=True)
    return sshcert.read((folder / f"{name}-cert.pub").read_text())


def test_a_certificate_opens_the_session_of_its_principal(store: Store, tmp_path: Path) -> None:
    shown = certify(tmp_path, "mia", "-n", "mia", "-V", "20200101000000Z:20400101000000Z")
    made = world(store, tmp_path, certificate_authorities=["ca.pub"])
    book = Sessions(made.gate)
    assert book.by_certificate(shown, None, frozenset()).name == "mia"
    assert book.by_certificate(shown, "mia", frozenset()).name == "mia"
    with pytest.raises(Refused, match="not for ana"):
        book.by_certificate(shown, "ana", frozenset())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-n", "mia", "-V", "20200101000000Z:20210101000000Z"], "expired"),
        (["-n", "mia", "-V", "20390101000000Z:20400101000000Z"], "not valid before"),
        (["-n", "stranger", "-V", "always:forever"], "no active operator"),
    ],
)
def test_a_certificate_that_does_not_hold_opens_nothing(
    store: Store, tmp_path: Path, options: list[str], says: str
) -> None:
    shown = certify(tmp_path, "mia", *options)
    made = world(store, tmp_path, certificate_authorities=["ca.pub"])
    with pytest.raises(Refused, match=says):
        Sessions(made.gate).by_certificate(shown, None, frozenset())


def test_an_authority_that_the_site_does_not_name_certifies_nobody(store: Store, tmp_path: Path) -> None:
    shown = certify(tmp_path, "mia", "-n", "mia")
    with pytest.raises(Refused, match="not trusted"):
        Sessions(world(store, tmp_path).gate).by_certificate(shown, None, frozenset())
