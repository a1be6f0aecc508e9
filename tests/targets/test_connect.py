"""From a site's settings to targets and sessions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lexops.config import SiteFile, parse
from lexops.errors import ConfigError, NotFound, Unreachable
from lexops.targets.connect import connect, target
from lexops.targets.database import Database, SQLite
from lexops.targets.endpoint import Endpoint
from lexops.targets.host import Host
from lexops.targets.model import Kind, Target
from tests.servers import DatabaseServer, SSHServer, site_url


def _site(folder: Path, **targets: dict[str, Any]) -> SiteFile:
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse({"site": {"name": "Firm"}, "targets": targets}, path))


def test_a_target_is_told_without_connecting(tmp_path: Path) -> None:
    site = _site(
        tmp_path,
        web={"kind": "host", "address": "lex@nowhere.invalid"},
        books={
            "kind": "sqlite",
            "url": "sqlite:///x.db",
            "environment": "demo",
            "host": "web",
            "profile": "reference",
        },
    )
    assert target(site, "books") == Target("books", Kind.SQLITE, "demo", "", "web", "reference")
    assert target(site, "web").profile is None


def test_an_unknown_target_is_named_with_the_known_ones(tmp_path: Path) -> None:
    site = _site(tmp_path, here={"kind": "host"})
    with pytest.raises(NotFound, match=r"'there'.*here"):
        connect(site, "there")


def test_a_sqlite_file_is_relative_to_the_site(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "books.db").close()
    site = _site(tmp_path, books={"kind": "sqlite", "url": "sqlite:///books.db"})
    with closing(connect(site, "books")) as session:
        assert isinstance(session, SQLite)
        assert session.path == tmp_path / "books.db"
        assert session.scalar("SELECT 1") == 1


def test_a_sqlite_url_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="books"):
        connect(_site(tmp_path, books={"kind": "sqlite", "url": "sqlite://"}), "books")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_server_is_connected_to(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    site = _site(tmp_path, billing={"kind": kind, "url": site_url(server.database())})
    with closing(connect(site, "billing")) as session:
        assert isinstance(session, Database)
        assert session.kind == kind
        assert session.scalar("SELECT 1") == 1


def test_a_password_comes_from_where_the_site_says(
    postgresql: DatabaseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_PASSWORD", "anything")
    url = site_url(postgresql.database())
    site = _site(
        tmp_path, billing={"kind": "postgresql", "url": url, "password": {"env": "BILLING_PASSWORD"}}
    )
    connect(site, "billing").close()
    monkeypatch.delenv("BILLING_PASSWORD")
    with pytest.raises(ConfigError, match="BILLING_PASSWORD"):
        connect(site, "billing")


def test_hosts_near_and_far(sshd: SSHServer, tmp_path: Path) -> None:
    site = _site(
        tmp_path,
        near={"kind": "host"},
        far={
            "kind": "host",
            "address": sshd.address,
            "identity": str(sshd.identity),
            "known_hosts": str(sshd.known_hosts),
        },
    )
    for name in ("near", "far"):
        with closing(connect(site, name)) as session:
            assert isinstance(session, Host)
            assert session.facts().cpus > 0


def test_an_endpoint_is_only_asked_when_it_is_probed(tmp_path: Path) -> None:
    site = _site(tmp_path, portal={"kind": "endpoint", "url": "https://127.0.0.1:1/", "expect_text": "OK"})
    with closing(connect(site, "portal")) as session:
        assert isinstance(session, Endpoint)
        assert (session.settings.expect_status, session.settings.expect_text) == (200, "OK")
        with pytest.raises(Unreachable):
            session.probe()
