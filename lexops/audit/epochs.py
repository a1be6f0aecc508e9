"""The statement that ends one epoch and opens the next, and a chain of them. Pure.

The key of an epoch signs what the record was when the epoch ended and which key comes next; then it is
destroyed. So whoever steals the present key cannot write another past: no key is left to sign it with.

When the store was put back from a backup, or an epoch's key is lost, nobody is left who could sign the next
statement. Then the log's lasting key, which the first statement names, signs a restart: a statement of its
own kind, which nobody can overlook, and which says what was lost.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lexops.audit import note
from lexops.audit.body import time_text
from lexops.audit.merkle import EMPTY_ROOT

LENGTH = timedelta(minutes=15)
"""How long one key signs: what a thief of the present key can rewrite unnoticed by the signatures."""
_EPOCH = "epoch"
_RESTART = "restart"
_FIELDS = ("epoch", "opened", "at", "size", "root", "key", "previous")


@dataclass(frozen=True, slots=True)
class Lost:
    """The newest head that is known to have been signed and that a restart leaves behind."""

    epoch: int
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """Opens epoch `number`, at `at`, with `key`; the epoch before was `opened` and left `size` and `root`.

    `previous` is the hash (hex) of the statement before. The first one (number 0) is signed with its own key,
    and names the `log`'s lasting key. A `restart` is signed with that; `lost` is what it leaves behind, if
    that is known.
    """

    origin: str
    number: int
    opened: datetime
    at: datetime
    size: int
    root: bytes
    key: bytes
    previous: str
    log: bytes = b""
    restart: bool = False
    lost: Lost | None = None

    def accounts_for(self, epoch: int, size: int, root: bytes) -> bool:
        """Whether a head is the one that this restart names as lost, or older than it."""
        lost = self.lost
        if lost is None or epoch > lost.epoch or size > lost.size:
            return False
        return size < lost.size or root == lost.root


def write(statement: Statement, signer: Ed25519PrivateKey) -> str:
    """The statement as a note signed with `signer`: see :func:`signer_of`."""
    values = (
        str(statement.number),
        time_text(statement.opened),
        time_text(statement.at),
        str(statement.size),
        b64encode(statement.root).decode(),
        b64encode(statement.key).decode(),
        statement.previous,
    )
    lines = "".join(f"{name} {value}\n" for name, value in zip(_FIELDS, values, strict=True))
    if statement.log:
        lines += f"log {b64encode(statement.log).decode()}\n"
    if statement.restart:
        lines += f"lost {_lost_text(statement.lost)}\n"
    kind = _RESTART if statement.restart else _EPOCH
    return note.sign(f"{statement.origin}/{kind}\n{lines}", statement.origin, signer)


def first(origin: str, at: datetime, signer: Ed25519PrivateKey, log: bytes) -> str:
    """The statement that begins a log; `signer` is the key of epoch 0, the trust anchor."""
    key = note.public_bytes(signer)
    return write(Statement(origin, 0, at, at, 0, EMPTY_ROOT, key, "-", log=log), signer)


def read(text: str) -> Statement:
    """What a statement says; the signature is not looked at. Raises BadNote."""
    title, *lines = note.parse(text).text.rstrip("\n").split("\n")
    origin, _, kind = title.rpartition("/")
    try:
        names, values = zip(*(line.split(" ", 1) for line in lines), strict=True)
        number, opened, at, size, root, key, previous, *more = values
        statement = Statement(
            origin,
            int(number),
            datetime.fromisoformat(opened),
            datetime.fromisoformat(at),
            int(size),
            b64decode(root, validate=True),
            b64decode(key, validate=True),
            previous,
            log=b64decode(more[0], validate=True) if names[7:] == ("log",) else b"",
            restart=kind == _RESTART,
            lost=_lost(more[0]) if names[7:] == ("lost",) else None,
        )
    except ValueError:
        raise note.BadNote("this is no statement of an epoch") from None
    last = ("lost",) if statement.restart else () if statement.number else ("log",)
    keys = {len(statement.key), len(statement.log) or 32}
    if names != _FIELDS + last or kind not in (_EPOCH, _RESTART) or keys != {32}:
        raise note.BadNote("this is no statement of an epoch")
    return statement


def _lost_text(lost: Lost | None) -> str:
    return "-" if lost is None else f"{lost.epoch} {lost.size} {b64encode(lost.root).decode()}"


def _lost(text: str) -> Lost | None:
    if text == "-":
        return None
    epoch, size, root = text.split(" ")
    return Lost(int(epoch), int(size), b64decode(root, validate=True))


def digest(text: str) -> str:
    """What the next statement calls this one (hex)."""
    return sha256(text.encode()).hexdigest()


def signer_of(statement: Statement, before: Statement | None, log: bytes) -> note.VerifierKey:
    """Whose signature a statement must carry; `log` is the lasting key."""
    key = log if statement.restart else statement.key if before is None else before.key
    return note.VerifierKey(statement.origin, note.ED25519, key)


def is_restart(text: str, log: note.VerifierKey) -> bool:
    """Whether this is a restart of that log, signed with its lasting key."""
    try:
        statement = read(text)
    except note.BadNote:
        return False
    return statement.restart and statement.origin == log.name and note.is_signed(note.parse(text), log)


def fault(text: str, before: str | None, log: bytes) -> str | None:
    """Why a statement does not follow the one before (None: it must begin a log); None when it does.

    `log` is the lasting key, as the first statement names it.
    """
    try:
        statement = read(text)
        previous = None if before is None else read(before)
    except note.BadNote as bad:
        return str(bad)
    if previous is None:
        if statement.number or statement.restart or statement.size or statement.previous != "-":
            return "the first statement does not begin a log"
    elif (
        not _is_next(statement, previous)
        or statement.origin != previous.origin
        or statement.previous != digest(before or "")
        or statement.opened != previous.at
    ):
        return f"the statement of epoch {statement.number} does not follow the one before"
    elif statement.at < previous.at or statement.size < previous.size:
        return f"the statement of epoch {statement.number} goes backwards"
    if not note.is_signed(note.parse(text), signer_of(statement, previous, log)):
        if statement.restart:
            return f"the restart in epoch {statement.number} is not signed with the log's lasting key"
        return f"the statement of epoch {statement.number} is not signed with the key of the epoch before"
    return None


def _is_next(statement: Statement, previous: Statement) -> bool:
    """Whether the number follows; a restart passes over the epochs that were lost."""
    if not statement.restart:
        return statement.number == previous.number + 1
    return statement.number > (statement.lost.epoch if statement.lost else previous.number) >= previous.number


def first_fault(statements: Iterable[str]) -> tuple[int, str] | None:
    """The place and fault of the first statement in a chain from epoch 0 that does not follow."""
    before, log = None, b""
    for place, text in enumerate(statements):
        wrong = fault(text, before, log)
        if wrong is not None:
            return place, wrong
        before, log = text, log or read(text).log
    return None
