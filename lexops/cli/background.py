"""A worker for those who need one now: the running one, or a child process that is started and told of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lexops import crash
from lexops.cli.program import narrate
from lexops.errors import WorkerError

if TYPE_CHECKING:
    from lexops.site import Site

PATIENCE = 300.0
"""Seconds that a request may wait for its last answer."""


def is_alive(site: Site) -> bool:
    """Whether a worker has shown a sign of life lately."""
    from lexops.checks.presence import is_worker_alive

    with site.store.read() as connection:
        return is_worker_alive(connection, site.clock.now())


def start(site: Site, *options: str) -> subprocess.Popen[bytes]:
    """Start a worker process for the site; its output goes to the private log."""
    path = crash.log_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lexops", "worker", "--site", str(site.file.path), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def alongside(site: Site) -> Iterator[None]:
    """See to it that a worker is alive meanwhile; one started for this ends with this process."""
    if is_alive(site):
        yield
        return
    narrate("no worker is alive: starting one for as long as the console is open")
    child = start(site, "--parent", str(os.getpid()))
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()


def answered(site: Site, key: str) -> None:
    """Wait until the worker has answered a request for checks; start one for it when none is alive.

    Raises WorkerError when nobody answers.
    """
    from lexops.checks.asked import waiting

    child = None
    if not is_alive(site):
        narrate("no worker is alive: running the checks in one started for this")
        child = start(site, "--drain")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with site.store.read() as connection:
            if waiting(connection, key) == 0:
                return
        if child is not None and child.poll() not in (None, 0) and not is_alive(site):
            raise WorkerError(
                f"the worker ended with exit code {child.returncode}", hint=f"see {crash.log_path()}"
            )
        if child is not None and child.poll() == 0 and not is_alive(site):
            child = start(site, "--drain")
        time.sleep(0.1)
    raise WorkerError("the worker has not answered in time")
