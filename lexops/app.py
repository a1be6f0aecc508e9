"""Puts a site's parts together, in one visible list. Read this first.

What we operate is observed by checks; results become incidents; people answer with operations; every
operation passes the gate. The doors (`cli`, `tui`, `worker`) are given a `Site` and do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from lexops.clock import Clock
    from lexops.site import Site


def open_site(path: Path | None = None, clock: Clock | None = None) -> Site:
    """The site of a file (or of the one found), with its store opened and brought up to date.

    Raises ConfigError or StoreError.
    """
    from lexops import config
    from lexops.checks.operations import OPERATIONS as CHECKS
    from lexops.clock import SystemClock
    from lexops.incidents.operations import OPERATIONS as INCIDENTS
    from lexops.operations import Catalogue, Gate
    from lexops.site import Site
    from lexops.store.database import Store, open_engine
    from lexops.store.migrate import bring_up_to_date

    file = config.load(config.find(path))
    settings = file.settings.store
    password = settings.password.read() if settings.password else None
    store = Store(open_engine(settings.url, file.folder, password))
    bring_up_to_date(store)
    clock = clock or SystemClock()
    return Site(file, clock, store, Gate(Catalogue([*CHECKS, *INCIDENTS]), store, clock))


TABLES = ("lexops.store.event", "lexops.operations.store", "lexops.checks.tables", "lexops.incidents.store")
"""The files that declare the store's tables."""


def store_metadata() -> MetaData:
    """The tables of all rooms: what the migrations must add up to."""
    from lexops.store.database import metadata

    for module in TABLES:
        import_module(module)
    return metadata


def open_console(site: Site) -> int:
    """Show the console; the exit code is its answer."""
    from lexops import crash
    from lexops.tui.run import run_console
    from lexops.tui.site_port import SitePort

    dsn = site.file.settings.sentry_dsn
    return run_console(SitePort(site), on_crash=lambda error: crash.keep(error, dsn.read() if dsn else None))


def work(site: Site, stop: Callable[[], bool], longest: timedelta | None) -> None:
    """Work until told to stop, or with `longest` until nothing is left to do."""
    from lexops.worker.loop import Worker

    worker = Worker(site)
    if longest is None:
        worker.run(stop)
    else:
        worker.drain(stop, longest)


def main() -> None:
    """The `lexops` program."""
    from lexops.cli.main import run
    from lexops.cli.program import Program

    run(Program(open_site, open_console, work))
