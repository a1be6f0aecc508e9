"""Memory outside the database: consoles, a file that only grows, a witness on another host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.audit import log, note, prove, store, witness, witnessing
from lexops.audit.heads import HeadFile, Heads, gather, state_folder
from lexops.audit.model import Checkpoint
from lexops.audit.sealing import witness_key
from lexops.audit.verdict import Level, Problem, Verdict
from lexops.audit.verify import verify
from lexops.errors import StoreError
from tests.audit.attacks import cut, forge
from tests.audit.record import Record
from tests.audit.test_prove import check
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]


def newest(record: Record) -> Checkpoint:
    with record.store.read() as connection:
        found = store.newest_checkpoint(connection)
    assert found is not None
    return found


class Host:
    """Another host, as far as a command line reaches it: a process for each exchange."""

    def __init__(self, record: Record, folder: Path) -> None:
        with record.store.read() as connection:
            own = witness_key(connection, record.keys)
        self.argv = [sys.executable, "-m", "lexops.audit.witnessing", "--name", "witness.example"]
        self.argv += ["--state", str(folder / "witness")]
        shown = subprocess.run(self.argv, capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
        self.key = note.parse_key(shown.stdout)
        self.client = witness.Command(self.key, [*self.argv, "--log", str(own)], 60)
        self.record = record

    def tell(self) -> list[Problem]:
        return witness.tell_witnesses(self.record.store, [self.client], self.record.clock)

    def trouble(self) -> str:
        with self.record.store.read() as connection:
            return store.witnesses(connection)[0].trouble


@pytest.fixture
def host(record: Record, tmp_path: Path) -> Host:
    record.live(acts=40)
    return Host(record, tmp_path)


# Consoles.


def test_a_console_remembers_the_newest_head_and_never_an_older_one(record: Record, tmp_path: Path) -> None:
    heads = Heads(tmp_path / "state" / "heads")
    record.live()
    old = newest(record)
    assert heads.recall(old.origin) is None
    record.act()
    record.sealer.seal()
    heads.remember(newest(record))
    heads.remember(old)
    memory = heads.recall(old.origin)
    assert memory is not None and (memory.size, memory.root) == (81, newest(record).root)
    (file,) = (tmp_path / "state" / "heads").glob("*.head")
    assert file.stat().st_mode & 0o077 == 0
    assert verify(record.store, [memory], level=Level.HEAD).verdict is Verdict.INTACT


def test_a_console_notices_a_store_that_was_put_back(record: Record, tmp_path: Path) -> None:
    heads = Heads(tmp_path / "heads")
    record.live(epochs=3)
    heads.remember(newest(record))
    with record.attacked() as connection:
        cut(connection, 60, seals=True)
    report = verify(record.store, gather(newest(record).origin, None, [heads]), level=Level.HEAD)
    assert {each.verdict for each in report.problems if "console" in each.what} == {Verdict.ROLLED_BACK}


def test_a_damaged_head_of_a_console_is_one_clear_line(record: Record, tmp_path: Path) -> None:
    heads = Heads(tmp_path / "heads")
    record.live()
    heads.remember(newest(record))
    (file,) = (tmp_path / "heads").iterdir()
    file.write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        heads.recall(newest(record).origin)


def test_heads_lie_where_the_desktop_standard_puts_state() -> None:
    assert state_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/lexops/heads")
    assert state_folder({"HOME": "/h"}) == Path("/h/.local/state/lexops/heads")


# The file.


def test_a_file_grows_by_each_head_and_tells_what_is_wrong_with_a_record_put_back(
    record: Record, tmp_path: Path
) -> None:
    file = HeadFile(tmp_path / "heads.log")
    drop = witness.FileDrop(file)
    for _ in range(3):
        record.live(epochs=1)
        assert witness.tell_witnesses(record.store, [drop], record.clock) == []
    assert witness.tell_witnesses(record.store, [drop], record.clock) == []
    assert [json.loads(line)["epoch"] for line in file.path.read_text().splitlines()] == [0, 1, 2]
    with record.store.read() as connection:
        (state,) = store.witnesses(connection)
    assert (state.size, state.trouble, state.covered) == (120, "", newest(record).at)
    with record.attacked() as connection:
        cut(connection, 60, seals=True)
    (problem,) = witness.tell_witnesses(record.store, [drop], record.clock)
    assert problem.verdict is Verdict.ROLLED_BACK
    assert "remembers 120 sealed entries, the store has 60" in problem.what


def test_a_damaged_end_of_the_file_is_said_and_what_stands_before_it_used(
    record: Record, tmp_path: Path
) -> None:
    file = HeadFile(tmp_path / "heads.log")
    record.live(epochs=1)
    file.append(newest(record))
    assert file.damage() is None
    with file.path.open("a") as cut_short:
        cut_short.write('{"at": "2026')
    assert file.damage() == f"{file.path} is damaged at its end; what stands before it is used"
    memory = file.recall(newest(record).origin)
    assert memory is not None and memory.size == 40
    record.live(epochs=1)
    file.append(newest(record))
    memory = file.recall(newest(record).origin)
    assert memory is not None and memory.size == 80
    assert "line 2" in (file.damage() or "")


def test_a_file_that_cannot_be_written_is_noted_and_tried_again(record: Record, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    drop = witness.FileDrop(HeadFile(folder / "heads.log"))
    record.live(epochs=1)
    assert witness.tell_witnesses(record.store, [drop], record.clock) == []
    with record.store.read() as connection:
        (state,) = store.witnesses(connection)
    assert "No such file or directory" in state.trouble and state.size == 0
    folder.mkdir()
    witness.tell_witnesses(record.store, [drop], record.clock)
    with record.store.read() as connection:
        (state,) = store.witnesses(connection)
    assert (state.trouble, state.size) == ("", 40)


# Another host.


def test_a_witness_signs_each_head_that_continues_the_log(host: Host, tmp_path: Path) -> None:
    for _ in range(3):
        assert host.tell() == []
        assert host.trouble() == ""
        head = newest(host.record)
        with host.record.store.read() as connection:
            (line,) = store.cosignatures(connection, head)
        assert note.cosigned_at(note.parse(head.note + line), host.key) is not None
        host.record.act(3)
        host.record.sealer.seal()
    with host.record.store.read() as connection:
        entry = store.entry_by_index(connection, 10)
        assert entry is not None
        bundle = json.loads(prove.prove(connection, entry))
    code, said = check(tmp_path, bundle, "--witness", str(host.key))
    assert (code, "the witness witness.example saw this checkpoint at" in said) == (0, True), said
    bundle["cosignatures"].clear()
    code, said = check(tmp_path, bundle, "--witness", str(host.key))
    assert (code, "has not signed the checkpoint" in said) == (1, True)


def test_a_site_that_forgot_how_far_a_witness_is_learns_it_from_the_witness(host: Host) -> None:
    host.tell()
    host.record.act(3)
    host.record.sealer.seal()
    head = newest(host.record)
    line = host.client.tell(head, 7, lambda old: witness.proof_to(host.record.store, old, head.size))
    assert line is not None and "witness.example" in line
    again = host.client.tell(head, 7, lambda old: witness.proof_to(host.record.store, old, head.size))
    assert again is not None


def test_a_witness_notices_a_store_that_was_put_back(host: Host) -> None:
    host.tell()
    with host.record.attacked() as connection:
        cut(connection, 40, seals=True)
    (problem,) = host.tell()
    assert problem.verdict is Verdict.ROLLED_BACK
    assert "remembers 80 sealed entries, the store has 40" in host.trouble()


@pytest.mark.parametrize("grown", [False, True], ids=["of the same length", "that has grown"])
def test_a_witness_refuses_another_history(host: Host, grown: bool) -> None:
    host.tell()
    with host.record.attacked() as connection:
        forge(host.record, connection, 10, 1_000_000)
        if not grown:
            connection.execute(store.checkpoint_table.update().values(id=store.checkpoint_table.c.id + 100))
    if grown:
        (host.record.folder / "keys" / "signed.json").unlink()
        host.record.act(5)
        host.record.sealer.seal()
    (problem,) = host.tell()
    assert problem.verdict is Verdict.FORGED
    assert "remembers another history" in host.trouble()


def test_a_witness_that_does_not_answer_is_noted_with_a_clear_line(record: Record) -> None:
    record.live(epochs=1)
    key = note.VerifierKey("w", note.COSIGNATURE, bytes(32))
    said = {
        "cannot be reached: No such file": ["/no/such/program"],
        "did not answer in 0.2 s": [sys.executable, "-c", "import time; time.sleep(60)"],
        "cannot be reached: Connection refused": [
            sys.executable,
            "-c",
            "raise SystemExit('Connection refused')",
        ],
        "refused the head: 403": [sys.executable, "-c", "print('403\\nno')"],
        "answered badly": [sys.executable, "-c", "print('200\\nno')"],
    }
    for expected, argv in said.items():
        client = witness.Command(key, argv, 0.2 if "0.2" in expected else PATIENCE)
        assert witness.tell_witnesses(record.store, [client], record.clock) == []
        with record.store.read() as connection:
            (state,) = store.witnesses(connection)
        assert expected in state.trouble


def test_the_rules_of_the_exchange(record: Record) -> None:
    record.live(epochs=1)
    head = newest(record)
    with record.store.read() as connection:
        own = witness_key(connection, record.keys)
    assert own is not None
    known = note.Head(head.origin, 20, bytes(32))
    ask = {
        400: ["", "old\n\n", f"old 41\n\n{head.note}", f"old x\n\n{head.note}", f"old 0\n!\n\n{head.note}"],
        409: [f"old 0\n\n{head.note}"],
        422: [f"old 20\n\n{head.note}"],
    }
    for status, requests in ask.items():
        for request in requests:
            assert witnessing.judge(request, own, known).status == status, request
    assert witnessing.judge(f"old 0\n\n{head.note}", own, known).body == "20\n"
    assert witnessing.judge(f"old 0\n\n{head.note}", own, None).status == 200
    other = note.VerifierKey("lexops/other", note.ED25519, own.key)
    assert witnessing.judge(f"old 0\n\n{head.note}", other, None).status == 404
    stranger = note.VerifierKey(own.name, note.ED25519, bytes(32))
    assert witnessing.judge(f"old 0\n\n{head.note}", stranger, None).status == 403


def test_a_witness_that_cannot_remember_does_not_sign(host: Host, tmp_path: Path) -> None:
    memory = witnessing.Memory(tmp_path / "own", "w")
    head = newest(host.record)
    with host.record.store.read() as connection:
        own = witness_key(connection, host.record.keys)
    assert own is not None
    os.mkdir(tmp_path / "own" / f"{own.name.replace('/', '-')}.head")
    with pytest.raises(StoreError, match="the witness's folder"):
        memory.answer(f"old 0\n\n{head.note}", own, host.record.clock)
    memory.close()


def test_the_age_of_the_record_and_its_cover_are_known(host: Host) -> None:
    host.tell()
    host.record.act(2)
    host.record.clock.advance(minutes=3)
    with host.record.store.read() as connection:
        state = log.state(connection, host.record.clock)
    assert (state.entries, state.unsealed, max(each.size for each in state.witnesses)) == (82, 2, 80)
    assert state.age == timedelta(minutes=11)
