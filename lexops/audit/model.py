"""What goes on the record, and what seals it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Plain = str | int | bool | None
"""What an entry's data may hold: nothing whose written form could be disputed, so no floats."""


@dataclass(frozen=True, slots=True)
class Personal:
    """A value about somebody, which must be erasable; `subject` is an opaque reference to whom."""

    subject: str
    value: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody did, before it is on the record. `key` makes it happen once (a request's key)."""

    kind: str
    actor: str
    key: str
    at: datetime
    data: Mapping[str, Plain] = field(default_factory=dict)
    personal: Mapping[str, Personal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commitment:
    """What the record holds of a personal value: whom it is about, and a keyed hash of it (hex)."""

    subject: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the record. `body` is what is hashed; the rest is read from it.

    `index` is its place in the tree, None until it is sealed; `writer_prev` is the hash (hex) of the entry
    that the same writer wrote before, None for its first.
    """

    id: str
    index: int | None
    at: datetime
    kind: str
    actor: str
    key: str
    writer: str
    writer_seq: int
    writer_prev: str | None
    data: Mapping[str, Plain]
    personal: Mapping[str, Commitment]
    body: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head of the tree: the first `size` entries have this `root`. `note` is the signed text.

    `at` is when it was signed; only its epoch's bounds are signed. `id` counts them.
    """

    origin: str
    size: int
    root: bytes
    epoch: int
    at: datetime
    note: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time in which one key signs. `statement` opens it, signed with the key of the epoch before."""

    number: int
    opened: datetime
    public_key: bytes
    statement: str


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How far a witness has come: the head it took last (over `size` entries, of `covered`); its trouble."""

    name: str
    checkpoint: int | None
    size: int
    covered: datetime | None
    tried: datetime
    trouble: str
