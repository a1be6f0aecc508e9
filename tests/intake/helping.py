"""Sites for the intake's tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

from lexops.config import SiteFile, parse
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, Incident
from lexops.store.database import Store

SITE = """
[site]
name = "Test & Partners"
[targets.billing-db]
kind = "sqlite"
url = "sqlite:///billing.db"
environment = "production"
[intake]
maildir = "mail"
queue = "desk"
clients = { "@acme.example" = "acme" }
"""


def site(folder: Path, more: str = "") -> SiteFile:
    """A site whose maildir is the folder `mail`."""
    path = folder / "lexops.toml"
    return SiteFile(path=path, settings=parse(tomllib.loads(SITE + more), path))


def every(store: Store) -> list[Incident]:
    """All incidents in the order of their numbers."""
    with store.read() as connection:
        return sorted(incidents.incidents(connection, include_resolved=True), key=lambda each: each.id)


def timeline(store: Store, id: int) -> list[Entry]:
    with store.read() as connection:
        return list(incidents.timeline(connection, id))


def told(store: Store, id: int) -> list[tuple[str, str, str]]:
    """What an incident's timeline says: kind, author, text."""
    return [(each.kind.value, each.author, each.text) for each in timeline(store, id)]
