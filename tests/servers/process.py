"""Server processes of our own: found, started unprivileged, ended with us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import until

HOST = "127.0.0.1"
START_SECONDS = 60.0
NOT_INSTALLED = "not installed:"
_SLICE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4
"""Workers that run at the same time take ports of different thousands."""
_given: set[int] = set()


class Missing(Exception):
    """A server's programs are not installed; the text says which."""


# Processes.


def find_program(server: str, *names: str, folders: tuple[Path, ...] = ()) -> Path:
    """The first of `names` on PATH, in the system folders or in `folders`; raises Missing."""
    path = os.pathsep.join(map(str, folders)) + os.pathsep + os.environ.get("PATH", "")
    path += os.pathsep.join(("", "/usr/sbin", "/usr/local/sbin", "/sbin"))
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise Missing(f"{server} {NOT_INSTALLED} no {' or '.join(names)}")


def unprivileged(*preferred: str) -> str | None:
    """The account a server runs under: none of its own when the tests are not root."""
    if os.geteuid() != 0:
        return None
    for name in (*preferred, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Missing(f"account to run as {NOT_INSTALLED} no {' or '.join((*preferred, 'nobody'))}")


def free_port() -> int:
    """A port for a server that binds it later: no other connection gets it until then.

    It is below those that the kernel hands out to whoever asks for any, and is given once.
    """
    while True:
        port = 10_000 + 5_000 * _SLICE + secrets.randbelow(5_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("", port))
            if port not in _given:
                _given.add(port)
                return port


def short_folder(owner: str | None = None) -> Path:
    """A folder with a path short enough for a Unix socket (107 characters)."""
    folder = Path(tempfile.mkdtemp(prefix="lx-", dir="/tmp"))
    if owner is not None:
        account = pwd.getpwnam(owner)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For the child: get `number` when the tests' process dies, however it dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arm() -> None:
        prctl(1, int(number), 0, 0, 0)

    return arm


def _as(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {}
    account = pwd.getpwnam(owner)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}


def run_once(command: list[str], folder: Path, owner: str | None) -> None:
    """Run a set-up program to its end; its output is in the error when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        **_as(owner),
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {(done.stderr or done.stdout)[-2000:]}")


@dataclass
class Process:
    """A server process that can be stopped and started again."""

    command: list[str]
    folder: Path
    owner: str | None
    ready: Callable[[], bool]
    stop_with: signal.Signals = signal.SIGTERM
    running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(self.stop_with),
                **_as(self.owner),
            )
        with contextlib.suppress(AssertionError):
            until(lambda: self.has_ended or self.ready(), seconds=START_SECONDS)
            if not self.has_ended:  # else it was another's server that answered
                return
        self.stop()
        raise RuntimeError(f"{self.command[0]} did not start: {self.log.read_text()[-3000:]}")

    @property
    def has_ended(self) -> bool:
        return self.running is None or self.running.poll() is not None

    def stop(self) -> None:
        if self.running is None:
            return
        self.running.send_signal(self.stop_with)
        try:
            self.running.wait(60)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait(60)
        self.running = None


# Databases.
