"""What a host told about itself, as facts: pure parsing, of text that nobody vouches for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lexops.config import HostSettings
from lexops.errors import QueryFailed
from lexops.targets import watched
from lexops.targets.model import CPUTime, Disk, HostFacts, Interface, Mount, Pressure, TimeSync
from lexops.text import clean, one_line

REAL_KINDS = (
    *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs"),
    *("vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "ufs", "hfs", "apfs"),
    *("nfs", "nfs4", "cifs", "smb3", "ceph"),
)
"""File systems that keep files, here or on a file server; pseudo, memory, overlay and image ones do not."""

NOT_TOLD = HostSettings(kind="host")
"""A host of which the settings name nothing to be watched."""

_HEADING = re.compile(r"<<<([a-z]+(?: [a-z0-9]+)?)>>>")
_DF = re.compile(r"\s(\d+)\s+(?:\d+|-)\s+(-?\d+|-)\s+(?:\d+%|-)\s+/")
_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
_INTERFACE = re.compile(r"\s*([^:\s]+):((?:\s*\d+){16})\s*$", re.ASCII)
_VIRTUAL = ("lo", "veth", "ifb", "docker", "br-", "virbr", "dummy")
"""How interfaces begin behind which there is no network."""
_LISTENING = re.compile(r"[0-9A-F]{8,32}:([0-9A-F]{4})")
_BUSY = (0, 1, 2, 5, 6)
"""Columns of the CPUs' time in which they worked: user, nice, system, irq, softirq."""
_AVERAGE = re.compile(r"(some|full) .*\bavg60=(\d+(?:\.\d+)?)")

Sections = dict[str, list[str]]


def script(settings: HostSettings, text: str) -> str:
    """What a host is to run: `text`, which is `facts.sh`, and calls of it for what the settings name."""
    return "\n".join(
        [f"REAL_KINDS='{' '.join(REAL_KINDS)}'", text, *watched.calls(settings), "echo '<<<end>>>'\n"]
    )


