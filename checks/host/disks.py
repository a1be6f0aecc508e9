"""Do its disks run full?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Area, Host, Metric, NotApplicable, check

from .machine import LOOK


@check(
    "host.disk-space",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="80%",
    crit="90%",
    source="Checkmk, df: 80 % and 90 %",
    mend="See what takes it: du -xh --max-depth=2 MOUNT | sort -h | tail. Old logs and backups first; never"
    " delete a database's own files.",
)
def disk_space(host: Host) -> Iterator[Metric]:
    """Disk fills up.

    On a full disk the billing database stops, the backup fails and invoices cannot be filed.
    """
    for mount in host.facts().mounts:
        if not mount.read_only:
            yield Metric("used", mount.size - mount.free, "B", limit=mount.size, item=mount.path)
            yield Metric("free", mount.free, "B", item=mount.path, info=True)


@check(
    "host.disk-inodes",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="10%:",
    crit="5%:",
    source="Checkmk, df: 10 % and 5 % free",
    mend="Find the folder with countless small files: du -x --inodes MOUNT | sort -n | tail.",
)
def disk_inodes(host: Host) -> Iterator[Metric]:
    """Disk runs out of inodes.

    When none is left no invoice, upload or log can be written, although space seems to be free.
    """
    counted = [mount for mount in host.facts().mounts if mount.inodes and not mount.read_only]
    if not counted:
        raise NotApplicable("none of its disks limits the number of files")
    for mount in counted:
        yield Metric("files left", mount.inodes_free, limit=mount.inodes, item=mount.path)
