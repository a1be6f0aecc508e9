"""The site's settings: one typed `lexops.toml`, checked at start, wrong keys named with what is allowed."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from lexops.clock import parse_duration
from lexops.errors import ConfigError

FILE_NAME = "lexops.toml"
COMMAND_TIMEOUT = 10.0
"""Seconds that a secret's command may take."""

Duration = Annotated[
    timedelta,
    BeforeValidator(lambda v: parse_duration(v) if isinstance(v, str) else v),
    PlainSerializer(lambda v: f"{v.total_seconds():g}s"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+(\.\d+)?[smhdw])+$", "examples": ["30s", "5m", "1h"]}
    ),
]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write for example Europe/Zurich") from None
    return name


def _url(allowed: tuple[str, ...]) -> Any:
    def validate(url: str) -> str:
        scheme = url.partition("://")[0]
        if "://" not in url or scheme not in allowed:
            raise ValueError(f"{scheme!r} is no known URL scheme here; allowed: {', '.join(allowed)}")
        if urlsplit(url).password is not None:
            raise ValueError(
                "holds a password; give it as password = { env = … }, { file = … } or { command = … }"
            )
        return url

    return AfterValidator(validate)


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Settings):
    """Where a secret comes from; exactly one of the three. The secret itself never stands in the file."""

    env: str | None = Field(None, description="name of an environment variable")
    file: Path | None = Field(None, description="a file that only its owner can read; first line counts")
    command: list[str] | None = Field(None, description="a program that prints it, with arguments")

    @model_validator(mode="before")
    @classmethod
    def _is_a_table(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("a secret is a table: { env = … }, { file = … } or { command = … }")
        return value

    def model_post_init(self, _context: object) -> None:
        given = [name for name in ("env", "file", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a secret has exactly one of: env, file, command")

    def read(self) -> str:
        """The secret. Raises ConfigError that names the source, never the content."""
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise ConfigError(f"the environment variable {self.env} is not set")
            return value
        if self.file is not None:
            return self._from_file(self.file.expanduser())
        assert self.command is not None
        return self._from_command(self.command)

    @staticmethod
    def _from_file(path: Path) -> str:
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"{path} can be read by others", hint=f"chmod 600 {path}")
            return path.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError) as error:
            raise ConfigError(f"no secret in {path}: {type(error).__name__}") from None

    @staticmethod
    def _from_command(command: list[str]) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigError(f"the secret's command {command[0]!r} failed: {type(error).__name__}") from None
        return done.stdout.partition("\n")[0]


Environment = Literal["production", "staging", "demo"]


class SiteSettings(_Settings):
    """Who and where this installation is."""

    name: str = Field(description="shown at the top of every screen and report", min_length=1, max_length=60)
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="IANA time zone in which times are shown"
    )
    read_only: bool = Field(False, description="nothing is changed, by anybody, while this is true")


class StoreSettings(_Settings):
    """LexOps' own database."""

    url: Annotated[str, _url(("sqlite", "postgresql"))] = Field(
        "sqlite:///lexops.db",
        description="sqlite:///file (relative to this file) or postgresql://user@host/db",
    )
    password: Secret | None = None
    keep_results: Duration = Field(
        timedelta(days=90), description="results and raw metrics are kept this long"
    )
    keep_raw_metrics: Duration = Field(timedelta(days=7), description="then only 5-minute and hourly rollups")


class WorkerSettings(_Settings):
    """The process that works when nobody looks."""

    concurrency: int = Field(16, ge=1, le=256, description="targets looked at at the same time")
    checks: Path | None = Field(None, description="the site's own folder of SQL checks")
    plugins: Path | None = Field(None, description="folder of monitoring-plugins executables")
    engine: Annotated[str, _url(("sqlite", "postgresql"))] | None = Field(
        None, description="where durable runs are kept; default beside the store, or in its database"
    )
    engine_password: Secret | None = None
    dead_man: Annotated[str, _url(("https", "http"))] | None = Field(
        None, description="asked every minute while the worker works; the service there alarms when it is not"
    )


