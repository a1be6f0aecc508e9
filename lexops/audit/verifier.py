"""Checks a LexOps proof bundle: that an entry stands in a log, unaltered, and whose log it is.

    python verifier.py BUNDLE [--trust KEY_OR_FINGERPRINT] [--witness KEY ...]

This file stands alone: it needs Python 3.11 and the package `cryptography`, not LexOps or its database.
Exit code: 0 the bundle is valid, 1 it is not (the line says why), 2 it could not be read.

What is checked: the entry's hash; the proof that leads from it to the root of a checkpoint (RFC 9162,
2.1.3.2); the checkpoint's signature (C2SP signed-note, Ed25519); the chain of statements in which each
epoch's key hands over to the next, or the log's lasting key restarts it; and, with --trust, that the first of
these keys is the one you were given.
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "lexops-proof/1"
Signature = tuple[str, bytes, bytes]
"""Name, key identifier, value."""


class NotValid(Exception):
    """The bundle is readable, but does not prove what it says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one bundle and say what came of it."""
    parser = argparse.ArgumentParser(description="Checks a LexOps proof bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust", metavar="KEY_OR_FINGERPRINT", help="the log's key, or its SHA-256 in hex")
    parser.add_argument(
        "--witness", metavar="KEY", action="append", default=[], help="a witness that must have signed"
    )
    chosen = parser.parse_args(arguments)
    try:
        bundle = json.loads(chosen.bundle.read_bytes())
        if bundle["format"] != FORMAT:
            raise ValueError(f"it is of the format {bundle['format']}")
        lines = check(bundle, chosen.trust, chosen.witness)
    except NotValid as reason:
        say("NOT VALID", str(reason))
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say("NOT READABLE", f"{chosen.bundle}: {error}", sys.stderr.write)
        return 2
    say("VALID", "\n".join(lines))
    return 0


def check(bundle: dict[str, Any], trust: str | None, witnesses: Sequence[str]) -> list[str]:
    """What the bundle proves, line by line. Raises NotValid; ValueError and such for what is unreadable."""
    body = bundle["entry"].encode()
    leaf = sha256(b"\x00" + body).digest()
    if leaf.hex() != bundle["leaf"]:
        raise NotValid("the entry was altered: it has not the hash that was taken of it")
    entry = json.loads(body)
    text, signatures = read_note(bundle["checkpoint"])
    origin, size, root = text.split("\n")[:3]
    proof = [b64decode(each, validate=True) for each in bundle["proof"]]
    if root_from(leaf, int(bundle["index"]), int(size), proof) != b64decode(root, validate=True):
        raise NotValid("the proof is wrong: it does not lead from the entry to the checkpoint's root")
    first, last, until, restarts = follow(bundle["epochs"], origin)
    if not is_signed(text, signatures, origin, last):
        raise NotValid("the signature is wrong: the checkpoint is not signed with the key of its epoch")
    if trust is not None and not is_trusted(trust, origin, first):
        raise NotValid(f"this is not the trusted log: it is {origin} with the key {fingerprint(first)}")
    lines = [
        f"entry {bundle['index']} of {size} in the log {origin}, signed in the epoch that began {until}",
        *restarts,
        f"{entry['time']}  {entry['kind']}  by {entry['actor']}",
        *(f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in entry["data"].items()),
        *personal(entry, bundle["opened"]),
        *(cosigned(text, bundle["cosignatures"], each) for each in witnesses),
    ]
    if trust is None:
        lines.append(
            f"not checked: whose log this is. Its key's fingerprint is {fingerprint(first)}; compare it"
        )
    return lines


def root_from(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to; None when it has the wrong length (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = sha256(b"\x01" + step + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + step).digest()
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def follow(statements: Sequence[str], origin: str) -> tuple[bytes, bytes, str, list[str]]:
    """The first and the last key of the chain, when the last epoch began, the restarts. Raises NotValid.

    The first statement names the log's lasting key; a restart is signed with that, and may pass over epochs.
    """
    first = key = lasting = b""
    before, began, reached, number = "-", "", 0, -1
    restarts = []
    for statement in statements:
        text, signatures = read_note(statement)
        name, *lines = text.rstrip("\n").split("\n")
        said = dict(line.split(" ", 1) for line in lines)
        opens = b64decode(said["key"], validate=True)
        if number < 0:
            first = key = opens
            lasting = b64decode(said.get("log", ""), validate=True)
        is_restart = number >= 0 and name == f"{origin}/restart"
        expected, number = number + 1, int(said["epoch"])
        follows = number >= expected if is_restart else name == f"{origin}/epoch" and number == expected
        if not follows or said["previous"] != before:
            raise NotValid(f"the statement of epoch {number} does not follow the one before")
        if said["at"] < began or int(said["size"]) < reached:
            raise NotValid(f"the statement of epoch {number} goes backwards")
        if not is_signed(text, signatures, origin, lasting if is_restart else key):
            whose = "lasting key of the log" if is_restart else "key of the one before"
            raise NotValid(f"the signature is wrong: epoch {number} was not opened by the {whose}")
        if is_restart:
            restarts.append(restarted(said))
        key, before, began = opens, sha256(statement.encode()).hexdigest(), said["at"]
        reached = int(said["size"])
    if not statements:
        raise NotValid("the statements of the epochs are missing")
    return first, key, began, restarts


def restarted(said: dict[str, str]) -> str:
    """What is to be known about a restart: sealed entries may have been lost in it."""
    line = f"the log was restarted {said['at']} at entry {said['size']}, by its lasting key; "
    if said["lost"] == "-":
        return f"{line}no later seal was remembered"
    last = int(said["lost"].split(" ")[1])
    if last <= int(said["size"]):
        return f"{line}later seals are lost, but no entry"
    return f"{line}entries up to {last - 1} had been sealed before and are lost"


def read_note(note: str) -> tuple[str, list[Signature]]:
    """A signed note's text and its signatures."""
    text, gap, below = note.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise ValueError("a note cannot be read")
    return f"{text}\n", [read_signature(line) for line in below[:-1].split("\n")]


