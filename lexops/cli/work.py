"""`lexops worker`: run what is due, until told to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from lexops.cli.check import RunFormat
from lexops.cli.program import SiteOption, narrate, program, say
from lexops.clock import show_duration
from lexops.errors import LexOpsError
from lexops.text import plural

LONGEST_DRAIN = timedelta(minutes=30)

commands = typer.Typer(rich_markup_mode=None)


@commands.callback(invoke_without_command=True)
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
    if context.invoked_subcommand is not None:
        return
    run = program(context)
    opened = run.open_site(site)
    targets = len(opened.file.settings.targets)
    if not drain:
        name, checks = opened.file.settings.site.name, len(opened.checks.assigned)
        narrate(f"worker for {name}: {plural(checks, 'check')} on {plural(targets, 'target')}")
    for name, reason in opened.checks.broken.items():
        narrate(f"broken and left out: {name}: {reason}")
    run.work(opened, _stop_flag(parent), LONGEST_DRAIN if drain else None)


@commands.command()
def alive(
    context: typer.Context,
    format_: Annotated[
        RunFormat, typer.Option("--format", help="nagios: as a monitoring plug-in, with its exit codes.")
    ] = RunFormat.TEXT,
    site: SiteOption = None,
) -> None:
    """Say in one line whether a worker watches; for cron, systemd or any monitoring.

    Exit code 0 when one does. When none does it is 1 (for monitoring 2, which is CRITICAL there), one
    incident is open about it, and whoever is to be told of this or another one by now is told.

    Example: line=$(lexops worker alive) || echo "$line" | mail -s LexOps ops@example.com
    """
    from lexops.checks import presence
    from lexops.incidents import store as incidents
    from lexops.incidents.operations import UNWATCHED

    run = program(context)
    opened = run.open_site(site)
    now = opened.clock.now()
    with opened.store.read() as connection:
        lives = presence.is_worker_alive(connection, now)
        last = presence.last_beat(connection)
        incident = incidents.alarmed(connection, UNWATCHED)
    ago = f"last sign of life {show_duration(now - last)} ago" if last else "no sign of life is kept"
    say(f"LEXOPS OK - a worker is alive, {ago}" if lives else f"LEXOPS CRITICAL - nobody watches, {ago}")
    try:
        if not lives and incident is None:
            opened.submit("incident.unwatched", {}, "cli")
        elif lives and incident is not None:
            opened.submit("incident.resolve", {"incident": incident, "note": "a worker is alive"}, "cli")
    except LexOpsError as error:
        narrate(f"the incident stays as it is: {error}")
    if not lives:
        sys.stdout.flush()  # who asks may not wait until somebody is told
        try:
            run.page(opened)
        except LexOpsError as error:
            narrate(f"it may be that nobody was told: {error}")
    raise typer.Exit(0 if lives else 2 if format_ is RunFormat.NAGIOS else 1)


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