class _Target(_Settings):
    environment: Environment = Field("production", description="always in sight; production is unmistakable")
    description: str = Field("", max_length=200)
    host: str | None = Field(
        None, description="name of the host target this one runs on; it is down when that is"
    )


class DatabaseSettings(_Target):
    """A billing database."""

    password: Secret | None = None
    connect_timeout: Duration = timedelta(seconds=5)
    profile: Literal["reference"] | None = Field(
        None, description="how the billing entities are found in it: 'reference' for LexOps' own schema"
    )


class SQLiteSettings(DatabaseSettings):
    kind: Literal["sqlite"]
    url: Annotated[str, _url(("sqlite",))] = Field(description="sqlite:///file, relative to this file")
    backups: Path | None = Field(
        None, description="its backups, as a pattern of their names: /backup/billing-*.db"
    )


class PostgreSQLSettings(DatabaseSettings):
    kind: Literal["postgresql"]
    url: Annotated[str, _url(("postgresql",))] = Field(description="postgresql://user@host:5432/database")
    expect_standbys: list[str] = Field(
        default_factory=list, description="the application_name of each standby that has to be connected"
    )


class MariaDBSettings(DatabaseSettings):
    kind: Literal["mariadb"]
    url: Annotated[str, _url(("mariadb", "mysql"))] = Field(description="mariadb://user@host:3306/database")


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,59}$")]
"""What a site calls one of several things of a target."""


