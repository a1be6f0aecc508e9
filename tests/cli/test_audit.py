"""The record on the command line: read, verified, proved, exported; what was tampered with is named."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from lexops.audit.merkle import is_included, leaf_hash
from tests.cli.commands import at_terminal, lexops
from tests.sites import open_site, write_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a few acts on its sealed record."""
    write_site(tmp_path)
    for title in ("first", "second", "third"):
        assert lexops(tmp_path, "incident", "open", title).returncode == 0
    seal(tmp_path)
    return tmp_path


def seal(folder: Path) -> None:
    opened = open_site(folder)
    opened.gate.sealer.seal()
    opened.store.close()


def change(folder: Path, *statements: str) -> None:
    """Do to the store what somebody with the database could."""
    connection = sqlite3.connect(folder / "lexops.db")
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def data(folder: Path, *words: str) -> Any:
    done = lexops(folder, *words, "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_an_intact_record_is_said_to_be_so_at_every_level(site: Path) -> None:
    for words in ([], ["--new"], ["--head"]):
        done = lexops(site, "audit", "verify", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("INTACT: ")
    report = data(site, "audit", "verify")
    assert (report["verdict"], report["size"], report["checked"]) == ("INTACT", 4, 4)
    assert lexops(site, "audit", "verify", "--new", "--head").returncode == 2


def test_an_altered_entry_is_named_and_exits_1(site: Path) -> None:
    change(site, "UPDATE audit_entry SET body = replace(body, 'done', 'gone') WHERE leaf_index = 2")
    done = lexops(site, "audit", "verify")
    assert (done.returncode, done.stdout.startswith("ALTERED: ")) == (1, True)
    assert "entry #2: " in done.stdout
    (problem, *_) = data(site, "audit", "verify")["problems"]
    assert (problem["index"], problem["verdict"]) == (2, "ALTERED")


def test_a_record_that_was_put_back_is_named_by_what_this_account_remembers(site: Path) -> None:
    kept = (site / "lexops.db").read_bytes()
    lexops(site, "incident", "open", "fourth")
    seal(site)
    assert lexops(site, "audit", "verify").returncode == 0
    for leftover in ("lexops.db-wal", "lexops.db-shm"):
        (site / leftover).unlink(missing_ok=True)
    (site / "lexops.db").write_bytes(kept)
    done = lexops(site, "audit", "verify", "--head")
    assert (done.returncode, done.stdout.startswith("ROLLED BACK: ")) == (1, True)
    assert "this account's console" in done.stdout


def test_a_witness_file_that_is_damaged_is_remarked_upon(site: Path) -> None:
    write_site(site, more='[record]\nwitness_file = "heads"')
    (site / "heads").write_text("{")
    done = lexops(site, "audit", "verify")
    assert done.returncode == 0
    assert "is damaged at its end; what stands before it is used" in done.stdout


def test_a_record_that_cannot_be_read_exits_3(site: Path) -> None:
    (site / "lexops-keys" / "signed.json").write_text("{")
    done = lexops(site, "audit", "verify")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 2)


def test_an_entry_is_shown_with_its_seal(site: Path) -> None:
    shown = lexops(site, "audit", "show", "#1").stdout
    assert "incident.open" in shown and "title" in shown and "first" in shown
    rows = {line[:15].strip(): line[15:] for line in shown.splitlines()}
    assert "over 4 entries, epoch 0" in rows["sealed"] and rows["witnessed by"] == "nobody"
    document = data(site, "audit", "show", "1")
    assert (document["seal"]["size"], document["personal"]["title"]) == (4, "first")
    assert data(site, "audit", "show", document["id"]) == document
    gone = lexops(site, "audit", "show", "99")
    assert (gone.returncode, len(gone.stderr.splitlines())) == (2, 2)


def test_a_proof_is_checked_without_lexops(site: Path) -> None:
    done = lexops(site, "audit", "prove", "2", "--out", "proof.json", "--with-verifier")
    assert done.returncode == 0, done.stderr
    trust = data(site, "audit", "keys")["anchor"]
    command = [sys.executable, "-I", "verifier.py", "proof.json", "--trust", trust]
    checked = subprocess.run(command, cwd=site, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout.startswith("VALID")) == (0, True), checked.stderr
    assert json.loads(lexops(site, "audit", "prove", "2").stdout)["index"] == 2


def test_an_entry_that_waits_for_its_seal_is_sealed_for_its_proof(site: Path) -> None:
    lexops(site, "incident", "open", "fourth")
    (entry, *_) = data(site, "audit", "log")["entries"]
    assert entry["index"] is None
    assert json.loads(lexops(site, "audit", "prove", entry["id"]).stdout)["index"] == 4


def test_an_export_has_every_entry_with_a_proof_to_one_signed_head(site: Path) -> None:
    done = lexops(site, "audit", "export")
    head, *entries = [json.loads(line) for line in done.stdout.splitlines()]
    lines = head["checkpoint"].split("\n")
    size, root = int(lines[1]), b64decode(lines[2])
    assert [each["index"] for each in entries] == [3, 2, 1, 0] == sorted(range(size), reverse=True)
    for each in entries:
        leaf = leaf_hash(each["entry"].encode())
        assert leaf.hex() == each["leaf"]
        proof = [b64decode(part) for part in each["proof"]]
        assert is_included(leaf, each["index"], size, proof, root)
    assert "third" not in done.stdout, "personal values are commitments"
    later = lexops(site, "audit", "export", "--to", "2020-01-01").stdout
    assert len(later.splitlines()) == 1


def test_the_keys_say_what_to_trust_and_whether_this_machine_seals(site: Path) -> None:
    document = data(site, "audit", "keys")
    assert (document["can_seal"], document["epoch"], document["sealed"]) == (True, 0, 4)
    assert document["anchor"].startswith("lexops/") and document["witnesses"] == []
    (site / "lexops-keys" / "epoch-0.key").unlink()
    shown = lexops(site, "audit", "keys").stdout
    assert "is not on this machine" in shown


def test_verification_shows_its_progress_on_a_terminal(site: Path) -> None:
    with at_terminal(site, "audit", "verify") as terminal:
        assert terminal.ends() == 0
    assert "verifying the record" in terminal.text and "100%" in terminal.text
