"""What a target is, and what looking at one gives: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Version = tuple[int, ...]


class Kind(StrEnum):
    """The kinds of target, as written in `lexops.toml`."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"
    HOST = "host"
    ENDPOINT = "endpoint"


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


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate an endpoint shows; times aware, in UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """One request to an endpoint. Times in seconds since the start of the phase."""

    status: int
    """0 when the request was not sent."""
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
