"""The first operator of a site: whoever runs LexOps first is its administrator, and that is on the record."""

from __future__ import annotations

from sqlalchemy import text

from lexops.auth import store as people
from lexops.gate.gate import Gate
from lexops.operations import Role

_LOCK = 0x1E40B6
"""An arbitrary number that only this locks on."""


def found(gate: Gate, account: str) -> bool:
    """Make `account` administrator when the site has never had an operator; says whether it was so."""
    with gate.store.read() as connection:
        if not people.is_empty(connection):
            return False
    with gate.store.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if not people.is_empty(connection):
            return False
        now = gate.clock.now()
        person = people.add(connection, gate.keyring, account, Role.ADMINISTRATOR, now)
        gate.recorder.note(
            connection,
            "first-operator",
            f"first-operator:{person.id}",
            person.id,
            now,
            {"role": person.role.value},
            {"operator": account},
        )
    return True
