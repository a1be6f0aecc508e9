"""The machine that LexOps itself runs on."""

from __future__ import annotations

import os
import signal
import subprocess
import warnings
from contextlib import suppress
from datetime import UTC, datetime

from lexops.errors import LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets.model import HostFacts, Mount

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of a script's output; more is an error."""


class LocalShell:
    """Runs scripts in a child that can be killed, so that a file system that hangs does not hang us."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._over: LexOpsError | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def run(self, script: str, seconds: float) -> str:
        """What `script` prints when `sh` reads it. Raises TimedOut, Unreachable, QueryFailed like `Shell`."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        child = self._started()
        try:
            output, _ = child.communicate(script.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            self._over = self._over or TimedOut(f"{self._name}: no answer within {seconds:g} s")
            self._kill()
            with suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=1)
        finally:
            self._child = None
        if self._over is not None:
            raise self._over
        if len(output) > OUTPUT_LIMIT:
            raise QueryFailed(f"the host printed more than {OUTPUT_LIMIT // 1024} KiB")
        return output.decode("utf-8", "replace")

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            child = self._child = subprocess.Popen(
                ["/bin/sh", "-s"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{self._name}: no shell: {error.strerror}") from None
        if self._over is not None:  # meanwhile, when there was nothing yet to kill
            self._kill()
        return child

    def abort(self) -> None:
        self._over = self._over or TimedOut(f"{self._name}: ended because it took too long")
        self._kill()

    def close(self) -> None:
        self._over = self._over or Unreachable(f"{self._name}: the session is closed")
        self._kill()

    def _kill(self) -> None:
        """End the child and what it has started; what waits for a dead device is left behind."""
        child = self._child
        if child is not None and child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def portable_facts() -> HostFacts:
    """The little that can be told of this machine where there is no /proc."""
    import psutil

    memory, load, root = psutil.virtual_memory(), os.getloadavg(), os.statvfs("/")
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        swap = psutil.swap_memory()
    states = [process.info["status"] for process in psutil.process_iter(["status"])]
    now = datetime.now(UTC)
    return HostFacts(
        cpus=psutil.cpu_count() or 1,
        load1=load[0],
        load5=load[1],
        load15=load[2],
        memory_total=memory.total,
        memory_available=memory.available,
        swap_total=swap.total,
        swap_free=swap.free,
        uptime=max(0.0, now.timestamp() - psutil.boot_time()),
        processes=len(states),
        zombies=states.count(psutil.STATUS_ZOMBIE),
        clock=now,
        mounts=(
            Mount(
                path="/",
                device="-",
                kind="-",
                size=root.f_blocks * root.f_frsize,
                free=root.f_bavail * root.f_frsize,
                inodes=root.f_files,
                inodes_free=root.f_favail,
            ),
        ),
    )
