"""A worker for those who need one now: the running one, or a child process that is started and told of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

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
    with crash.open_log() as log:
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


def run_checks(site: Site, target: str | None = None, check: str | None = None) -> None:
    """Ask for checks to be run now and wait until a worker has; one is started when none is alive.

    Raises NotFound when there is no such check, WorkerError when nobody answers.
    """
    site.assign_checks()
    key = uuid4().hex
    site.submit("check.run", {"target": target, "check": check}, "cli", key)
    _answered(site, key, Helper(site, "running the checks in one started for this"))


def _answered(site: Site, key: str, helper: Helper) -> None:
    from lexops.checks.asked import waiting

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with site.store.read() as connection:
            if waiting(connection, key) == 0:
                return
        helper.see_to_it()
        time.sleep(0.1)
    raise WorkerError("the worker has not answered in time")


class Helper:
    """A worker that is started when none is alive, and again when it ended before the work did."""

    def __init__(self, site: Site, why: str) -> None:
        """`why` is told when one is started."""
        self._site = site
        self._why = why
        self._child: subprocess.Popen[bytes] | None = None
        self._failures = 0

    def see_to_it(self) -> None:
        """Start a worker if there is none. Raises WorkerError when it fails again and again."""
        code = self._child.poll() if self._child else 0
        if code is None or is_alive(self._site):
            return
        self._failures += code != 0
        if self._failures > 2:
            raise WorkerError(f"the worker ends with exit code {code}", hint=f"see {crash.log_path()}")
        if self._child is None:
            narrate(f"no worker is alive: {self._why}")
        self._child = start(self._site, "--drain")
