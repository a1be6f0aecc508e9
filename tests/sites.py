"""Sites for tests: a real lexops.toml, a real store, checks given by the test."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from lexops import app
from lexops.checks.assignment import assignments
from lexops.checks.contract import RunnableCheck
from lexops.site import Checks, Site
from lexops.worker.loop import Worker
from tests.stores import copy_store


def write_site(folder: Path, targets: str = "", *, name: str = "Test & Partners", more: str = "") -> Path:
    """A lexops.toml in `folder`."""
    path = folder / "lexops.toml"
    path.write_text(f'[site]\nname = "{name}"\n{more}\n{targets}\n', encoding="utf-8")
    return path


def open_site(
    folder: Path,
    targets: str = "",
    *,
    clock: Any = None,
    checks: Iterable[RunnableCheck] | None = None,
    more: str = "",
) -> Site:
    """An open site; with `checks`, these instead of the installed ones."""
    file = write_site(folder, targets, more=more)
    copy_store(file.parent)
    site = app.open_site(file, clock)
    if checks is not None:
        by_id = {runnable.check.id: runnable for runnable in checks}
        assigned, wrong = assignments(site.file.settings, by_id)
        site.__dict__["checks"] = Checks(tuple(assigned), wrong)
    return site


def work_until_quiet(site: Site) -> None:
    """Let a worker do what is due and leave."""
    Worker(site).drain(lambda: False, timedelta(seconds=60))
