"""Do its disks run full, and do they work?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import (
    Area,
    Finding,
    Forecast,
    Host,
    Metric,
    NotApplicable,
    Note,
    NotYet,
    Observation,
    Status,
    check,
)
from lexops.checks.quantity import show
from lexops.targets.model import Mount

from .machine import LOOK

USUAL_SIZE = 20e9
"""Bytes of a disk for which the thresholds are meant as they stand (Checkmk, df: norm size)."""
MAGIC = 0.8
"""Checkmk's magic factor: of a larger disk a smaller share has to be free."""
LEAST_SHARE, LEAST_FREE = 0.03, 2 * 2**30
"""Below either a disk is full, whatever its size: node-mixin 3 %; LexOps' own judgement 2 GiB."""
SMALL = 10 * 2**30
"""For disks smaller than this, such as /boot, only the share counts."""


@check(
    "host.disk-space",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="80",
    crit="90",
    trends=(Forecast("used"),),
    source="Checkmk, df: 80 % and 90 %, adjusted by its magic factor 0.8 for 20 GB; node-mixin: 3 % free",
    mend="See what takes it: du -xh --max-depth=2 MOUNT | sort -h | tail. Old logs and backups first; never"
    " delete a database's own files.",
    fault="a df program that tells of a full disk",
)
def disk_space(host: Host) -> Iterator[Observation]:
    """Disk fills up.

    The space that is used as an ordinary program sees it, adjusted to the size of the disk: of a large one a
    smaller share has to be free. Less than 3 % or 2 GiB is critical in any case.

    On a full disk the billing database stops, the backup fails and invoices cannot be filed.
    """
    for mount in host.facts().mounts:
        if mount.read_only:
            continue
        used = mount.size - mount.free
        yield Metric("adjusted use", _adjusted(mount), "%", item=mount.path)
        yield Metric("used", used, "B", limit=mount.size, item=mount.path, info=True)
        yield Metric("free", mount.free, "B", item=mount.path, info=True)
        free = f"{show(mount.free, 'B')} of {show(mount.size, 'B')} free"
        yield Note(mount.path, free)
        if mount.free < LEAST_SHARE * mount.size or (mount.size > SMALL and mount.free < LEAST_FREE):
            yield Finding(mount.path, f"{mount.path}: only {free}", Status.CRITICAL)


def _adjusted(mount: Mount) -> float:
    """Percent used, as it would feel on a disk of the usual size."""
    if not mount.size:
        return 100.0
    scale = float((mount.size / USUAL_SIZE) ** (MAGIC - 1))
    return max(0.0, 100.0 - 100.0 * mount.free / mount.size / min(scale, 2.0))


@check(
    "host.disk-inodes",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="90%",
    crit="95%",
    trends=(Forecast("inodes"),),
    source="Checkmk, df: 10 % and 5 % free",
    mend="Find the folder with countless small files: du -x --inodes MOUNT | sort -n | tail.",
    fault="a df program that tells of a full disk",
)
def disk_inodes(host: Host) -> Iterator[Metric]:
    """Disk runs out of inodes.

    A file system is made for a number of files, and each takes an inode, however small it is. Those that make
    them as they need them have no such limit.

    When none is left no invoice, upload or log can be written, although space seems to be free.
    """
    counted = [mount for mount in host.facts().mounts if mount.inodes and not mount.read_only]
    if not counted:
        raise NotApplicable("none of its disks limits the number of files")
    for mount in counted:
        yield Metric("inodes", mount.inodes - mount.inodes_free, limit=mount.inodes, item=mount.path)


@check(
    "host.disk-latency",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="100ms",
    crit="500ms",
    source="awesome-prometheus-alerts: 100 ms for 2 min; 500 ms is LexOps' own judgement",
    mend="See who reads and writes: iotop -o. If nobody does much, the disk may die: smartctl -a DEVICE.",
    fault="counters of a slow disk (in a copy of /proc/diskstats)",
)
def disk_latency(host: Host) -> Iterator[Metric]:
    """Disk answers slowly.

    The time that a request took on average within the last two minutes. With less than one request a second
    the average says nothing, and the disk counts as quiet.

    A payment is confirmed when it is on the disk: each one waits that long, and a billing run waits thousands
    of times.
    """
    disks = host.facts().disks
    if not disks:
        raise NotApplicable("the machine does not count what its disks do")
    for name, disk in disks.items():
        requests = host.memory.grown(f"{name} requests", disk.requests, over="2m")
        seconds = host.memory.grown(f"{name} seconds", disk.seconds, over="2m")
        if requests is not None and seconds is not None:
            quiet = requests.per_second < 1
            yield Metric("latency", 0.0 if quiet else seconds.by / requests.by, "s", item=name)
            yield Metric("requests per second", requests.per_second, item=name, info=True)


@check(
    "host.dead-mounts",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    source="any: a file system answers within 3 s or not at all (nagios-plugins, issue 414)",
    mend="See whether its server or device is there: mount | grep PATH, dmesg | tail. Then umount -l PATH.",
    fault="a mount whose programs do not end (a test program that hangs)",
)
def dead_mounts(host: Host) -> Iterator[Observation]:
    """File system does not answer.

    It is mounted, but to ask for its size hangs: its file server or device is gone. Each program that
    touches it hangs as well and often cannot even be killed.

    Invoices that are filed there and statements that are fetched from there stand still, without any error.
    """
    facts = host.facts()
    for path in facts.silent_mounts:
        yield Finding(path, f"{path} does not answer", Status.CRITICAL)
    yield Metric("answering", len(facts.mounts), info=True)


@check(
    "host.read-only",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    attempts=1,
    source="any that was writable before: the kernel does that when the disk fails",
    mend="Look for the reason: dmesg | grep -i -e error -e remount. Save the data before you check the disk.",
    fault="a mount that turns read-only (in a copy of /proc/self/mountinfo)",
)
def read_only(host: Host) -> Iterator[Observation]:
    """Disk has become read-only.

    A file system that could be written and now cannot. The kernel makes it so when the disk gives errors, to
    save what is left. It counts until it is writable again or unmounted.

    Nothing can be entered, billed or filed any more, and the disk is most likely dying.
    """
    mounts = host.facts().mounts
    known = host.memory.kept.get("writable")
    here = {mount.path: mount for mount in mounts}
    turned = [path for path in known or () if path in here and here[path].read_only]
    host.memory.kept["writable"] = sorted([*turned, *(m.path for m in mounts if not m.read_only)])
    if known is None:
        raise NotYet("first look; the next one can tell what has changed")
    for path in turned:
        yield Finding(path, f"{path} has become read-only", Status.CRITICAL)
    yield Metric("writable", len(mounts) - sum(mount.read_only for mount in mounts), info=True)