def read_signature(line: str) -> Signature:
    mark, name, encoded = line.rstrip("\n").split(" ")
    value = b64decode(encoded, validate=True)
    if mark != "—" or len(value) < 5:
        raise ValueError("a signature cannot be read")
    return name, value[:4], value[4:]


def key_id(name: str, kind: int, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def is_signed(text: str, signatures: Sequence[Signature], name: str, key: bytes) -> bool:
    wanted = (name, key_id(name, 1, key))
    return any(is_good(key, value, text) for who, which, value in signatures if (who, which) == wanted)


def is_good(key: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def is_trusted(trust: str, origin: str, key: bytes) -> bool:
    """Whether the key is the trusted one: given as NAME+ID+KEY, or as a fingerprint."""
    if "+" not in trust:
        return compare_digest(trust.replace(":", "").strip().lower(), fingerprint(key))
    return trust.strip() == f"{origin}+{key_id(origin, 1, key).hex()}+{b64encode(bytes([1]) + key).decode()}"


def fingerprint(key: bytes) -> str:
    return sha256(key).hexdigest()


def personal(entry: dict[str, Any], opened: dict[str, dict[str, str]]) -> list[str]:
    """The personal values that the bundle opens, each checked against what the entry committed to."""
    lines = []
    for field, said in sorted(entry["personal"].items()):
        if field not in opened:
            lines.append(f"  {field}: (not opened)")
            continue
        value, salt = opened[field]["value"], bytes.fromhex(opened[field]["salt"])
        if not compare_digest(digest(salt, value.encode(), "sha256").hex(), said["commitment"]):
            raise NotValid(f"the personal value {field} is not the one that the entry committed to")
        lines.append(f"  {field}: {json.dumps(value, ensure_ascii=False)}")
    return lines


def cosigned(text: str, cosignatures: Sequence[str], witness: str) -> str:
    """What a witness says about the checkpoint. Raises NotValid when it says nothing."""
    name, _, rest = witness.strip().partition("+")
    key = b64decode(rest.partition("+")[2], validate=True)[1:]
    for who, which, value in map(read_signature, cosignatures):
        at = int.from_bytes(value[:8])
        seen = f"cosignature/v1\ntime {at}\n{text}"
        if (who, which) == (name, key_id(name, 4, key)) and is_good(key, value[8:], seen):
            return f"the witness {name} saw this checkpoint at {datetime.fromtimestamp(at, UTC).isoformat()}"
    raise NotValid(f"the witness {name} has not signed the checkpoint")


def say(verdict: str, text: str, write: Callable[[str], object] = sys.stdout.write) -> None:
    """Write the verdict and its lines; nothing in a bundle may steer the terminal."""
    safe = "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)
    write(f"{verdict}: {safe}\n")


if __name__ == "__main__":
    sys.exit(main())
