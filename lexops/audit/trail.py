"""Putting an act on the record, in the act's own transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from lexops.audit import body, store
from lexops.audit.model import Commitment, Draft, Entry
from lexops.privacy.keyring import Keyring
from lexops.privacy.store import reveal, seal


class Trail:
    """What one process writes. Its entries are a chain of their own: no two processes wait for each other.

    The threads of a process do wait: a writer's entries commit one after another.
    """

    def __init__(self, keyring: Keyring, writer: str) -> None:
        """`writer` names the process, and must never be used by another one."""
        self._keyring = keyring
        self.writer = writer

    def append(self, connection: Connection, draft: Draft) -> Entry:
        """Write the draft in the caller's write transaction, so that the act and its entry are one.

        A draft whose key is on the record already changes nothing and gives the entry that is there.
        Raises InvalidRequest for what an entry cannot carry, StoreError when it cannot be written.
        """
        store.lock_writer(connection, self.writer, draft.key)
        known = store.entry_by_key(connection, draft.key)
        if known is not None:
            return known
        personal = {
            field: Commitment(
                each.subject,
                seal(
                    connection,
                    self._keyring,
                    subject=each.subject,
                    owner=draft.key,
                    field=field,
                    value=each.value,
                ),
            )
            for field, each in draft.personal.items()
        }
        last, prev = store.last_of_writer(connection, self.writer)
        written = body.write(
            id=body.uuid7(draft.at),
            at=draft.at,
            writer=self.writer,
            writer_seq=last + 1,
            writer_prev=prev,
            kind=draft.kind,
            actor=draft.actor,
            key=draft.key,
            data=draft.data,
            personal=personal,
        )
        entry = body.read(written, None)
        store.add_entry(connection, entry)
        return entry

    def opened(self, connection: Connection, entry: Entry) -> Mapping[str, str | None]:
        """The personal values of an entry by field; None for what was erased. Raises StoreError."""
        known = reveal(connection, self._keyring, entry.key) if entry.personal else {}
        return {field: known.get(field) for field in entry.personal}
