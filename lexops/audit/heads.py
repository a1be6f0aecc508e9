"""Heads remembered outside the database: by each console, and in a file that only grows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lexops.audit import note
from lexops.audit.body import time_text
from lexops.audit.keys import SealingKeys
from lexops.audit.model import Checkpoint
from lexops.audit.verdict import Memory
from lexops.errors import StoreError
from lexops.privacy.keyring import write_private


class Recollection(Protocol):
    """A place that remembers heads."""

    def recall(self, origin: str) -> Memory | None:
        """The newest head of this log that is remembered here. Raises StoreError."""
        ...


class Heads:
    """What this account's consoles have seen, a small private file for each log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, origin: str) -> Memory | None:
        try:
            line = self._path(origin).read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(self._folder, error) from None
        memory = _read(line, "this account's console")
        if memory is None:
            hint = "if nobody can say why, verify the record against a witness; then remove the file"
            raise StoreError(f"the remembered head {self._path(origin)} is damaged", hint=hint)
        return memory

    def remember(self, seen: Checkpoint) -> None:
        """Remember a head that was found to be in order, unless a newer one is remembered."""
        known = self.recall(seen.origin)
        if known is not None and ((known.epoch or 0), known.size) >= (seen.epoch, seen.size):
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path(seen.origin), _line(seen).encode())
        except OSError as error:
            raise _unusable(self._folder, error) from None

    def _path(self, origin: str) -> Path:
        return self._folder / f"{origin.replace('/', '-')}.head"


class HeadFile:
    """A file that heads are only appended to: on another machine's share, or with `chattr +a`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def recall(self, origin: str) -> Memory | None:
        return next((each for each in reversed(self._lines()) if each.origin == origin), None)

    def damage(self) -> str | None:
        """What to say about lines that cannot be read, as after a full disk; None when there are none."""
        try:
            lines = self.path.read_text("utf-8", "replace").splitlines() if self.path.exists() else []
        except OSError as error:
            raise _unusable(self.path, error) from None
        bad = [number for number, line in enumerate(lines, 1) if _read(line, "") is None]
        if not bad:
            return None
        end = "its end" if bad == [len(lines)] else f"line {bad[0]}"
        return f"{self.path} is damaged at {end}; what stands before it is used"

    def append(self, seen: Checkpoint) -> None:
        """Add a head; on the disk when this returns. Raises StoreError."""
        line = _line(seen).encode()
        try:
            handle = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                size = os.fstat(handle).st_size
                if size and os.pread(handle, 1, size - 1) != b"\n":
                    line = b"\n" + line  # an earlier line was cut short; this one must stand by itself
                file.write(line)
                os.fsync(handle)
        except OSError as error:
            raise _unusable(self.path, error) from None

    def _lines(self) -> list[Memory]:
        try:
            text = self.path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.path, error) from None
        found = (_read(line, str(self.path)) for line in text.splitlines())
        return [each for each in found if each is not None]


def gather(origin: str | None, keys: SealingKeys | None, places: Iterable[Recollection]) -> list[Memory]:
    """All that is remembered outside the store about the log; to be gathered before it is verified."""
    memories = []
    signed = keys.signed() if keys else None
    if signed is not None:
        where = "this machine's key folder"
        memories.append(Memory(signed.origin, signed.size, signed.root, where, signed.at, signed.epoch))
        origin = origin or signed.origin
    if origin is not None:
        memories += [found for place in places if (found := place.recall(origin)) is not None]
    return memories


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where this account's consoles keep heads (XDG base directories)."""
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "~")) / ".local/state")
    return Path(base).expanduser() / "lexops" / "heads"


def _line(seen: Checkpoint) -> str:
    return json.dumps({"at": time_text(seen.at), "epoch": seen.epoch, "note": seen.note}) + "\n"


def _read(line: str, where: str) -> Memory | None:
    """The head on a line, or None; its signature is not looked at: the place is trusted, not the line."""
    try:
        content = json.loads(line)
        head = note.read_head(note.parse(content["note"]).text)
        at = datetime.fromisoformat(content["at"])
        return Memory(head.origin, head.size, head.root, where, at, int(content["epoch"]))
    except (ValueError, KeyError, TypeError):
        return None


def _unusable(path: Path, error: Exception) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) else "it holds something else"
    return StoreError(f"heads cannot be kept in {path}: {reason}")
