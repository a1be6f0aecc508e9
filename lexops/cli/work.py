"""`lexops worker`: run what is due, until told to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from lexops.cli.program import SiteOption, narrate, program
from lexops.text import plural

LONGEST_DRAIN = timedelta(minutes=30)


def worker(
    context: typer.Context,
    drain: Annotated[bool, typer.Option("--drain", help="End when nothing is due or asked for.")] = False,
    parent: Annotated[int | None, typer.Option("--parent", help="End when this process is gone.")] = None,
    site: SiteOption = None,
) -> None:
    """Run checks as they fall due and let incidents follow. On SQLite one per store, on
    PostgreSQL any number; SIGTERM ends it cleanly.

    Example: lexops worker --site /etc/lexops/lexops.toml
    """
    run = program(context)
    opened = run.open_site(site)
    targets = len(opened.file.settings.targets)
    if not drain:
        name, checks = opened.file.settings.site.name, len(opened.checks.assigned)
        narrate(f"worker for {name}: {plural(checks, 'check')} on {plural(targets, 'target')}")
    for name, reason in opened.checks.broken.items():
        narrate(f"broken and left out: {name}: {reason}")
    run.work(opened, _stop_flag(parent), LONGEST_DRAIN if drain else None)


def _stop_flag(parent: int | None) -> Callable[[], bool]:
    """True once a signal has asked the process to end, or its parent is gone."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    return lambda: bool(asked) or (parent is not None and not _exists(parent))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