def parse_facts(
    text: str, moment: datetime, round_trip: float = 0.0, settings: HostSettings = NOT_TOLD
) -> HostFacts:
    """The facts in the output of `script`.

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
    threads, limits = re.findall(r"/(\d{1,9})\b", sections["load"][0]), _integers(sections, "threads")
    counters = _counters(sections)
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
        silent_mounts=tuple(_silent(sections.get("mounts", []))),
        cpu_time=_cpu_time(sections),
        threads=int(threads[0]) if threads else None,
        threads_limit=min(limits) if limits else None,
        paged_out=counters["pswpout"] * counters["page"] if {"pswpout", "page"} <= counters.keys() else None,
        oom_kills=counters.get("oom_kill"),
        disks=dict(_disks(sections)),
        time_sync=_time_sync(sections),
        restarts=_restarts(sections),
        unit_states=watched.unit_states(settings, sections),
        restart_needed=_restart_needed(sections),
        listening=_listening(sections),
        connections=_connections(sections),
        listen_drops=_listen_drops(sections),
        interfaces=dict(_interfaces(sections)),
        running=dict(watched.running(settings, sections)),
        logs=dict(watched.logs(settings, sections)),
        certificates=dict(watched.certificates(settings, sections)),
        files=dict(watched.files(settings, sections, clock.timestamp())),
    )


def parse_pressure(lines: list[str]) -> Pressure | None:
    """One file of `/proc/pressure`; None when it is none. Old kernels have no `full` line for the CPU."""
    found = {match[1]: float(match[2]) for match in map(_AVERAGE.match, lines) if match}
    return Pressure(found["some"], found.get("full", 0.0)) if "some" in found else None


def parse_units(lines: list[str]) -> tuple[str, ...]:
    """The units in `systemctl list-units --failed --plain --no-legend`."""
    return tuple(clean(line.split()[0]) for line in lines if line.strip())


def _sections(text: str) -> Sections:
    """Lines by heading; what stands before the first one is a greeting of the host.

    A line ends with a line feed only: lines of logs may hold whatever else splitlines takes for an end.
    """
    sections: Sections = {}
    lines: list[str] = []
    for line in text.split("\n"):
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
                path=_path(parts[3]),
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


def _path(text: str) -> str:
    """A path as the kernel writes it, with octal codes for white space."""
    return clean(_OCTAL.sub(lambda code: chr(int(code[1], 8)), text))


def _silent(lines: list[str]) -> Iterator[str]:
    for line in lines:
        kind, _, path = line.partition("\t")
        if kind == "silent" and path:
            yield _path(path)


def _integers(sections: Sections, name: str) -> list[int]:
    """The lines of a block that are numbers."""
    return [int(line) for line in sections.get(name, []) if re.fullmatch(r"\d{1,18}", line, re.ASCII)]


def _counters(sections: Sections) -> dict[str, int]:
    found = (re.fullmatch(r"(\w+) (\d{1,18})", line, re.ASCII) for line in sections.get("counters", []))
    return {match[1]: int(match[2]) for match in found if match}


def _cpu_time(sections: Sections) -> CPUTime | None:
    """user, nice, system, idle, iowait, irq, softirq, steal; what guests took is in user already."""
    line = (sections.get("cpu time") or [""])[0]
    if not re.match(r"cpu\s+\d{1,18}(?: \d{1,18}){7}", line, re.ASCII):
        return None
    ticks = [int(word) for word in line.split()[1:9]]
    return CPUTime(sum(ticks[column] for column in _BUSY), ticks[4], ticks[7], sum(ticks))


def _disks(sections: Sections) -> Iterator[tuple[str, Disk]]:
    """kernel.org, iostats: reads, merged, sectors, milliseconds, then the same of writes."""
    for line in sections.get("disks", []):
        if re.match(r"\S+(?: \d{1,18}){8}", line, re.ASCII):
            name, *numbers = line.split()
            count = [int(number) for number in numbers[:8]]
            yield clean(name), Disk(count[0] + count[4], (count[3] + count[7]) / 1000)


def _interfaces(sections: Sections) -> Iterator[tuple[str, Interface]]:
    """Received bytes, packets, errors, and five more columns; then the same of what was sent."""
    for match in map(_INTERFACE.match, sections.get("interfaces", [])):
        if match and not match[1].startswith(_VIRTUAL):
            count = [int(word[:18]) for word in match[2].split()]
            yield clean(match[1]), Interface(count[1] + count[9], count[2] + count[10])


def _time_sync(sections: Sections) -> TimeSync | None:
    """What chrony tells, in the order of `chronyc -c tracking`, or else systemd."""
    fields = (sections.get("chrony") or [""])[0].split(",")
    if len(fields) >= 14 and re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", fields[4], re.ASCII):
        return TimeSync(fields[13] != "Not synchronised", float(fields[4]))
    answer = (sections.get("timedatectl") or [""])[0]
    return TimeSync(answer == "yes") if answer in ("yes", "no") else None


def _restarts(sections: Sections) -> dict[str, int] | None:
    """Services in `systemctl show -p Id,NRestarts`: a paragraph for each, its lines in any order."""
    if "restarts" not in sections:
        return None
    found = {}
    for paragraph in "\n".join(sections["restarts"]).split("\n\n"):
        told = dict(line.partition("=")[::2] for line in paragraph.split("\n"))
        if told.get("Id") and re.fullmatch(r"\d{1,9}", told.get("NRestarts", ""), re.ASCII):
            found[clean(told["Id"])] = int(told["NRestarts"])
    return found


def _restart_needed(sections: Sections) -> str | None:
    """Debian leaves a file; elsewhere a kernel newer than the running one, of the same flavour, tells."""
    lines = sections.get("restart", [])
    if "file" in lines:
        return "updates were installed that need it"
    told = [line.partition(" ")[::2] for line in lines]
    running = next((name for word, name in told if word == "running"), "")
    kernels = [name for word, name in told if word == "installed" and _flavour(name) == _flavour(running)]
    if not running or not kernels:
        return None
    newest = max(kernels, key=_version)
    newer = _version(newest) > _version(running)
    return one_line(f"{newest} is installed, {running} runs") if newer else ""


def _version(kernel: str) -> list[int]:
    return [int(number[:9]) for number in re.findall(r"\d+", kernel, re.ASCII)]


def _flavour(kernel: str) -> str:
    return re.sub(r"[\d.+~-]", "", kernel)


def _listening(sections: Sections) -> frozenset[int] | None:
    if "listening" not in sections:
        return None
    found = map(_LISTENING.fullmatch, sections["listening"])
    return frozenset(int(match[1], 16) for match in found if match)


def _connections(sections: Sections) -> tuple[int, int] | None:
    numbers = _integers(sections, "connections")
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _listen_drops(sections: Sections) -> int | None:
    """`ListenDrops` of `/proc/net/netstat`, which is a line of names and one of numbers."""
    lines = [line.split() for line in sections.get("tcp", [])]
    if len(lines) < 2:
        return None
    value = dict(zip(lines[0], lines[1], strict=False)).get("ListenDrops", "")
    return int(value) if re.fullmatch(r"\d{1,18}", value, re.ASCII) else None
