"""What a host told about itself, as facts: pure parsing, of text that nobody vouches for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lexops.errors import QueryFailed
from lexops.targets.model import HostFacts, Mount, Pressure
from lexops.text import clean

REAL_KINDS = (
    *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs"),
    *("vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "ufs", "hfs", "apfs"),
)
"""File systems on devices of the host's own; pseudo, memory, network, overlay and image ones are not."""

_HEADING = re.compile(r"<<<([a-z ]+)>>>")
_DF = re.compile(r"\s(\d+)\s+(?:\d+|-)\s+(-?\d+|-)\s+(?:\d+%|-)\s+/")
_AVERAGE = re.compile(r"(some|full) .*\bavg60=(\d+(?:\.\d+)?)")

Sections = dict[str, list[str]]


def parse_facts(text: str, moment: datetime, round_trip: float = 0.0) -> HostFacts:
    """The facts in the output of `facts.sh`.

    `moment` is our own time in the middle of the look, which took `round_trip` seconds. Raises QueryFailed
    that names what is missing; what a host need not have is None or empty instead.
    """
    sections = _sections(text)
    if "end" not in sections:
        raise QueryFailed("the host's answer broke off")
    memory = _memory(sections)
    load = [float(part) for part in _demand(sections, "load", r"([\d.]+) ([\d.]+) ([\d.]+) ")]
    states = _states(sections)
    clock = datetime.fromtimestamp(float(_demand(sections, "clock", r"(\d{9,11}(?:\.\d+)?)")[0]), UTC)
    files = _files(sections)
    return HostFacts(
        cpus=int(_demand(sections, "cpus", r"([1-9]\d{0,5})$")[0]),
        load1=load[0],
        load5=load[1],
        load15=load[2],
        memory_total=memory["MemTotal"],
        memory_available=memory["MemAvailable"],
        swap_total=memory.get("SwapTotal", 0),
        swap_free=memory.get("SwapFree", 0),
        uptime=float(_demand(sections, "uptime", r"(\d+(?:\.\d+)?)\b")[0]),
        processes=sum(states.values()),
        zombies=states.get("Z", 0),
        clock=clock,
        round_trip=round_trip,
        skew=(clock - moment).total_seconds(),
        mounts=tuple(_mounts(sections.get("mounts", []))),
        pressure=dict(_pressures(sections)),
        open_files=files[0] if files else None,
        open_files_limit=files[1] if files else None,
        failed_units=parse_units(sections["units"]) if "units" in sections else None,
    )


def parse_pressure(lines: list[str]) -> Pressure | None:
    """One file of `/proc/pressure`; None when it is none. Old kernels have no `full` line for the CPU."""
    found = {match[1]: float(match[2]) for match in map(_AVERAGE.match, lines) if match}
    return Pressure(found["some"], found.get("full", 0.0)) if "some" in found else None


def parse_units(lines: list[str]) -> tuple[str, ...]:
    """The units in `systemctl list-units --failed --plain --no-legend`."""
    return tuple(clean(line.split()[0]) for line in lines if line.strip())


def _sections(text: str) -> Sections:
    """Lines by heading; what stands before the first one is a greeting of the host."""
    sections: Sections = {}
    lines: list[str] = []
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            lines = sections.setdefault(heading[1], [])
        else:
            lines.append(line)
    return sections


def _demand(sections: Sections, name: str, pattern: str) -> tuple[str, ...]:
    """The groups of `pattern` in the section's first line."""
    lines = sections.get(name) or [""]
    match = re.match(pattern, lines[0], re.ASCII)
    try:
        groups: tuple[str, ...] = match.groups() if match else ()
        _ = [float(group) for group in groups]
    except ValueError:
        groups = ()
    if not groups:
        raise QueryFailed(f"the host does not tell its {name}")
    return groups


def _memory(sections: Sections) -> dict[str, int]:
    """Bytes by the names of `/proc/meminfo`."""
    found = (re.match(r"(\w+):\s+(\d{1,18}) kB", line, re.ASCII) for line in sections.get("memory", []))
    memory = {match[1]: int(match[2]) * 1024 for match in found if match}
    for name in ("MemTotal", "MemAvailable"):
        if name not in memory:
            raise QueryFailed(f"the host does not tell its memory ({name})")
    return memory


def _states(sections: Sections) -> dict[str, int]:
    """Processes by the letter of their state."""
    found = (re.match(r"\s*(\d{1,9}) ([A-Za-z])$", line, re.ASCII) for line in sections.get("processes", []))
    states = {match[2]: int(match[1]) for match in found if match}
    if not states:
        raise QueryFailed("the host does not tell its processes")
    return states


def _files(sections: Sections) -> tuple[int, int] | None:
    """Open files and their limit: allocated, unused (always 0), maximum."""
    match = re.match(r"(\d+)\s+\d+\s+(\d+)", (sections.get("files") or [""])[0], re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


def _pressures(sections: Sections) -> Iterator[tuple[str, Pressure]]:
    for resource in ("cpu", "io", "memory"):
        pressure = parse_pressure(sections.get(f"pressure {resource}", []))
        if pressure is not None:
            yield resource, pressure


def _mounts(lines: list[str]) -> Iterator[Mount]:
    """A mount is three lines: what it is, its size, its inodes; one that does not answer is left out."""
    for number, line in enumerate(lines):
        kind, _, rest = line.partition("\t")
        parts = rest.split("\t", 3)
        size, inodes = (_numbers(lines, number + 1, "size"), _numbers(lines, number + 2, "inodes"))
        if kind == "mount" and len(parts) == 4 and size:
            yield Mount(
                path=clean(parts[3]),
                device=clean(parts[0]),
                kind=clean(parts[1]),
                size=size[0] * 1024,
                free=size[1] * 1024,
                inodes=inodes[0] if inodes else 0,
                inodes_free=inodes[1] if inodes else 0,
                read_only="ro" in parts[2].split(","),
            )


def _numbers(lines: list[str], number: int, name: str) -> tuple[int, int] | None:
    """Total and available in the line that `df -P` gives, when it stands there under `name`."""
    label, _, line = (lines[number] if number < len(lines) else "").partition("\t")
    match = _DF.search(line)
    if label != name or match is None:
        return None
    return int(match[1]), max(0, int(match[2])) if match[2] != "-" else 0
