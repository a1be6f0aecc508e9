"""Proof bundles, checked as a stranger does: the single file, with neither LexOps nor the database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lexops.audit import prove, store
from lexops.audit.model import Entry
from lexops.errors import NotFound
from lexops.privacy.store import erase
from tests.audit.attacks import forge
from tests.audit.record import Record
from tests.clock import ManualClock
from tests.stores import sqlite_store


def proven(record: Record, index: int, *, opened: bool = False) -> dict[str, Any]:
    with record.store.read() as connection:
        entry = store.entry_by_index(connection, index)
        assert entry is not None
        bundle: dict[str, Any] = json.loads(
            prove.prove(connection, entry, record.keyring if opened else None)
        )
    return bundle


def check(folder: Path, bundle: object, *arguments: str) -> tuple[int, str]:
    """Run the verifier that is written beside a bundle; LexOps cannot be imported there."""
    program, file = folder / "verifier.py", folder / "bundle.json"
    program.write_bytes(prove.verifier())
    file.write_text(bundle if isinstance(bundle, str) else json.dumps(bundle))
    hidden = (
        "import runpy, sys; sys.modules['lexops'] = None; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-c", hidden, str(program), str(file), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("index", [0, 255, 256, 299])
def test_a_bundle_is_valid_for_a_stranger_who_trusts_the_key(
    record: Record, tmp_path: Path, index: int
) -> None:
    record.live(epochs=3, acts=100)
    anchor = record.keys.anchor()
    assert anchor is not None
    bundle = proven(record, index)
    for trust in (str(anchor), sha256(anchor.key).hexdigest()):
        code, said = check(tmp_path, bundle, "--trust", trust)
        assert (code, said.partition(":")[0]) == (0, "VALID"), said
        assert f'"n": {index + 1}' in said or f"n: {index + 1}" in said
        assert "not checked" not in said


@pytest.fixture
def small(clock: ManualClock, tmp_path: Path) -> Record:
    record = Record(sqlite_store(tmp_path), clock, tmp_path)
    record.live(epochs=2, acts=20)
    record.act(name="Jane Röe")
    record.sealer.seal()
    return record


def test_without_a_trusted_key_the_fingerprint_is_shown_for_comparison(small: Record, tmp_path: Path) -> None:
    anchor = small.keys.anchor()
    assert anchor is not None
    code, said = check(tmp_path, proven(small, 3))
    assert code == 0
    assert (
        f"not checked: whose log this is. Its key's fingerprint is {sha256(anchor.key).hexdigest()}" in said
    )


def _edited(bundle: dict[str, Any]) -> None:
    bundle["entry"] = bundle["entry"].replace('"n":31', '"n":5')


def _edited_with_its_hash(bundle: dict[str, Any]) -> None:
    _edited(bundle)
    bundle["leaf"] = sha256(b"\x00" + bundle["entry"].encode()).hexdigest()


def _another_place(bundle: dict[str, Any]) -> None:
    bundle["index"] += 1


def _shorter_proof(bundle: dict[str, Any]) -> None:
    bundle["proof"].pop()


def _another_signature(bundle: dict[str, Any]) -> None:
    mark = "— "
    text, _, below = bundle["checkpoint"].partition(mark)
    line = below.split("\n")[0]
    changed = line[:-6] + ("A" if line[-6] != "A" else "B") + line[-5:]
    bundle["checkpoint"] = f"{text}{mark}{changed}\n"


def _without_an_epoch(bundle: dict[str, Any]) -> None:
    del bundle["epochs"][0]


def _without_epochs(bundle: dict[str, Any]) -> None:
    bundle["epochs"].clear()


def _another_next_key(bundle: dict[str, Any]) -> None:
    bundle["epochs"][1] = bundle["epochs"][1].replace("size 20", "size 21")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_edited, "the entry was altered"),
        (_edited_with_its_hash, "the proof is wrong"),
        (_another_place, "the proof is wrong"),
        (_shorter_proof, "the proof is wrong"),
        (_another_signature, "the signature is wrong"),
        (_another_next_key, "the signature is wrong"),
        (_without_an_epoch, "does not follow the one before"),
        (_without_epochs, "the statements of the epochs are missing"),
    ],
)
def test_what_is_wrong_with_a_bundle_is_told_apart(
    small: Record, tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    bundle = proven(small, 30)
    before = json.dumps(bundle)
    change(bundle)
    assert json.dumps(bundle) != before
    code, said = check(tmp_path, bundle)
    assert (code, said.startswith("NOT VALID")) == (1, True), said
    assert says in said


def test_another_log_is_not_the_trusted_one(small: Record, tmp_path: Path) -> None:
    code, said = check(tmp_path, proven(small, 3), "--trust", "00" * 32)
    assert code == 1
    assert "this is not the trusted log" in said


def test_a_bundle_made_with_the_present_key_over_another_past_is_not_valid(
    small: Record, tmp_path: Path
) -> None:
    with small.attacked() as connection:
        forge(small, connection, 3, 1_000_000)
        # Without the checkpoints of the past, the first that covers the entry is the thief's own.
    bundle = proven(small, 3)
    assert '"n":1000000' in bundle["entry"]
    bundle["epochs"] = bundle["epochs"][:1]  # so that the first key would have signed: it has not
    code, said = check(tmp_path, bundle)
    assert (code, "the signature is wrong" in said) == (1, True), said


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": "lexops-proof/9"}', "\x00", '{"format": null}']
)
def test_a_file_that_is_no_bundle_is_one_clear_line(tmp_path: Path, content: str) -> None:
    code, said = check(tmp_path, content)
    assert code == 2
    assert said.startswith("NOT READABLE") and said.count("\n") == 1


def test_personal_values_are_opened_only_on_request_and_checked(small: Record, tmp_path: Path) -> None:
    assert "(not opened)" in check(tmp_path, proven(small, 40))[1]
    bundle = proven(small, 40, opened=True)
    assert "Jane Röe" in check(tmp_path, bundle)[1]
    bundle["opened"]["name"]["value"] = "John"
    code, said = check(tmp_path, bundle)
    assert code == 1
    assert "the personal value name is not the one that the entry committed to" in said


def test_an_erased_value_is_in_no_bundle_and_the_bundle_stays_valid(small: Record, tmp_path: Path) -> None:
    with small.store.begin() as connection:
        erase(connection, "person:1")
    bundle = proven(small, 40, opened=True)
    assert bundle["opened"] == {}
    assert check(tmp_path, bundle)[0] == 0


def test_escape_codes_in_an_entry_do_not_reach_the_terminal(small: Record, tmp_path: Path) -> None:
    small.act(title="\x1b[2J[@click=app.quit()]")
    small.sealer.seal()
    code, said = check(tmp_path, proven(small, 41))
    assert code == 0
    assert "\x1b" not in said and "click" in said


def test_an_entry_that_is_not_sealed_yet_has_no_proof(small: Record) -> None:
    entry: Entry = small.act()
    with pytest.raises(NotFound, match="not sealed yet"), small.store.read() as connection:
        prove.prove(connection, entry)
