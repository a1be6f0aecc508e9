"""The site's sealing keys: in a private folder outside the database, never in it."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from lexops.errors import StoreError

KEY_BYTES = 32
_SUFFIX = ".key"


class KeyMissing(StoreError):
    """A sealed value cannot be opened: its key is not on this machine."""

    hint = "copy the site's key folder from the machine that has it; see docs/record.md"


class Keyring:
    """Key-encryption keys, newest last; a file `seal-ID.key` each, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, and make it with a first key where there is none. Raises StoreError."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if stat.S_IMODE(folder.stat().st_mode) & 0o077:
                raise StoreError(f"the key folder {folder} can be read by others", hint=f"chmod 700 {folder}")
            self._keys = self._read()
            if not self._keys:
                self._make()
        except OSError as error:
            raise StoreError(f"the key folder {folder} cannot be used: {error.strerror}") from None

    def _read(self) -> dict[str, bytes]:
        """Every key by its name; names begin with when they were made, so the newest comes last."""
        keys = {path.stem: path.read_bytes() for path in sorted(self.folder.glob(f"seal-*{_SUFFIX}"))}
        for name, key in keys.items():
            if len(key) != KEY_BYTES:
                raise StoreError(f"the key {name} in {self.folder} is damaged", hint=KeyMissing.hint)
        return keys

    def _make(self) -> None:
        key = os.urandom(KEY_BYTES)
        name = f"seal-{datetime.now(UTC):%Y%m%d%H%M%S}-{sha256(key).hexdigest()[:12]}"
        write_private(self.folder / f"{name}{_SUFFIX}", key)
        # Another process may have made one at the same moment: all of them are kept and can open.
        self._keys = self._read()

    def _key(self, name: str) -> bytes | None:
        """A key by its name; one that another process has made meanwhile is found too."""
        if name not in self._keys:
            self._keys = self._read()
        return self._keys.get(name)

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        """The name of the key that wraps, and the wrapped `key` (RFC 3394)."""
        name, wrapping = next(reversed(self._keys.items()))
        return name, aes_key_wrap(wrapping, key)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """The key that was wrapped. Raises KeyMissing."""
        key = self._key(name)
        if key is None:
            raise KeyMissing(f"the key {name} is not in {self.folder}")
        try:
            return aes_key_unwrap(key, wrapped)
        except InvalidUnwrap:
            raise KeyMissing(f"the key {name} in {self.folder} does not fit") from None

    def vouch(self, statement: bytes) -> str:
        """A mark that only a holder of these keys can make: key name and HMAC-SHA256, as text."""
        name, key = next(reversed(self._keys.items()))
        return f"{name}:{digest(_vouching(key), statement, 'sha256').hex()}"

    def vouches(self, mark: str, statement: bytes) -> bool:
        """Whether a mark was made for this statement with one of these keys."""
        name, _, made = mark.partition(":")
        key = self._key(name)
        return key is not None and compare_digest(digest(_vouching(key), statement, "sha256").hex(), made)


def _vouching(key: bytes) -> bytes:
    """A key for vouching only, so that no key serves two purposes."""
    return digest(key, b"lexops vouching 1", "sha256")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all, and on the disk when this returns."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
