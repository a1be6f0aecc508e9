"""What proves a worker alive: a lock that its death gives up, however it dies.

On SQLite, where one worker has the store to itself, it is a locked file; else see `postgresql_lease`.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from lexops.errors import StoreError
from lexops.store.database import Store


class Lease(Protocol):
    """A worker's proof of life."""

    def hold(self) -> bool:
        """Take it, or make sure of it; False while it is not ours."""
        ...

    def gone(self, workers: Iterable[str]) -> AbstractContextManager[set[str]]:
        """Those of the workers that are dead, for certain for as long as the context lasts."""
        ...

    def release(self) -> None: ...


def lease(store: Store, worker: str) -> Lease:
    """The kind that fits the store."""
    url = store.engine.url
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        return FileLease(file.with_name(f"{file.stem}-worker.lock"))
    from lexops.worker.postgresql_lease import PostgreSQLLease

    return PostgreSQLLease(url, worker)


class FileLease:
    """One worker for the whole store."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def hold(self) -> bool:
        with self._lock:
            if self._descriptor is not None:
                return True
            try:
                descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise StoreError(f"{self._file} cannot be made: {error.strerror}") from None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            self._descriptor = descriptor
            return True

    @contextmanager
    def gone(self, workers: Iterable[str]) -> Iterator[set[str]]:
        yield set(workers) if self.hold() else set()

    def release(self) -> None:
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
