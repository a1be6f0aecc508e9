"""Operators and the sessions in which they act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lexops.operations import Role


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that opens sessions and signs challenges for an operator."""

    fingerprint: str
    """`SHA256:…`, as ssh-keygen -l prints it."""
    line: str
    """Type and base64, as in authorized_keys."""
    comment: str
    added: datetime


@dataclass(frozen=True, slots=True)
class Operator:
    """A person with a role. The id is a pseudonym: it is what the record keeps."""

    id: str
    name: str
    role: Role
    added: datetime
    expires: datetime | None
    removed: datetime | None
    keys: tuple[Key, ...] = ()
    voucher: str = ""
    """Made with the site's keys over all of this; whoever can only write the database cannot make one."""

    def is_active(self, at: datetime) -> bool:
        """Whether the operator may act at all."""
        return self.removed is None and (self.expires is None or at < self.expires)


def statement(operator: Operator) -> bytes:
    """What is vouched for: all that says what an operator may do, and with which keys."""
    moments = [moment.isoformat() if moment else "" for moment in (operator.expires, operator.removed)]
    lines = [operator.id, operator.name, operator.role.value, *moments]
    lines += sorted(f"{key.fingerprint} {key.line}" for key in operator.keys)
    return "\n".join(lines).encode()


def standing(operator: Operator, at: datetime) -> str:
    """Active, expired or removed, in a word."""
    if operator.removed is not None:
        return "removed"
    return "active" if operator.is_active(at) else "expired"
