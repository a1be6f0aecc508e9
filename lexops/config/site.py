"""The installation, its store, its worker, the record, and who may do what."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from lexops.config.base import Duration, Environment, Secret, Section, url_of, zone_name


class SiteSettings(Section):
    """Who and where this installation is."""

    name: str = Field(description="shown at the top of every screen and report", min_length=1, max_length=60)
    zone: Annotated[str, AfterValidator(zone_name)] = Field(
        "UTC", description="IANA time zone in which times are shown"
    )
    read_only: bool = Field(False, description="nothing is changed, by anybody, while this is true")


class StoreSettings(Section):
    """LexOps' own database."""

    url: Annotated[str, url_of(("sqlite", "postgresql"))] = Field(
        "sqlite:///lexops.db",
        description="sqlite:///file (relative to this file) or postgresql://user@host/db",
    )
    password: Secret | None = None
    keep_results: Duration = Field(
        timedelta(days=90), description="results and raw metrics are kept this long"
    )
    keep_raw_metrics: Duration = Field(timedelta(days=7), description="then only 5-minute and hourly rollups")


class WorkerSettings(Section):
    """The process that works when nobody looks."""

    concurrency: int = Field(16, ge=1, le=256, description="targets looked at at the same time")
    checks: Path | None = Field(None, description="the site's own folder of SQL checks")
    plugins: Path | None = Field(None, description="folder of monitoring-plugins executables")
    engine: Annotated[str, url_of(("sqlite", "postgresql"))] | None = Field(
        None, description="where durable runs are kept; default beside the store, or in its database"
    )
    engine_password: Secret | None = None
    dead_man: Annotated[str, url_of(("https", "http"))] | None = Field(
        None, description="asked every minute while the worker works; the service there alarms when it is not"
    )


class DemandSettings(Section):
    """What weighty acts need in one environment."""

    second_factor: Duration | None = Field(
        None, description="how fresh the second factor of a weighty act has to be; absent: none is needed"
    )
    approvals: int = Field(0, ge=0, le=5, description="other people who must agree to what destroys")


class ForbidSettings(Section):
    """Something this site forbids; what is absent does not matter. A forbid wins over every permit."""

    why: str = Field(min_length=1, max_length=120, description="told to whoever is refused")
    roles: list[Literal["support", "administrator", "manager", "auditor"]] = Field(default_factory=list)
    operations: list[str] = Field(default_factory=list, description="names, * for any part")
    effects: list[Literal["read", "change", "destroy"]] = Field(default_factory=list)
    environments: list[Environment] = Field(default_factory=list)
    doors: list[Literal["cli", "console", "schedule", "runbook"]] = Field(default_factory=list)


class FreezeSettings(Section):
    """A span in which nothing is changed on targets, but by break-glass."""

    start: datetime = Field(description="2026-12-20T18:00:00+01:00; a zone is needed")
    end: datetime
    why: str = Field(min_length=1, max_length=120)
    environments: list[Environment] = ["production"]  # noqa: RUF012 - pydantic copies it

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("start and end need a zone, for example 2026-12-20T18:00:00+01:00")
        if self.end <= self.start:
            raise ValueError("end has to be after start")
        return self


class PolicySettings(Section):
    """Who may do what, beyond the roles; see docs/people.md."""

    production: DemandSettings = DemandSettings(second_factor=timedelta(minutes=5), approvals=1)
    staging: DemandSettings = DemandSettings(second_factor=timedelta(minutes=15))
    demo: DemandSettings = DemandSettings()
    forbid: list[ForbidSettings] = Field(default_factory=list)
    freeze: list[FreezeSettings] = Field(default_factory=list)
    approval_expires: Duration = Field(
        timedelta(hours=8), description="a request that nobody has approved until then is void"
    )
    require_touch: bool = Field(True, description="security keys: a touch is needed for a second factor")
    require_pin: bool = Field(False, description="security keys: the PIN too")
    certificate_authorities: list[Path] = Field(
        default_factory=list, description="public keys of the SSH authorities that certify operators"
    )


class RecordSettings(Section):
    """The audit trail."""

    keys: Path = Field(
        Path("lexops-keys"), description="private folder of the signing and sealing keys; never in the store"
    )
    witness_file: Path | None = Field(None, description="every signed head is appended here")
    witness_command: list[str] | None = Field(
        None, description="a witness on another host: program and arguments, for example ssh witness-host"
    )
    witness_key: str | None = Field(None, description="its public key, as the witness prints it")

    @model_validator(mode="after")
    def _a_witness_has_a_key(self) -> Self:
        if (self.witness_command is None) != (self.witness_key is None):
            raise ValueError("witness_command and witness_key go together")
        return self


class ServeSettings(Section):
    """The console over SSH: `lexops serve`, and what sessions under a system sshd may run."""

    address: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 or :: for all")
    port: int = Field(2222, ge=1, le=65535)
    host_key: Path = Field(
        Path("serve_host_key"), description="private Ed25519 key of the server; made at the first start"
    )
    idle: Duration = Field(timedelta(minutes=30), description="a session without a key press ends after it")
    longest: Duration = Field(timedelta(hours=12), description="every session ends after it")
    sessions: int = Field(10, ge=1, le=200, description="open at the same time; about 40 MB each")
    sessions_per_operator: int = Field(3, ge=1, le=200)
    waiting: int = Field(20, ge=1, le=200, description="callers who have not logged in yet")
    grace: Duration = Field(timedelta(seconds=20), description="within it a caller has to log in")
    attempts: int = Field(60, ge=1, description="calls without a login from one address within a minute")
    commands: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*$")]] = Field(
        default_factory=lambda: ["status", "incident list", "approval list", "operator enrol", "sla report"],
        description="what may be run over SSH besides the console; further words have to be plain",
    )


class CrashReportSettings(Section):
    """Reports of crashes: types and places, no values. Nothing is sent without this table."""

    dsn: Secret = Field(description="where to: https://KEY@HOST/PROJECT of a Sentry-compatible server")
    server: str = Field(description="the DSN's host; a DSN of another one is not used", min_length=1)
