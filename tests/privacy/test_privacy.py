"""Sealed values: only the site's keys open them, nobody can swap or alter them, and they can be forgotten."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from lexops.errors import StoreError
from lexops.privacy import store as privacy
from lexops.privacy.keyring import KeyMissing, Keyring, write_private
from lexops.privacy.store import sealed_table, subject_key_table
from lexops.store.database import Store
from tests.races import at_once
from tests.stores import sqlite_store


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def _seal(
    connection: Connection,
    keyring: Keyring,
    owner: str,
    value: str,
    *,
    subject: str = "anna",
    field: str = "name",
) -> str:
    return privacy.seal(connection, keyring, subject=subject, owner=owner, field=field, value=value)


# Values.


def test_a_sealed_value_is_read_again_by_its_owner(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna Lindqvist")
        _seal(connection, keyring, "entry-1", "anna@firm", field="mail")
        _seal(connection, keyring, "entry-2", "Bob", subject="bob")
    with store.read() as connection:
        assert privacy.reveal(connection, keyring, "entry-1") == {
            "name": "Anna Lindqvist",
            "mail": "anna@firm",
        }
        assert privacy.reveal(connection, keyring, "entry-2") == {"name": "Bob"}
        assert privacy.reveal(connection, keyring, "entry-3") == {}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Keyring]:
    folder = tmp_path_factory.mktemp("sealed")
    return sqlite_store(folder), Keyring(folder / "keys")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(words, words, words, st.text(st.characters(exclude_categories=["Cs"]), max_size=5000))
def test_any_value_comes_back_as_it_was(
    shared: tuple[Store, Keyring], subject: str, owner: str, field: str, value: str
) -> None:
    store, keyring = shared
    with store.begin() as connection:
        connection.execute(delete(sealed_table))
        committed = _seal(connection, keyring, owner, value, subject=subject, field=field)
        assert privacy.reveal(connection, keyring, owner) == {field: value}
        salt = privacy.salts(connection, owner)[field]
        assert salt is not None
        assert privacy.commitment(salt, value) == committed
        kept = connection.execute(select(sealed_table)).one()
        assert len(value) < 4 or value.encode() not in kept.ciphertext


def test_the_commitment_is_a_keyed_hash_under_a_salt_of_its_own(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        one = _seal(connection, keyring, "entry-1", "Anna")
        other = _seal(connection, keyring, "entry-2", "Anna")
        salt = privacy.salts(connection, "entry-1")["name"]
    assert one != other
    assert salt is not None
    assert one == hmac.new(salt, b"Anna", hashlib.sha256).hexdigest()


def test_the_same_place_is_sealed_only_once(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        first = _seal(connection, keyring, "entry-1", "Anna")
        assert _seal(connection, keyring, "entry-1", "somebody else") == first
        assert privacy.reveal(connection, keyring, "entry-1") == {"name": "Anna"}


# Tampering.


def test_values_that_have_changed_places_are_refused(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        _seal(connection, keyring, "entry-2", "Bob")
        one, other = connection.execute(select(sealed_table).order_by(sealed_table.c.owner)).all()
        for at, taken in ((one, other), (other, one)):
            values = {name: getattr(taken, name) for name in ("salt", "nonce", "ciphertext", "commitment")}
            connection.execute(update(sealed_table).where(sealed_table.c.owner == at.owner).values(values))
        for owner in ("entry-1", "entry-2"):
            with pytest.raises(StoreError, match=f"{owner}/name has been altered"):
                privacy.reveal(connection, keyring, owner)


@pytest.mark.parametrize("column", ["ciphertext", "nonce"])
def test_a_value_with_any_byte_changed_is_refused(column: str, store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        good = getattr(connection.execute(select(sealed_table)).one(), column)
        for at in range(len(good)):
            bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
            connection.execute(update(sealed_table).values({column: bad}))
            with pytest.raises(StoreError, match="entry-1/name has been altered"):
                privacy.reveal(connection, keyring, "entry-1")


@pytest.mark.parametrize(("column", "bad"), [("salt", b"x" * 32), ("commitment", "0" * 64)])
def test_a_value_that_is_not_what_was_committed_to_is_refused(
    column: str, bad: object, store: Store, keyring: Keyring
) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        connection.execute(update(sealed_table).values({column: bad}))
        with pytest.raises(StoreError, match="not what was committed to"):
            privacy.reveal(connection, keyring, "entry-1")


def test_the_key_of_another_subject_opens_nothing(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        _seal(connection, keyring, "entry-2", "Bob", subject="bob")
        connection.execute(update(sealed_table).values(subject="bob"))
        with pytest.raises(StoreError, match="entry-1/name has been altered"):
            privacy.reveal(connection, keyring, "entry-1")


# Forgetting.


def test_what_is_erased_is_gone_for_ever_and_the_rest_stays(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        committed = _seal(connection, keyring, "entry-1", "Anna")
        _seal(connection, keyring, "entry-2", "Anna")
        _seal(connection, keyring, "entry-2", "Bob", subject="bob", field="other")
    with store.begin() as connection:
        assert privacy.erase(connection, "anna") == 2
        assert privacy.erase(connection, "anna") == 0
    with store.begin() as connection:
        assert privacy.reveal(connection, keyring, "entry-1") == {"name": None}
        assert privacy.reveal(connection, keyring, "entry-2") == {"name": None, "other": "Bob"}
        assert privacy.salts(connection, "entry-1") == {"name": None}
        row = connection.execute(select(sealed_table).where(sealed_table.c.owner == "entry-1")).one()
        assert (row.salt, row.nonce, row.ciphertext, row.commitment) == (None, None, None, committed)
        subjects = connection.execute(select(subject_key_table.c.subject)).scalars().all()
        assert subjects == ["bob"]


def test_after_an_erasure_a_subject_gets_another_key(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        before = connection.execute(select(subject_key_table.c.wrapped)).scalar_one()
        privacy.erase(connection, "anna")
        _seal(connection, keyring, "entry-2", "Anna again")
        assert connection.execute(select(subject_key_table.c.wrapped)).scalar_one() != before
        assert privacy.reveal(connection, keyring, "entry-1") == {"name": None}
        assert privacy.reveal(connection, keyring, "entry-2") == {"name": "Anna again"}


def test_a_value_whose_subject_has_lost_its_key_reads_as_erased(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        connection.execute(delete(subject_key_table))
        assert privacy.reveal(connection, keyring, "entry-1") == {"name": None}
        assert not connection.execute(select(subject_key_table)).all()


def test_forgetting_an_owner_deletes_its_values_only(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        _seal(connection, keyring, "entry-2", "Anna")
        privacy.forget(connection, "entry-1")
        assert privacy.reveal(connection, keyring, "entry-1") == {}
        assert privacy.reveal(connection, keyring, "entry-2") == {"name": "Anna"}


# Keys.


def test_two_who_seal_for_a_new_subject_at_once_use_one_key(store: Store, keyring: Keyring) -> None:
    at_once(
        store,
        lambda connection: _seal(connection, keyring, "entry-1", "Anna"),
        lambda connection: _seal(connection, keyring, "entry-2", "Anna too"),
    )
    with store.read() as connection:
        assert len(connection.execute(select(subject_key_table)).all()) == 1
        assert privacy.reveal(connection, keyring, "entry-1") == {"name": "Anna"}
        assert privacy.reveal(connection, keyring, "entry-2") == {"name": "Anna too"}


def test_a_restarted_program_opens_what_was_sealed_before(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        assert privacy.reveal(connection, Keyring(keyring.folder), "entry-1") == {"name": "Anna"}


def test_without_the_sites_key_nothing_is_opened(store: Store, keyring: Keyring, tmp_path: Path) -> None:
    stranger = Keyring(tmp_path / "other")
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        with pytest.raises(KeyMissing, match="is not in") as missing:
            privacy.reveal(connection, stranger, "entry-1")
    assert "key folder" in missing.value.hint


def test_a_key_that_does_not_fit_is_one_clear_line(store: Store, keyring: Keyring) -> None:
    with store.begin() as connection:
        _seal(connection, keyring, "entry-1", "Anna")
        connection.execute(delete(subject_key_table))
        name, wrapped = keyring.wrap(b"k" * 32)
        damaged = bytes([wrapped[0] ^ 1]) + wrapped[1:]
        connection.execute(insert(subject_key_table).values(subject="anna", key_name=name, wrapped=damaged))
        with pytest.raises(KeyMissing, match="does not fit"):
            privacy.reveal(connection, keyring, "entry-1")


def test_a_new_folder_is_private_and_gets_a_key(tmp_path: Path) -> None:
    Keyring(tmp_path / "a" / "keys")
    (key,) = (tmp_path / "a" / "keys").iterdir()
    assert (tmp_path / "a" / "keys").stat().st_mode & 0o777 == 0o700
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o720])
def test_a_folder_that_others_can_use_is_refused(mode: int, keyring: Keyring) -> None:
    keyring.folder.chmod(mode)
    with pytest.raises(StoreError, match="can be read by others") as refused:
        Keyring(keyring.folder)
    assert refused.value.hint == f"chmod 700 {keyring.folder}"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be used"):
        Keyring(tmp_path / "file" / "keys")


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old and longer")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
