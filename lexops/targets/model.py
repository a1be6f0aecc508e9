"""What a target is, and what looking at one gives: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Version = tuple[int, ...]


class Kind(StrEnum):
    """The kinds of target, as written in `lexops.toml`."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"
    HOST = "host"
    ENDPOINT = "endpoint"
    LEXOPS = "lexops"
    """LexOps itself; never written into a file."""

    @property
    def is_database(self) -> bool:
        """Whether it has sessions and statements."""
        return self in DATABASES


DATABASES = frozenset({Kind.SQLITE, Kind.POSTGRESQL, Kind.MARIADB})


@dataclass(frozen=True, slots=True)
class Target:
    """Something operated."""

    name: str
    kind: Kind
    environment: str = "production"
    description: str = ""
    host: str | None = None
    profile: str | None = None
    expected_standbys: tuple[str, ...] = ()
    """The names under which standbys have to be connected to a PostgreSQL server."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system; sizes in bytes, `free` as an ordinary user has it."""

    path: str
    device: str
    kind: str
    size: int
    free: int
    inodes: int
    inodes_free: int
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Pressure:
    """Pressure stall information of one resource (kernel.org, accounting/psi): percent of time stalled."""

    some_avg60: float
    full_avg60: float


@dataclass(frozen=True, slots=True)
class CPUTime:
    """What the CPUs have done since the machine was started, in ticks; they only grow."""

    busy: int
    iowait: int
    steal: int
    total: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A block device since the machine was started: requests done, and the seconds they took together."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface since it was made, both directions together."""

    packets: int
    errors: int


@dataclass(frozen=True, slots=True)
class TimeSync:
    """Whether a time service keeps the clock right, and how far it says the clock is off, in seconds."""

    synchronised: bool
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a pattern finds. Sizes in bytes, ages in seconds by the host's own clock."""

    state: Literal["seen", "absent", "denied"]
    """`absent`: there is no such folder; `denied`: it may not be read."""
    count: int = 0
    size: int = 0
    oldest: float | None = None
    newest: float | None = None
    folder: str = ""
    """The one that may not be read."""


@dataclass(frozen=True, slots=True)
class LogMatch:
    """A line in which a pattern was found: where it begins in its file, in bytes."""

    pattern: str
    offset: int
    text: str = ""
    """Empty unless the settings say that lines may leave the host."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """The end of a log file, or of the file it was before it was rotated."""

    inode: int
    start: int
    """Where the part that was looked at begins."""
    end: int
    """Where its last whole line ends."""
    head: int = 0
    """A sum of its first 256 bytes, 0 while there are fewer: programs that empty a log keep its inode."""
    matches: tuple[LogMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """What a look at a log file gave: the file itself first, then the one before it."""

    state: Literal["seen", "absent", "denied"]
    files: tuple[LogFile, ...] = ()
    broken: tuple[str, ...] = ()
    """Patterns that the host's grep does not understand."""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One look at a host. Sizes in bytes, times in seconds; None where the host does not tell."""

    cpus: int
    load1: float
    load5: float
    load15: float
    memory_total: int
    memory_available: int
    swap_total: int
    swap_free: int
    uptime: float
    processes: int
    zombies: int
    clock: datetime
    """The host's own time, aware, at the time of the look."""
    round_trip: float = 0.0
    skew: float = 0.0
    """How far the host's clock is ahead of ours; known to half the round trip."""
    mounts: tuple[Mount, ...] = ()
    pressure: Mapping[str, Pressure] = field(default_factory=dict)
    """By `cpu`, `io`, `memory`; empty where the kernel does not measure it."""
    open_files: int | None = None
    open_files_limit: int | None = None
    failed_units: tuple[str, ...] | None = None
    silent_mounts: tuple[str, ...] = ()
    """Mounted, but without an answer within seconds."""
    cpu_time: CPUTime | None = None
    threads: int | None = None
    threads_limit: int | None = None
    paged_out: int | None = None
    """Bytes written to swap since the machine was started."""
    oom_kills: int | None = None
    """Programs that the kernel has killed for want of memory since the machine was started."""
    disks: Mapping[str, Disk] = field(default_factory=dict)
    time_sync: TimeSync | None = None
    restarts: Mapping[str, int] | None = None
    """How often systemd has restarted each service by itself."""
    unit_states: Mapping[str, str] | None = None
    """Of the units that the settings name."""
    restart_needed: str | None = None
    """Why the machine has to be restarted; empty when it has not, None where nothing tells."""
    listening: frozenset[int] | None = None
    """TCP ports on which some program listens."""
    connections: tuple[int, int] | None = None
    """Connections that the firewall tracks, and how many it can."""
    listen_drops: int | None = None
    """Connections that were dropped because no program took them, since the machine was started."""
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    running: Mapping[str, int | None] = field(default_factory=dict)
    """How many processes run of each kind that the settings name; None where grep does not know the pattern.

    Where the host hides its processes there is nothing."""
    logs: Mapping[str, Log] = field(default_factory=dict)
    certificates: Mapping[str, tuple[Certificate, ...] | None] = field(default_factory=dict)
    """Those in each file that the settings name; None for a file that cannot be read."""
    files: Mapping[str, Files] = field(default_factory=dict)
    """By the name that the settings give them."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate an endpoint shows; times aware, in UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    weaknesses: tuple[str, ...] = ()
    """What of its key or signature is too weak to be trusted for long."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that an answer sets, without its value."""

    name: str
    attributes: frozenset[str]
    """In lower case: `secure`, `httponly`, `samesite=lax`."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to an endpoint. Times in seconds since the start of the phase."""

    status: int
    """The answer's code in the endpoint's protocol; 0 when nothing was asked but to connect."""
    reason: str
    body: str
    """The first 64 KiB, decoded; untrusted."""
    headers: Mapping[str, str]
    """Names in lower case."""
    resolved: float
    connected: float
    secured: float | None
    answered: float
    total: float
    certificate: Certificate | None = None
    trust_error: str | None = None
    """Why the certificate is not trusted; the request was then not sent."""
    issuers: tuple[Certificate, ...] = ()
    """The certificates above it, up to the authority where it is trusted."""
    cookies: tuple[Cookie, ...] = ()
    addresses: Mapping[str, frozenset[str] | str] = field(default_factory=dict)
    """What each resolver gives for the name, or why it gives nothing."""


@dataclass(frozen=True, slots=True)
class LoginProbe:
    """A log-in that was tried: the seconds of each step, and where and why it ended early."""

    steps: Mapping[str, float]
    failure: str = ""
