"""What is operated: databases, hosts, endpoints."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from lexops.config.base import Duration, Environment, Secret, Section, url_of


class _Target(Section):
    environment: Environment = Field("production", description="always in sight; production is unmistakable")
    description: str = Field("", max_length=200)
    host: str | None = Field(
        None, description="name of the host target this one runs on; it is down when that is"
    )
    provider: str | None = Field(
        None, description="who has promised to keep it running: a name under [providers]"
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
    url: Annotated[str, url_of(("sqlite",))] = Field(description="sqlite:///file, relative to this file")
    backups: Path | None = Field(
        None, description="its backups, as a pattern of their names: /backup/billing-*.db"
    )


class PostgreSQLSettings(DatabaseSettings):
    kind: Literal["postgresql"]
    url: Annotated[str, url_of(("postgresql",))] = Field(description="postgresql://user@host:5432/database")
    expect_standbys: list[str] = Field(
        default_factory=list, description="the application_name of each standby that has to be connected"
    )


class MariaDBSettings(DatabaseSettings):
    kind: Literal["mariadb"]
    url: Annotated[str, url_of(("mariadb", "mysql"))] = Field(description="mariadb://user@host:3306/database")


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


class ProcessSettings(Section):
    """A program of which so many processes have to run."""

    match: Expression = Field(description="extended regular expression (grep -E) over the command line")
    min: int = Field(1, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("max has to be at least min")
        return self


class LogPatternSettings(Section):
    """What must not stand in a log."""

    match: Expression = Field(description="extended regular expression (grep -E) over one line")
    severity: Literal["warning", "critical"] = "warning"


class LogSettings(Section):
    """A log file that is searched as it grows."""

    path: HostPath
    patterns: dict[Name, LogPatternSettings] = Field(min_length=1, max_length=20)
    show: bool = Field(
        False, description="lines may leave the host and be shown, masked; they may hold clients' data"
    )


class FilesSettings(Section):
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


class LoginStepSettings(Section):
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


class LoginSettings(Section):
    """How a portal is tried with an account made for that."""

    username: str
    password: Secret
    steps: list[LoginStepSettings] = Field(min_length=1, max_length=10)
    logout: LoginStepSettings | None = Field(None, description="asked at the end, also after a failure")


class EndpointSettings(_Target):
    kind: Literal["endpoint"]
    url: Annotated[str, url_of(("https", "http", "tcp", "smtp", "postgresql", "dns"))] = Field(
        description="https://portal.example.com/health, tcp://host:port, smtp://host, postgresql://host"
        " (only its certificate), dns://name"
    )
    expect_status: int = Field(200, ge=100, le=599)
    expect_text: str | None = Field(None, description="text that the first 64 KiB of the body must contain")
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
