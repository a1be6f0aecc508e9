"""Values that the console shows and nobody else needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from lexops.audit.model import Checkpoint, Plain


@dataclass(frozen=True, slots=True)
class SessionView:
    """Whose session this is, as it stands now: a role may change while the console is open."""

    operator: str
    id: str = ""
    """The pseudonym on the record; empty for somebody who is no operator."""
    role: str = ""
    how: str = "account"
    """What opened it: `account`, `key` or `certificate`."""
    remote: str = ""
    """Where from; empty at the machine itself."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """What a person wants: a request before the port adds whose and from where.

    The key stays the same through every question on the way, so that it is one act.
    """

    operation: str
    arguments: Mapping[str, object]
    confirmed: str = ""
    break_glass: str = ""
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True)
class Means:
    """How the operator can prove who they are."""

    codes: bool
    """An authenticator is enrolled."""
    keys: int
    """Registered SSH keys."""
    agent: bool
    """An ssh-agent is at hand."""
    minutes: int
    """How long it counts."""
    tries: int = 0
    """How many wrong codes pause further tries."""


@dataclass(frozen=True, slots=True)
class SigningTask:
    """What has to be signed with an SSH key, and how."""

    text: str
    command: str
    """What to type where the key is."""
    expires: datetime


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry of the record in a list."""

    id: str
    index: int | None
    """Its place in the tree; None while it waits for its seal."""
    at: datetime
    actor: str
    """The operator's name where it is known and may be read, else the pseudonym."""
    kind: str
    operation: str = ""
    request: int | None = None
    target: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """A witness that remembers a head over an entry."""

    witness: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry in full, and how well it is proven."""

    row: LogRow
    writer: str
    writer_seq: int
    data: Mapping[str, Plain]
    personal: Mapping[str, str]
    """Opened, or `(sealed)` or `(erased)`."""
    hash: str
    """The leaf's hash, as hex."""
    checkpoint: Checkpoint | None
    """The first head over it."""
    witnesses: tuple[Covered, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadsView:
    """What comparing the record with the heads that are remembered outside it gave."""

    problem: str = ""
    """What is wrong with the record, in words; empty when it continues what was seen before."""
    advice: str = ""
    unsure: str = ""
    """Why it could not be compared."""
