"""Sealing: entries get places in the tree, the tree's head is signed, and keys change with the epochs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from lexops.audit import epochs, note, store
from lexops.audit.keys import SealingKeys, Signed
from lexops.audit.merkle import EMPTY_ROOT
from lexops.audit.model import Checkpoint, Epoch
from lexops.audit.tiles import GrowingTree
from lexops.clock import Clock, show_duration
from lexops.errors import NotFound, StoreError
from lexops.store.database import Store

BATCH = 4096
"""Entries sealed in one transaction, so that no writer waits long for it."""
BACKWARDS = timedelta(minutes=1)
"""How far a clock may be behind the newest seal; machines never agree to the second."""
POLL_SECONDS = 0.05


class CannotSeal(StoreError):
    """This machine cannot seal the record."""

    hint = "seal on the machine that has the site's sealing keys: keep a worker running there"


class RolledBack(CannotSeal):
    """The store is older than what this machine has sealed."""

    hint = (
        "see what is missing: lexops audit verify; if the store was restored from a backup, an administrator "
        "goes on with: lexops audit restart REASON"
    )


class KeyLost(CannotSeal):
    """The key of the open epoch is not on this machine."""

    hint = (
        f"{CannotSeal.hint}; if the key is lost, an administrator goes on with: lexops audit restart REASON"
    )


class Sealer:
    """Seals the record, with the keys of this machine. Any number of processes may; they take turns.

    Everything of one seal is one transaction: killed at any moment it has happened whole or not at all.
    """

    def __init__(
        self, store: Store, keys: SealingKeys, clock: Clock, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._pause = pause
        self._turn = Lock()

    def why_not(self) -> CannotSeal | None:
        """Why this machine cannot seal; None when it has the key, or the log has yet to begin."""
        with self._store.read() as connection:
            return obstacle(connection, self._keys)

    def seal(self) -> Checkpoint | None:
        """Seal whatever waits, and open a new epoch when it is time; None when there was nothing to do.

        Raises StoreError: CannotSeal, or when the clock or the record is not right.
        """
        made = None
        with self._turn:
            while self._is_due():
                made = self._seal_some() or made
        return made

    def include(self, entry_id: str, patience_seconds: float) -> Checkpoint:
        """Wait until a committed entry is sealed, here or by another machine; gives the head that covers it.

        Raises StoreError when that does not happen in time, NotFound when there is no such entry.
        """
        deadline = self._clock.monotonic() + patience_seconds
        while True:
            reason = self._try_to_seal()
            with self._store.read() as connection:
                entry = store.entry_by_id(connection, entry_id)
                if entry is None:
                    raise NotFound(f"the record has no entry {entry_id}")
                covering = None if entry.index is None else store.checkpoint_over(connection, entry.index)
            if covering is not None:
                return covering
            if self._clock.monotonic() >= deadline:
                raise StoreError(f"the record could not be sealed: {reason}", hint=reason.hint)
            self._pause(POLL_SECONDS)

    def _try_to_seal(self) -> StoreError:
        """Seal if that is possible here; gives what to say when it was not enough."""
        try:
            self.seal()
        except StoreError as error:
            return error
        return StoreError("nobody sealed it in time", hint=CannotSeal.hint)

    def _is_due(self) -> bool:
        now = self._clock.now()
        with self._store.read() as connection:
            epoch = store.newest_epoch(connection)
            if epoch is None or now - epoch.opened >= epochs.LENGTH:
                return True
            waiting = store.has_unsealed(connection)
        if not waiting and key_of(self._keys, epoch) is not None:
            # A roll-over that was killed at its last step is finished here.
            self._keys.destroy_before(epoch.number)
        return waiting

    def _seal_some(self) -> Checkpoint | None:
        with self._store.begin() as connection:
            store.lock_sealing(connection)
            epoch, newest = store.newest_epoch(connection), store.newest_checkpoint(connection)
            at = time_of_seal(self._clock.now(), newest)
            hindered = obstacle(connection, self._keys)
            if hindered is not None:
                raise hindered
            size, root = (newest.size, newest.root) if newest else (0, EMPTY_ROOT)
            tree = sealed_tree(connection, size, root)
            rows = store.unsealed(connection, BATCH)
            current = self._epoch_at(connection, epoch, size, root, at)
            if current == epoch and not rows:
                return None  # another process did it while this one waited for its turn
            store.number_entries(connection, [row for row, _ in rows], size)
            store.add_tiles(connection, tree.extend([leaf for _, leaf in rows], size))
            made = sign_head(self._keys, current, size + len(rows), tree.root(), at)
            store.add_checkpoint(connection, made)
        # Only what is committed is remembered: else a kill in between would look like a record rolled back.
        self._keys.remember(Signed(made.origin, made.epoch, made.size, made.root, made.at))
        self._keys.destroy_before(current.number)
        return made

    def _epoch_at(
        self, connection: Connection, epoch: Epoch | None, size: int, root: bytes, at: datetime
    ) -> Epoch:
        """The epoch to sign in: the open one, or when its time is over (or there is none) a new one."""
        if epoch is not None and at - epoch.opened < epochs.LENGTH:
            return epoch
        # The new key is on the disk before anything names it; the old one is destroyed after the commit.
        if epoch is None:
            key = self._keys.make(0)
            origin = f"lexops/{os.urandom(6).hex()}"
            lasting = note.public_bytes(self._keys.make_log_key())
            opened = Epoch(0, at, note.public_bytes(key), epochs.first(origin, at, key, lasting))
            self._keys.set_anchor(note.VerifierKey(origin, note.ED25519, opened.public_key))
        else:
            signer = key_of(self._keys, epoch)
            assert signer is not None, "checked before"
            public = note.public_bytes(self._keys.make(epoch.number + 1))
            statement = epochs.Statement(
                origin=epochs.read(epoch.statement).origin,
                number=epoch.number + 1,
                opened=epoch.opened,
                at=at,
                size=size,
                root=root,
                key=public,
                previous=epochs.digest(epoch.statement),
            )
            opened = Epoch(epoch.number + 1, at, public, epochs.write(statement, signer))
        store.add_epoch(connection, opened)
        return opened


def obstacle(connection: Connection, keys: SealingKeys) -> CannotSeal | None:
    """Why a machine with these keys cannot seal; None when it can.

    RolledBack and KeyLost are what a restart (`restart.py`) mends.
    """
    signed, epoch = keys.signed(), store.newest_epoch(connection)
    newest = store.newest_checkpoint(connection)
    rolled_back = RolledBack("the store is older than what this machine has sealed")
    if epoch is None or newest is None:
        return None if signed is None else rolled_back
    if signed is not None and signed.origin != newest.origin:
        return CannotSeal(f"the sealing keys are those of the log {signed.origin}, not {newest.origin}")
    if signed is not None and (signed.epoch, signed.size) > (newest.epoch, newest.size):
        return rolled_back
    if key_of(keys, epoch) is None:
        return KeyLost(f"the key of the record's epoch {epoch.number} is not on this machine")
    if keys.log_key() is None:
        hint = "put it back from its backup; see docs/record.md"
        return CannotSeal(f"the log's lasting key, log.key, is not in {keys.folder}", hint=hint)
    return None


def key_of(keys: SealingKeys, epoch: Epoch) -> Ed25519PrivateKey | None:
    """The key that belongs to an epoch, when this machine has it."""
    key = keys.key(epoch.number)
    return key if key is not None and note.public_bytes(key) == epoch.public_key else None


def time_of_seal(now: datetime, newest: Checkpoint | None) -> datetime:
    """When a seal is made: now, but never before the newest one. Raises StoreError when that is far ahead."""
    if newest is None:
        return now
    if now < newest.at - BACKWARDS:
        raise StoreError(
            f"the clock is {show_duration(newest.at - now)} behind the newest seal; nothing is sealed",
            hint="set this machine's clock right",
        )
    return max(now, newest.at)


def sealed_tree(connection: Connection, size: int, root: bytes) -> GrowingTree:
    """The tree under the newest seal, ready to grow. Raises StoreError when it does not fit that seal."""
    tree = store.growing_tree(connection, size)
    if tree.root() != root:
        hint = "find out what has been altered: lexops audit verify"
        raise StoreError("the record does not fit its newest seal; nothing is sealed over it", hint=hint)
    return tree


def sign_head(keys: SealingKeys, epoch: Epoch, size: int, root: bytes, at: datetime) -> Checkpoint:
    """A head, signed with the key of its epoch, which must be here, and with the lasting key."""
    key, lasting = key_of(keys, epoch), keys.log_key()
    assert key is not None and lasting is not None, "checked before"
    origin = epochs.read(epoch.statement).origin
    signed = note.sign(note.write_head(note.Head(origin, size, root)), origin, key, lasting)
    return Checkpoint(origin, size, root, epoch.number, at, signed)


def origin(connection: Connection) -> str | None:
    """The log's name, None before its first seal."""
    known = anchor(connection)
    return None if known is None else known.name


def witness_key(connection: Connection, keys: SealingKeys) -> note.VerifierKey | None:
    """What a witness must know the log by; None before the first seal, and where the lasting key is not."""
    name, lasting = origin(connection), keys.log_key()
    if name is None or lasting is None:
        return None
    return note.VerifierKey(name, note.ED25519, note.public_bytes(lasting))


def signed_restarts(connection: Connection) -> list[epochs.Statement]:
    """The restarts that the log's lasting key signed, oldest first; only these can explain anything."""
    first = store.epochs(connection, up_to=0)
    if not first:
        return []
    begun = epochs.read(first[0].statement)
    lasting = note.VerifierKey(begun.origin, note.ED25519, begun.log)
    return [epochs.read(each) for each in store.restarts(connection) if epochs.is_restart(each, lasting)]


def anchor(connection: Connection) -> note.VerifierKey | None:
    """The log's trust anchor as the store has it: its name and the key of epoch 0."""
    first = store.epochs(connection, up_to=0)
    if not first:
        return None
    return note.VerifierKey(epochs.read(first[0].statement).origin, note.ED25519, first[0].public_key)
