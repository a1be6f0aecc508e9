"""Reading the record: what is shown of it to whom, whether it is in order, what proves it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexops.audit import log, prove, store
from lexops.audit.heads import HeadFile, Heads, Recollection, gather, state_folder
from lexops.audit.keys import SealingKeys
from lexops.audit.merkle import inclusion_proof, leaf_hash
from lexops.audit.model import Entry, Epoch, WitnessState
from lexops.audit.sealing import anchor, origin, witness_key
from lexops.audit.tiles import subtree_of
from lexops.audit.verdict import Level, Report, Verdict
from lexops.audit.verify import verify
from lexops.auth import store as people
from lexops.auth.policy import fulfils
from lexops.errors import NotFound
from lexops.operations import Role
from lexops.privacy.keyring import KeyMissing
from lexops.privacy.store import reveal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lexops.site import Site

SEALED = "(sealed)"
ERASED = "(erased)"
BATCH = 500
"""Entries of an export that are read at a time."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a reader may see it."""

    entry: Entry
    who: str
    """The operator's name, or the pseudonym for who may not read names."""
    personal: Mapping[str, str]


class Reader:
    """Somebody who reads the record; personal values are opened for some roles only."""

    def __init__(self, site: Site) -> None:
        self._keyring = site.gate.keyring
        with site.store.read() as connection:
            known = people.operators(connection)
        me = site.acting()
        self.may_open = me is not None and fulfils(me.role, Role.AUDITOR)
        self._names = {each.id: each.name for each in known}

    def id_of(self, name: str) -> str:
        """The pseudonym of an operator; who may not read names has to give it. Raises NotFound."""
        ids = {known: id for id, known in self._names.items()}
        if name in self._names:
            return name
        if name not in ids:
            raise NotFound(f"{name} is no operator of this site", hint="see: lexops operator list")
        return ids[name]

    def shown(self, connection: Connection, entry: Entry) -> Shown:
        """An entry as this reader may see it; sealed too where this machine lacks the key."""
        who = self._names.get(entry.actor, entry.actor) if self.may_open else entry.actor
        if not self.may_open or not entry.personal:
            return Shown(entry, who, dict.fromkeys(entry.personal, SEALED))
        try:
            values = reveal(connection, self._keyring, entry.key)
        except KeyMissing:
            return Shown(entry, who, dict.fromkeys(entry.personal, SEALED))
        return Shown(entry, who, {field: values.get(field) or ERASED for field in entry.personal})


def reader(site: Site) -> Reader:
    """Whoever's session it is, reading the record."""
    return Reader(site)


def find(connection: Connection, entry: str) -> Entry:
    """The entry that somebody named. Raises NotFound."""
    found = log.entry(connection, entry)
    if found is None:
        raise NotFound(f"the record has no entry {entry!r}", hint="see: lexops audit log")
    return found


def folder(site: Site) -> Path:
    """Where the site's keys are."""
    return site.file.resolve(site.file.settings.record.keys)


def places(site: Site) -> list[Recollection]:
    """Where heads are remembered outside the database, as far as it can be read from here."""
    found: list[Recollection] = [Heads(state_folder(os.environ))]
    file = site.file.settings.record.witness_file
    if file is not None:
        found.append(HeadFile(site.file.resolve(file)))
    return found


def verified(site: Site, level: Level, progress: Callable[[int, int], None]) -> Report:
    """Verify the record; a head that is in order is remembered by this account. Raises StoreError."""
    keys = SealingKeys(folder(site))
    with site.store.read() as connection:
        newest = store.newest_checkpoint(connection)
        name = origin(connection)
    outside = places(site)
    memories = gather(name, keys, outside)
    damaged = [told for each in outside if isinstance(each, HeadFile) and (told := each.damage())]
    keyring = site.gate.keyring if level is Level.FULL else None
    report = verify(site.store, memories, keys.anchor(), level=level, keyring=keyring, progress=progress)
    if report.verdict is Verdict.INTACT and newest is not None:
        Heads(state_folder(os.environ)).remember(newest)
    return replace(report, remarks=(*report.remarks, *damaged))


def bundle(site: Site, entry: str, patience: float, *, opened: bool) -> tuple[bytes, int]:
    """The proof of an entry, which is sealed first where it is not, and the entry's place.

    With `opened` personal values are in it, where the reader may read them. Raises NotFound or StoreError.
    """
    with site.store.read() as connection:
        found = find(connection, entry)
    if found.index is None:
        site.gate.sealer.include(found.id, patience)
    keyring = site.gate.keyring if opened and reader(site).may_open else None
    with site.store.read() as connection:
        sealed = find(connection, found.id)
        assert sealed.index is not None
        return prove.prove(connection, sealed, keyring), sealed.index


def exported(site: Site, since: datetime | None, until: datetime | None) -> Iterator[dict[str, Any]]:
    """The signed head, then the sealed entries of a time, newest first, each with its proof to that head."""
    wanted = log.Filter(since=since, until=until)
    with site.store.read() as connection:
        store.hold_snapshot(connection)
        head = store.newest_checkpoint(connection)
        if head is None:
            raise NotFound("nothing has been sealed yet", hint="keep a worker running: lexops worker")
        yield {
            "format": "lexops-export/1",
            "checkpoint": head.note,
            "epochs": [each.statement for each in store.epochs(connection, up_to=head.epoch)],
            "cosignatures": store.cosignatures(connection, head),
        }
        found = log.entries(connection, wanted, limit=BATCH)
        while found:
            for entry in found:
                if entry.index is not None and entry.index < head.size:
                    yield {
                        "index": entry.index,
                        "entry": entry.body.decode(),
                        "leaf": leaf_hash(entry.body).hex(),
                        "proof": _proof(connection, entry.index, head.size),
                    }
            found = log.entries(connection, wanted, before=found[-1].id, limit=BATCH)


def _proof(connection: Connection, index: int, size: int) -> list[str]:
    def subtree(height: int, position: int) -> bytes:
        return subtree_of(
            lambda level, start, end: store.hashes(connection, level, start, end), height, position
        )

    return [b64encode(each).decode() for each in inclusion_proof(index, size, subtree)]


@dataclass(frozen=True, slots=True)
class KeyState:
    """The record's keys and how far others have followed it."""

    folder: Path
    why_not: str
    """Why this machine cannot seal; empty when it can."""
    anchor: str | None
    """What a verifier has to trust: the log's name and its first key."""
    log_key: str | None
    """What a witness has to know the log by."""
    epoch: Epoch | None
    state: log.State
    witnesses: tuple[WitnessState, ...]


def key_state(site: Site) -> KeyState:
    """Where the keys are and what they have signed. Raises StoreError."""
    where = folder(site)
    refused = site.gate.sealer.why_not()
    with site.store.read() as connection:
        trusted, witness = anchor(connection), witness_key(connection, SealingKeys(where))
        state = log.state(connection, site.clock)
        return KeyState(
            where,
            str(refused) if refused else "",
            str(trusted) if trusted else None,
            str(witness) if witness else None,
            store.newest_epoch(connection),
            state,
            state.witnesses,
        )
