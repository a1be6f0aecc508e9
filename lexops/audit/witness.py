"""Telling witnesses: places outside the database that remember each head, and object to another history."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Protocol

from lexops.audit import note, store
from lexops.audit.epochs import Statement
from lexops.audit.heads import HeadFile
from lexops.audit.merkle import consistency_proof
from lexops.audit.model import Checkpoint
from lexops.audit.restarts import after_restarts
from lexops.audit.sealing import signed_restarts
from lexops.audit.tiles import subtree_of
from lexops.audit.verdict import Problem, Verdict
from lexops.clock import Clock
from lexops.errors import StoreError
from lexops.store.database import Store
from lexops.text import one_line

Proof = Callable[[int], list[bytes]]
"""The consistency proof from a size to the head that is told."""


class WitnessTrouble(StoreError):
    """A witness did not take a head; with a `verdict` because it remembers another record."""

    hint = "verify the record: lexops audit verify"

    def __init__(self, message: str, verdict: Verdict | None = None) -> None:
        super().__init__(message)
        self.verdict = verdict


class Witness(Protocol):
    """A place that remembers heads of this log."""

    @property
    def name(self) -> str: ...

    def tell(
        self, head: Checkpoint, known: int, proof: Proof, restarts: Sequence[Statement] = ()
    ) -> str | None:
        """Make it remember the head; it is thought to know the first `known` entries.

        `restarts` are those that the log's lasting key signed. Gives its signature line, where it signs.
        Raises WitnessTrouble or StoreError.
        """
        ...


class FileDrop:
    """A file that grows by each head."""

    def __init__(self, file: HeadFile) -> None:
        self._file = file
        self.name = f"file {file.path}"

    def tell(
        self, head: Checkpoint, known: int, proof: Proof, restarts: Sequence[Statement] = ()
    ) -> str | None:
        found = self._file.recall(head.origin)
        kept, hidden = after_restarts([found] if found else [], restarts)
        if hidden:
            raise WitnessTrouble(hidden[0].what, hidden[0].verdict)
        remembered = next(iter(kept), None)
        if remembered is not None and remembered.size > head.size:
            raise _rolled_back(self.name, remembered.size, head)
        if remembered is not None and remembered.size == head.size and remembered.root != head.root:
            raise _forged(self.name)
        self._file.append(head)
        return None


class Command:
    """A witness on another host, spoken to through a program such as `ssh witness-host lexops-witness`.

    It is given a request of C2SP tlog-witness on its standard input, and answers a status and a body.
    """

    def __init__(self, key: note.VerifierKey, argv: Sequence[str], timeout_seconds: float = 20) -> None:
        self.name = key.name
        self._key = key
        self._argv = tuple(argv)
        self._timeout = timeout_seconds

    def tell(
        self, head: Checkpoint, known: int, proof: Proof, restarts: Sequence[Statement] = ()
    ) -> str | None:
        status, body = self._ask(head, known, proof)
        if status == 409 and body.strip().isdecimal():
            told, known = known, int(body)
            if known > head.size and not _is_left(known, restarts):
                raise _rolled_back(self.name, known, head)
            if known != told and known <= head.size:
                status, body = self._ask(head, known, proof)
        if status in (409, 422) and _is_left(known, restarts):
            what = f"the witness {self.name} remembers {known:,} entries, from before a restart"
            raise WitnessTrouble(f"{what} that it has not agreed to; see docs/record.md, Restart")
        if status in (409, 422):
            raise _forged(self.name)
        if status != 200:
            raise WitnessTrouble(f"the witness {self.name} refused the head: {status} {one_line(body, 100)}")
        return self._signature(head, body)

    def _ask(self, head: Checkpoint, known: int, proof: Proof) -> tuple[int, str]:
        known = min(known, head.size)
        lines = "".join(f"{b64encode(each).decode()}\n" for each in proof(known))
        request = f"old {known}\n{lines}\n{head.note}"
        try:
            done = subprocess.run(
                self._argv, input=request.encode(), capture_output=True, timeout=self._timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise WitnessTrouble(f"the witness {self.name} did not answer in {self._timeout:g} s") from None
        except OSError as error:
            raise WitnessTrouble(f"the witness {self.name} cannot be reached: {error.strerror}") from None
        status, _, body = done.stdout.decode("utf-8", "replace").partition("\n")
        if not status.isdecimal():
            said = one_line(done.stderr.decode("utf-8", "replace"), 200) or f"exit code {done.returncode}"
            raise WitnessTrouble(f"the witness {self.name} cannot be reached: {said}")
        return int(status), body

    def _signature(self, head: Checkpoint, body: str) -> str:
        try:
            signed = note.Note(note.parse(head.note).text, (note.parse_signature(body),))
        except note.BadNote as bad:
            raise WitnessTrouble(f"the witness {self.name} answered badly: {bad}") from None
        if note.cosigned_at(signed, self._key) is None:
            raise WitnessTrouble(f"the witness {self.name} signed with a key it is not known by")
        return body


def tell_witnesses(source: Store, witnesses: Sequence[Witness], clock: Clock) -> list[Problem]:
    """Tell each witness the newest head it does not have; gives what is wrong by their memory.

    A witness that cannot be reached is noted and tried again next time. Raises StoreError.
    """
    with source.read() as connection:
        head = store.newest_checkpoint(connection)
        states = {each.name: each for each in store.witnesses(connection)}
        restarts = signed_restarts(connection)
    problems = []
    for witness in witnesses if head else ():
        assert head is not None
        state = states.get(witness.name)
        if state is not None and state.checkpoint == head.id and not state.trouble:
            continue
        told, line, trouble = None, None, ""
        try:
            line = witness.tell(
                head, state.size if state else 0, lambda old: proof_to(source, old, head.size), restarts
            )
            told = head
        except StoreError as error:
            trouble = str(error)
            if isinstance(error, WitnessTrouble) and error.verdict is not None:
                problems.append(Problem(error.verdict, trouble, since=state.covered if state else None))
        with source.begin() as connection:
            store.set_witness(connection, witness.name, told, clock.now(), trouble, line)
    return problems


def proof_to(source: Store, old: int, size: int) -> list[bytes]:
    """The consistency proof from the first `old` entries to the first `size`. Raises StoreError."""
    with source.read() as connection:
        return consistency_proof(
            old,
            size,
            lambda height, position: subtree_of(
                lambda level, start, end: store.hashes(connection, level, start, end), height, position
            ),
        )


def _is_left(known: int, restarts: Sequence[Statement]) -> bool:
    """Whether a restart names so many entries as lost."""
    return any(each.lost is not None and each.size < known <= each.lost.size for each in restarts)


def _rolled_back(name: str, known: int, head: Checkpoint) -> WitnessTrouble:
    what = f"the witness {name} remembers {known:,} sealed entries, the store has {head.size:,}"
    return WitnessTrouble(what, Verdict.ROLLED_BACK)


def _forged(name: str) -> WitnessTrouble:
    return WitnessTrouble(f"the witness {name} remembers another history than the store has", Verdict.FORGED)
