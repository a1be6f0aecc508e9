"""Going on after a legitimate loss: the store was restored from a backup, or the open epoch's key is gone.

No key is left that could sign the next statement, and that is as it should be. So the log's lasting key signs
another kind of statement, a restart. It hides nothing: verification shows each for ever, with what was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from lexops.audit import epochs, note, store
from lexops.audit.keys import SealingKeys
from lexops.audit.model import Checkpoint, Epoch
from lexops.audit.sealing import KeyLost, RolledBack, obstacle, sealed_tree, sign_head, time_of_seal
from lexops.audit.verdict import Memory
from lexops.errors import Refused

_NOT_IN_ORDER = "a restart would vouch for it; see what is wrong: lexops audit verify"


def restart(
    connection: Connection, keys: SealingKeys, now: datetime, memories: Sequence[Memory]
) -> epochs.Statement:
    """Open the next epoch with a restart, in the caller's write transaction; gives its statement.

    `memories`: the heads of this log that are remembered here; the newest one beyond the store is named as
    lost. The new key is on the disk before anything names it; the old ones are destroyed by the next seal.
    Raises Refused when the record can be sealed, or cannot for another reason; StoreError.
    """
    store.lock_sealing(connection)
    hindered = obstacle(connection, keys)
    if hindered is None:
        raise Refused("the record can be sealed; there is nothing to restart")
    if not isinstance(hindered, RolledBack | KeyLost):
        raise Refused(f"a restart does not mend this: {hindered}", hint=hindered.hint)
    before, newest = store.newest_epoch(connection), store.newest_checkpoint(connection)
    if before is None or newest is None:
        hint = "restore a backup in which the record has begun"
        raise Refused("the store holds nothing of this machine's record to go on from", hint=hint)
    signer = _lasting_key(connection, keys)
    _check_seal(connection, newest, before)
    at, lost = time_of_seal(now, newest), _lost(newest, memories)
    # Above every epoch that can have been opened since, also those that nobody here remembers.
    number = 1 + max(before.number + (at - before.opened) // epochs.LENGTH, lost.epoch if lost else 0)
    public = note.public_bytes(keys.make(number))
    statement = epochs.Statement(
        origin=newest.origin,
        number=number,
        opened=before.opened,
        at=at,
        size=newest.size,
        root=newest.root,
        key=public,
        previous=epochs.digest(before.statement),
        restart=True,
        lost=lost,
    )
    opened = Epoch(number, at, public, epochs.write(statement, signer))
    store.add_epoch(connection, opened)
    store.add_checkpoint(connection, sign_head(keys, opened, newest.size, newest.root, at))
    return statement


def _lasting_key(connection: Connection, keys: SealingKeys) -> Ed25519PrivateKey:
    """The log's lasting key, of a chain of statements that is in order. Raises Refused."""
    chain = [each.statement for each in store.epochs(connection)]
    wrong = epochs.first_fault(chain)
    if wrong is not None:
        raise Refused(f"the record is not in order: {wrong[1]}", hint=_NOT_IN_ORDER)
    key = keys.log_key()
    if key is None or note.public_bytes(key) != epochs.read(chain[0]).log:
        hint = "put it back from its backup; without it the record cannot go on, see docs/record.md"
        raise Refused(
            f"{keys.folder} has not the lasting key, log.key, that the record began with", hint=hint
        )
    return key


def _check_seal(connection: Connection, newest: Checkpoint, epoch: Epoch) -> None:
    """That the newest seal is one, and that the entries fit it. Raises Refused or StoreError."""
    signer = note.VerifierKey(newest.origin, note.ED25519, epoch.public_key)
    try:
        signed = note.parse(newest.note)
    except note.BadNote as bad:
        raise Refused(f"the newest seal: {bad}", hint=_NOT_IN_ORDER) from None
    head = note.Head(newest.origin, newest.size, newest.root)
    if newest.epoch != epoch.number or signed.text != note.write_head(head):
        raise Refused("the newest seal is shown as something else than was signed", hint=_NOT_IN_ORDER)
    if not note.is_signed(signed, signer):
        raise Refused("the newest seal is not signed with the key of its epoch", hint=_NOT_IN_ORDER)
    if store.entries_beyond(connection, newest.size):
        raise Refused("entries behind the newest seal have places in the tree", hint=_NOT_IN_ORDER)
    sealed_tree(connection, newest.size, newest.root)


def _lost(newest: Checkpoint, memories: Sequence[Memory]) -> epochs.Lost | None:
    """The newest head that is remembered and that the store does not have. Raises Refused."""
    found = None
    for each in memories:
        if each.origin != newest.origin:
            raise Refused(f"{each.where} remembers the log {each.origin}; this is {newest.origin}")
        place = (each.epoch or 0, each.size)
        if place > (newest.epoch, newest.size) and (found is None or place > (found.epoch, found.size)):
            found = epochs.Lost(*place, each.root)
    return found
