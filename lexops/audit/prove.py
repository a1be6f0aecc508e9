"""Proof bundles: one entry, provable with neither the record nor LexOps. `verifier.py` checks them."""

from __future__ import annotations

import json
from base64 import b64encode
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection

from lexops.audit import store
from lexops.audit.merkle import inclusion_proof, leaf_hash
from lexops.audit.model import Entry
from lexops.audit.tiles import subtree_of
from lexops.errors import NotFound, StoreError
from lexops.privacy.keyring import Keyring
from lexops.privacy.store import reveal, salts

FORMAT = "lexops-proof/1"
VERIFIER = "verifier.py"


def prove(connection: Connection, entry: Entry, keyring: Keyring | None = None) -> bytes:
    """The bundle for a sealed entry, as JSON; with a `keyring` also its personal values, in clear.

    It holds the statements of all epochs up to the seal's, so it grows by about 500 bytes for each 15 minutes
    the log has lived. Raises NotFound while the entry is not sealed, StoreError when the record is damaged.
    """
    if entry.index is None:
        raise NotFound(f"the entry {entry.id} is not sealed yet", hint="try again in a moment")
    head = store.cosigned_over(connection, entry.index) or store.checkpoint_over(connection, entry.index)
    if head is None:
        raise StoreError("the seal over the entry is missing", hint="see what is wrong: lexops audit verify")
    proof = inclusion_proof(
        entry.index,
        head.size,
        lambda height, position: subtree_of(
            lambda level, start, end: store.hashes(connection, level, start, end), height, position
        ),
    )
    bundle = {
        "format": FORMAT,
        "entry": entry.body.decode(),
        "leaf": leaf_hash(entry.body).hex(),
        "index": entry.index,
        "proof": [b64encode(each).decode() for each in proof],
        "checkpoint": head.note,
        "epochs": [each.statement for each in store.epochs(connection, up_to=head.epoch)],
        "cosignatures": store.cosignatures(connection, head),
        "opened": _opened(connection, entry, keyring) if keyring else {},
    }
    return json.dumps(bundle, indent=1, ensure_ascii=False).encode() + b"\n"


def verifier() -> bytes:
    """The program that checks a bundle, to be written beside it."""
    return Path(str(files("lexops.audit") / VERIFIER)).read_bytes()


def _opened(connection: Connection, entry: Entry, keyring: Keyring) -> dict[str, dict[str, str]]:
    values, salted = reveal(connection, keyring, entry.key), salts(connection, entry.key)
    return {
        field: {"value": value, "salt": salt.hex()}
        for field, value in values.items()
        if value is not None and (salt := salted.get(field)) is not None and field in entry.personal
    }
