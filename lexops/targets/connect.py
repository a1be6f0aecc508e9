"""From settings to targets and to open sessions."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from sqlalchemy import make_url

from lexops.config import (
    DatabaseSettings,
    EndpointSettings,
    HostSettings,
    MariaDBSettings,
    PostgreSQLSettings,
    SiteFile,
    SQLiteSettings,
    TargetSettings,
)
from lexops.errors import ConfigError, NotFound
from lexops.targets.database import MariaDB, PostgreSQL, SQLite
from lexops.targets.endpoint import Endpoint
from lexops.targets.host import Host
from lexops.targets.model import Kind, Target
from lexops.targets.session import Session
from lexops.targets.ssh import Shell, parse_address

KNOWN_HOSTS = Path("~/.ssh/known_hosts")


def target(site: SiteFile, name: str) -> Target:
    """The target `name` as the site describes it; raises NotFound."""
    settings = _settings(site, name)
    return Target(
        name=name,
        kind=Kind(settings.kind),
        environment=settings.environment,
        description=settings.description,
        host=settings.host,
        profile=settings.profile if isinstance(settings, DatabaseSettings) else None,
        expected_standbys=tuple(settings.expect_standbys) if isinstance(settings, PostgreSQLSettings) else (),
    )


def connect(site: SiteFile, name: str) -> Session:
    """An open session with the target `name`. Endpoints and this machine are only looked at when asked.

    Raises Unreachable, ConfigError, NotFound.
    """
    settings, about = _settings(site, name), target(site, name)
    seconds = settings.connect_timeout.total_seconds()
    match settings:
        case SQLiteSettings():
            backups = str(site.resolve(settings.backups)) if settings.backups else ""
            return SQLite(about, sqlite_path(site, name), seconds, backups)
        case PostgreSQLSettings():
            return PostgreSQL(about, settings.url, _password(site, name, settings), seconds)
        case MariaDBSettings():
            return MariaDB(about, settings.url, _password(site, name, settings), seconds)
        case HostSettings():
            return _host(site, about, settings, seconds)
        case EndpointSettings():
            return Endpoint(
                about,
                settings.url,
                settings=settings,
                ca_file=site.resolve(settings.ca_file) if settings.ca_file else None,
                seconds=seconds,
            )
        case _:
            assert_never(settings)


def sqlite_path(site: SiteFile, name: str) -> Path:
    """The file of a SQLite target; raises ConfigError when its URL names none."""
    settings = _settings(site, name)
    assert isinstance(settings, SQLiteSettings)
    file = make_url(settings.url).database
    if not file or file == ":memory:":
        raise ConfigError(f"{site.path}: [targets.{name}] url: names no file", hint="Write sqlite:///file.")
    return site.resolve(Path(file))


def _host(site: SiteFile, about: Target, settings: HostSettings, seconds: float) -> Host:
    if settings.address == "local":
        return Host.local(about, settings)
    identity = site.resolve(settings.identity) if settings.identity else None
    known_hosts = site.resolve(settings.known_hosts or KNOWN_HOSTS)
    shell = Shell(parse_address(settings.address), identity, known_hosts, seconds)
    return Host.remote(about, shell, settings)


def _password(site: SiteFile, name: str, settings: DatabaseSettings) -> str | None:
    try:
        return settings.password.read() if settings.password else None
    except ConfigError as error:
        place = f"{site.path.name}: [targets.{name}] password"
        raise ConfigError(f"{place}: {error}", hint=error.hint) from None


def _settings(site: SiteFile, name: str) -> TargetSettings:
    targets = site.settings.targets
    if name not in targets:
        known = ", ".join(targets) or "none"
        raise NotFound(f"there is no target {name!r}; there are: {known}")
    return targets[name]
