"""Restarts: the record goes on after a restore or a lost key, and everybody is told for ever."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text, update

from lexops.audit import epochs, note, prove, store, witness, witnessing
from lexops.audit.heads import HeadFile, Heads, gather
from lexops.audit.model import Checkpoint, Epoch
from lexops.audit.restart import restart
from lexops.audit.sealing import KeyLost, RolledBack, obstacle
from lexops.audit.trail import Trail
from lexops.audit.verdict import Level, Memory, Report, Verdict
from lexops.audit.verify import verify
from lexops.errors import Exit, Refused, StoreError
from tests.audit.attacks import edit
from tests.audit.backup import Backup
from tests.audit.killed import MOMENTS
from tests.audit.record import Record
from tests.audit.test_prove import check
from tests.audit.test_witness import Host, newest

ROOT = Path(__file__).parents[2]
LOST = "restarted 2026-03-02 09:32 UTC at entry #80; entries up to #99 had been sealed before and are lost"


def go_on(record: Record, *memories: Memory) -> epochs.Statement:
    """Restart as the operation does."""
    with record.store.begin() as connection:
        return restart(
            connection, record.keys, record.clock.now(), [*gather(None, record.keys, []), *memories]
        )


def anew(record: Record) -> None:
    """A process that starts after the store was put back: another writer, keys of acts that are free."""
    record.trail = Trail(record.keyring, f"host/{record.written}")
    record.written += 1000


@pytest.fixture
def restored(record: Record, tmp_path: Path) -> Record:
    """A record of 100 sealed entries in epochs 0 to 2, put back to when it had 80 in epoch 1."""
    record.live()
    backup = Backup(record.store, tmp_path)
    record.act(20)
    record.sealer.seal()
    before_the_loss = newest(record)
    assert (before_the_loss.epoch, before_the_loss.size) == (2, 100)
    backup.put_back()
    anew(record)
    return record


def head_of(record: Record, **changes: object) -> Memory:
    """The lost head as another place remembers it."""
    signed = record.keys.signed()
    assert signed is not None
    return replace(
        Memory(signed.origin, signed.size, signed.root, "a console", signed.at, signed.epoch),
        **changes,  # type: ignore[arg-type]
    )


def whole(record: Record, *memories: Memory, level: Level = Level.FULL) -> Report:
    return verify(record.store, memories, record.keys.anchor(), level=level, keyring=record.keyring)


def test_after_a_restore_nothing_is_sealed_until_a_restart(restored: Record) -> None:
    with restored.store.read() as connection:
        found = obstacle(connection, restored.keys)
    assert isinstance(found, RolledBack) and "lexops audit restart" in found.hint
    with pytest.raises(RolledBack):
        restored.act()
        restored.sealer.seal()
    assert restored.verify().verdict is Verdict.ROLLED_BACK
    made = go_on(restored)
    assert (made.number, made.size, made.lost and (made.lost.epoch, made.lost.size)) == (3, 80, (2, 100))
    entry = restored.act(3)
    assert restored.sealer.include(entry.id, 1).epoch == 3
    assert restored.keys.epochs() == [3]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("more", [0, 3, 60], ids=["at once", "shorter than before", "longer than before"])
def test_a_restarted_record_is_intact_and_says_what_was_lost(
    restored: Record, more: int, level: Level
) -> None:
    before = head_of(restored)
    go_on(restored)
    assert restored.verify(level).verdict is Verdict.INTACT
    if more:
        restored.act(more)
        restored.sealer.seal()
        restored.live(epochs=2)
    report = whole(restored, before, level=level)
    assert (report.verdict, report.problems) == (Verdict.INTACT, ())
    assert report.remarks == (LOST,)


def test_a_lost_key_is_mended_and_no_entry_is_lost(record: Record) -> None:
    record.live()
    record.sealer.seal()
    (lost,) = record.folder.glob("keys/epoch-*.key")
    lost.unlink()
    with record.store.read() as connection:
        assert isinstance(obstacle(connection, record.keys), KeyLost)
    made = go_on(record)
    assert (made.number, made.lost) == (3, None)
    record.act(5)
    record.sealer.seal()
    record.live()
    report = record.verify()
    assert report.verdict is Verdict.INTACT
    assert report.remarks == ("restarted 2026-03-02 09:32 UTC at entry #80; no later seal was remembered",)


def test_only_empty_epochs_that_are_lost_are_said_to_be_that(record: Record, tmp_path: Path) -> None:
    record.live()
    backup = Backup(record.store, tmp_path)
    record.sealer.seal()
    backup.put_back()
    assert go_on(record).number == 3
    assert record.verify().remarks[0].endswith("at entry #80; later seals are lost, but no entry")
    assert record.verify().verdict is Verdict.INTACT


def test_a_record_is_restarted_more_than_once(restored: Record, tmp_path: Path) -> None:
    first = head_of(restored)
    go_on(restored)
    restored.act(2)
    restored.sealer.seal()
    backup = Backup(restored.store, tmp_path)
    restored.live()
    second = head_of(restored)
    backup.put_back()
    anew(restored)
    made = go_on(restored)
    assert made.lost is not None and (made.size, made.lost.size) == (82, second.size)
    restored.act(500)
    restored.sealer.seal()
    report = whole(restored, first, second)
    assert (report.verdict, len(report.remarks)) == (Verdict.INTACT, 2)


# When it is refused.


def test_a_record_that_can_be_sealed_is_not_restarted(record: Record) -> None:
    with pytest.raises(Refused, match="can be sealed"):
        go_on(record)
    record.live()
    with pytest.raises(Refused, match="can be sealed"):
        go_on(record)


def test_without_the_lasting_key_nothing_is_restarted(restored: Record) -> None:
    lasting = restored.folder / "keys" / "log.key"
    lasting.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
    with pytest.raises(Refused, match=r"lasting key, log\.key, that the record began with"):
        go_on(restored)
    lasting.unlink()
    with pytest.raises(Refused, match="lasting key") as error:
        go_on(restored)
    assert "backup" in error.value.hint and not lasting.exists()


def test_an_emptied_store_has_nothing_to_go_on_from(record: Record) -> None:
    record.live()
    with record.attacked() as connection:
        for table in ("entry", "checkpoint", "epoch", "tile"):
            connection.execute(text(f"DELETE FROM audit_{table}"))
    with pytest.raises(Refused, match="nothing of this machine's record"):
        go_on(record)


def test_keys_of_another_log_are_not_mended_by_a_restart(restored: Record) -> None:
    path = restored.folder / "keys" / "signed.json"
    path.write_text(path.read_text().replace("lexops/", "lexops/other"))
    with pytest.raises(Refused, match="those of the log lexops/other"):
        go_on(restored)


def test_a_restart_vouches_for_nothing_that_was_altered(restored: Record) -> None:
    attacks = {
        "does not fit its newest seal": "UPDATE audit_entry SET leaf = body WHERE leaf_index = 70",
        "is not signed with the key": "",
        "have places in the tree": "UPDATE audit_entry SET leaf_index = 900 WHERE leaf_index = 79",
        "is not in order": "UPDATE audit_epoch SET statement = replace(statement, 'size 40', 'size 41')",
        "shown as something else": "UPDATE audit_checkpoint SET size = size + 1",
    }
    for says, attack in attacks.items():
        with restored.attacked() as connection:
            if not attack:
                seal = store.newest_checkpoint(connection)
                assert seal is not None
                stranger = Ed25519PrivateKey.generate()
                forged = note.sign(note.parse(seal.note).text, seal.origin, stranger)
                connection.execute(update(store.checkpoint_table).values(note=forged))
            else:
                assert connection.execute(text(attack)).rowcount
            with pytest.raises((Refused, StoreError), match=says):
                restart(connection, restored.keys, restored.clock.now(), gather(None, restored.keys, []))
            connection.rollback()
    assert restored.keys.epochs() == [2]


# What a restart explains, and what it does not.


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.INTACT),
        ({"size": 90, "root": bytes(32)}, Verdict.INTACT),
        ({"size": 90, "root": bytes(32), "epoch": 1}, Verdict.INTACT),
        ({"root": bytes(32)}, Verdict.FORGED),
        ({"size": 101, "root": bytes(32)}, Verdict.FORGED),
        ({"size": 79, "root": bytes(32)}, Verdict.FORGED),
        ({"size": 90, "root": bytes(32), "epoch": 3}, Verdict.ROLLED_BACK),
        ({"size": 140, "epoch": 5}, Verdict.ROLLED_BACK),
    ],
)
def test_heads_from_before_are_explained_only_as_far_as_the_restart_names_them(
    restored: Record, changes: dict[str, object], verdict: Verdict
) -> None:
    remembered = head_of(restored, **changes)
    go_on(restored)
    restored.act(3)
    restored.sealer.seal()
    assert whole(restored, remembered).verdict is verdict


def test_a_restart_that_names_less_than_is_remembered_elsewhere_is_forged(restored: Record) -> None:
    remembered = head_of(restored)
    (restored.folder / "keys" / "signed.json").unlink()
    (restored.folder / "keys" / "epoch-2.key").unlink()
    assert go_on(restored).lost is None
    report = whole(restored, remembered)
    assert report.verdict is Verdict.FORGED
    assert "a console remembers 100 sealed entries of epoch 2; the restart at entry #80 hides" in (
        report.problems[0].what
    )


def test_what_other_places_remember_is_named_as_lost_where_the_key_folder_does_not(
    restored: Record, tmp_path: Path
) -> None:
    remembered = head_of(restored)
    (restored.folder / "keys" / "signed.json").unlink()
    (restored.folder / "keys" / "epoch-2.key").unlink()
    made = go_on(restored, remembered)
    assert made.lost == epochs.Lost(2, 100, remembered.root) and made.number == 3
    assert whole(restored, remembered).remarks == (LOST,)


def _resigned(record: Record, key: Ed25519PrivateKey, **changes: object) -> str:
    """The restart once more, with changes, signed with some key, in place of the true one."""
    with record.attacked() as connection:
        row = store.newest_epoch(connection)
        assert row is not None
        said = replace(epochs.read(row.statement), **changes)  # type: ignore[arg-type]
        forged = epochs.write(said, key)
        connection.execute(
            update(store.epoch_table).where(store.epoch_table.c.number == row.number).values(statement=forged)
        )
    return forged


def test_a_restart_signed_by_anything_but_the_lasting_key_is_forged(restored: Record) -> None:
    stolen = restored.keys.key(2)
    assert stolen is not None
    go_on(restored)
    for key in (stolen, Ed25519PrivateKey.generate()):
        _resigned(restored, key)
        report = restored.verify()
        assert report.verdict is Verdict.FORGED and report.remarks == ()
        assert "the restart in epoch 3 is not signed with the log's lasting key" in str(report.problems)


def test_an_ordinary_statement_signed_with_the_lasting_key_is_forged(restored: Record) -> None:
    go_on(restored)
    lasting = restored.keys.log_key()
    assert lasting is not None
    _resigned(restored, lasting, restart=False, lost=None)
    assert restored.verify().verdict is Verdict.FORGED


def test_a_restart_changed_after_something_followed_it_is_forged(restored: Record) -> None:
    go_on(restored)
    restored.live()
    lasting = restored.keys.log_key()
    assert lasting is not None
    with restored.attacked() as connection:
        row = next(each for each in store.epochs(connection) if epochs.read(each.statement).restart)
        said = replace(epochs.read(row.statement), lost=epochs.Lost(2, 80, bytes(32)))
        table = store.epoch_table
        values = {"statement": epochs.write(said, lasting)}
        connection.execute(update(table).where(table.c.number == row.number).values(values))
    report = whole(restored)
    assert report.verdict is Verdict.FORGED
    assert "does not follow the one before" in report.problems[0].what


def test_a_restart_that_was_cut_out_is_forged_or_rolled_back(restored: Record, tmp_path: Path) -> None:
    backup = Backup(restored.store, tmp_path)
    go_on(restored)
    restored.live()
    with restored.attacked() as connection:
        connection.execute(text("DELETE FROM audit_epoch WHERE number = 3"))
    assert restored.verify().verdict is Verdict.FORGED
    backup.put_back()
    assert restored.verify().verdict is Verdict.ROLLED_BACK


def test_an_entry_edited_before_or_after_a_restart_is_still_named(restored: Record) -> None:
    go_on(restored)
    restored.live()
    for index in (20, 100):
        with restored.attacked() as connection:
            entry_id = edit(connection, index, 5_000_000)
        report = restored.verify()
        assert report.verdict is Verdict.ALTERED
        assert entry_id in {each.entry_id for each in report.problems}


def test_a_statement_without_its_last_line_or_with_another_is_none() -> None:
    key = Ed25519PrivateKey.generate()
    public = note.public_bytes(key)
    from tests.clock import ManualClock

    at = ManualClock().now()
    said = epochs.Statement("lexops/x", 4, at, at, 7, bytes(32), public, "0" * 64, restart=True)
    for lost in (None, epochs.Lost(3, 9, bytes(32))):
        whole_one = replace(said, lost=lost)
        assert epochs.read(epochs.write(whole_one, key)) == whole_one
    good = note.parse(epochs.write(said, key)).text
    for bad in (
        good.replace("lost -\n", ""),
        good.replace("lost -", "lost 1 2"),
        good.replace("lost -", "lots -"),
        good.replace("/restart", "/else"),
        good.replace("lost -", f"log {b64encode(public).decode()}"),
        good.replace("/restart", "/epoch"),
    ):
        with pytest.raises(note.BadNote):
            epochs.read(note.sign(bad, "lexops/x", key))


# Killed in the middle.


@pytest.mark.parametrize(
    "moment",
    [
        "before the next key",
        "after the next key",
        "after the statement",
        "before the checkpoint",
        "before the commit",
        "after the commit",
        "before the old key is destroyed",
        "before the old key is removed",
    ],
)
def test_a_restart_that_is_killed_has_happened_whole_or_not_at_all(restored: Record, moment: str) -> None:
    assert moment in MOMENTS
    restored.act(1)
    url = restored.store.engine.url.render_as_string(hide_password=False)
    now = restored.clock.now().isoformat()
    arguments = [url, str(restored.folder), now, moment, "restart"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.audit.killed", *arguments], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == -9
    with restored.store.read() as connection:
        happened = bool(store.restarts(connection))
    assert happened is (moment not in list(MOMENTS)[:6])
    if happened:
        with pytest.raises(Refused, match="can be sealed"):
            go_on(restored)
    else:
        go_on(restored)
    restored.sealer.seal()
    restored.act()
    restored.sealer.seal()
    assert restored.keys.epochs() == [3]
    report = restored.verify()
    assert (report.verdict, report.remarks, report.size) == (Verdict.INTACT, (LOST,), 82)


# Those outside.


def test_a_bundle_from_after_a_restart_is_valid_and_says_so(restored: Record, tmp_path: Path) -> None:
    go_on(restored)
    restored.act(3)
    restored.sealer.seal()
    restored.live(epochs=1)
    anchor = restored.keys.anchor()
    assert anchor is not None
    with restored.store.read() as connection:
        entry = store.entry_by_index(connection, 82)
        assert entry is not None
        bundle = json.loads(prove.prove(connection, entry))
    code, said = check(tmp_path, bundle, "--trust", str(anchor))
    assert code == 0, said
    assert "at entry 80, by its lasting key; entries up to 99 had been sealed before and are lost" in said
    place = next(n for n, each in enumerate(bundle["epochs"]) if "/restart" in each)
    (key,) = [restored.keys.key(number) for number in restored.keys.epochs()]
    assert key is not None
    bundle["epochs"][place] = epochs.write(epochs.read(bundle["epochs"][place]), key)
    code, said = check(tmp_path, bundle)
    assert (code, "not opened by the lasting key of the log" in said) == (1, True), said
    del bundle["epochs"][place]
    assert check(tmp_path, bundle)[0] == 1


def test_consoles_and_the_file_follow_a_restart(record: Record, tmp_path: Path) -> None:
    file, heads = HeadFile(tmp_path / "heads.log"), Heads(tmp_path / "heads")
    drop = witness.FileDrop(file)
    record.live()
    backup = Backup(record.store, tmp_path)
    record.act(20)
    record.sealer.seal()
    assert witness.tell_witnesses(record.store, [drop], record.clock) == []
    heads.remember(newest(record))
    backup.put_back()
    anew(record)
    (problem,) = witness.tell_witnesses(record.store, [drop], record.clock)
    assert problem.verdict is Verdict.ROLLED_BACK
    go_on(record)
    assert witness.tell_witnesses(record.store, [drop], record.clock) == []
    memories = gather(newest(record).origin, record.keys, [file, heads])
    assert whole(record, *memories).verdict is Verdict.INTACT
    heads.remember(newest(record))
    remembered = heads.recall(newest(record).origin)
    assert remembered is not None and (remembered.epoch, remembered.size) == (3, 80)


def test_a_file_that_remembers_more_than_the_restart_names_objects(restored: Record, tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "heads.log")
    seen = newest(restored)
    file.append(Checkpoint(seen.origin, 130, bytes(32), 2, seen.at, _note(seen.origin, 130)))
    go_on(restored)
    (problem,) = witness.tell_witnesses(restored.store, [witness.FileDrop(file)], restored.clock)
    assert problem.verdict is Verdict.FORGED and "hides them" in problem.what


def _note(origin: str, size: int, root: bytes = bytes(32)) -> str:
    return note.sign(note.write_head(note.Head(origin, size, root)), origin, Ed25519PrivateKey.generate())


@pytest.mark.parametrize("more", [1, 60], ids=["shorter than before", "longer than before"])
def test_a_witness_follows_a_restart_only_when_its_own_people_agree(
    record: Record, tmp_path: Path, more: int
) -> None:
    record.live()
    host = Host(record, tmp_path)
    backup = Backup(record.store, tmp_path)
    record.act(20)
    record.sealer.seal()
    assert host.tell() == []
    backup.put_back()
    anew(record)
    (problem,) = host.tell()
    assert problem.verdict is Verdict.ROLLED_BACK
    go_on(record)
    record.act(more)
    record.sealer.seal()
    assert host.tell() == []
    assert "remembers 100 entries, from before a restart that it has not agreed to" in host.trouble()
    proof = tmp_path / "proof.json"
    with record.store.read() as connection:
        entry = store.entry_by_index(connection, 80)
        assert entry is not None
        proof.write_bytes(prove.prove(connection, entry))
    assert agree(host, proof) == (0, f"agreed: {LOST}\n")
    assert host.tell() == [] and host.trouble() == ""
    with record.store.read() as connection:
        assert store.cosignatures(connection, newest(record))
    code, said = agree(host, proof)
    assert (code, "no restart of this log that was not agreed to before" in said) == (Exit.REFUSED, True)


def agree(host: Host, proof: Path) -> tuple[int, str]:
    argv = [*host.argv, "--log", str(_log(host)), "--accept-restart", str(proof)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def _log(host: Host) -> note.VerifierKey:
    with host.record.store.read() as connection:
        (begun,) = store.epochs(connection, up_to=0)
    said = epochs.read(begun.statement)
    return note.VerifierKey(said.origin, note.ED25519, said.log)


def test_a_witness_agrees_to_no_restart_that_hides_what_it_remembers(restored: Record) -> None:
    made = go_on(restored)
    with restored.store.read() as connection:
        chain: list[Epoch] = store.epochs(connection)
    said = [each.statement for each in chain]
    begun = epochs.read(said[0])
    log = note.VerifierKey(begun.origin, note.ED25519, begun.log)
    lost = made.lost
    assert lost is not None
    judge = witnessing.after_restart
    assert judge(said, log, note.Head(log.name, 100, lost.root), 0) == made
    assert judge(said, log, note.Head(log.name, 95, bytes(32)), 0) == made
    assert judge(said, log, note.Head(log.name, 80, made.root), 0) == made
    assert judge(said, log, note.Head(log.name, 95, bytes(32)), 3) is None
    for hidden in (note.Head(log.name, 101, bytes(32)), note.Head(log.name, 100, bytes(32))):
        with pytest.raises(Refused, match="hides what is remembered here"):
            judge(said, log, hidden, 0)
    stranger = note.VerifierKey(log.name, note.ED25519, bytes(32))
    assert judge(said, stranger, note.Head(log.name, 100, lost.root), 0) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"epochs": 5}', "\x00"])
def test_a_file_that_is_no_proof_is_one_clear_line_for_a_witness(
    record: Record, tmp_path: Path, content: str
) -> None:
    record.live(epochs=1)
    host = Host(record, tmp_path)
    path = tmp_path / "proof.json"
    path.write_text(content)
    code, said = agree(host, path)
    assert (code, "is no proof of an entry" in said) == (Exit.USAGE, True), said
