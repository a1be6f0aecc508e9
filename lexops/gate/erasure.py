"""Forgetting what the record holds about a person: the values go, the tree stays whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import Connection

from lexops.audit import log
from lexops.audit.model import Entry
from lexops.errors import NotFound
from lexops.operations import Act, Effect, Privacy, Role, operation
from lexops.privacy import store as privacy
from lexops.text import plural


@operation("audit.erase", role=Role.ADMINISTRATOR, effect=Effect.DESTROY)
def erase(
    act: Act,
    *,
    entry: Annotated[str, "its place (#12) or identifier, as the log shows it"],
    reason: Annotated[str, "on what ground, for example GDPR art. 17", Privacy.PERSONAL],
) -> str:
    """Erase personal values.

    What an entry and its request hold sealed about people is destroyed for good; that something was there,
    and the proof that nothing else was changed, stays.
    """
    found = _entry(act.connection, entry)
    gone = sum(privacy.erase(act.connection, subject) for subject in _subjects(found))
    return f"{plural(gone, 'sealed value')} of entry #{found.index} erased"


def _entry(connection: Connection, name: str) -> Entry:
    found = log.entry(connection, name)
    if found is None:
        raise NotFound(f"the record has no entry {name}", hint="see: lexops audit log")
    if not found.personal:
        raise NotFound(f"entry {name} holds no personal values")
    return found


def _subjects(entry: Entry) -> Sequence[str]:
    return sorted({commitment.subject for commitment in entry.personal.values()})


OPERATIONS = (erase,)
