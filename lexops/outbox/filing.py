"""A file to which messages are appended, a line of JSON each: for trying out, and for programs."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

from lexops.outbox.channels import Proof, Undelivered
from lexops.outbox.rendering import Rendered
from lexops.outbox.webhook import document


class FileDrop:
    """Appends to one file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        line = json.dumps(document(rendered, address, key)).encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Undelivered(f"the file cannot be opened: {error.strerror}", retry=True) from None
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            start = file.seek(0, os.SEEK_END)
            try:
                file.write(line)
                os.fsync(file.fileno())
            except OSError as error:
                with suppress(OSError):  # half a line would spoil the one that follows
                    os.ftruncate(file.fileno(), start)
                raise Undelivered(f"the file cannot be written: {error.strerror}", retry=True) from None
        return Proof(f"appended at byte {start}")
