"""`lexops-witness`: remembers on another host how far a log has come, and signs only what continues it.

One request of C2SP tlog-witness (add-checkpoint) on standard input, one answer on standard output: a status
line, then the body. It needs no database and nothing of the site but the log's public key.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lexops.audit import epochs, note
from lexops.audit.merkle import EMPTY_ROOT, is_consistent
from lexops.audit.restarts import in_words
from lexops.clock import Clock, SystemClock
from lexops.errors import Exit, InvalidRequest, LexOpsError, Refused, StoreError
from lexops.privacy.keyring import write_private

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A status as of HTTP, its body, and what to remember before it is given (only with 200)."""

    status: int
    body: str
    remember: note.Head | None = None


def judge(request: str, log: note.VerifierKey, remembered: note.Head | None) -> Answer:
    """What the rules of tlog-witness say to a request; the caller signs a 200. Pure."""
    first, gap, checkpoint = request.partition("\n\n")
    lines = first.split("\n")
    try:
        word, _, number = lines[0].partition(" ")
        old = int(number)
        proof = [b64decode(line, validate=True) for line in lines[1:]]
        signed = note.parse(checkpoint)
        head = note.read_head(signed.text)
    except ValueError:
        return Answer(400, "the request cannot be read\n")
    if not gap or word != "old" or old < 0 or old > head.size or len(proof) > 63:
        return Answer(400, "the request cannot be read\n")
    if head.origin != log.name:
        return Answer(404, "this log is not known here\n")
    if not note.is_signed(signed, log):
        return Answer(403, "the head is not signed with the log's key\n")
    known = remembered or note.Head(head.origin, 0, EMPTY_ROOT)
    if old != known.size or (old == head.size and head.root != known.root):
        return Answer(409, f"{known.size}\n")
    if not is_consistent(old, known.root, head.size, head.root, proof):
        return Answer(422, "the head does not continue what is remembered here\n")
    return Answer(200, signed.text, head)


class NotAgreed(Refused):
    """The restart is not one that this witness may follow."""


def after_restart(
    statements: Sequence[str], log: note.VerifierKey, remembered: note.Head, agreed: int
) -> epochs.Statement | None:
    """The newest restart among a log's statements that the witness is to go on from; None when none is new.

    `agreed` is the number of the epoch of the last restart that was agreed to. Raises NotAgreed. Pure.
    """
    found = None
    for each in statements:
        if not epochs.is_restart(each, log):
            continue
        statement = epochs.read(each)
        if statement.number <= agreed:
            continue
        if remembered.size > statement.size:
            lost = statement.lost
            if lost is None or not statement.accounts_for(lost.epoch, remembered.size, remembered.root):
                raise NotAgreed(
                    f"the restart at entry #{statement.size} hides what is remembered here: "
                    f"{remembered.size:,} entries, which it does not name as lost",
                    hint="find out what happened to the log before anything else",
                )
            remembered = note.Head(statement.origin, statement.size, statement.root)
        found = statement
    return found


class Memory:
    """A folder with this witness's key and the newest head of each log; requests take turns."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises StoreError."""
        self._folder = folder
        self.name = name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            path = folder / "witness.key"
            if not path.exists():
                write_private(path, Ed25519PrivateKey.generate().private_bytes_raw())
            self._key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"the witness's folder {folder} cannot be used: {error}") from None

    @property
    def key(self) -> note.VerifierKey:
        """What the log's site has to know this witness by."""
        return note.VerifierKey(self.name, note.COSIGNATURE, note.public_bytes(self._key))

    def agree(self, statements: Sequence[str], log: note.VerifierKey) -> str:
        """Go on from where a log was restarted; gives what to say. Raises NotAgreed or StoreError."""
        path = self._folder / f"{log.name.replace('/', '-')}.head"
        agreed = path.with_suffix(".restart")
        try:
            remembered = note.read_head(path.read_text("utf-8")) if path.exists() else None
            known = epochs.read(agreed.read_text("utf-8")).number if agreed.exists() else 0
            head = remembered or note.Head(log.name, 0, EMPTY_ROOT)
            found = after_restart(statements, log, head, known)
            if found is None:
                raise NotAgreed("the file holds no restart of this log that was not agreed to before")
            if head.size > found.size:
                write_private(path, note.write_head(note.Head(log.name, found.size, found.root)).encode())
            text = next(each for each in statements if epochs.read(each) == found)
            write_private(agreed, text.encode())
        except (OSError, ValueError) as error:
            raise StoreError(f"the witness's folder {self._folder} cannot be used: {error}") from None
        return f"agreed: {in_words(found)}"

    def answer(self, request: str, log: note.VerifierKey, clock: Clock) -> Answer:
        """Judge a request, remember the head, sign. Raises StoreError when it cannot be remembered."""
        path = self._folder / f"{log.name.replace('/', '-')}.head"
        try:
            remembered = note.read_head(path.read_text("utf-8")) if path.exists() else None
            answer = judge(request, log, remembered)
            if answer.remember is None:
                return answer
            write_private(path, note.write_head(answer.remember).encode())
        except (OSError, ValueError) as error:
            raise StoreError(f"the witness's folder {self._folder} cannot be used: {error}") from None
        at = int(clock.now().timestamp())
        return Answer(200, note.cosign(answer.body, self.name, self._key, at), answer.remember)

    def close(self) -> None:
        """Let the next request have its turn."""
        os.close(self._lock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one request."""
    parser = argparse.ArgumentParser(prog="lexops-witness", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--state", type=Path, required=True, help="folder that remembers")
    parser.add_argument("--name", required=True, help="this witness's name, such as a host's")
    parser.add_argument(
        "--log", help="the log's public key, NAME+ID+KEY; without it this witness's own is shown"
    )
    parser.add_argument(
        "--accept-restart", type=Path, metavar="PROOF", help="agree to the restart of the log in this proof"
    )
    chosen = parser.parse_args(arguments)
    try:
        memory = Memory(chosen.state, chosen.name)
        if chosen.log is None:
            sys.stdout.write(f"{memory.key}\n")
            return Exit.OK
        log = note.parse_key(chosen.log)
        if chosen.accept_restart is not None:
            sys.stdout.write(f"{memory.agree(_statements(chosen.accept_restart), log)}\n")
            return Exit.OK
        request = sys.stdin.buffer.read(MOST_BYTES).decode("utf-8", "replace")
        answer = memory.answer(request, log, SystemClock())
    except note.BadNote as bad:
        sys.stderr.write(f"--log: {bad}\n")
        return Exit.USAGE
    except LexOpsError as error:
        sys.stderr.write(f"{error}\n")
        if error.hint:
            sys.stderr.write(f"{error.hint}\n")
        return error.exit
    sys.stdout.write(f"{answer.status}\n{answer.body}")
    return Exit.OK if answer.status == 200 else Exit.PROBLEMS


def _statements(proof: Path) -> list[str]:
    """The statements in a proof bundle. Raises InvalidRequest."""
    try:
        return [str(each) for each in json.loads(proof.read_bytes())["epochs"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "write one on the log's site: lexops audit prove ENTRY --out proof.json"
        raise InvalidRequest(f"{proof} is no proof of an entry: {error}", hint=hint) from None


if __name__ == "__main__":
    sys.exit(main())