def _absolute(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError(f"{path!r} is no absolute path in printable characters")
    return path


def _expression(pattern: str) -> str:
    """One line for `grep -E`; what Python cannot read, grep would most likely not either."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if not pattern or not pattern.isprintable():
        raise ValueError("a pattern has at least one character, all of them printable")
    return pattern


def _unit(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]{0,254}", name):
        raise ValueError(f"{name!r} is no name of a systemd unit; write for example feed.service")
    return name


HostPath = Annotated[str, AfterValidator(_absolute)]
Expression = Annotated[str, AfterValidator(_expression)]


class ProcessSettings(_Settings):
    """A program of which so many processes have to run."""

    match: Expression = Field(description="extended regular expression (grep -E) over the command line")
    min: int = Field(1, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("max has to be at least min")
        return self


class LogPatternSettings(_Settings):
    """What must not stand in a log."""

    match: Expression = Field(description="extended regular expression (grep -E) over one line")
    severity: Literal["warning", "critical"] = "warning"


class LogSettings(_Settings):
    """A log file that is searched as it grows."""

    path: HostPath
    patterns: dict[Name, LogPatternSettings] = Field(min_length=1, max_length=20)
    show: bool = Field(
        False, description="lines may leave the host and be shown, masked; they may hold clients' data"
    )


class FilesSettings(_Settings):
    """Files that a job writes, or a folder from which one takes them away."""

    path: HostPath = Field(description="of one file, or with * ? [] of many: /srv/sftp/ledes/*.txt")
    newest: Duration | None = Field(None, description="the last one must not be older: the job still writes")
    oldest: Duration | None = Field(None, description="none must be older: somebody still fetches them")
    min_count: int | None = Field(None, ge=0)
    max_count: int | None = Field(None, ge=0)
    min_size: int | None = Field(None, ge=0, description="bytes, of all of them together")
    max_size: int | None = Field(None, ge=0, description="bytes, of all of them together")
    severity: Literal["warning", "critical"] = "warning"

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        asked = (self.newest, self.oldest, self.min_count, self.max_count, self.min_size, self.max_size)
        if all(value is None for value in asked):
            raise ValueError("needs one of newest, oldest, min_count, max_count, min_size, max_size")
        return self


class HostSettings(_Target):
    kind: Literal["host"]
    address: str = Field("local", description="'local', or user@host[:port] for SSH")
    identity: Path | None = Field(
        None, description="private key file; otherwise the agent and the default keys"
    )
    known_hosts: Path | None = Field(
        None, description="default ~/.ssh/known_hosts; an unknown host is refused"
    )
    connect_timeout: Duration = timedelta(seconds=10)
    units: list[Annotated[str, AfterValidator(_unit)]] = Field(
        default_factory=list, description="units of systemd that have to be active"
    )
    processes: dict[Name, ProcessSettings] = Field(default_factory=dict)
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(
        default_factory=list, description="TCP ports on which a program has to listen"
    )
    logs: dict[Name, LogSettings] = Field(default_factory=dict, max_length=20)
    certificates: list[HostPath] = Field(default_factory=list, description="files with certificates, in PEM")
    files: dict[Name, FilesSettings] = Field(default_factory=dict)


def _token(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if groups < 1:
        raise ValueError("the token is what the first pair of brackets finds; there is none")
    return pattern


def _web_path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or not path.isprintable():
        raise ValueError(f"{path!r} is no path; it starts with one /")
    return path


def resolver_address(text: str) -> tuple[str, int]:
    """Address and port of a resolver; raises ValueError that says how to write them."""
    host, port = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, port = text.split(":")
    try:
        where = str(ip_address(host)), int(port)
    except ValueError:
        where = "", 0
    if not 0 < where[1] < 1 << 16:
        raise ValueError(f"{text!r} is no address; write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53")
    return where


def _resolver(text: str) -> str:
    resolver_address(text)
    return text


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None


class LoginStepSettings(_Settings):
    """One request of a log-in; redirects on the same host are followed."""

    path: Annotated[str, AfterValidator(_web_path)]
    method: Literal["GET", "POST"] = "GET"
    form: dict[str, str] = Field(
        default_factory=dict, description="fields; {username}, {password} and {token} are filled in"
    )
    token: Annotated[str, AfterValidator(_token)] | None = Field(
        None, description="regular expression: its first group in the answer is {token} from then on"
    )
    expect_status: int = Field(200, ge=100, le=599)
    expect_text: str | None = None

    @model_validator(mode="after")
    def _a_form_is_posted(self) -> Self:
        if self.form and self.method != "POST":
            raise ValueError('a form is sent with method = "POST"')
        return self


class LoginSettings(_Settings):
    """How a portal is tried with an account made for that."""

    username: str
    password: Secret
    steps: list[LoginStepSettings] = Field(min_length=1, max_length=10)
    logout: LoginStepSettings | None = Field(None, description="asked at the end, also after a failure")


class EndpointSettings(_Target):
    kind: Literal["endpoint"]
    url: Annotated[str, _url(("https", "http", "tcp", "smtp", "postgresql", "dns"))] = Field(
        description="https://portal.example.com/health, tcp://host:port, smtp://host, postgresql://host"
        " (only its certificate), dns://name"
    )
    expect_status: int = Field(200, ge=100, le=599)
    expect_text: str | None = Field(None, description="text that the body must contain")
    expect_redirect: str | None = Field(None, description="how the address begins to which it redirects")
    expect_addresses: list[Annotated[str, AfterValidator(_address)]] = Field(
        default_factory=list, description="dns: all the addresses of the name"
    )
    resolvers: list[Annotated[str, AfterValidator(_resolver)]] = Field(
        default_factory=list, description="dns: who is asked; default those of this machine"
    )
    encrypted: bool = Field(True, description="smtp, postgresql: encryption has to be offered")
    login: LoginSettings | None = None
    ca_file: Path | None = Field(None, description="certificates to trust besides the system's")
    connect_timeout: Duration = timedelta(seconds=5)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        url = urlsplit(self.url)
        if not url.hostname:
            raise ValueError(f"{self.url!r} names no host")
        if url.scheme == "tcp" and not url.port:
            raise ValueError("tcp:// needs a port")
        if self.login is not None and url.scheme != "https":
            raise ValueError("a log-in needs https://, or everybody on the way reads the password")
        if (self.resolvers or self.expect_addresses) and url.scheme != "dns":
            raise ValueError("resolvers and expect_addresses are for dns://")
        return self


TargetSettings = Annotated[
    SQLiteSettings | PostgreSQLSettings | MariaDBSettings | HostSettings | EndpointSettings,
    Field(discriminator="kind"),
]


class LevelSettings(_Settings):
    """The thresholds of one metric."""

    warn: str | None = Field(None, description="range in monitoring-plugins syntax, units and % allowed")
    crit: str | None = None


class CheckOverride(_Settings):
    """What a site changes about a check; unset means as shipped."""

    enabled: bool | None = None
    every: Duration | None = None
    timeout: Duration | None = None
    attempts: int | None = Field(None, ge=1, le=20, description="bad results before a problem is hard")
    warn: str | None = Field(None, description="range in monitoring-plugins syntax, units and % allowed")
    crit: str | None = None
    metrics: dict[str, LevelSettings] = Field(
        default_factory=dict, description="thresholds of single metrics, by their names"
    )


class CheckSettings(CheckOverride):
    targets: dict[str, CheckOverride] = Field(default_factory=dict, description="the same for single targets")


class PluginSettings(_Settings):
    """One foreign plug-in, run unchanged."""

    command: list[str] = Field(min_length=1, description="program and arguments; no shell")
    target: str = Field(description="the target whose state it tells")
    format: Literal["nagios", "checkmk"] = Field(
        "nagios", description="nagios: exit code and one line; checkmk: a local check, one service per line"
    )
    title: str = ""
    every: Duration = timedelta(minutes=5)
    timeout: Duration = timedelta(seconds=10)
    attempts: int = Field(3, ge=1, le=20)


class HeartbeatSettings(_Settings):
    """A job that reports itself with `lexops check beat`; silence is its failure."""

    target: str = Field(description="the target whose state it tells")
    every: Duration = Field(description="how often the job runs")
    grace: Duration = Field(timedelta(minutes=15), description="how much later than that it may be")
    title: str = Field("", max_length=120, description="what is wrong when it stays away")

    @model_validator(mode="after")
    def _is_positive(self) -> Self:
        if self.every <= timedelta():
            raise ValueError("every has to be longer than 0 s")
        return self


def _loopback(address: str) -> str:
    """`host:port` of this machine only: what is served there needs no log-in."""
    host, _, port = address.rpartition(":")
    if host.strip("[]") not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(
            f"{host or address!r} is not this machine; write 127.0.0.1:9478, and let a proxy that asks for a"
            " log-in carry it further"
        )
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is no port; write for example 127.0.0.1:9478")
    return address


class ExportSettings(_Settings):
    """Where other monitoring systems find what LexOps knows: states and numbers, no client data."""

    prometheus: Annotated[str, AfterValidator(_loopback)] | None = Field(
        None, description="the worker serves /metrics there, for example 127.0.0.1:9478; loopback only"
    )
    nagios_command_file: Path | None = Field(
        None, description="Nagios' or Icinga's external command file; passive results are written to it"
    )
    checkmk_spool: Path | None = Field(
        None, description="spool folder of a Checkmk agent; local checks are written to it"
    )
    every: Duration = Field(timedelta(minutes=1), description="how often passive results are written")


class IncidentSettings(_Settings):
    """When tickets open and close by themselves."""

    open_on: Literal["warning", "critical"] = Field(
        "warning", description="the least severity that opens one"
    )
    resolve_on_recovery: bool = True


class DemandSettings(_Settings):
    """What weighty acts need in one environment."""

    second_factor: Duration | None = Field(
        None, description="how fresh the second factor of a weighty act has to be; absent: none is needed"
    )
    approvals: int = Field(0, ge=0, le=5, description="other people who must agree to what destroys")


class ForbidSettings(_Settings):
    """Something this site forbids; what is absent does not matter. A forbid wins over every permit."""

    why: str = Field(min_length=1, max_length=120, description="told to whoever is refused")
    roles: list[Literal["support", "administrator", "manager", "auditor"]] = Field(default_factory=list)
    operations: list[str] = Field(default_factory=list, description="names, * for any part")
    effects: list[Literal["read", "change", "destroy"]] = Field(default_factory=list)
    environments: list[Environment] = Field(default_factory=list)
    doors: list[Literal["cli", "console", "schedule", "runbook"]] = Field(default_factory=list)


class FreezeSettings(_Settings):
    """A span in which nothing is changed on targets, but by break-glass."""

    start: datetime = Field(description="2026-12-20T18:00:00+01:00; a zone is needed")
    end: datetime
    why: str = Field(min_length=1, max_length=120)
    environments: list[Environment] = ["production"]

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("start and end need a zone, for example 2026-12-20T18:00:00+01:00")
        if self.end <= self.start:
            raise ValueError("end has to be after start")
        return self


class PolicySettings(_Settings):
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


class RecordSettings(_Settings):
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


class ServeSettings(_Settings):
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


_CRON_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def _cron(text: str) -> str:
    """A cron expression in its five fields: minute, hour, day of month, month, day of week (crontab(5))."""
    fields = _CRON_NAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(
            f"{text!r} is no cron expression; write five fields, for example 15 2 * * *, "
            f"or one of {', '.join(_CRON_NAMES)}"
        )
    try:
        next(CronSim(" ".join(fields), datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"{text!r}: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError(f"{text!r} is never due") from None
    return " ".join(fields)


class ScheduleSettings(_Settings):
    """An operation that runs by the clock."""

    cron: Annotated[str, AfterValidator(_cron)] = Field(
        description="minute, hour, day of month, month, day of week; or @daily and the like"
    )
    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        None, description="IANA time zone of the cron expression; default the site's"
    )
    operation: str = Field(description="name of the operation; see: lexops operation list")
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)
    operator: str = Field(description="with whose rights it runs, as they are then")
    missed: Literal["skip", "once", "all"] = Field(
        "once", description="what happens to times at which no worker was there"
    )
    enabled: bool = True


class CrashReportSettings(_Settings):
    """Reports of crashes: types and places, no values. Nothing is sent without this table."""

    dsn: Secret = Field(description="where to: https://KEY@HOST/PROJECT of a Sentry-compatible server")
    server: str = Field(description="the DSN's host; a DSN of another one is not used", min_length=1)


class Settings(_Settings):
    """A whole `lexops.toml`."""

    site: SiteSettings
    store: StoreSettings = StoreSettings()
    worker: WorkerSettings = WorkerSettings()
    incidents: IncidentSettings = IncidentSettings()
    policy: PolicySettings = PolicySettings()
    record: RecordSettings = RecordSettings()
    serve: ServeSettings = ServeSettings()
    targets: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")], TargetSettings] = Field(
        default_factory=dict
    )
    checks: dict[str, CheckSettings] = Field(default_factory=dict, description="overrides by check id")
    plugins: dict[str, PluginSettings] = Field(default_factory=dict)
    heartbeats: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], HeartbeatSettings] = Field(
        default_factory=dict, description="jobs that report themselves: lexops check beat NAME"
    )
    export: ExportSettings = ExportSettings()
    schedules: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")], ScheduleSettings] = Field(
        default_factory=dict, description="operations that run by the clock"
    )
    crash_reports: CrashReportSettings | None = None

    @field_validator("targets")
    @classmethod
    def _hosts_exist(cls, targets: dict[str, Any]) -> dict[str, Any]:
        if "lexops" in targets:
            raise ValueError("lexops: this name is that of LexOps itself; give the target another one")
        for name, target in targets.items():
            if target.host is not None and getattr(targets.get(target.host), "kind", None) != "host":
                raise ValueError(f"{name}: host {target.host!r} is no host target of this file")
        return targets


class SiteFile(BaseModel):
    """Settings together with the file they came from, to which relative paths refer."""

    model_config = ConfigDict(frozen=True)
    path: Path
    settings: Settings

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.site.zone)

    def resolve(self, path: Path) -> Path:
        """`path` as meant by the file: relative to it, `~` expanded."""
        return (self.folder / path.expanduser()).resolve()


def find(explicit: Path | None = None) -> Path:
    """The site file: as given, `$LEXOPS_SITE`, here or above, the user's, the machine's."""
    given = explicit or (Path(os.environ["LEXOPS_SITE"]) if os.environ.get("LEXOPS_SITE") else None)
    if given is not None:
        return given / FILE_NAME if given.is_dir() else given
    here = Path.cwd()
    candidates = [folder / FILE_NAME for folder in (here, *here.parents)]
    candidates += [Path.home() / ".config/lexops" / FILE_NAME, Path("/etc/lexops") / FILE_NAME]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigError(
        f"no {FILE_NAME} here, above, in ~/.config/lexops or in /etc/lexops",
        hint="make one with: lexops init   (or look around with: lexops demo)",
    )


def load(path: Path) -> SiteFile:
    """Read and check a site file. Raises ConfigError with file, key and what is allowed."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return SiteFile(path=path.resolve(), settings=parse(document, path))


def parse(document: Mapping[str, Any], path: Path) -> Settings:
    """Settings of an already read document; `path` is only for the error's text."""
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise _explained(error, path) from None


def _explained(error: ValidationError, path: Path) -> ConfigError:
    errors = error.errors(include_url=False, include_input=False)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    where = [str(part) for part in first["loc"] if str(part) not in _KINDS]
    more = error.error_count() - 1
    tail = f" (and {more} more)" if more else ""
    if first["type"] == "extra_forbidden":
        key, table = where[-1], where[:-1]
        allowed = _allowed(table, first["loc"])
        hint = _REPLACED.get(key) or _did_you_mean(key, allowed)
        return ConfigError(f'{path}: {_table(table)}unknown key "{key}"{tail}', hint=hint)
    reason = str(first["msg"]).removeprefix("Value error, ")
    hint = ""
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        reason, hint = 'needs a "kind"', f"allowed kinds: {', '.join(_KINDS)}"
    return ConfigError(f"{path}: {_table(where[:-1])}{where[-1] if where else ''}: {reason}{tail}", hint=hint)


_MODELS: dict[str, type[BaseModel]] = {
    "sqlite": SQLiteSettings,
    "postgresql": PostgreSQLSettings,
    "mariadb": MariaDBSettings,
    "host": HostSettings,
    "endpoint": EndpointSettings,
}
_KINDS = tuple(_MODELS)
_REPLACED = {"sentry_dsn": "it is now [crash_reports] with dsn and server; see docs/crash-reports.md"}
"""Keys of earlier releases."""


def _table(parts: Iterable[str]) -> str:
    name = ".".join(parts)
    return f"[{name}] " if name else ""


def _allowed(table: list[str], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand in the table at `loc`."""
    tagged = next((str(part) for part in loc if str(part) in _KINDS), None)
    model: Any = _MODELS[tagged] if tagged else Settings
    for part in loc[loc.index(tagged) + 1 : -1] if tagged else table:
        field = model.model_fields.get(str(part)) if model else None
        model = next(iter(_models_in(field.annotation)), None) if field else model
    return sorted(model.model_fields) if model else []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _did_you_mean(key: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(key, allowed, n=1)
    guess = f'did you mean "{close[0]}"? ' if close else ""
    return f"{guess}Allowed: {', '.join(allowed)}." if allowed else ""


def json_schema() -> dict[str, Any]:
    """JSON Schema of the site file, for editors (`lexops init --schema`)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
