"""The keys that seal: in the key folder, outside the database, each destroyed when its epoch is over."""

from __future__ import annotations

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lexops.audit import note
from lexops.audit.body import time_text
from lexops.errors import StoreError
from lexops.privacy.keyring import write_private

_EPOCH_KEY = re.compile(r"epoch-(\d{1,9})\.key")


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest head that this machine signed."""

    origin: str
    epoch: int
    size: int
    root: bytes
    at: datetime


class SealingKeys:
    """What this machine needs to seal, as files: the open epoch's key, and the newest head it signed.

    Between the two halves of a roll-over there are two keys; which one is in force the database says.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is the one of the Keyring, which makes and guards it."""
        self.folder = folder

    def key(self, epoch: int) -> Ed25519PrivateKey | None:
        """The key of an epoch, when this machine has it. Raises StoreError."""
        with self._explained():
            path = self._path(epoch)
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes()) if path.exists() else None

    def make(self, epoch: int) -> Ed25519PrivateKey:
        """A new key for an epoch, on the disk when this returns; replaces one that never came into force."""
        key = Ed25519PrivateKey.generate()
        with self._explained():
            write_private(self._path(epoch), key.private_bytes_raw())
        return key

    def epochs(self) -> list[int]:
        """The epochs of which there are keys."""
        with self._explained():
            found = (_EPOCH_KEY.fullmatch(path.name) for path in self.folder.iterdir())
            return sorted(int(match[1]) for match in found if match)

    def destroy_before(self, epoch: int) -> None:
        """Destroy the keys of the epochs that are over: overwritten, then removed."""
        for each in self.epochs():
            if each < epoch:
                with self._explained():
                    _shred(self._path(each))

    def log_key(self) -> Ed25519PrivateKey | None:
        """The key that stays, when this machine has it.

        It makes the log known to witnesses, which cannot follow the epochs, and signs restarts.
        """
        path = self.folder / "log.key"
        with self._explained():
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes()) if path.exists() else None

    def make_log_key(self) -> Ed25519PrivateKey:
        """The key that stays, for a log that begins; one that is there already is kept."""
        known = self.log_key()
        if known is not None:
            return known
        key = Ed25519PrivateKey.generate()
        with self._explained():
            write_private(self.folder / "log.key", key.private_bytes_raw())
        return key

    def signed(self) -> Signed | None:
        """The newest head that this machine signed. Raises StoreError when the file is damaged."""
        path = self.folder / "signed.json"
        with self._explained():
            if not path.exists():
                return None
            content = json.loads(path.read_bytes())
            return Signed(
                content["origin"],
                content["epoch"],
                content["size"],
                b64decode(content["root"], validate=True),
                datetime.fromisoformat(content["at"]),
            )

    def remember(self, signed: Signed) -> None:
        """Remember a head, unless a newer one is remembered (another process may have been faster)."""
        known = self.signed()
        if (
            known
            and known.origin == signed.origin
            and (known.epoch, known.size) >= (signed.epoch, signed.size)
        ):
            return
        content = {
            "origin": signed.origin,
            "epoch": signed.epoch,
            "size": signed.size,
            "root": b64encode(signed.root).decode(),
            "at": time_text(signed.at),
        }
        with self._explained():
            write_private(self.folder / "signed.json", json.dumps(content, indent=1).encode())

    def anchor(self) -> note.VerifierKey | None:
        """The trust anchor as it was when this machine began the log."""
        path = self.folder / "anchor"
        with self._explained():
            return note.parse_key(path.read_text("ascii")) if path.exists() else None

    def set_anchor(self, anchor: note.VerifierKey) -> None:
        """Keep the trust anchor."""
        with self._explained():
            write_private(self.folder / "anchor", f"{anchor}\n".encode())

    def _path(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch}.key"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"the key folder {self.folder} cannot be used: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            hint = "if another machine has the site's sealing keys, seal there; see docs/record.md"
            raise StoreError(f"a file in the key folder {self.folder} is damaged", hint=hint) from None


def _shred(path: Path) -> None:
    """Overwrite a small file in place and remove it: the best that can be done above a file system."""
    try:
        with path.open("r+b", buffering=0) as file:
            file.write(b"\0" * path.stat().st_size)
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        # Another process finished the same roll-over first.
        return
