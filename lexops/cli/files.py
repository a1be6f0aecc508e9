"""Files that go in and out of the store by a command: read within a limit, written without overwriting."""

from __future__ import annotations

import os
import stat
import sys
from hashlib import sha256
from pathlib import Path

from lexops.errors import InvalidRequest, StoreError


def read(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes that has some. Raises InvalidRequest."""
    try:
        # A pipe would be waited for until somebody writes into it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidRequest(f"{path} is no regular file")
            data = file.read(limit + 1)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}") from None
    if not data:
        raise InvalidRequest(f"{path} is empty")
    if len(data) > limit:
        hint = "[incidents] attachment_limit in lexops.toml"
        raise InvalidRequest(f"{path} has more than {limit:,} bytes", hint=hint)
    return data


def check(data: bytes, digest: str) -> None:
    """Whether the store gave back what was put into it. Raises StoreError."""
    if sha256(data).hexdigest() != digest:
        raise StoreError(
            "the store gave back another file than it was given", hint="restore it from a backup"
        )


def write(path: Path, data: bytes) -> None:
    """Write a new file that only its owner reads, or standard output for `-`. Raises InvalidRequest."""
    if str(path) == "-":
        if sys.stdout.isatty():
            hint = "give a file, or pipe it on"
            raise InvalidRequest("a file of somebody else's is not written to a terminal", hint=hint)
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except FileExistsError:
        raise InvalidRequest(f"{path} is there already", hint="nothing is overwritten") from None
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror}") from None
