"""The machine that LexOps itself runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import psutil

from lexops.targets.facts import REAL_KINDS, parse_pressure, parse_units
from lexops.targets.model import HostFacts, Mount, Pressure

SYSTEMCTL_SECONDS = 5


def local_facts() -> HostFacts:
    """One look at this machine."""
    memory, swap = psutil.virtual_memory(), _swap()
    load = os.getloadavg()
    files = _numbers(Path("/proc/sys/fs/file-nr"))
    states = [process.info["status"] for process in psutil.process_iter(["status"])]
    return HostFacts(
        cpus=psutil.cpu_count() or 1,
        load1=load[0],
        load5=load[1],
        load15=load[2],
        memory_total=memory.total,
        memory_available=memory.available,
        swap_total=swap[0],
        swap_free=swap[1],
        uptime=max(0.0, time.time() - psutil.boot_time()),
        processes=len(states),
        zombies=states.count(psutil.STATUS_ZOMBIE),
        clock=datetime.now(UTC),
        mounts=_mounts(),
        pressure=_pressures(),
        open_files=files[0] if files else None,
        open_files_limit=files[2] if files else None,
        failed_units=_failed_units(),
    )


def _swap() -> tuple[int, int]:
    """Total and free; containers lack the counters that psutil would like to add and warns about."""
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        swap = psutil.swap_memory()
    return swap.total, swap.free


def _mounts() -> tuple[Mount, ...]:
    """The file systems on real devices, each once; just "/" when there are none, as in containers."""
    found: dict[str, Mount] = {}
    for part in psutil.disk_partitions(all=True):
        if part.fstype not in REAL_KINDS or part.device.startswith("/dev/loop") or part.device in found:
            continue
        if os.path.isdir(part.mountpoint):
            found[part.device] = _mount(part.mountpoint, part.device, part.fstype, part.opts)
    return tuple(found.values()) or (_mount("/", "-", "-", "rw"),)


def _mount(path: str, device: str, kind: str, options: str) -> Mount:
    status = os.statvfs(path)
    return Mount(
        path=path,
        device=device,
        kind=kind,
        size=status.f_blocks * status.f_frsize,
        free=status.f_bavail * status.f_frsize,
        inodes=status.f_files,
        inodes_free=status.f_favail,
        read_only="ro" in options.split(","),
    )


def _pressures() -> dict[str, Pressure]:
    read = {name: parse_pressure(_lines(Path("/proc/pressure", name))) for name in ("cpu", "io", "memory")}
    return {name: pressure for name, pressure in read.items() if pressure is not None}


def _failed_units() -> tuple[str, ...] | None:
    """None where there is no systemd to ask."""
    program = shutil.which("systemctl")
    if program is None:
        return None
    command = [program, "list-units", "--failed", "--plain", "--no-legend", "--no-pager"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=SYSTEMCTL_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_units(asked.stdout.splitlines())


def _numbers(path: Path) -> list[int]:
    return [int(word) for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    """The lines of a file of the kernel; none where this kernel does not have it."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
